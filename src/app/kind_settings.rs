//! Converts the settings for the kinds of sources, and checks the Google credentials without a server.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::Settings;
use crate::fetch;

/// The sample catalog, a CSV file.
static SAMPLE_CATALOG: &[u8] = include_bytes!("../../samples/albums.csv");

/// Returns the settings that the kinds of sources are built from.
pub(super) fn to_kind_settings(settings: &Settings) -> fetch::KindSettings {
    let defaults = fetch::KindSettings::in_data_dir(&settings.data_dir, SAMPLE_CATALOG);
    fetch::KindSettings {
        max_bytes: settings.max_bytes,
        allow_hosts: settings.allow_hosts.clone(),
        google_url: settings.google_base.clone().unwrap_or(defaults.google_url),
        service_account: settings.google_credentials.as_ref().map(|credentials| credentials.account.clone()),
        ..defaults
    }
}

/// Signs in at Google with the service account from the settings. Returns how far this machine's clock is ahead of
/// Google's, if Google's response has a date. Nothing is written to the data folder.
///
/// # Errors
/// A message for people: why Google refuses the sign-in or cannot be reached within `timeout`, and what to do.
pub fn try_google_credentials(settings: &Settings, timeout: Duration) -> Result<Option<TimeDelta>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("Cannot create a temporary folder: {error}."))?;
    let kind_settings = fetch::KindSettings { work_dir: folder.path().to_owned(), ..to_kind_settings(settings) };
    fetch::check_credentials(kind_settings, timeout).map_err(|error| error.to_string())
}
