//! Writes the values of cells as plain text: numbers without exponent, dates and times in ISO 8601.

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime};
use chrono::{Days, NaiveDate};

/// Milliseconds of a day.
const DAY_MILLIS: u64 = 86_400_000;
/// From this number on, not every whole number can be represented as a floating-point number.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// The smallest whole number of more than 15 digits.
const MIN_LONG: f64 = 1e15;
/// The largest serial date: 31 December 9999.
const MAX_SERIAL: f64 = 2_958_466.0;

/// The text of a cell. `is_1904` says whether the days of the workbook are counted from 1904.
pub(super) fn cell_text(value: &DataRef<'_>, is_1904: bool) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag_text(*flag).to_owned(),
        DataRef::DateTime(moment) => moment_text(moment, is_1904),
        DataRef::DateTimeIso(text) => iso_moment(text),
        DataRef::DurationIso(text) => iso_duration(text),
        DataRef::Error(error) => error_text(error),
        DataRef::Empty => String::new(),
    }
}

/// The most bytes that [`cell_text`] returns for this cell, without building the text.
pub(super) fn max_text_bytes(value: &DataRef<'_>) -> usize {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.len(),
        DataRef::SharedString(text) => text.len(),
        DataRef::Empty => 0,
        DataRef::Int(_) | DataRef::Float(_) | DataRef::Bool(_) | DataRef::DateTime(_) | DataRef::Error(_) => 32,
    }
}

/// Like [`cell_text`], for a cell of a workbook that calamine keeps in memory.
pub(super) fn owned_cell_text(value: &Data, is_1904: bool) -> String {
    match value {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::String(text) => text.clone(),
        Data::Bool(flag) => flag_text(*flag).to_owned(),
        Data::DateTime(moment) => moment_text(moment, is_1904),
        Data::DateTimeIso(text) => iso_moment(text),
        Data::DurationIso(text) => iso_duration(text),
        Data::Error(error) => error_text(error),
        Data::Empty => String::new(),
    }
}

/// An error as Excel writes it ([MS-XLSB] 2.5.97.2, "BErr").
fn error_text(error: &CellErrorType) -> String {
    match error {
        CellErrorType::GettingData => "#GETTING_DATA".to_owned(),
        other => other.to_string(),
    }
}

/// A flag as spreadsheets show it.
pub(super) fn flag_text(flag: bool) -> &'static str {
    if flag { "TRUE" } else { "FALSE" }
}

/// Whether a number has more than the 15 digits that spreadsheets keep, so that another number may have been entered.
/// An exact number of sixteen digits that does not end in 0 cannot have been rounded by a spreadsheet.
pub(super) fn is_rounded(number: f64) -> bool {
    let size = number.abs();
    number.fract() == 0.0 && (size >= MAX_EXACT || (size >= MIN_LONG && number % 10.0 == 0.0))
}

/// Like [`is_rounded`], for the value of a cell.
pub(super) fn is_rounded_cell(value: &DataRef<'_>) -> bool {
    matches!(value, DataRef::Float(number) if is_rounded(*number))
}

/// A number without exponent. Fractions have at most 15 significant digits, as in Excel, so that rounding errors of a
/// calculation (`3.3000000000000003`) are not shown.
pub(super) fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if !number.is_finite() || (number.fract() == 0.0 && number.abs() < MAX_EXACT) {
        return number.to_string();
    }
    // `Display` writes the shortest text that parses to the rounded number, and never an exponent.
    format!("{number:.14e}").parse::<f64>().unwrap_or(number).to_string()
}

/// The text of a date, a time of day, both, or a duration.
fn moment_text(moment: &ExcelDateTime, is_1904: bool) -> String {
    serial_text(moment.as_f64(), moment.is_duration(), is_1904)
}

/// The text of a date or duration that is stored as a number of days.
pub(super) fn serial_text(serial: f64, is_duration: bool, is_1904: bool) -> String {
    if !serial.is_finite() || serial.abs() >= MAX_SERIAL || (serial < 0.0 && !is_duration) {
        return number_text(serial);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above: at most 2.6e14")]
    let millis = (serial.abs() * 86_400_000.0).round() as u64;
    if is_duration {
        let sign = if serial < 0.0 { "-" } else { "" };
        return format!("{sign}{}", time_text(millis));
    }
    let (days, rest) = (millis / DAY_MILLIS, millis % DAY_MILLIS);
    if days == 0 && !is_1904 {
        return time_text(rest);
    }
    match (date_text(days, is_1904), rest) {
        (Some(date), 0) => date,
        (Some(date), rest) => format!("{date} {}", time_text(rest)),
        (None, _) => number_text(serial),
    }
}

/// The date of the day with this number. Excel has a 29 February 1900, which did not exist.
fn date_text(days: u64, is_1904: bool) -> Option<String> {
    let (year, month, day, days) = match days {
        _ if is_1904 => (1904, 1, 1, days),
        60 => return Some("1900-02-29".to_owned()),
        0..60 => (1899, 12, 31, days),
        _ => (1899, 12, 30, days),
    };
    let date = NaiveDate::from_ymd_opt(year, month, day)?.checked_add_days(Days::new(days))?;
    Some(date.to_string())
}

fn time_text(millis: u64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { text } else { format!("{text}.{rest:03}").trim_end_matches('0').to_owned() }
}

/// Writes `2023-01-05T14:30:00` as `2023-01-05 14:30:00`, and midnight without a time.
pub(super) fn iso_moment(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let time = time.trim_end_matches('Z');
    let time = if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time };
    let is_midnight = time.chars().all(|c| matches!(c, '0' | ':'));
    if is_midnight { date.to_owned() } else { format!("{date} {time}") }
}

