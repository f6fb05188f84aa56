//! The days between which runs are listed. They are days of the reader if the browser sent its offset from UTC along,
//! and days in UTC otherwise.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, Utc};

/// The first and the last day; both belong to the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DayPeriod {
    pub(super) first: Option<PeriodDay>,
    pub(super) last: Option<PeriodDay>,
}

/// A day, and the offset from UTC at the midnight that bounds the period: before the first day, or after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PeriodDay {
    day: NaiveDate,
    offset: Option<FixedOffset>,
}

impl PeriodDay {
    /// A day with its offset in minutes east of UTC, if `minutes` is one.
    pub(super) fn new(day: NaiveDate, minutes: &str) -> Self {
        let seconds = minutes.parse::<i32>().ok().and_then(|minutes| minutes.checked_mul(60));
        Self { day, offset: seconds.and_then(FixedOffset::east_opt) }
    }

    fn day_text(self) -> String {
        self.day.to_string()
    }

    fn offset_text(self) -> String {
        self.offset.map(|offset| (offset.local_minus_utc() / 60).to_string()).unwrap_or_default()
    }

    fn zone_text(self) -> String {
        match self.offset {
            Some(offset) if offset.local_minus_utc() != 0 => format!("UTC{offset}"),
            _ => "UTC".to_owned(),
        }
    }

    /// The time of the midnight at the beginning of `day`.
    fn midnight(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let offset = self.offset.map_or(0, |offset| i64::from(offset.local_minus_utc()));
        midnight.and_utc() - chrono::TimeDelta::seconds(offset)
    }
}

impl DayPeriod {
    /// When the first day begins.
    pub(super) fn begin(&self) -> Option<DateTime<Utc>> {
        self.first.map(|first| first.midnight(first.day))
    }

    /// When the last day has ended.
    pub(super) fn end(&self) -> Option<DateTime<Utc>> {
        let last = self.last?;
        last.day.checked_add_days(Days::new(1)).map(|next| last.midnight(next))
    }

    pub(super) fn contains(&self, time: DateTime<Utc>) -> bool {
        self.begin().is_none_or(|begin| begin <= time) && self.end().is_none_or(|end| time < end)
    }

    /// The names and values of the period in an address and in a form: the two days, and the offset of each.
    pub(super) fn fields(&self) -> [(&'static str, String); 4] {
        let text = |day: Option<PeriodDay>, describe: fn(PeriodDay) -> String| day.map(describe).unwrap_or_default();
        [
            ("from", text(self.first, PeriodDay::day_text)),
            ("from-offset", text(self.first, PeriodDay::offset_text)),
            ("to", text(self.last, PeriodDay::day_text)),
            ("to-offset", text(self.last, PeriodDay::offset_text)),
        ]
    }

    /// The zone of the days: "UTC", "UTC+01:00", or "UTC+01:00 to UTC+02:00" if the clocks change between them. `None`
    /// without days.
    pub(super) fn zone_label(&self) -> Option<String> {
        let [first, last] = [self.first, self.last].map(|day| day.map(PeriodDay::zone_text));
        match (first, last) {
            (Some(first), Some(last)) if first != last => Some(format!("{first} to {last}")),
            (first, last) => first.or(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DayPeriod, PeriodDay};

    fn period(first: (&str, &str), last: (&str, &str)) -> DayPeriod {
        let day = |(day, minutes): (&str, &str)| day.parse().ok().map(|day| PeriodDay::new(day, minutes));
        DayPeriod { first: day(first), last: day(last) }
    }

    fn bounds(period: &DayPeriod) -> [Option<String>; 2] {
        [period.begin(), period.end()].map(|time| time.map(|time| time.format("%m-%d %H:%M").to_string()))
    }

    #[test]
    fn a_day_with_an_offset_begins_and_ends_at_the_midnights_of_the_reader() {
        let some = |text: &str| Some(text.to_owned());
        // The last Sunday of March has 23 hours in Berlin.
        let sunday = period(("2026-03-29", "60"), ("2026-03-29", "120"));
        assert_eq!(bounds(&sunday), [some("03-28 23:00"), some("03-29 22:00")]);
        assert_eq!(sunday.zone_label(), some("UTC+01:00 to UTC+02:00"));
        let new_york = period(("2026-11-30", "-300"), ("", ""));
        assert_eq!((bounds(&new_york), new_york.zone_label()), ([some("11-30 05:00"), None], some("UTC-05:00")));
        let inside = |time: &str| sunday.contains(time.parse().expect("a time"));
        assert!(!inside("2026-03-28T22:59:59Z") && inside("2026-03-28T23:00:00Z"));
        assert!(inside("2026-03-29T21:59:59Z") && !inside("2026-03-29T22:00:00Z"));
    }

    #[test]
    fn a_day_without_a_usable_offset_is_in_utc() {
        for minutes in ["", "0", "x", "99999", "2147483647"] {
            let day = period(("2026-11-30", minutes), ("2026-11-30", minutes));
            assert_eq!(bounds(&day), [Some("11-30 00:00".to_owned()), Some("12-01 00:00".to_owned())], "{minutes}");
            assert_eq!(day.zone_label().as_deref(), Some("UTC"), "{minutes}");
        }
        assert_eq!(period(("", ""), ("", "")).zone_label(), None);
    }

    #[test]
    fn the_fields_keep_days_and_offsets() {
        let fields = period(("2026-11-29", "330"), ("2026-11-30", "")).fields();
        let expected = [("from", "2026-11-29"), ("from-offset", "330"), ("to", "2026-11-30"), ("to-offset", "")];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
