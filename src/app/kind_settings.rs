//! What the road outside is told of the settings, and a try of the credentials without a house.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::Settings;
use crate::fetch;

/// The sample catalog.
static SAMPLE: &[u8] = include_bytes!("../../samples/albums.csv");

/// What the kinds of sources are built from.
pub(super) fn settings(settings: &Settings) -> fetch::KindSettings {
    let defaults = fetch::KindSettings::in_data_dir(&settings.data_dir, SAMPLE);
    fetch::KindSettings {
        max_bytes: settings.max_bytes,
        allow_hosts: settings.allow_hosts.clone(),
        google_base: settings.google_base.clone().unwrap_or(defaults.google_base),
        google: settings.google_credentials.as_ref().map(|given| given.account.clone()),
        ..defaults
    }
}

/// Signs in at Google with the service account that is set, `within` so long: how far this machine's clock is ahead of
/// Google's, where that was told. It leaves nothing in the data folder.
///
/// # Errors
/// The sentence for people: why Google does not let it in, and what to do.
pub fn try_google(given: &Settings, within: Duration) -> Result<Option<TimeDelta>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("No temporary folder could be made: {error}."))?;
    let tried = fetch::KindSettings { work_dir: folder.path().to_owned(), ..settings(given) };
    fetch::try_credentials(tried, within).map_err(|error| error.to_string())
}
