//! Parses dates as people write them. The order of day and month is derived from all cells of a column, never guessed.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// The order of year, month and day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Year, month, day, as in ISO 8601: `2025-04-03`.
    YearFirst,
    /// Day, month, year: `3.4.2025`, `03/04/2025`.
    DayFirst,
    /// Month, day, year: `4/3/2025`.
    MonthFirst,
}

/// The separators between the numbers of a date.
const DATE_SEPARATORS: [char; 3] = ['-', '/', '.'];

/// The parts of a cell that looks like a date.
struct DateParts<'a> {
    /// The numbers in the order in which they are written.
    numbers: [u32; 3],
    year_first: bool,
    separator: char,
    /// Whether both separators are the same.
    has_equal_separators: bool,
    time: &'a str,
}

/// Parses up to `max` digits, at least `min`. Returns the number, the rest of the text and the count of digits.
fn take_digits(text: &str, min: usize, max: usize) -> Option<(u32, &str, usize)> {
    let length = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if length < min {
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
    let (after, rest) = take_separator(rest)?;
    let (third, time, _) = if year_first { take_digits(rest, 1, 2)? } else { take_digits(rest, 4, 4)? };
    Some(DateParts {
        numbers: [first, second, third],
        year_first,
        separator: before,
        has_equal_separators: before == after,
        time,
    })
}

/// Parses a time such as `T14:30`, ` 14:30:15.5`, `, 14:30Z` or `T14:30+02:00`. Returns the seconds since midnight in
/// UTC and the fraction of a second. The empty text is midnight.
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

/// Returns the seconds from the beginning of year 1 to the date in `cell`, in a column of this order; `None` if the
/// cell is not such a date. Date columns are sorted by this value.
#[must_use]
pub fn parse_date(cell: &str, order: DateOrder) -> Option<f64> {
    let parts = split_date(cell)?;
    let days = i64::from(to_calendar_day(&parts, order)?.num_days_from_ce());
    let (seconds, part) = parse_time(parts.time)?;
    // Exact, because the number of seconds is below 2^53.
    #[allow(clippy::cast_precision_loss, reason = "at most 9999 years of seconds")]
    let whole = (days * 86_400 + seconds) as f64;
    Some(whole + part)
}

/// The date orders that are still possible for a column.
#[derive(Clone, Debug)]
pub struct DateEvidence {
    year_first: bool,
    day_first: bool,
    month_first: bool,
    separator: Option<char>,
}

impl Default for DateEvidence {
    fn default() -> Self {
        Self { year_first: true, day_first: true, month_first: true, separator: None }
    }
}

impl DateEvidence {
    /// Rules out the orders that do not fit this cell, which must not be empty.
    pub fn observe_cell(&mut self, cell: &str) {
        if !self.is_possible() {
            return;
        }
        let parts = split_date(cell).filter(|parts| {
            let separator = *self.separator.get_or_insert(parts.separator);
            parts.has_equal_separators && parts.separator == separator && parse_time(parts.time).is_some()
        });
        let fits = |order| parts.as_ref().is_some_and(|parts| to_calendar_day(parts, order).is_some());
        self.year_first = self.year_first && fits(DateOrder::YearFirst);
        self.day_first = self.day_first && fits(DateOrder::DayFirst);
        // With dots the month never comes first: 4.3.2025 is not the third of April.
        self.month_first = self.month_first && self.separator != Some('.') && fits(DateOrder::MonthFirst);
    }

    /// Returns whether all cells so far may be dates.
    #[must_use]
    pub const fn is_possible(&self) -> bool {
        self.year_first || self.day_first || self.month_first
    }

    /// Returns the order if all cells are dates in this order and in no other.
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
