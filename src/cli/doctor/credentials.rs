//! The key of the Google service account: that nobody else reads it, and that Google takes it. Nothing of it is shown but
//! whom it belongs to.

use super::Finding;
use super::quoted;
use crate::config::Settings;

pub(super) const CHECK: &str = "Google credentials";

/// Looks at them, where they are set; what cannot be read at all is a mistake in the settings.
pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let Some(given) = &settings.google_credentials else { return Vec::new() };
    let mut findings = Vec::new();
    if let (Some(file), Some(mode)) = (&given.file, given.open_to_others) {
        let message = format!("other users of this machine may read {} (its mode is {mode:o})", file.display());
        let fix = format!("Keep them out: chmod 600 {}", quoted(&file.to_string_lossy()));
        findings.push(Finding::warning(CHECK, message, fix));
    }
    findings.push(Finding::ok(CHECK, format!("they can be read and belong to {}", given.account.email())));
    findings
}
