//! The key of a Google service account. Nothing of what is in it is shown but whom it belongs to.

use std::io::Read;

use serde_json::Value;

use super::folders::read_by_others;
use super::{Finding, State};
use crate::config::Settings;

pub(super) const CHECK: &str = "Google credentials";
const FIX: &str = "Download the JSON key of the service account from the Google Cloud console again, and name that file in \
                   LOCKSTEP_GOOGLE_CREDENTIALS.";
/// Keys are a few kilobytes.
const MOST: u64 = 1_000_000;

/// Looks at them, where they are set. As this version does not use them nothing is wrong with Lockstep if they are.
pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let Some(given) = &settings.google_credentials else { return Vec::new() };
    let mut findings = Vec::new();
    let text = match given.to_str().map(str::trim_start) {
        Some(text) if text.starts_with('{') => Ok(text.to_owned()),
        _ => {
            let path = std::path::Path::new(given);
            if let Ok(data) = std::fs::metadata(path) {
                findings.extend(read_by_others(CHECK, path, &data));
            }
            let mut text = String::new();
            let read = std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text));
            read.map(|_| text).map_err(|error| format!("{} cannot be read: {error}", path.display()))
        }
    };
    findings.push(match text.and_then(|text| owner(&text)) {
        Ok(owner) => {
            Finding::ok(CHECK, format!("they can be read and belong to {owner}; this version does not use them"))
        }
        Err(wrong) => Finding { state: State::Warning, ..Finding::wrong(CHECK, wrong, FIX) },
    });
    findings
}

/// Whom a key belongs to.
fn owner(text: &str) -> Result<String, String> {
    // What the reader says may quote the text, and that is secret.
    let key: Value = serde_json::from_str(text)
        .map_err(|error| format!("they are not JSON (line {}, column {})", error.line(), error.column()))?;
    let field = |name: &str| key[name].as_str().filter(|value| !value.trim().is_empty());
    for name in ["client_email", "private_key"] {
        if field(name).is_none() {
            return Err(format!("there is no “{name}” in them, so they are not the key of a service account"));
        }
    }
    Ok(field("client_email").unwrap_or_default().to_owned())
}
