//! Parses dates as feeds write them.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

/// The longest text that is parsed as a date, in bytes.
const MAX_DATE_BYTES: usize = 100;

/// Parses a date in one of these formats: RFC 3339 and shorter forms of ISO 8601, RFC 822 and 2822 with their usual
/// deviations, and C's `asctime`. A date without a time is midnight; a time without a zone is UTC. `None` if `text` is
/// not a date.
#[must_use]
pub fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_DATE_BYTES || !text.is_ascii() {
        return None;
    }
    parse_iso(text).or_else(|| parse_in_parts(text))
}

/// Parses `2003-12-31T10:14:55.5+01:00` and shorter forms: `2003`, `2003-12`, `20031231`, `2003-365`, `03-12-31`.
fn parse_iso(text: &str) -> Option<DateTime<Utc>> {
    let at = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let date = parse_iso_date(&text[..at])?;
    let rest = text.get(at + 1..).unwrap_or_default().trim();
    let (time, zone) = if rest.is_empty() { (Duration::zero(), 0) } else { parse_time_and_zone(rest)? };
    combine(date, time, zone)
}

fn parse_iso_date(text: &str) -> Option<NaiveDate> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    if !parts.iter().all(|part| digits(part)) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    let (year, month, day) = match parts[..] {
        [all] => match all.len() {
            4 => (all, "01", "01"),
            8 => (&all[..4], &all[4..6], &all[6..]),
            7 => return NaiveDate::from_yo_opt(all[..4].parse().ok()?, number(&all[4..])?),
            6 => (&all[..2], &all[2..4], &all[4..]),
            _ => return None,
        },
        [year, day] if day.len() == 3 => return NaiveDate::from_yo_opt(parse_year(year)?, number(day)?),
        [year, month] => (year, month, "01"),
        [year, month, day] => (year, month, day),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(parse_year(year)?, number(month)?, number(day)?)
}

/// Parses a year. Two digits mean 1969 to 2068, as in POSIX; three digits count from 1900.
fn parse_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 if year < 69 => Some(2000 + year),
        2 => Some(1900 + year),
        3 => Some(1900 + year),
        _ => None,
    }
}

/// Parses `Thu, 01 Jan 2004 19:48:21 GMT`, `Jan 1 2004`, `Sun Jan  4 16:29:06 PST 2004`. The parts may be in any order
/// and are recognised by their form.
fn parse_in_parts(text: &str) -> Option<DateTime<Utc>> {
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, None, None);
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        for word in split_dashes(word) {
            let half_day = [("am", false), ("pm", true)].into_iter().find(|(half, _)| word.eq_ignore_ascii_case(half));
            if let (Some((_, is_afternoon)), Some(at)) = (half_day, time) {
                // 12 pm is noon, and 12 am is midnight.
                let twelve = Duration::hours(12);
                let clock = if at >= twelve { at - twelve } else { at };
                time = Some(if is_afternoon { clock + twelve } else { clock });
            } else if word.contains(':') && time.is_none() {
                let (at, offset) = parse_time_and_zone(word)?;
                time = Some(at);
                zone = zone.or((offset != 0).then_some(offset));
            } else if word.starts_with(['+', '-']) && time.is_some() {
                zone = parse_offset(word).or(zone);
            } else if let Some(found) = parse_month(word) {
                month = month.or(Some(found));
            } else if word.bytes().all(|byte| byte.is_ascii_digit()) {
                if word.len() <= 2 && day.is_none() {
                    day = word.parse::<u32>().ok();
                } else if year.is_none() {
                    year = parse_year(word);
                }
            } else if time.is_some() && zone.is_none() {
                zone = parse_zone_name(word);
            }
        }
    }
    let date = NaiveDate::from_ymd_opt(year?, month?, day?)?;
    combine(date, time.unwrap_or_else(Duration::zero), zone.unwrap_or(0))
}

/// Splits `01-Jan-2004` into three parts and leaves `+01:00` as one.
fn split_dashes(word: &str) -> Vec<&str> {
    let lettered = word.bytes().any(|byte| byte.is_ascii_alphabetic()) && !word.contains(':');
    if lettered { word.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect() } else { vec![word] }
}

fn parse_month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    u32::try_from(at + 1).ok()
}

