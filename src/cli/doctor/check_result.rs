//! The result of one check of `lockstep doctor`.

use crate::cli::output::to_single_line;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckState {
    Ok,
    /// It works now, but may fail later, or is not safe.
    Warning,
    /// It does not work.
    Wrong,
}

/// The result of one check, as printed and as JSON.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub(super) struct CheckResult {
    pub(super) check: &'static str,
    pub(super) state: CheckState,
    pub(super) message: String,
    /// What to do about it. Missing if the state is ok.
    pub(super) fix: Option<String>,
}

impl CheckResult {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, state: CheckState::Ok, message: message.into(), fix: None }
    }

    pub(super) fn warning(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: CheckState::Warning, message: message.into(), fix: Some(fix.into()) }
    }

    pub(super) fn wrong(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: CheckState::Wrong, message: message.into(), fix: Some(fix.into()) }
    }

    /// Formats the result as a line, and its fix as a second one.
    pub(super) fn to_lines(&self) -> String {
        let state = match self.state {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Wrong => "error",
        };
        let fix = self.fix.as_ref().map(|fix| format!("\n         → {}", to_single_line(fix))).unwrap_or_default();
        format!("{state:<8} {}: {}{fix}", self.check, to_single_line(&self.message))
    }
}
