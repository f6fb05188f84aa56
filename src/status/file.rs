//! Stores the status of each run in a small file, which is fast to read even while the database is busy.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{MAX_REPORT_BYTES, StatusError, StatusStore, read_report};
use crate::data_files::read_small_file;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// Status files `sync-status-{syncId}.json` in one folder. Only the owner can read the folder and the files.
#[derive(Debug)]
pub struct FileStatus {
    folder: PathBuf,
}

impl FileStatus {
    /// Creates a store in this folder, which is created by the first write.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn report_path(&self, id: SyncId) -> PathBuf {
        self.folder.join(format!("sync-status-{id}.json"))
    }

    fn write_atomically(&self, path: &Path, json: &[u8]) -> io::Result<()> {
        match self.write_and_rename(path, json) {
            // The folder was deleted between the two steps.
            Err(error) if error.kind() == ErrorKind::NotFound => self.write_and_rename(path, json),
            result => result,
        }
    }

    fn write_and_rename(&self, path: &Path, json: &[u8]) -> io::Result<()> {
        // A temporary file is written and then renamed, so readers see a complete report or none. Renaming replaces a
        // link that is in the place of the file; it is never followed.
        let mut file = self.create_temporary()?;
        file.write_all(json)?;
        file.persist(path)?;
        Ok(())
    }

    /// Creates a temporary file, which is deleted on drop unless it is persisted.
    fn create_temporary(&self) -> io::Result<tempfile::NamedTempFile> {
        let make = || tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(&self.folder);
        match make() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
                make()
            }
            other => other,
        }
    }
}

/// The prefix of temporary files. A process that is killed leaves them behind.
const TEMPORARY_PREFIX: &str = ".new-";

/// Returns whether this is the name of a status file or of a temporary file.
fn is_status_file(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(TEMPORARY_PREFIX) || (name.starts_with("sync-status-") && name.ends_with(".json"))
}

/// Removes a status file that was written longer than `age` ago. Returns whether it was removed.
fn remove_if_old(entry: &std::fs::DirEntry, age: Duration) -> io::Result<bool> {
    if !is_status_file(&entry.file_name()) {
        return Ok(false);
    }
    // The metadata of a link is its own.
    let written = entry.metadata()?.modified()?;
    let is_old = SystemTime::now().duration_since(written).is_ok_and(|past| past > age);
    if is_old {
        std::fs::remove_file(entry.path())?;
    }
    Ok(is_old)
}

impl StatusStore for FileStatus {
    fn name(&self) -> &'static str {
        "file"
    }

    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        let path = self.report_path(report.summary.id);
        let json = serde_json::to_vec(report)?;
        self.write_atomically(&path, &json).map_err(|error| {
            // A missing file is fine. Any other failure leaves an outdated report, which readers recognise by its age.
            if let Err(remove_error) = std::fs::remove_file(&path)
                && remove_error.kind() != ErrorKind::NotFound
            {
                log::debug!("{}: {remove_error}", path.display());
            }
            StatusError::File { path, error }
        })
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        let path = self.report_path(id);
        match read_small_file(&path, MAX_REPORT_BYTES) {
            Ok(json) => read_report(id, &json).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StatusError::File { path, error }),
        }
    }

    fn check(&self) -> Result<(), StatusError> {
        let tried = self.create_temporary().and_then(|mut file| file.write_all(b"{}"));
        tried.map_err(|error| StatusError::File { path: self.folder.clone(), error })
    }

    fn delete_old_reports(&self, age: Duration) -> Result<usize, StatusError> {
        let to_error = |error| StatusError::File { path: self.folder.clone(), error };
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(to_error(error)),
        };
        let (mut swept, mut first) = (0, None);
        for entry in entries {
            match entry.and_then(|entry| remove_if_old(&entry, age)) {
                Ok(removed) => swept += usize::from(removed),
                // Another server removed it first.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // A file that cannot be removed does not prevent the removal of the others.
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        first.map_or(Ok(swept), |error| Err(to_error(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Duration, FileStatus, StatusStore};
    use crate::domain::status_report::tests::report;
    use crate::domain::sync_id::SyncId;

    #[test]
    fn a_stored_status_is_read_back_and_only_its_owner_can_read_the_file() {
        let home = tempfile::tempdir().expect("a folder");
        let files = FileStatus::new(home.path().join("status"));
        let report = report();
        assert!(files.get(report.summary.id).expect("readable").is_none());
        files.put(&report).expect("written");
        assert_eq!(files.get(report.summary.id).expect("readable"), Some(report.clone()));
        let mode = |path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(files.folder.clone()), 0o700);
        assert_eq!(mode(files.report_path(report.summary.id)), 0o600);
        assert_eq!(std::fs::read_dir(&files.folder).expect("folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_that_cannot_be_removed_is_reported_and_the_others_are_removed() {
        let home = tempfile::tempdir().expect("a folder");
        let files = FileStatus::new(home.path().join("status"));
        for _ in 0..20 {
            files.put(&report()).expect("written");
            std::fs::create_dir(files.report_path(SyncId::new())).expect("a folder of such a name");
        }
        std::thread::sleep(Duration::from_millis(20));
        assert!(files.delete_old_reports(Duration::from_millis(1)).is_err());
        let left = std::fs::read_dir(&files.folder).expect("a folder").flatten();
        let left: Vec<bool> = left.map(|entry| entry.path().is_dir()).collect();
        assert_eq!(left, [true; 20], "the reports are gone, whatever lay between them");
    }

    #[test]
    fn a_write_that_fails_leaves_no_outdated_report() {
        let home = tempfile::tempdir().expect("a folder");
        let files = FileStatus::new(home.path().join("status"));
        std::fs::write(home.path().join("status"), "not a folder").expect("written");
        assert!(files.put(&report()).is_err());
        assert!(files.delete_old_reports(Duration::ZERO).is_err(), "it is no folder that is merely missing");
    }
}
