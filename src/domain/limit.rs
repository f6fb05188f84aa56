//! How long something may take, in words.

use std::time::Duration;

/// A limit as people read it: `120 s`, and `1500 ms` where it is no whole number of seconds.
#[must_use]
pub fn in_words(limit: Duration) -> String {
    match limit.subsec_millis() {
        0 => format!("{} s", limit.as_secs()),
        _ => format!("{} ms", limit.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::in_words;

    #[test]
    fn a_limit_is_said_in_seconds_unless_that_would_be_another_one() {
        assert_eq!(in_words(Duration::from_secs(300)), "300 s");
        assert_eq!(in_words(Duration::from_millis(1500)), "1500 ms");
        assert_eq!(in_words(Duration::from_millis(20)), "20 ms");
    }
}
