//! Builds the links of schedules.

use super::links::LinkBuilder;

impl LinkBuilder {
    /// The link that the form which resumes a paused schedule is sent to.
    #[must_use]
    pub fn resume_schedule(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/schedule/resume"))
    }

    /// The link that the form which pauses a schedule is sent to.
    #[must_use]
    pub fn pause_schedule(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/schedule/pause"))
    }

    /// The link to what a schedule means, whose fields are the query.
    #[must_use]
    pub fn schedule_preview(&self) -> String {
        self.route("/settings/schedule-preview")
    }
}