/// Writes `PT14H30M00S` as `14:30:00`.
pub(super) fn iso_duration(text: &str) -> String {
    parse_duration(text).unwrap_or_else(|| text.to_owned())
}

fn parse_duration(text: &str) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (days, time) = rest.strip_prefix('P')?.split_once('T')?;
    let mut seconds = match days.strip_suffix('D') {
        Some(days) => days.parse::<f64>().ok()? * 86_400.0,
        None if days.is_empty() => 0.0,
        None => return None,
    };
    let mut number = String::new();
    for c in time.chars() {
        let unit = match c {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => {
                number.push(if c == ',' { '.' } else { c });
                continue;
            }
        };
        seconds += std::mem::take(&mut number).parse::<f64>().ok()? * unit;
    }
    if !number.is_empty() || !(0.0..1e12).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let millis = (seconds * 1000.0).round() as u64;
    Some(format!("{sign}{}", time_text(millis)))
}

#[cfg(test)]
mod tests {
    use super::{is_rounded, iso_duration, iso_moment, number_text, serial_text};

    #[test]
    fn a_number_with_more_digits_than_spreadsheets_keep_is_rounded() {
        for number in [1e15, 1_234_567_890_123_450.0, -12_345_678_901_234_567.0, 1e20] {
            assert!(is_rounded(number), "{number}");
        }
        for number in [0.0, 999_999_999_999_999.0, 1_234_567_890_123_457.0, 0.1, 1e15 + 0.5, f64::NAN, f64::INFINITY] {
            assert!(!is_rounded(number), "{number}");
        }
    }

    #[test]
    fn numbers_are_plain() {
        let texts = [
            (1e10, "10000000000"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (1.1 * 3.0, "3.3"),
            (0.1 + 0.2, "0.3"),
            (12.50, "12.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (4_006_381_333_931.0, "4006381333931"),
            (1e-7, "0.0000001"),
            (-19.99, "-19.99"),
            (123_456.789_012_345, "123456.789012345"),
        ];
        for (number, text) in texts {
            assert_eq!(number_text(number), text);
        }
        assert_eq!(number_text(1e300).len(), 301);
    }

    #[test]
    fn dates_are_equal_to_those_that_excel_shows() {
        let texts = [
            (44931.0, "2023-01-05"),
            (44_931.604_166_666_664, "2023-01-05 14:30:00"),
            (0.604_166_666_666_666_6, "14:30:00"),
            (0.0, "00:00:00"),
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (60.0, "1900-02-29"),
            (61.0, "1900-03-01"),
            (45943.541, "2025-10-13 12:59:02.4"),
            (2_958_465.0, "9999-12-31"),
            (2_958_466.0, "2958466"),
            (-1.0, "-1"),
        ];
        for (serial, text) in texts {
            assert_eq!(serial_text(serial, false, false), text);
        }
        assert_eq!(serial_text(43469.0, false, true), "2023-01-05");
        assert_eq!(serial_text(0.0, false, true), "1904-01-01");
        assert_eq!(serial_text(1.5, true, false), "36:00:00");
        assert_eq!(serial_text(-0.25, true, true), "-06:00:00");
    }

    #[test]
    fn iso_dates_and_durations_are_shown_in_one_form() {
        assert_eq!(iso_moment("2023-01-05"), "2023-01-05");
        assert_eq!(iso_moment("2023-01-05T00:00:00"), "2023-01-05");
        assert_eq!(iso_moment("2023-01-05T14:30:00.000000000"), "2023-01-05 14:30:00");
        assert_eq!(iso_moment("2023-01-05T14:30:00.25Z"), "2023-01-05 14:30:00.25");
        assert_eq!(iso_duration("PT14H30M00S"), "14:30:00");
        assert_eq!(iso_duration("P1DT1H0M0.5S"), "25:00:00.5");
        assert_eq!(iso_duration("PT36H"), "36:00:00");
        assert_eq!(iso_duration("whenever"), "whenever");
    }
}
