//! Schedules of sources: cron expressions with five fields, in a time zone.
//!
//! When clocks change, a fixed time that does not exist runs right after the gap, and one that exists twice runs the
//! first time only, as the crate `croner` documents.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;
use croner::Cron;

use super::schedule_rhythm::ScheduleRhythm;
use super::schedule_zone::{NotAZone, ScheduleZone};

/// A schedule as it is stored. It may be invalid if another version stored it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSchedule {
    /// The cron expression.
    pub cron: String,
    /// The name of its time zone; `None` for UTC.
    pub zone: Option<String>,
}

impl StoredSchedule {
    /// Returns a schedule in UTC.
    #[must_use]
    pub fn in_utc(cron: &str) -> Self {
        Self { cron: cron.to_owned(), zone: None }
    }

    /// Returns the name of its time zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.as_deref().unwrap_or(ScheduleZone::UTC_ZONE.name())
    }

    /// Parses the expression and the zone.
    ///
    /// # Errors
    /// [`NotASchedule`] when either is invalid.
    pub fn parse(&self) -> Result<Schedule, NotASchedule> {
        let zone = self.zone.as_deref().map_or(Ok(ScheduleZone::UTC_ZONE), str::parse)?;
        Schedule::in_zone(&self.cron, zone)
    }
}

impl fmt::Display for StoredSchedule {
    /// Writes the expression, and its zone unless that is UTC: `0 6 * * * Europe/Berlin`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cron)?;
        self.zone.as_ref().map_or(Ok(()), |zone| write!(f, " {zone}"))
    }
}

/// A valid cron expression that matches some time, in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    cron: Cron,
    zone: ScheduleZone,
}

/// Why a text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASchedule {
    /// It is not a valid cron expression.
    #[error("a schedule is a cron expression with five fields, such as `0 6 * * *` for every day at 6:00: {0}")]
    Expression(String),
    /// Its time zone is unknown.
    #[error(transparent)]
    Zone(#[from] NotAZone),
}

impl FromStr for Schedule {
    type Err = NotASchedule;

    /// Parses a cron expression, in UTC.
    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        Self::in_zone(text, ScheduleZone::UTC_ZONE)
    }
}

impl Schedule {
    /// Parses a cron expression whose times are those of `zone`.
    ///
    /// # Errors
    /// [`NotASchedule::Expression`] when the text does not have five fields, is malformed or never matches.
    pub fn in_zone(text: &str, zone: ScheduleZone) -> Result<Self, NotASchedule> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.split(' ').count() != 5 {
            return Err(NotASchedule::Expression("it does not have five fields".to_owned()));
        }
        let cron: Cron =
            line.parse().map_err(|error: croner::errors::CronError| NotASchedule::Expression(error.to_string()))?;
        let schedule = Self { line, cron, zone };
        // An expression for 30 February is well-formed but matches no day.
        match schedule.next_after(Utc::now()) {
            Some(_) => Ok(schedule),
            None => Err(NotASchedule::Expression("it never occurs".to_owned())),
        }
    }

    /// Returns the next scheduled time after `moment`.
    #[must_use]
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.next_in_zone(moment).map(|time| time.to_utc())
    }

    fn next_in_zone(&self, moment: DateTime<Utc>) -> Option<DateTime<Tz>> {
        self.cron.find_next_occurrence(&moment.with_timezone(&self.zone.0), false).ok()
    }

    /// Returns the next `count` scheduled times after `moment`, in words and in the zone of the schedule: "Tue 1 Dec,
    /// 03:00".
    #[must_use]
    pub fn next_times_in_words(&self, moment: DateTime<Utc>, count: usize) -> Vec<String> {
        let first = self.next_in_zone(moment);
        let times = std::iter::successors(first, |time| self.next_in_zone(time.to_utc()));
        let this_year = moment.with_timezone(&self.zone.0).year();
        let words = |time: DateTime<Tz>| {
            let form = if time.year() == this_year { "%a %-d %b, %H:%M" } else { "%a %-d %b %Y, %H:%M" };
            time.format(form).to_string()
        };
        times.take(count).map(words).collect()
    }

    /// Returns the schedule in plain English: "Every day at 06:00 (Europe/Berlin)". The zone is left out where it makes
    /// no difference.
    #[must_use]
    pub fn in_words(&self) -> String {
        let rhythm = ScheduleRhythm::from_cron(&self.line);
        match rhythm.in_words() {
            Some(words) if rhythm.choice().is_same_in_every_zone() => words,
            Some(words) => format!("{words} ({})", self.zone),
            None => {
                let description = self.cron.describe();
                format!("{} ({})", shorten_description(description.trim_end_matches('.')), self.zone)
            }
        }
    }

    /// Returns the schedule for the database.
    #[must_use]
    pub fn to_stored(&self) -> StoredSchedule {
        let zone = (self.zone != ScheduleZone::UTC_ZONE).then(|| self.zone.name().to_owned());
        StoredSchedule { cron: self.line.clone(), zone }
    }
}

