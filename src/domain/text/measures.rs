//! Formats durations and amounts of data, one function for each purpose.

use std::time::Duration;

/// Formats a limit exactly: `120 s`, or `1500 ms` if it is not a whole number of seconds.
#[must_use]
pub fn format_limit(limit: Duration) -> String {
    match limit.subsec_millis() {
        0 => format!("{} s", limit.as_secs()),
        _ => format!("{} ms", limit.as_millis()),
    }
}

/// Formats a duration exactly, as in a setting: `90d`, `5m`, `1500ms`.
#[must_use]
pub fn format_setting(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    match units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

/// Parses a duration of at most `max` in a setting: `500ms`, `3s`, `5m`, `24h`, `7d`, or `0`.
///
/// # Errors
/// A message for people when the text is no number with such a unit, or the duration is longer than `max`.
pub fn parse_setting(text: &str, max: Duration) -> Result<Duration, String> {
    const EXAMPLES: &str = "Use a value like 500ms, 3s, 5m, 24h or 7d.";
    let quoted = format!("“{}”", text.escape_debug());
    let trimmed = text.trim();
    let (digits, unit) = trimmed.split_at(trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len()));
    let not_a_duration = || format!("{quoted} is not a duration. {EXAMPLES}");
    let number: u64 = digits.parse().map_err(|_| not_a_duration())?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if number == 0 => 0,
        "" => return Err(format!("{quoted} has no unit. {EXAMPLES}")),
        _ => return Err(not_a_duration()),
    };
    let duration = number.checked_mul(millis).map(Duration::from_millis).filter(|duration| *duration <= max);
    duration.ok_or_else(|| {
        let max = format_setting(max);
        format!("{quoted} is longer than the maximum, {max}. {EXAMPLES}")
    })
}

/// Formats an error as a sentence, with a capital letter and a full stop. Backticks become quotation marks.
#[must_use]
pub fn format_error(error: &(impl ToString + ?Sized)) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let mut message: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    // Backticks are for terminals.
    while let Some(at) = message.find('`') {
        let quote = if message[..at].matches(['“', '”']).count().is_multiple_of(2) { "“" } else { "”" };
        message.replace_range(at..=at, quote);
    }
    if !message.ends_with(['.', '!', '?', '…']) {
        message.push('.');
    }
    message
}

/// Formats a duration or an age for people, with at most two units: `40 ms`, `0.4 s`, `2 min 5 s`, `3 days 4 h`.
#[must_use]
pub fn format_elapsed(time: Duration) -> String {
    const DAY: u64 = 86_400;
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    match seconds {
        0 if millis < 100 => format!("{millis} ms"),
        0..10 => format!("{seconds}.{} s", millis / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..DAY => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => {
            let days = seconds / DAY;
            format!("{days} {} {} h", if days == 1 { "day" } else { "days" }, seconds % DAY / 3600)
        }
    }
}

/// Formats an amount of data: `1 byte`, `52.4 kB`, `1.2 GB`.
#[must_use]
pub fn format_bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let in_units = |unit: u64| count as f64 / unit as f64;
    match count {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", in_units(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", in_units(1_000_000)),
        _ => format!("{:.1} GB", in_units(1_000_000_000)),
    }
}

/// Formats a part of an amount of data, in the unit of the whole: `12.4 of 31.0 MB`.
#[must_use]
pub fn format_bytes_of(count: u64, total: u64) -> String {
    let whole = format_bytes(total);
    let (unit, size) = match total {
        0..1_000 => return format!("{count} of {whole}"),
        1_000..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000),
    };
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let part = count as f64 / f64::from(size);
    format!("{part:.1} of {} {unit}", whole.trim_end_matches(unit).trim_end())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn a_part_of_an_amount_of_data_has_the_unit_of_the_whole() {
        assert_eq!(super::format_bytes_of(12_400_000, 31_000_000), "12.4 of 31.0 MB");
        assert_eq!(super::format_bytes_of(40_000, 31_000_000), "0.0 of 31.0 MB");
        assert_eq!(super::format_bytes_of(500, 2_000), "0.5 of 2.0 kB");
        assert_eq!(super::format_bytes_of(5, 900), "5 of 900 bytes");
        assert_eq!(super::format_bytes_of(1_500_000_000, 3_000_000_000), "1.5 of 3.0 GB");
    }

    #[test]
    fn errors_start_with_a_capital_and_end_with_a_full_stop() {
        assert_eq!(super::format_error("that is a form"), "That is a form.");
        assert_eq!(super::format_error("such as `albums` or `a`"), "Such as “albums” or “a”.");
        assert_eq!(super::format_error("Ähnlich wie das."), "Ähnlich wie das.");
    }

    #[test]
    fn a_limit_is_in_seconds_unless_rounding_would_change_it() {
        let message = |millis| super::format_limit(Duration::from_millis(millis));
        assert_eq!([message(300_000), message(1500), message(20)], ["300 s", "1500 ms", "20 ms"]);
    }

    #[test]
    fn a_setting_uses_the_largest_unit_that_is_exact() {
        let message = |millis| super::format_setting(Duration::from_millis(millis));
        assert_eq!([message(0), message(1500), message(90_000), message(7_200_000)], ["0ms", "1500ms", "90s", "2h"]);
        assert_eq!(message(90 * 86_400_000), "90d");
    }

    #[test]
    fn a_duration_has_two_units_at_most() {
        let message = |millis| super::format_elapsed(Duration::from_millis(millis));
        assert_eq!([message(0), message(99), message(100), message(9999)], ["0 ms", "99 ms", "0.1 s", "9.9 s"]);
        assert_eq!([message(10_000), message(125_000), message(3_600_000)], ["10 s", "2 min 5 s", "1 h 0 min"]);
        assert_eq!([message(86_400_000), message(273_600_000)], ["1 day 0 h", "3 days 4 h"]);
    }

    #[test]
    fn an_amount_of_data_has_one_digit_after_the_point() {
        let message = [1, 999, 52_400, 350_000_000, 1_240_000_000].map(super::format_bytes);
        assert_eq!(message, ["1 byte", "999 bytes", "52.4 kB", "350.0 MB", "1.2 GB"]);
    }
}
