//! The texts about the attempts of a run. A run that stopped before its end is continued by another run, and the page
//! of each lists both.

use super::status_label;
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
            Self::Distant => "",
        }
    }
}

/// The name of an attempt: "Attempt 2", or "Attempt 1, resumed" for a run that continues after a shutdown.
#[must_use]
pub fn attempt_name(number: i32, is_resumed: bool) -> String {
    format!("Attempt {number}{}", if is_resumed { ", resumed" } else { "" })
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
    use super::{Status, attempt_name, attempt_state_label};

    #[test]
    fn an_attempt_is_described_by_its_number_and_how_far_it_came() {
        assert_eq!((attempt_name(2, false), attempt_name(1, true)), ("Attempt 2".into(), "Attempt 1, resumed".into()));
        assert_eq!(attempt_state_label(Status::Running, 45), "Running, 45 %");
        assert_eq!(attempt_state_label(Status::Interrupted, 45), "Interrupted at 45 %");
        assert_eq!(attempt_state_label(Status::Cancelled, 0), "Cancelled");
        assert_eq!(attempt_state_label(Status::Completed, 100), "Completed");
    }
}
