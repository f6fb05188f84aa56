//! The result of one check of `lockstep doctor`.

use crate::cli::output::one_line;

/// What a check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckState {
    Ok,
    /// It works, and may not for long, or not as it should.
    Warning,
    /// It does not work.
    Wrong,
}

/// A check and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub(super) struct CheckResult {
    pub(super) check: &'static str,
    pub(super) state: CheckState,
    pub(super) message: String,
    /// What to do.
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

    pub(super) fn lines(&self) -> String {
        let state = match self.state {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Wrong => "wrong",
        };
        let fix = self.fix.as_ref().map(|fix| format!("\n         → {}", one_line(fix))).unwrap_or_default();
        format!("{state:<8} {}: {}{fix}", self.check, one_line(&self.message))
    }
}
