//! The schedule in the source form: parses and checks it, fills it in, and says what it means.

use actix_web::web;
use chrono::{NaiveTime, Utc, Weekday};

use super::schedule_view::{ScheduleErrors, ScheduleForm, SchedulePreview, SchedulePreviewFragment};
use crate::domain::schedule::{NotASchedule, Schedule, StoredSchedule};
use crate::domain::schedule_rhythm::{RhythmChoice, ScheduleRhythm};
use crate::domain::schedule_zone::{NotAZone, ScheduleZone};
use crate::domain::text::measures::format_error;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;

/// The time that is proposed: at night, when nobody edits and servers have little to do.
const PROPOSED_TIME: &str = "03:00";
/// How many of the next times are shown.
const NEXT_TIMES_COUNT: usize = 3;

/// Parses the fields as typed. A form without `schedule_choice` has a cron expression or nothing.
pub(super) fn parse_fields(values: &FormValues) -> ScheduleForm {
    let cron = trimmed_value(values, "schedule");
    let choice = match values.get("schedule_choice") {
        Some(choice) => choice.trim().to_owned(),
        None if cron.is_empty() => String::new(),
        None => RhythmChoice::Custom.to_string(),
    };
    ScheduleForm {
        choice,
        time: trimmed_value(values, "schedule_time"),
        day: trimmed_value(values, "schedule_day"),
        cron,
        zone: trimmed_value(values, "schedule_zone"),
        proposes_zone: false,
    }
}

/// The fields of a stored schedule. Those of other choices have proposals.
pub(super) fn form_of_stored(stored: Option<&StoredSchedule>) -> ScheduleForm {
    let mut form = ScheduleForm {
        time: PROPOSED_TIME.to_owned(),
        day: "1".to_owned(),
        proposes_zone: stored.is_none(),
        zone: stored.map(|stored| stored.zone_name().to_owned()).unwrap_or_default(),
        ..ScheduleForm::default()
    };
    let Some(stored) = stored else { return form };
    form.cron.clone_from(&stored.cron);
    let rhythm = ScheduleRhythm::from_cron(&stored.cron);
    form.choice = rhythm.choice().to_string();
    match rhythm {
        ScheduleRhythm::QuarterHourly | ScheduleRhythm::Hourly | ScheduleRhythm::Custom(_) => {}
        ScheduleRhythm::Daily(time) | ScheduleRhythm::Weekdays(time) => form.time = time.format("%H:%M").to_string(),
        ScheduleRhythm::Weekly(day, time) => {
            form.day = day.number_from_monday().to_string();
            form.time = time.format("%H:%M").to_string();
        }
    }
    form
}

/// The schedule that the fields set, or their errors; `None` for manual syncs only.
pub(super) fn check_fields(form: &ScheduleForm) -> Result<Option<Schedule>, ScheduleErrors> {
    let mut errors = ScheduleErrors::default();
    if form.is_manual() {
        return Ok(None);
    }
    let Ok(choice) = form.choice.parse::<RhythmChoice>() else {
        errors.choice = Some("Choose one of the schedules.".to_owned());
        return Err(errors);
    };
    let time = NaiveTime::parse_from_str(&form.time, "%H:%M").ok();
    if choice.has_time() && time.is_none() {
        errors.time = Some("Enter a time, such as 03:00.".to_owned());
    }
    let day = form.day.parse().ok().and_then(|number: u8| Weekday::try_from(number.checked_sub(1)?).ok());
    if choice == RhythmChoice::Weekly && day.is_none() {
        errors.choice = Some("Choose a weekday.".to_owned());
    }
    let (time, day) = (time.unwrap_or_default(), day.unwrap_or(Weekday::Mon));
    let rhythm = match choice {
        RhythmChoice::QuarterHourly => ScheduleRhythm::QuarterHourly,
        RhythmChoice::Hourly => ScheduleRhythm::Hourly,
        RhythmChoice::Daily => ScheduleRhythm::Daily(time),
        RhythmChoice::Weekdays => ScheduleRhythm::Weekdays(time),
        RhythmChoice::Weekly => ScheduleRhythm::Weekly(day, time),
        RhythmChoice::Custom => ScheduleRhythm::Custom(form.cron.clone()),
    };
    let zone = if form.zone.is_empty() { Ok(ScheduleZone::UTC_ZONE) } else { form.zone.parse() };
    let zone = zone.unwrap_or_else(|error: NotAZone| {
        // The form does not show the zone where it makes no difference.
        if !choice.is_same_in_every_zone() {
            errors.zone = Some(format_error(&error));
        }
        ScheduleZone::UTC_ZONE
    });
    match Schedule::in_zone(&rhythm.to_cron(), zone) {
        Ok(schedule) if errors.is_empty() => return Ok(Some(schedule)),
        Ok(_) => {}
        Err(error @ NotASchedule::Expression(_)) => errors.cron = Some(format_error(&error)),
        Err(NotASchedule::Zone(error)) => errors.zone = Some(format_error(&error)),
    }
    Err(errors)
}

