//! The age at which the catalog of a source counts as stale.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;

use super::text::measures::{format_setting, parse_setting};

/// The shortest age that can be set.
const MIN_AGE: Duration = Duration::from_secs(60);
/// The longest age that can be set: ten years.
const LONGEST_AGE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The age at which the catalog of a source counts as stale: whole seconds, from one minute to ten years.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxAge(Duration);

/// A text that is not such an age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an age is a number with a unit from one minute to ten years, such as `90m`, `24h` or `7d`")]
pub struct NotAnAge;

impl MaxAge {
    /// Returns the age of this many seconds; `None` if it is too short or too long.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let age = Duration::from_secs(u64::try_from(seconds).ok()?);
        (MIN_AGE..=LONGEST_AGE).contains(&age).then_some(Self(age))
    }

    /// Returns the age in seconds.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX)
    }

    /// Returns the age as a difference between two times.
    #[must_use]
    pub fn as_delta(self) -> TimeDelta {
        TimeDelta::seconds(self.as_seconds())
    }
}

impl FromStr for MaxAge {
    type Err = NotAnAge;

    fn from_str(text: &str) -> Result<Self, NotAnAge> {
        let age = parse_setting(text, LONGEST_AGE).map_err(|_| NotAnAge)?;
        if age < MIN_AGE || age.subsec_nanos() > 0 { Err(NotAnAge) } else { Ok(Self(age)) }
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_setting(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::MaxAge;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        for (text, seconds, shown) in [
            ("24h", 86_400, "1d"),
            (" 7d ", 604_800, "7d"),
            ("90m", 5400, "90m"),
            ("90 s", 90, "90s"),
            ("60s", 60, "1m"),
        ] {
            let age: MaxAge = text.parse().expect("an age");
            assert_eq!((age.as_seconds(), age.to_string().as_str()), (seconds, shown));
            assert_eq!(MaxAge::from_seconds(seconds), Some(age));
        }
        for bad in ["", "24", "0", "59s", "61500ms", "-1d", "1 week", "3651d", "99999999999999999999d"] {
            assert!(bad.parse::<MaxAge>().is_err(), "{bad:?}");
        }
        assert_eq!(
            (MaxAge::from_seconds(-5), MaxAge::from_seconds(59), MaxAge::from_seconds(i64::MAX)),
            (None, None, None)
        );
    }
}