/// Replaces the wordy forms of the cron crate: "At minute 0, of every 2 hours" becomes "Every 2 hours".
fn shorten_description(description: &str) -> String {
    let interval = description.strip_prefix("At minute 0, of every ").or(description.strip_prefix("At every "));
    interval.map_or_else(|| description.to_owned(), |interval| format!("Every {interval}"))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Schedule, StoredSchedule};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn in_zone(cron: &str, zone: &str) -> Schedule {
        StoredSchedule { cron: cron.to_owned(), zone: Some(zone.to_owned()) }.parse().expect("a schedule")
    }

    #[test]
    fn a_schedule_knows_its_next_time() {
        let daily: Schedule = "0 6 * * *".parse().expect("a schedule");
        assert_eq!(daily.next_after(at("2026-11-20T08:00:00Z")), Some(at("2026-11-21T06:00:00Z")));
        let berlin = in_zone("0 6 * * *", "Europe/Berlin");
        assert_eq!(berlin.next_after(at("2026-11-20T08:00:00Z")), Some(at("2026-11-21T05:00:00Z")));
        assert_eq!(berlin.next_after(at("2026-07-20T08:00:00Z")), Some(at("2026-07-21T04:00:00Z")));
    }

    #[test]
    fn a_time_that_a_change_of_clocks_skips_or_repeats_runs_once() {
        let night = in_zone("30 2 * * *", "Europe/Berlin");
        // On 29 March 2026 clocks went from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
        assert_eq!(night.next_after(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(night.next_after(at("2026-03-29T01:00:00Z")), Some(at("2026-03-30T00:30:00Z")));
        assert_eq!(night.next_after(at("2026-10-24T12:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(night.next_after(at("2026-10-25T00:30:00Z")), Some(at("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn the_next_times_are_those_of_its_zone() {
        let times = in_zone("0 3 * * 1-5", "America/New_York").next_times_in_words(at("2026-11-27T12:00:00Z"), 3);
        assert_eq!(times, ["Mon 30 Nov, 03:00", "Tue 1 Dec, 03:00", "Wed 2 Dec, 03:00"]);
        let yearly = in_zone("0 6 1 1 *", "UTC").next_times_in_words(at("2026-11-27T12:00:00Z"), 1);
        assert_eq!(yearly, ["Fri 1 Jan 2027, 06:00"]);
    }

    #[test]
    fn common_schedules_have_short_descriptions() {
        for (line, words) in [
            ("*/15 * * * *", "Every 15 minutes"),
            ("0 * * * *", "Every hour"),
            ("0 */2 * * *", "Every 2 hours (UTC)"),
            ("0 6 * * *", "Every day at 06:00 (UTC)"),
            ("0 6 * * 1-5", "Monday to Friday at 06:00 (UTC)"),
            ("*/15 * * * 1", "Every 15 minutes, on Monday (UTC)"),
            ("0 6 * * 1", "Every Monday at 06:00 (UTC)"),
            ("30 * * * *", "At minute 30 past every hour (UTC)"),
        ] {
            assert_eq!(line.parse::<Schedule>().expect("a schedule").in_words(), words);
        }
        assert_eq!(in_zone("0 6 * * *", "Europe/Berlin").in_words(), "Every day at 06:00 (Europe/Berlin)");
    }

    #[test]
    fn a_text_that_is_no_schedule_is_refused() {
        for bad in ["", "daily", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad:?}");
        }
        let nowhere = StoredSchedule { cron: "0 6 * * *".to_owned(), zone: Some("Mars/Olympus".to_owned()) };
        assert!(nowhere.parse().expect_err("no zone").to_string().contains("Mars/Olympus"));
    }
}