/// What the schedule of a form means.
pub(super) fn preview(form: &ScheduleForm, is_paused: bool) -> SchedulePreview {
    describe_schedule(check_fields(form).unwrap_or_default().as_ref(), is_paused)
}

fn describe_schedule(schedule: Option<&Schedule>, is_paused: bool) -> SchedulePreview {
    schedule.map_or_else(SchedulePreview::default, |schedule| SchedulePreview {
        words: schedule.in_words(),
        next: schedule.next_times_in_words(Utc::now(), NEXT_TIMES_COUNT),
        is_paused,
        error: None,
    })
}

/// A stored schedule in words, if it is valid.
pub(super) fn schedule_label(stored: &StoredSchedule) -> Option<String> {
    stored.parse().ok().map(|schedule| schedule.in_words())
}

/// `GET /settings/schedule-preview`: what the schedule of the fields means, while it is chosen.
pub(in crate::web) async fn preview_schedule(
    app: AppContext,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |_, _| {
        let is_paused = trimmed_value(&query, "schedule_paused") == "1";
        let preview = match check_fields(&parse_fields(&query)) {
            Ok(schedule) => describe_schedule(schedule.as_ref(), is_paused),
            Err(ScheduleErrors { choice, time, cron, zone }) => {
                SchedulePreview { error: choice.or(time).or(cron).or(zone), ..SchedulePreview::default() }
            }
        };
        HtmlResponse::render(&SchedulePreviewFragment { preview })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{check_fields, form_of_stored, parse_fields, preview};
    use crate::domain::schedule::StoredSchedule;
    use crate::web::http::form::FormValues;
    use crate::web::sources::schedule_view::ScheduleForm;

    fn parse(fields: &[(&str, &str)]) -> ScheduleForm {
        let values: FormValues = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parse_fields(&values)
    }

    #[test]
    fn every_choice_becomes_its_cron_expression_and_is_shown_again() {
        let at = [("schedule_time", "07:30"), ("schedule_day", "6"), ("schedule_zone", "Europe/Berlin")];
        for (choice, cron) in [
            ("quarter-hourly", "*/15 * * * *"),
            ("hourly", "0 * * * *"),
            ("daily", "30 7 * * *"),
            ("weekdays", "30 7 * * 1-5"),
            ("weekly", "30 7 * * 6"),
            ("cron", "0 6 1 * *"),
        ] {
            let form = parse(&[&at[..], &[("schedule_choice", choice), ("schedule", "0 6 1 * *")]].concat());
            let stored = check_fields(&form).expect("no errors").expect("a schedule").to_stored();
            assert_eq!((stored.cron.as_str(), stored.zone.as_deref()), (cron, Some("Europe/Berlin")));
            let shown = form_of_stored(Some(&stored));
            assert_eq!((shown.choice.as_str(), shown.zone.as_str()), (choice, "Europe/Berlin"));
            assert_eq!(check_fields(&shown).expect("no errors").expect("a schedule").to_stored(), stored);
        }
        assert!(check_fields(&form_of_stored(None)).expect("no errors").is_none());
        assert!(check_fields(&parse(&[("schedule_choice", ""), ("schedule", "0 6 * * *")])).expect("none").is_none());
        let line_alone = check_fields(&parse(&[("schedule", "0 6 * * *")])).expect("no errors").expect("a schedule");
        assert_eq!(line_alone.to_stored(), StoredSchedule::in_utc("0 6 * * *"));
    }

    #[test]
    fn every_wrong_field_has_its_own_error() {
        let wrong = |fields: &[(&str, &str)]| check_fields(&parse(fields)).expect_err("an error");
        let daily = [("schedule_choice", "daily"), ("schedule_time", "25:00"), ("schedule_zone", "Mars")];
        let errors = wrong(&daily);
        assert!(errors.time.is_some() && errors.zone.is_some() && errors.cron.is_none());
        assert!(wrong(&[("schedule_choice", "cron"), ("schedule", "daily")]).cron.is_some());
        assert!(wrong(&[("schedule_choice", "yearly")]).choice.is_some());
        for day in ["", "0", "8", "x"] {
            let weekly = [("schedule_choice", "weekly"), ("schedule_time", "03:00"), ("schedule_day", day)];
            assert!(wrong(&weekly).choice.is_some(), "{day}");
        }
    }

    #[test]
    fn the_preview_says_the_schedule_and_its_next_three_times() {
        let shown = preview(&form_of_stored(Some(&StoredSchedule::in_utc("0 3 * * *"))), false);
        assert_eq!((shown.words.as_str(), shown.next.len()), ("Every day at 03:00 (UTC)", 3));
        assert!(shown.next.iter().all(|time| time.ends_with(", 03:00")));
    }
}
