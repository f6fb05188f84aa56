//! The view of the schedule of a source.

use askama::Template;

use crate::domain::schedule_rhythm::{RhythmChoice, weekday_name};
use crate::domain::schedule_zone::ScheduleZone;

/// The schedule as typed. Each doc comment begins with the name of the field in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ScheduleForm {
    /// `schedule_choice`: the name of a rhythm; empty for manual syncs only.
    pub choice: String,
    /// `schedule_time`: a time such as `03:00`.
    pub time: String,
    /// `schedule_day`: a weekday, from 1 for Monday.
    pub day: String,
    /// `schedule`: a cron expression.
    pub cron: String,
    /// `schedule_zone`: the name of a time zone; empty for UTC.
    pub zone: String,
    /// Whether the zone of the browser is proposed in place of an empty one.
    pub proposes_zone: bool,
}

impl ScheduleForm {
    /// Whether only manual syncs are chosen.
    pub(in crate::web) fn is_manual(&self) -> bool {
        self.choice.is_empty()
    }

    /// The rhythms to choose from, and whether each is selected.
    pub(in crate::web) fn rhythms(&self) -> impl Iterator<Item = (RhythmChoice, bool)> {
        RhythmChoice::ALL.iter().map(|rhythm| (*rhythm, rhythm.as_str() == self.choice))
    }

    /// The names of the fields that a rhythm needs, for the stylesheet.
    pub(in crate::web) fn needed_fields(rhythm: RhythmChoice) -> &'static str {
        match rhythm {
            RhythmChoice::Weekly => "day time zone",
            RhythmChoice::Custom => "cron zone",
            _ if rhythm.has_time() => "time zone",
            _ => "",
        }
    }

    /// The weekdays to choose from: number, name, and whether it is selected.
    pub(in crate::web) fn days(&self) -> Vec<(u8, &'static str, bool)> {
        (1..=7)
            .filter_map(|number| {
                let day = chrono::Weekday::try_from(number - 1).ok()?;
                Some((number, weekday_name(day), self.day == number.to_string()))
            })
            .collect()
    }

    /// The time zones to choose from.
    pub(in crate::web) fn zones() -> Vec<&'static str> {
        ScheduleZone::offered_names()
    }
}

/// The errors of the schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ScheduleErrors {
    /// The rhythm.
    pub choice: Option<String>,
    /// The time.
    pub time: Option<String>,
    /// The cron expression.
    pub cron: Option<String>,
    /// The time zone.
    pub zone: Option<String>,
}

impl ScheduleErrors {
    /// Whether there are no errors.
    pub(in crate::web) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The fragment of the form that says what a schedule means.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "schedule_preview.html")]
pub(in crate::web) struct SchedulePreviewFragment {
    /// What it means.
    pub preview: SchedulePreview,
}

/// What a schedule means, in words.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SchedulePreview {
    /// The schedule in words; empty for manual syncs only, or if it is invalid.
    pub words: String,
    /// The next times, in its zone.
    pub next: Vec<String>,
    /// Whether it is paused, so that these times start nothing.
    pub is_paused: bool,
    /// What is wrong with it, if the page that contains it does not say so.
    pub error: Option<String>,
}
