//! Keeps addresses with secrets between the steps of a form: they are stored in the folder of the uploads, and the form
//! holds only their id.

use std::fs;
use std::path::{Path, PathBuf};

use super::uploads;
use super::uploads::TEMPORARY_PREFIX;
use crate::data_files::{is_upload_id, read_small_file};
use crate::web::http::error::WebError;

/// The most bytes of stored addresses: a form has less.
const MAX_ADDRESS_BYTES: u64 = 8 * 1024 * 1024;

/// Stores addresses for a day and returns their id.
pub(super) fn store_addresses(folder: &Path, addresses: &[String]) -> Result<String, WebError> {
    let failed = |error: &dyn std::fmt::Display| WebError::internal("an address could not be stored", error);
    let id = uuid::Uuid::new_v4().simple().to_string();
    let file = uploads::create_temporary_file(folder).map_err(|error| failed(&error))?;
    serde_json::to_writer(file.as_file(), addresses).map_err(|error| failed(&error))?;
    let path = address_file(folder, &id).ok_or_else(|| failed(&"a bad id"))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(id)
}

/// The addresses with that id; empty if they were never stored or are deleted.
pub(super) fn load_addresses(folder: &Path, id: &str) -> Vec<String> {
    let text = address_file(folder, id).and_then(|path| read_small_file(&path, MAX_ADDRESS_BYTES).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{delete_addresses, load_addresses, store_addresses};

    #[test]
    fn stored_addresses_are_readable_for_their_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("uploads");
        let addresses = ["https://me:pw@h.example/".to_owned()];
        let id = store_addresses(&folder, &addresses).expect("put aside");
        assert_eq!(load_addresses(&folder, &id), addresses);
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            assert_eq!(entry.metadata().expect("facts").permissions().mode() & 0o777, 0o600);
        }
        for bad in ["", "../x", &id[1..]] {
            assert!(load_addresses(&folder, bad).is_empty(), "{bad}");
        }
        delete_addresses(&folder, &id);
        assert!(load_addresses(&folder, &id).is_empty());
    }
}
