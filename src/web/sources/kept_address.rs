//! Addresses with secrets, between the steps of a form: they wait in the folder of the uploads, and the form has only
//! the id under which they do.

use std::fs;
use std::path::{Path, PathBuf};

use super::uploads;
use super::uploads::WAITING;
use crate::web::http::error::WebError;

/// Puts addresses aside; the id under which they wait, for a day.
pub(super) fn put(folder: &Path, addresses: &[String]) -> Result<String, WebError> {
    let failed = |error: &dyn std::fmt::Display| WebError::internal("an address could not be put aside", error);
    let id = uuid::Uuid::new_v4().simple().to_string();
    let file = uploads::begin(folder).map_err(|error| failed(&error))?;
    serde_json::to_writer(file.as_file(), addresses).map_err(|error| failed(&error))?;
    let path = path(folder, &id).ok_or_else(|| failed(&"a bad id"))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(id)
}

/// The addresses that wait under that id; none when there are none, or no longer.
pub(super) fn waiting(folder: &Path, id: &str) -> Vec<String> {
    let text = path(folder, id).and_then(|path| fs::read(path).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Forgets what waits under that id. What cannot be deleted goes after a day.
pub(super) fn forget(folder: &Path, id: &str) {
    if let Some(path) = path(folder, id) {
        let _ = fs::remove_file(path);
    }
}

/// Its name is one of those that are cleared away with abandoned uploads, and no upload's.
fn path(folder: &Path, id: &str) -> Option<PathBuf> {
    uploads::is_id(id).then(|| folder.join(format!("{WAITING}{id}")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{forget, put, waiting};

    #[test]
    fn addresses_wait_for_their_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("uploads");
        let addresses = ["https://me:pw@h.example/".to_owned()];
        let id = put(&folder, &addresses).expect("put aside");
        assert_eq!(waiting(&folder, &id), addresses);
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            assert_eq!(entry.metadata().expect("facts").permissions().mode() & 0o777, 0o600);
        }
        for bad in ["", "../x", &id[1..]] {
            assert!(waiting(&folder, bad).is_empty(), "{bad}");
        }
        forget(&folder, &id);
        assert!(waiting(&folder, &id).is_empty());
    }
}
