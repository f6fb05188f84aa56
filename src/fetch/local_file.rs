//! Reads files of this server: those named on the command line, and uploads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::http::HttpClient;
use super::http::body_file::{BodyFile, BodyRejection};
use super::http::cancel_token::{FetchEnd, with_cancel_token};
use super::{FetchError, FetchObserver, FetchRequest};
use crate::data_files::open_data_file;

/// Copies local files to temporary files, so that a file that changes during the fetch cannot change under its reader.
pub(super) struct LocalFileReader<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) uploads_dir: &'a Path,
    /// The expected type of the file, for messages: "CSV file".
    pub(super) expected: &'static str,
    pub(super) fetch_request: &'a FetchRequest<'a>,
    pub(super) observer: &'a dyn FetchObserver,
}

impl LocalFileReader<'_> {
    /// Copies the file at `path`.
    pub(super) fn copy_file(&self, path: &Path) -> Result<BodyFile, FetchError> {
        let (file, bytes) = open_regular_file(path, self.expected)?;
        self.copy_content(file, bytes, &path.display().to_string())
    }

    /// Copies the upload of this name.
    pub(super) fn copy_upload(&self, name: &str) -> Result<BodyFile, FetchError> {
        let (file, bytes) = open_stored_upload(&upload_path(self.uploads_dir, name)?, self.expected)?;
        self.copy_content(file, bytes, "The uploaded file")
    }

    /// Copies content of `bytes` bytes. Messages call it `name`.
    pub(super) fn copy_content(&self, content: impl Read, bytes: u64, name: &str) -> Result<BodyFile, FetchError> {
        let (folder, max_bytes) = (&self.client.settings.work_dir, self.client.settings.max_bytes);
        let timeout = self.fetch_request.timeout;
        let copied = with_cancel_token(self.observer, timeout, timeout, |cancel| {
            BodyFile::take(content, folder, max_bytes, Some(bytes), cancel, self.observer)
        });
        copied.map_err(|rejection| self.explain_rejection(rejection, name))
    }

    fn explain_rejection(&self, rejection: BodyRejection, name: &str) -> FetchError {
        match rejection {
            BodyRejection::Ended(FetchEnd::Stopped) => FetchError::Stopped,
            BodyRejection::Ended(FetchEnd::TimedOut) => {
                FetchError::failed("timeout", format!("Reading {name} timed out. Check that its disk is reachable."))
            }
            BodyRejection::TooLarge => FetchError::failed(
                "too_large",
                format!(
                    "{name} is larger than {} MB. Make it smaller, or raise LOCKSTEP_MAX_BYTES.",
                    self.client.settings.max_bytes.div_ceil(1_000_000)
                ),
            ),
            BodyRejection::Html => FetchError::failed(
                "html_page",
                format!(
                    "{name} is a web page, not a {}. Save or export the data itself, not the page that shows it.",
                    self.expected
                ),
            ),
            BodyRejection::Damaged(damage) => FetchError::failed(
                "truncated",
                format!("Could not read {name}: {damage}. Nothing was changed. Compress or copy it again."),
            ),
            BodyRejection::Broken(error) => unreadable_error(name, &error),
            BodyRejection::Disk(error) => error,
        }
    }
}

/// Opens the upload of this name in `folder`, and returns its path, too.
///
/// # Errors
/// `bad_upload`, `not_found` and others when there is no such file, or it cannot be opened.
pub(super) fn open_upload(folder: &Path, name: &str, expected: &str) -> Result<(File, PathBuf), FetchError> {
    let path = upload_path(folder, name)?;
    Ok((open_stored_upload(&path, expected)?.0, path))
}

fn open_stored_upload(path: &Path, expected: &str) -> Result<(File, u64), FetchError> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            let message = "The uploaded file is not in the data folder of this server. Upload it again in the source \
                           settings. If several servers share the database, let them share the folder “uploads”, too.";
            FetchError::failed("not_found", message)
        }
        // A link, a pipe or a folder: Lockstep never makes one.
        io::ErrorKind::InvalidInput => {
            let message = "In the place of the uploaded file is something else, such as a symbolic link. Upload the \
                           file again in the source settings.";
            FetchError::failed("not_a_file", message)
        }
        _ => unreadable_error(&format!("the uploaded {expected}"), &error),
    };
    let file = open_data_file(path).map_err(refused)?;
    let length = file.metadata().map_err(refused)?.len();
    Ok((file, length))
}

/// The path of an upload. Its name cannot lead out of the folder.
fn upload_path(folder: &Path, name: &str) -> Result<PathBuf, FetchError> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.contains('\0') => Ok(folder.join(only)),
        _ => Err(FetchError::failed("bad_upload", "This is not the name of an uploaded file. Upload the file again.")),
    }
}

/// Opens a regular file and returns its length. An admin has named it, so it may be a symbolic link.
fn open_regular_file(path: &Path, expected: &str) -> Result<(File, u64), FetchError> {
    let name = path.display().to_string();
    let not_a_file = |is_dir: bool| {
        let what = if is_dir { "is a folder" } else { "is not a regular file" };
        FetchError::failed("not_a_file", format!("{name} {what}. Enter the path of a {expected}."))
    };
    // Checked before opening, because opening a named pipe waits for its writer.
    let metadata = std::fs::metadata(path).map_err(|error| unreadable_error(&name, &error))?;
    if !metadata.is_file() {
        return Err(not_a_file(metadata.is_dir()));
    }
    let file = File::open(path).map_err(|error| unreadable_error(&name, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable_error(&name, &error))?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(not_a_file(metadata.is_dir())) }
}

fn unreadable_error(name: &str, error: &io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => FetchError::failed(
            "not_found",
            format!("File not found: {name}. Restore it, or enter its new path in the source settings."),
        ),
        io::ErrorKind::PermissionDenied => FetchError::failed(
            "not_readable",
            format!("No permission to read {name}. Make it readable for the user that runs Lockstep."),
        ),
        _ => FetchError::failed("not_readable", format!("Could not read {name} ({error}). Check its disk.")),
    }
}
