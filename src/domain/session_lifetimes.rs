//! How long sessions last.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};

use super::defaults;

/// When a session ends without a logout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLifetimes {
    /// The time without use after which a session ends.
    pub idle: Duration,
    /// The time after the login at which a session ends, however much it is used.
    pub total: Duration,
}

impl Default for SessionLifetimes {
    fn default() -> Self {
        Self { idle: defaults::SESSION_IDLE, total: defaults::SESSION_LIFETIME }
    }
}

impl SessionLifetimes {
    /// When a session that began at `began` and is used at `now` ends, unless it is used again.
    #[must_use]
    pub fn expiry(&self, began: NaiveDateTime, now: NaiveDateTime) -> NaiveDateTime {
        let after = |time: NaiveDateTime, wait: Duration| {
            TimeDelta::from_std(wait).ok().and_then(|wait| time.checked_add_signed(wait)).unwrap_or(NaiveDateTime::MAX)
        };
        after(now, self.idle).min(after(began, self.total))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{NaiveDateTime, TimeDelta};

    use super::SessionLifetimes;

    #[test]
    fn a_session_ends_by_idleness_or_by_age_whichever_comes_first() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let lifetimes = SessionLifetimes { idle: hours(2), total: hours(5) };
        let began = NaiveDateTime::default();
        let ends = |used: i64| (lifetimes.expiry(began, began + TimeDelta::hours(used)) - began).num_hours();
        assert_eq!((ends(0), ends(1), ends(3), ends(4), ends(5)), (2, 3, 5, 5, 5));
        let endless = SessionLifetimes { idle: Duration::MAX, total: Duration::MAX };
        assert_eq!(endless.expiry(began, began), NaiveDateTime::MAX);
    }
}
