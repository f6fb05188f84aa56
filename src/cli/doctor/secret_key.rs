//! Checks the key that the secrets of sources are encrypted with: where it is, that it is the key of the database, and
//! that other users cannot read it.

use std::fs;

use super::check_result::CheckResult;
use super::folders::check_access_of_others;
use super::shared_connection::SharedConnection;
use crate::app::{SecretKeyError, SecretKeyPlace, find_key};
use crate::config::Settings;
use crate::store::compaction::ConversionState;
use crate::store::diagnostics::DatabaseProbe;

const CHECK_NAME: &str = "secret key";
/// What the loss of the key means.
const LOSS_ADVICE: &str = "without it, links and passwords of sources must be entered again";

/// Checks the key of a migrated database.
pub(super) fn check_secret_key(connection: &mut SharedConnection, settings: &Settings) -> Vec<CheckResult> {
    let storage = match connection.run_query(DatabaseProbe::secret_storage) {
        Ok(storage) => storage,
        Err(error) => return vec![CheckResult::wrong(CHECK_NAME, error, "See the checks of the database above.")],
    };
    let found = match find_key(settings) {
        Ok(found) => found,
        Err(error) => {
            let fix = match &error {
                SecretKeyError::Unreadable { .. } => {
                    "Make it a regular file that only the user who runs the server can read (chown, chmod 600)."
                }
                SecretKeyError::BadFile { .. } | SecretKeyError::Missing { .. } | SecretKeyError::Different { .. } => {
                    "Restore the file from a copy."
                }
            };
            return vec![CheckResult::wrong(CHECK_NAME, error.to_string(), fix)];
        }
    };
    let Some(fingerprint) = storage.key_fingerprint else {
        let message = match found {
            Some((_, place)) => format!("{place} becomes the key of this database at the first start"),
            None => "it is created in the data folder at the first start".to_owned(),
        };
        return vec![CheckResult::ok(CHECK_NAME, message)];
    };
    let Some((key, place)) = found else {
        let path = settings.data_dir.join(crate::app::KEY_FILE_NAME);
        return vec![CheckResult::wrong(
            CHECK_NAME,
            SecretKeyError::Missing { fingerprint, path }.to_string(),
            format!("Restore it from a copy; {LOSS_ADVICE}."),
        )];
    };
    if key.fingerprint() != fingerprint {
        let found = key.fingerprint().to_owned();
        let message = SecretKeyError::Different { place, found, fingerprint }.to_string();
        return vec![CheckResult::wrong(CHECK_NAME, message, format!("Restore the right key; {LOSS_ADVICE}."))];
    }
    let progress = match storage.state {
        ConversionState::Done => "secrets of sources are encrypted".to_owned(),
        ConversionState::Started => "a running server is encrypting the secrets of sources".to_owned(),
        ConversionState::Begins(time) => format!(
            "secrets of sources are encrypted from {} on, when the version before this one cannot be used any more \
             (LOCKSTEP_ROLLBACK_PERIOD)",
            time.format("%Y-%m-%d %H:%M UTC")
        ),
    };
    let advice = format!("keep a copy apart from the copies of the database: {LOSS_ADVICE}");
    let message = format!("{progress}. The key {fingerprint} is in {place}; {advice}");
    let mut results = vec![CheckResult::ok(CHECK_NAME, message)];
    match connection.run_query(move |probe| probe.unreadable_secrets(&key)) {
        Ok(slugs) if slugs.is_empty() => {}
        Ok(slugs) => {
            let message = format!("the link of these sources cannot be decrypted: {}", slugs.join(", "));
            let fix = "Stop the server, run `lockstep secret-key reset --yes`, start it, and enter their links again.";
            results.push(CheckResult::wrong(CHECK_NAME, message, fix));
        }
        Err(error) => results.push(CheckResult::wrong(CHECK_NAME, error, "See the checks of the database above.")),
    }
    if let SecretKeyPlace::File(path) = &place
        && let Ok(data) = fs::metadata(path)
    {
        results.extend(check_access_of_others(CHECK_NAME, path, &data));
    }
    results
}
