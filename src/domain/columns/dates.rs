//! Reading dates as people write them. Which of two numbers is the day is told by the cells or not at all.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// In which order days are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// `2025-04-03`, as ISO 8601 has it.
    YearFirst,
    /// `3.4.2025`, `03/04/2025`.
    DayFirst,
    /// `4/3/2025`.
    MonthFirst,
}

/// The signs between the numbers of a day.
pub const DATE_SEPARATORS: [char; 3] = ['-', '/', '.'];

/// The parts of a cell that looks like a date.
struct DateParts<'a> {
    /// As written.
    numbers: [u32; 3],
    year_first: bool,
    sign: char,
    /// The signs are the same.
    even: bool,
    time: &'a str,
}

/// `count` digits at most, at least `least`, and what follows them.
fn take_digits(text: &str, least: usize, count: usize) -> Option<(u32, &str, usize)> {
    let length = text.bytes().take(count).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..], length))
}

fn take_separator(text: &str) -> Option<(char, &str)> {
    let rest = text.strip_prefix(DATE_SEPARATORS)?;
    Some((text.chars().next()?, rest))
}

fn split_date(cell: &str) -> Option<DateParts<'_>> {
    let cell = cell.trim();
    let (first, rest, length) = take_digits(cell, 1, 4)?;
    let year_first = length == 4;
    if length == 3 {
        return None;
    }
    let (before, rest) = take_separator(rest)?;
    let (second, rest, _) = take_digits(rest, 1, 2)?;
    let (behind, rest) = take_separator(rest)?;
    let (third, time, _) = if year_first { take_digits(rest, 1, 2)? } else { take_digits(rest, 4, 4)? };
    Some(DateParts { numbers: [first, second, third], year_first, sign: before, even: before == behind, time })
}

/// Seconds since midnight in UTC, and the part of a second: of `T14:30`, ` 14:30:15.5`, `, 14:30Z`, `T14:30+02:00`.
/// Nothing is midnight.
fn parse_time(time: &str) -> Option<(i64, f64)> {
    if time.is_empty() {
        return Some((0, 0.0));
    }
    let time = time.strip_prefix('T').or_else(|| time.strip_prefix(',').unwrap_or(time).strip_prefix(' '))?;
    let (hours, rest, _) = take_digits(time, 1, 2)?;
    let (minutes, rest, _) = take_digits(rest.strip_prefix(':')?, 2, 2)?;
    let (mut whole, mut part, mut zone) = (0, 0.0, rest);
    if let Some(rest) = rest.strip_prefix(':') {
        (whole, zone, _) = take_digits(rest, 2, 2)?;
        if let Some(rest) = zone.strip_prefix('.') {
            let (_, after, length) = take_digits(rest, 1, 9)?;
            part = format!("0.{}", &rest[..length]).parse().ok()?;
            zone = after;
        }
    }
    if hours > 23 || minutes > 59 || whole > 59 {
        return None;
    }
    let offset = match zone {
        "" | "Z" => 0,
        zone => {
            let east = zone.strip_prefix(' ').unwrap_or(zone);
            let rest = east.strip_prefix(['+', '-'])?;
            let (hours, rest, _) = take_digits(rest, 2, 2)?;
            let (minutes, rest, _) = take_digits(rest.strip_prefix(':').unwrap_or(rest), 2, 2)?;
            if !rest.is_empty() {
                return None;
            }
            let seconds = i64::from(hours * 3600 + minutes * 60);
            if east.starts_with('-') { -seconds } else { seconds }
        }
    };
    Some((i64::from(hours * 3600 + minutes * 60 + whole) - offset, part))
}

fn to_calendar_day(parts: &DateParts<'_>, order: DateOrder) -> Option<NaiveDate> {
    let [first, second, third] = parts.numbers;
    let (year, month, day) = match (order, parts.year_first) {
        (DateOrder::YearFirst, true) => (first, second, third),
        (DateOrder::DayFirst, false) => (third, second, first),
        (DateOrder::MonthFirst, false) => (third, first, second),
        _ => return None,
    };
    let year = i32::try_from(year).ok().filter(|&year| year > 0)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The seconds from the beginning of our era to what a cell says, in a column of this order; `None` when it is no
/// date of that column. This is what such columns are sorted by; `store::dialect::search` says the same in SQL.
#[must_use]
pub fn parse_date(cell: &str, order: DateOrder) -> Option<f64> {
    let parts = split_date(cell)?;
    let days = i64::from(to_calendar_day(&parts, order)?.num_days_from_ce());
    let (seconds, part) = parse_time(parts.time)?;
    // Exact: a day of our era has fewer than 2^53 seconds behind it.
    #[allow(clippy::cast_precision_loss, reason = "at most 9999 years of seconds")]
    let whole = (days * 86_400 + seconds) as f64;
    Some(whole + part)
}

/// What the cells of a column say about how its dates are written.
#[derive(Clone, Debug)]
pub struct DateEvidence {
    year_first: bool,
    day_first: bool,
    month_first: bool,
    sign: Option<char>,
}

impl Default for DateEvidence {
    fn default() -> Self {
        Self { year_first: true, day_first: true, month_first: true, sign: None }
    }
}

impl DateEvidence {
    /// Looks at a cell that is not empty.
    pub fn observe(&mut self, cell: &str) {
        if !self.is_open() {
            return;
        }
        let parts = split_date(cell).filter(|parts| {
            let known = *self.sign.get_or_insert(parts.sign);
            parts.even && parts.sign == known && parse_time(parts.time).is_some()
        });
        let fits = |order| parts.as_ref().is_some_and(|parts| to_calendar_day(parts, order).is_some());
        self.year_first = self.year_first && fits(DateOrder::YearFirst);
        self.day_first = self.day_first && fits(DateOrder::DayFirst);
        // Nobody writes 4.3.2025 for the third of April.
        self.month_first = self.month_first && self.sign != Some('.') && fits(DateOrder::MonthFirst);
    }

    /// Whether all cells until now may be dates.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.year_first || self.day_first || self.month_first
    }

    /// The order, if all cells are dates in it and in no other.
    #[must_use]
    pub const fn date_order(&self) -> Option<DateOrder> {
        match (self.year_first, self.day_first, self.month_first) {
            (true, false, false) => Some(DateOrder::YearFirst),
            (false, true, false) => Some(DateOrder::DayFirst),
            (false, false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
