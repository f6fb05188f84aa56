//! Links to what belongs to one run.

use std::fmt::Display;

use super::links::LinkBuilder;

impl LinkBuilder {
    /// The page of one run for polls, which do not count as a use of the session.
    #[must_use]
    pub fn run_status(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/sync-status"))
    }

    /// The log of one run.
    #[must_use]
    pub fn run_log(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/log"))
    }
}
