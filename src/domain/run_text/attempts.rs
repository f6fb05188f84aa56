//! The texts about the attempts of a run. A run that stopped before its end is continued by another run, and the page
//! of each lists both.

use super::status_label;
use crate::domain::automatic_retry::MAX_AUTOMATIC_RETRIES;
use crate::domain::operation::Status;

/// The relation of an attempt to the run of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttemptRelation {
    /// It is the run of the page.
    ThisRun,
    /// The run of the page continues it.
    Previous,
    /// It continues the run of the page.
    Next,
    /// The run of the page is its automatic retry.
    Retried,
    /// It is the automatic retry of the run of the page.
    Retry,
    /// It is further away.
    Distant,
}

impl AttemptRelation {
    /// The relation as a label; empty for a distant one.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ThisRun => "this run",
            Self::Previous => "continued by this run",
            Self::Next => "continues this run",
            Self::Retried => "retried by this run",
            Self::Retry => "retry of this run",
            Self::Distant => "",
        }
    }
}

/// The name of an attempt: "Attempt 2", or "Attempt 1, resumed" for a run that continues after a shutdown.
#[must_use]
pub fn attempt_name(number: i32, is_resumed: bool) -> String {
    format!("Attempt {number}{}", if is_resumed { ", resumed" } else { "" })
}

/// The name of a scheduled run among its automatic retries: "Scheduled sync", "Retry 1 of 3".
#[must_use]
pub fn retry_name(retries_before: Option<u8>) -> String {
    let number = retries_before.unwrap_or(0);
    if number == 0 { "Scheduled sync".to_owned() } else { format!("Retry {number} of {MAX_AUTOMATIC_RETRIES}") }
}

/// How far an attempt is, or how far it came: "Running, 45 %", "Completed", "Interrupted at 45 %".
#[must_use]
pub fn attempt_state_label(status: Status, percent: u8) -> String {
    let label = status_label(status);
    match status {
        Status::Pending | Status::Running => format!("{label}, {percent} %"),
        Status::Failed | Status::Cancelled | Status::Interrupted if percent > 0 => format!("{label} at {percent} %"),
        Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, attempt_name, attempt_state_label, retry_name};

    #[test]
    fn an_attempt_is_described_by_its_number_and_how_far_it_came() {
        assert_eq!((attempt_name(2, false), attempt_name(1, true)), ("Attempt 2".into(), "Attempt 1, resumed".into()));
        assert_eq!((retry_name(Some(0)), retry_name(Some(2))), ("Scheduled sync".into(), "Retry 2 of 3".into()));
        assert_eq!(attempt_state_label(Status::Running, 45), "Running, 45 %");
        assert_eq!(attempt_state_label(Status::Interrupted, 45), "Interrupted at 45 %");
        assert_eq!(attempt_state_label(Status::Cancelled, 0), "Cancelled");
        assert_eq!(attempt_state_label(Status::Completed, 100), "Completed");
    }
}
