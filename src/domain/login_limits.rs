//! Limits how many passwords can be guessed: by address, and by account.

use chrono::{DateTime, TimeDelta, Utc};

/// How many attempts of one network are checked within [`NETWORK_PERIOD`]. Logins that succeed do not count.
pub const MAX_NETWORK_ATTEMPTS: usize = 15;
/// The period of [`MAX_NETWORK_ATTEMPTS`].
pub const NETWORK_PERIOD: TimeDelta = TimeDelta::minutes(1);
/// How many failed logins an account may have within [`ACCOUNT_PERIOD`] before networks with failed logins must wait.
pub const MAX_ACCOUNT_FAILURES: usize = 10;
/// The period of [`MAX_ACCOUNT_FAILURES`], and for how long a network counts as one with failed logins.
pub const ACCOUNT_PERIOD: TimeDelta = TimeDelta::minutes(15);

/// The recent attempts to log in that concern the next one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RecentAttempts {
    /// The times of attempts from the same network, newest first.
    pub of_network: Vec<DateTime<Utc>>,
    /// The times of attempts for the same account from everywhere, newest first.
    pub of_account: Vec<DateTime<Utc>>,
}

impl RecentAttempts {
    /// The time from which the next attempt is checked; `None` if that is now.
    ///
    /// The limit of the account holds only for networks that failed to log in recently: otherwise a stranger could lock
    /// the owner of the account out.
    #[must_use]
    pub fn blocked_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let by_network = full_until(&self.of_network, MAX_NETWORK_ATTEMPTS, NETWORK_PERIOD, now);
        let has_failed = self.of_network.iter().any(|time| *time > now - ACCOUNT_PERIOD);
        let by_account =
            has_failed.then(|| full_until(&self.of_account, MAX_ACCOUNT_FAILURES, ACCOUNT_PERIOD, now)).flatten();
        by_network.max(by_account)
    }
}

/// When the `max`-th of the newest `times` is `period` old; `None` if it is already, or if there are fewer.
fn full_until(times: &[DateTime<Utc>], max: usize, period: TimeDelta, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = *times.get(max.checked_sub(1)?)? + period;
    (until > now).then_some(until)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::RecentAttempts;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    /// `count` attempts, one each `step` seconds, the newest `step` seconds ago.
    fn attempts(count: i64, step: i64) -> Vec<DateTime<Utc>> {
        (1..=count).map(|number| now() - TimeDelta::seconds(number * step)).collect()
    }

    fn seconds_left(of_network: Vec<DateTime<Utc>>, of_account: Vec<DateTime<Utc>>) -> Option<i64> {
        let recent = RecentAttempts { of_network, of_account };
        recent.blocked_until(now()).map(|until| (until - now()).num_seconds())
    }

    #[test]
    fn fifteen_guesses_a_minute_are_checked_from_one_network() {
        assert_eq!(seconds_left(attempts(14, 1), Vec::new()), None);
        assert_eq!(seconds_left(attempts(15, 1), Vec::new()), Some(45));
        assert_eq!(seconds_left(attempts(200, 3), Vec::new()), Some(15));
        assert_eq!(seconds_left(attempts(200, 4), Vec::new()), None, "fifteen in a minute");
    }

    #[test]
    fn an_account_under_attack_is_closed_to_those_who_failed_and_to_nobody_else() {
        assert_eq!(seconds_left(attempts(1, 30), attempts(9, 1)), None);
        assert_eq!(seconds_left(attempts(1, 30), attempts(10, 1)), Some(890));
        assert_eq!(seconds_left(Vec::new(), attempts(1000, 1)), None, "the owner, from elsewhere");
        assert_eq!(seconds_left(attempts(1, 901), attempts(1000, 1)), None, "failed long ago");
        assert_eq!(seconds_left(attempts(1, 30), attempts(10, 90)), None, "ten in fifteen minutes");
    }
}
