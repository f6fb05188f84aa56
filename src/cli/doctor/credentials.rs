//! The key of the Google service account: that nobody else reads it, and that Google takes it. Nothing of it is shown
//! but whom it belongs to.

use std::time::Duration;

use chrono::TimeDelta;

use super::check_result::CheckResult;
use super::shell_quote::quoted;
use crate::app::try_google;
use crate::config::Settings;
use crate::domain::text::measures;

pub(super) const CHECK: &str = "Google credentials";
/// How long Google may take, which is less than a check may.
const LIMIT: Duration = Duration::from_secs(4);
/// Google takes what was signed by a clock that is a few minutes off; this much is worth a word.
const OFF: TimeDelta = TimeDelta::seconds(60);

/// Looks at them, where they are set; what cannot be read at all is a mistake in the settings.
pub(super) fn check(settings: &Settings) -> Vec<CheckResult> {
    let Some(given) = &settings.google_credentials else { return Vec::new() };
    let email = given.account.email();
    let mut findings = Vec::new();
    if let (Some(file), Some(mode)) = (&given.file, given.open_to_others) {
        let message = format!("other users of this machine may read {} (its mode is {mode:o})", file.display());
        let fix = format!("Keep them out: chmod 600 {}", quoted(&file.to_string_lossy()));
        findings.push(CheckResult::warning(CHECK, message, fix));
    }
    findings.push(match try_google(settings, LIMIT) {
        Ok(Some(ahead)) if ahead.abs() > OFF => {
            let apart = measures::length(ahead.abs().to_std().unwrap_or_default());
            let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
            let message =
                format!("Google takes the key of {email}, but this machine's clock is {apart} {way} Google's");
            CheckResult::warning(CHECK, message, "Set the clock right: timedatectl set-ntp true")
        }
        Ok(_) => CheckResult::ok(CHECK, format!("Google takes the key of {email}; share sheets with that address")),
        Err(wrong) => {
            // Its first sentence says what is wrong, the rest what to do.
            let (message, fix) = wrong.split_once(". ").unwrap_or((&wrong, "Try again later."));
            CheckResult::wrong(CHECK, message, fix)
        }
    });
    findings
}
