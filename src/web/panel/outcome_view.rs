//! How the panel, and the pages of history, show the end of a run.

use super::view::{PanelView, RunView};
use crate::domain::run_text;
use crate::web::layout::run_labels::{RunStats, run_icon, run_tone};

impl PanelView {
    /// The heading of the card while no run is shown.
    pub fn resting_title(&self) -> String {
        match self.latest {
            Some(latest) => latest.state(),
            None if self.last_success.is_some() => run_text::completed_state(&RunStats::default(), 0),
            None => "Never synced".to_owned(),
        }
    }

    /// The icon beside it.
    pub fn resting_icon(&self) -> &'static str {
        let otherwise = if self.last_success.is_some() { "check" } else { "dash" };
        self.latest.map_or(otherwise, |latest| latest.icon())
    }
}

impl RunView {
    /// How it ended, without what it was: "Completed, 3 rows skipped".
    pub fn outcome(&self) -> String {
        run_text::outcome(self.status, &self.stats)
    }

    /// Whether it completed and left something for people to do.
    pub fn needs_attention(&self) -> bool {
        self.withheld > 0 || run_text::has_left_out(&self.stats)
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        run_icon(self.status, &self.stats)
    }

    /// The name of its colour in the stylesheet.
    pub fn tone(&self) -> &'static str {
        run_tone(self.status, &self.stats)
    }

    /// What to do about a failure.
    pub fn advice(&self) -> &str {
        if let Some(hint) = &self.hint {
            return hint;
        }
        match self.code.as_deref() {
            Some("empty_source") => {
                "Is it the right tab or file? Has somebody cleared it? Fix the source or its URL and sync again. An empty \
                 source never empties the catalog; if it is no longer needed, remove the source in the settings."
            }
            Some("key_changed") => {
                "Mend the source, or choose another key column in the settings, and try again. Sync anyway applies both."
            }
            Some("internal" | "database") => {
                "Nothing in the catalog was lost. Try again in a moment; if it fails again, the server's log says why."
            }
            Some("timeout" | "rate_limited" | "server_error" | "bad_answer" | "unknown_host") => {
                "Nothing in the catalog was lost. It may well work when you try again in a few minutes."
            }
            Some("no_key_column") => "Nothing was changed. Once the key column is right again, try again.",
            _ => "Nothing in the catalog was lost. Mend the source or its address, then try again.",
        }
    }
}
