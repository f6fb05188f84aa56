//! The rhythms that people choose a schedule from, and their cron expressions.

use chrono::{NaiveTime, Timelike, Weekday};

use super::text::string_enum::string_enum;

string_enum! {
    /// A rhythm without its time, as a form names it.
    RhythmChoice {
        /// Every 15 minutes.
        QuarterHourly = "quarter-hourly",
        /// At the start of every hour.
        Hourly = "hourly",
        /// Every day.
        Daily = "daily",
        /// From Monday to Friday.
        Weekdays = "weekdays",
        /// Once a week.
        Weekly = "weekly",
        /// A cron expression.
        Custom = "cron",
    }
}

impl RhythmChoice {
    /// Returns the label for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::QuarterHourly => "Every 15 minutes",
            Self::Hourly => "Every hour",
            Self::Daily => "Every day",
            Self::Weekdays => "Monday to Friday",
            Self::Weekly => "Once a week",
            Self::Custom => "Advanced: cron expression",
        }
    }

    /// Returns whether it happens at a time of the day.
    #[must_use]
    pub const fn has_time(self) -> bool {
        matches!(self, Self::Daily | Self::Weekdays | Self::Weekly)
    }

    /// Returns whether the time zone makes no difference. Zones that are off by less than an hour are passed over: they
    /// move the start of every hour, which is not why anybody chooses it.
    #[must_use]
    pub const fn is_same_in_every_zone(self) -> bool {
        matches!(self, Self::QuarterHourly | Self::Hourly)
    }
}

/// How often a source is synced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScheduleRhythm {
    /// Every 15 minutes.
    QuarterHourly,
    /// At the start of every hour.
    Hourly,
    /// Every day at this time.
    Daily(NaiveTime),
    /// From Monday to Friday at this time.
    Weekdays(NaiveTime),
    /// Once a week at this time.
    Weekly(Weekday, NaiveTime),
    /// Any other cron expression.
    Custom(String),
}

impl ScheduleRhythm {
    /// Returns the rhythm of a cron expression. An expression that is none of the others, or invalid, is `Custom`.
    #[must_use]
    pub fn from_cron(line: &str) -> Self {
        let custom = || Self::Custom(line.to_owned());
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minute, hour, "*", "*", weekdays] = fields[..] else { return custom() };
        match (minute, hour, weekdays) {
            ("*/15", "*", "*") => return Self::QuarterHourly,
            ("0", "*", "*") => return Self::Hourly,
            _ => {}
        }
        let time = minute.parse().ok().zip(hour.parse().ok());
        let Some(time) = time.and_then(|(minute, hour)| NaiveTime::from_hms_opt(hour, minute, 0)) else {
            return custom();
        };
        match weekdays {
            "*" => Self::Daily(time),
            "1-5" => Self::Weekdays(time),
            day => match day.parse().ok().and_then(weekday_of_cron) {
                Some(day) => Self::Weekly(day, time),
                None => custom(),
            },
        }
    }

    /// Returns the rhythm without its time.
    #[must_use]
    pub const fn choice(&self) -> RhythmChoice {
        match self {
            Self::QuarterHourly => RhythmChoice::QuarterHourly,
            Self::Hourly => RhythmChoice::Hourly,
            Self::Daily(_) => RhythmChoice::Daily,
            Self::Weekdays(_) => RhythmChoice::Weekdays,
            Self::Weekly(..) => RhythmChoice::Weekly,
            Self::Custom(_) => RhythmChoice::Custom,
        }
    }

    /// Returns the cron expression.
    #[must_use]
    pub fn to_cron(&self) -> String {
        let at = |time: &NaiveTime| format!("{} {} * *", time.minute(), time.hour());
        match self {
            Self::QuarterHourly => "*/15 * * * *".to_owned(),
            Self::Hourly => "0 * * * *".to_owned(),
            Self::Daily(time) => format!("{} *", at(time)),
            Self::Weekdays(time) => format!("{} 1-5", at(time)),
            Self::Weekly(day, time) => format!("{} {}", at(time), day.num_days_from_sunday()),
            Self::Custom(line) => line.clone(),
        }
    }

    /// Returns the rhythm in plain English, without a time zone; `None` for [`ScheduleRhythm::Custom`].
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let label = self.choice().label();
        Some(match self {
            Self::QuarterHourly | Self::Hourly => label.to_owned(),
            Self::Daily(time) | Self::Weekdays(time) => format!("{label} at {}", time.format("%H:%M")),
            Self::Weekly(day, time) => format!("Every {} at {}", weekday_name(*day), time.format("%H:%M")),
            Self::Custom(_) => return None,
        })
    }
}

/// Returns the weekday of a cron expression, in which Sunday is 0 or 7.
fn weekday_of_cron(number: u8) -> Option<Weekday> {
    let from_monday = if number == 0 { 7 } else { number }.checked_sub(1)?;
    Weekday::try_from(from_monday).ok()
}

/// Returns the English name of a weekday.
#[must_use]
pub const fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::ScheduleRhythm;

    #[test]
    fn a_rhythm_and_its_cron_expression_are_the_same() {
        for (line, words) in [
            ("*/15 * * * *", "Every 15 minutes"),
            ("0 * * * *", "Every hour"),
            ("0 3 * * *", "Every day at 03:00"),
            ("5 23 * * 1-5", "Monday to Friday at 23:05"),
            ("30 7 * * 0", "Every Sunday at 07:30"),
            ("30 7 * * 6", "Every Saturday at 07:30"),
        ] {
            let rhythm = ScheduleRhythm::from_cron(line);
            assert_eq!((rhythm.to_cron().as_str(), rhythm.in_words().as_deref()), (line, Some(words)));
        }
        assert_eq!(ScheduleRhythm::from_cron("0 6 * * 7").to_cron(), "0 6 * * 0");
    }

    #[test]
    fn every_other_expression_stays_as_it_is() {
        for line in ["0 */2 * * *", "0 6 1 * *", "0 6 * 1 *", "0 6 * * 8", "0 24 * * *", "", "0 6 * * 1,3", "x"] {
            assert_eq!(ScheduleRhythm::from_cron(line), ScheduleRhythm::Custom(line.to_owned()));
        }
    }
}
