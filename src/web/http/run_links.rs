//! Links to what belongs to one run.

use std::fmt::Display;

use super::links::LinkBuilder;

impl LinkBuilder {
    /// The log of one run.
    #[must_use]
    pub fn run_log(&self, sync_id: &impl Display) -> String {
        self.route(&format!("/history/{sync_id}/log"))
    }
}
