//! Keeps addresses with secrets between the steps of a form: they are stored in the folder of the uploads, and the form
//! holds only their id.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::uploads;
use super::uploads::TEMPORARY_PREFIX;
use crate::data_files::{is_upload_id, read_small_file};
use crate::store::Store;
use crate::web::http::error::WebError;

/// The most bytes of stored addresses: a form has less.
const MAX_ADDRESS_BYTES: u64 = 16 * 1024 * 1024;

/// Where the texts are stored, which they are encrypted for.
const TEXT_PLACE: &str = "uploads.addresses";

/// Stores addresses, encrypted, for a day and returns their id.
pub(super) fn store_addresses(store: &Store, folder: &Path, addresses: &[String]) -> Result<String, WebError> {
    let failed = |error: &dyn std::fmt::Display| WebError::internal("an address could not be stored", error);
    let id = uuid::Uuid::new_v4().simple().to_string();
    let mut file = uploads::create_temporary_file(folder).map_err(|error| failed(&error))?;
    let text = serde_json::to_string(addresses).map_err(|error| failed(&error))?;
    file.write_all(store.encrypt_text(TEXT_PLACE, &text)?.as_bytes()).map_err(|error| failed(&error))?;
    let path = address_file(folder, &id).ok_or_else(|| failed(&"a bad id"))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(id)
}

/// The addresses with that id; empty if they were never stored or are deleted.
pub(super) fn load_addresses(store: &Store, folder: &Path, id: &str) -> Vec<String> {
    let text = address_file(folder, id).and_then(|path| read_small_file(&path, MAX_ADDRESS_BYTES).ok());
    let text = text.and_then(|text| String::from_utf8(text).ok());
    let text = text.and_then(|text| store.decrypt_text(TEXT_PLACE, &text).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Deletes the addresses with that id. A file that cannot be deleted is cleaned up after a day.
pub(super) fn delete_addresses(folder: &Path, id: &str) {
    if let Some(path) = address_file(folder, id) {
        let _ = fs::remove_file(path);
    }
}

/// The file of an id. Its prefix distinguishes it from uploads; it is cleaned up with abandoned uploads.
fn address_file(folder: &Path, id: &str) -> Option<PathBuf> {
    is_upload_id(id).then(|| folder.join(format!("{TEMPORARY_PREFIX}{id}")))
}
