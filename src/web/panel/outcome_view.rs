//! How the panel and the history show the end of a run.

use super::run_view::RunView;
use super::view::PanelView;
use crate::domain::run_text;
use crate::web::layout::run_labels::{Kind, RunStats, RunStatus, run_icon, run_tone};

impl PanelView {
    /// The heading of the panel while no run is shown.
    pub fn idle_title(&self) -> String {
        match self.latest {
            Some(latest) => latest.state_label(),
            None if self.last_success.is_some() => run_text::catalog_state_label(&RunStats::default(), 0),
            None => "Never synced".to_owned(),
        }
    }

    /// The icon beside that heading.
    pub fn idle_icon(&self) -> &'static str {
        let default = if self.last_success.is_some() { "check" } else { "dash" };
        self.latest.map_or(default, |latest| latest.icon())
    }
}

impl RunView {
    /// How it ended, without its kind: "Completed, 3 rows skipped".
    pub fn outcome_label(&self) -> String {
        run_text::outcome_label(self.status, &self.stats)
    }

    /// Whether someone should look at its result: it skipped something or kept items.
    pub fn needs_attention(&self) -> bool {
        self.withheld > 0 || run_text::has_left_out(&self.stats)
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        run_icon(self.status, &self.stats)
    }

    /// The name of its tone in the stylesheet.
    pub fn tone(&self) -> &'static str {
        run_tone(self.status, &self.stats)
    }

    /// The message of the run in its current state.
    pub fn status_message(&self) -> String {
        let progress = self.progress;
        let is_preview = self.kind == Kind::Preview;
        let kept = if is_preview { "Nothing was changed." } else { "Saved changes are kept; the next sync continues." };
        match self.status {
            RunStatus::Pending if self.attempt > 1 => {
                "The server restarted. Starting again; nothing is lost.".to_owned()
            }
            RunStatus::Pending => "Starting…".to_owned(),
            RunStatus::Running if self.cancel_requested && is_preview => "Stopping after the current batch.".to_owned(),
            RunStatus::Running if self.cancel_requested => {
                "Stopping after the current batch. Saved changes are kept.".to_owned()
            }
            RunStatus::Running | RunStatus::Completed => self.message.clone(),
            RunStatus::Failed => self.error.clone().unwrap_or_else(|| "The run could not be completed.".to_owned()),
            RunStatus::Cancelled => format!("Cancelled at {progress} %. {kept}"),
            RunStatus::Interrupted if self.successor.is_some() => {
                format!("The server restarted at {progress} %. Starting again; nothing is lost.")
            }
            RunStatus::Interrupted if is_preview => format!("The server stopped at {progress} %. {kept}"),
            RunStatus::Interrupted => {
                format!("The server stopped at {progress} %. Nothing is lost; the next sync continues.")
            }
        }
    }

    /// Whether a sync failed because its key column seems to have changed, so that "Sync anyway" is offered.
    pub fn may_accept_rekey(&self) -> bool {
        self.status == RunStatus::Failed && self.kind == Kind::Sync && self.code.as_deref() == Some("key_changed")
    }

    /// What to do about a failure.
    pub fn advice(&self) -> &str {
        if let Some(hint) = &self.hint {
            return hint;
        }
        match self.code.as_deref() {
            Some("empty_source") => {
                "Check that it is the right tab or file and was not cleared, then sync again. An empty source never \
                 empties the catalog; if you no longer need it, remove the source in the settings."
            }
            Some("key_changed") => {
                "Fix the source, or choose another key column in its settings. “Sync anyway” applies all changes."
            }
            Some("internal" | "database") => {
                "The catalog is unchanged. Try again in a moment; if it fails again, check the server log."
            }
            Some("timeout" | "rate_limited" | "server_error" | "bad_answer" | "unknown_host") => {
                "The catalog is unchanged. Try again in a few minutes."
            }
            Some("no_key_column") => "The catalog is unchanged. Fix the key column, then try again.",
            _ => "The catalog is unchanged. Fix the source or its URL, then try again.",
        }
    }
}
