//! Schedules of sources: cron expressions with five fields, in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;

/// A valid cron expression that matches some time.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    cron: Cron,
}

/// A text that is not a valid cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a schedule is a cron expression with five fields in UTC, such as `0 6 * * *` for every day at 6:00: {reason}")]
pub struct NotASchedule {
    reason: String,
}

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        let line = text.trim();
        if line.split_whitespace().count() != 5 {
            return Err(NotASchedule { reason: "it does not have five fields".to_owned() });
        }
        let cron: Cron =
            line.parse().map_err(|error: croner::errors::CronError| NotASchedule { reason: error.to_string() })?;
        let schedule = Self { line: line.to_owned(), cron };
        // An expression for 30 February is well-formed but matches no day.
        match schedule.next_after(Utc::now()) {
            Some(_) => Ok(schedule),
            None => Err(NotASchedule { reason: "it never occurs".to_owned() }),
        }
    }
}

impl Schedule {
    /// Returns the next scheduled time after `moment`.
    #[must_use]
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&moment, false).ok()
    }

    /// Returns the schedule in plain English.
    #[must_use]
    pub fn in_words(&self) -> String {
        let description = self.cron.describe();
        format!("{} (UTC)", shorten_description(description.trim_end_matches('.')))
    }
}

/// Replaces the wordy forms of the cron crate for common schedules: "At every 15 minutes" becomes "Every 15 minutes".
fn shorten_description(description: &str) -> String {
    if description == "At minute 0 past every hour" {
        return "Every hour".to_owned();
    }
    let interval = description.strip_prefix("At minute 0, of every ").or(description.strip_prefix("At every "));
    if let Some(interval) = interval {
        return format!("Every {interval}");
    }
    match description.strip_prefix("At ") {
        Some(time) if time.contains(':') && !time.contains(' ') => format!("Every day at {time}"),
        _ => description.to_owned(),
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn a_schedule_knows_its_next_time() {
        let daily: Schedule = "0 6 * * *".parse().expect("a schedule");
        let next = daily.next_after("2026-11-20T08:00:00Z".parse().expect("a time"));
        assert_eq!(next, Some("2026-11-21T06:00:00Z".parse().expect("a time")));
    }

    #[test]
    fn common_schedules_have_short_descriptions() {
        for (line, words) in [
            ("*/15 * * * *", "Every 15 minutes (UTC)"),
            ("0 * * * *", "Every hour (UTC)"),
            ("0 */2 * * *", "Every 2 hours (UTC)"),
            ("0 6 * * *", "Every day at 06:00 (UTC)"),
            ("*/15 * * * 1", "Every 15 minutes, on Monday (UTC)"),
            ("0 6 * * 1", "At 06:00, on Monday (UTC)"),
            ("30 * * * *", "At minute 30 past every hour (UTC)"),
        ] {
            assert_eq!(line.parse::<Schedule>().expect("a schedule").in_words(), words);
        }
    }

    #[test]
    fn a_redirect_that_cannot_be_followed_is_refused() {
        for bad in ["", "daily", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad:?}");
        }
    }
}
