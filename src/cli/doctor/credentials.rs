//! Checks the key of the Google service account: that other users cannot read it, and that Google accepts it. Shows
//! nothing of the key but the address of its account.

use std::time::Duration;

use chrono::TimeDelta;

use super::check_result::CheckResult;
use super::shell_quote::quote_for_shell;
use crate::app::try_google_credentials;
use crate::config::Settings;
use crate::domain::text::measures;

pub(super) const CHECK_NAME: &str = "Google credentials";
/// The time limit of the sign-in. It is less than the time limit of a check, so that its own message is shown.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(4);
/// Google accepts signatures from a clock that is some minutes off. A smaller difference than this is not reported.
const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(60);

/// Checks the credentials, if there are any. Credentials that cannot be read are reported as a wrong setting.
pub(super) fn check_credentials(settings: &Settings) -> Vec<CheckResult> {
    let Some(credentials) = &settings.google_credentials else { return Vec::new() };
    let email = credentials.account.email();
    let mut results = Vec::new();
    if let (Some(file), Some(mode)) = (&credentials.file, credentials.open_to_others) {
        let message = format!("other users of this machine may read {} (mode {mode:o})", file.display());
        let fix = format!("Restrict access: chmod 600 {}", quote_for_shell(&file.to_string_lossy()));
        results.push(CheckResult::warning(CHECK_NAME, message, fix));
    }
    results.push(match try_google_credentials(settings, SIGN_IN_TIMEOUT) {
        Ok(Some(ahead)) if ahead.abs() > MAX_CLOCK_DIFFERENCE => {
            let difference = measures::format_elapsed(ahead.abs().to_std().unwrap_or_default());
            let direction = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
            let message = format!(
                "Google accepts the key of {email}, but this machine's clock is {difference} {direction} Google's"
            );
            CheckResult::warning(CHECK_NAME, message, "Set the clock: timedatectl set-ntp true")
        }
        Ok(_) => {
            CheckResult::ok(CHECK_NAME, format!("Google accepts the key of {email}; share sheets with that address"))
        }
        Err(error) => {
            // The first sentence is the problem, the rest the fix.
            let (message, fix) = error.split_once(". ").unwrap_or((&error, "Try again later."));
            CheckResult::wrong(CHECK_NAME, message, fix)
        }
    });
    results
}