/// Parses the time since midnight and the offset in minutes of `10:14:55.123Z`, `10:14+01:00`, `19:48:21 GMT`,
/// `101455`.
fn parse_time_and_zone(text: &str) -> Option<(Duration, i32)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(text.len());
    let (clock, zone) = (&text[..end], text[end..].trim());
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |part: &str| part.split(['.', ',']).next().unwrap_or_default().parse::<i64>().ok();
    let (hours, minutes, seconds) = match parts[..] {
        [all] => match all.split(['.', ',']).next().unwrap_or_default().len() {
            2 => (number(all)?, 0, 0),
            4 => (number(&all[..2])?, number(&all[2..])?, 0),
            6 => (number(&all[..2])?, number(&all[2..4])?, number(&all[4..])?),
            _ => return None,
        },
        [hours, minutes] => (number(hours)?, number(minutes)?, 0),
        [hours, minutes, seconds, ..] => (number(hours)?, number(minutes)?, number(seconds)?),
        [] => return None,
    };
    // 24:00 is the next midnight, and second 60 is a leap second.
    if hours > 24 || minutes > 59 || seconds > 60 {
        return None;
    }
    let time = Duration::hours(hours) + Duration::minutes(minutes) + Duration::seconds(seconds);
    let zone = if zone.is_empty() { 0 } else { parse_offset(zone).or_else(|| parse_zone_name(zone)).unwrap_or(0) };
    Some((time, zone))
}

/// Parses `+0100`, `-01:00` or `+1` to minutes.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        3 => (&digits[..1], &digits[1..]),
        4 => (&digits[..2], &digits[2..]),
        _ => return None,
    };
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    (minutes <= 24 * 60).then_some(sign * minutes)
}

/// How many minutes a named zone is ahead of UTC. Knows the zones of RFC 822 and others that feeds use.
fn parse_zone_name(word: &str) -> Option<i32> {
    let upper = word.to_ascii_uppercase();
    for known in ["GMT", "UTC", "UT"] {
        if let Some(more) = upper.strip_prefix(known).filter(|more| more.starts_with(['+', '-'])) {
            return parse_offset(more);
        }
    }
    let hours = match upper.as_str() {
        "AST" => -4,
        "ADT" => -3,
        "EST" | "ET" => -5,
        "EDT" => -4,
        "CST" | "CT" => -6,
        "CDT" => -5,
        "MST" | "MT" => -7,
        "MDT" => -6,
        "PST" | "PT" => -8,
        "PDT" => -7,
        "CET" | "MEZ" | "BST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "JST" | "KST" => 9,
        "A" => -1,
        "M" => -12,
        "N" => 1,
        "Y" => 12,
        "Z" | "GMT" | "UTC" | "UT" | "WET" => 0,
        _ => return None,
    };
    Some(hours * 60)
}

fn combine(date: NaiveDate, time: Duration, zone: i32) -> Option<DateTime<Utc>> {
    let moment = date.and_time(NaiveTime::MIN).checked_add_signed(time)?;
    Some(moment.checked_sub_signed(Duration::minutes(zone.into()))?.and_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse_date;

    #[test]
    fn dates_are_parsed_in_all_common_forms() {
        for (written, meant) in [
            ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55"),
            ("2003-12-31T10:14:55.123-08:00", "2003-12-31T18:14:55"),
            ("2003-12-31 10:14", "2003-12-31T10:14:00"),
            ("2003-12-31T10:14:55+0100", "2003-12-31T09:14:55"),
            ("20031231", "2003-12-31T00:00:00"),
            ("2003-365", "2003-12-31T00:00:00"),
            ("2003-12", "2003-12-01T00:00:00"),
            ("2003", "2003-01-01T00:00:00"),
            ("03-12-31", "2003-12-31T00:00:00"),
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21"),
            ("Thu, 1 January 04 19:48 EST", "2004-01-02T00:48:00"),
            ("Thurs, 01 Jan 2004 19:48:21 +0100", "2004-01-01T18:48:21"),
            ("01 Jan 2004 24:00:00 UT", "2004-01-02T00:00:00"),
            ("Jan 1, 2004 7:48 PM", "2004-01-01T19:48:00"),
            ("Jan 1, 2004 12:30 AM", "2004-01-01T00:30:00"),
            ("Sun Jan  4 16:29:06 PST 2004", "2004-01-05T00:29:06"),
            ("Sun, 04-Jan-04 16:29:06 GMT+02:00", "2004-01-04T14:29:06"),
            ("26 August 2019", "2019-08-26T00:00:00"),
            ("Fri, Oct 7 2022 10:15:00 -0400", "2022-10-07T14:15:00"),
        ] {
            let read = parse_date(written).map(|at| at.format("%Y-%m-%dT%H:%M:%S").to_string());
            assert_eq!(read.as_deref(), Some(meant), "{written}");
        }
        for none in ["", "yesterday", "2003-13-01", "31 Feb 2004", "05/06/2004", "Thu, 01 Jan 2004 25:00:00 GMT", "1"] {
            assert_eq!(parse_date(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "[0-9JanGMTZ:+., /-]{0,30}|.{0,30}") {
            let _ = parse_date(&text);
        }
    }
}
