//! Reads files of this server: those named on the command line, and uploads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::http::HttpClient;
use super::http::body_file::{BodyFile, BodyRejection};
use super::http::cancel_token::{FetchEnd, with_cancel_token};
use super::{FetchError, FetchObserver, FetchRequest};

/// What a file should be, for messages: "CSV file".
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedFile(pub(super) &'static str);

/// Copies the file at `path` into a temporary file.
pub(super) fn read_file(
    client: &HttpClient,
    path: &Path,
    wanted: ExpectedFile,
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (file, bytes) = open_regular_file(path, wanted)?;
    copy_content(client, file, bytes, (&path.display().to_string(), wanted), fetch_request, observer)
}

/// Copies the upload of this name in `folder` into a temporary file.
pub(super) fn read_upload(
    client: &HttpClient,
    folder: &Path,
    name: &str,
    wanted: ExpectedFile,
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (file, bytes) = open_regular_file(&upload_path(folder, name)?, wanted)?;
    copy_content(client, file, bytes, ("The uploaded file", wanted), fetch_request, observer)
}

/// Copies content into a temporary file, so that a file that changes meanwhile cannot change under its reader.
/// `named` is the name for messages and what it should be.
pub(super) fn copy_content(
    client: &HttpClient,
    from: impl Read,
    bytes: u64,
    named: (&str, ExpectedFile),
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (name, ExpectedFile(wanted)) = named;
    let (folder, limit) = (&client.settings.work_dir, client.settings.max_bytes);
    let content = with_cancel_token(observer, fetch_request.timeout, fetch_request.timeout, |cancel| {
        BodyFile::take(from, folder, limit, Some(bytes), cancel, observer)
    });
    content.map_err(|rejection| match rejection {
        BodyRejection::Ended(FetchEnd::Stopped) => FetchError::Stopped,
        BodyRejection::Ended(FetchEnd::TimedOut) => {
            FetchError::failed("timeout", format!("Reading {name} timed out. Check that its disk is reachable."))
        }
        BodyRejection::TooLarge => FetchError::failed(
            "too_large",
            format!(
                "{name} is larger than {} MB. Make it smaller, or raise LOCKSTEP_MAX_BYTES.",
                limit.div_ceil(1_000_000)
            ),
        ),
        BodyRejection::Html => FetchError::failed(
            "html_page",
            format!(
                "{name} is a web page, not a {wanted}. Save or export the data itself, not the page that shows it."
            ),
        ),
        BodyRejection::Damaged(damage) => FetchError::failed(
            "truncated",
            format!("Could not read {name}: {damage}. Nothing was changed. Compress or copy it again."),
        ),
        BodyRejection::Broken(error) => unreadable_error(name, &error),
        BodyRejection::Disk(error) => error,
    })
}

/// The path of an upload. Its name cannot lead out of the folder.
fn upload_path(folder: &Path, name: &str) -> Result<PathBuf, FetchError> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.contains('\0') => Ok(folder.join(only)),
        _ => Err(FetchError::failed("bad_upload", "This is not the name of an uploaded file. Upload the file again.")),
    }
}

/// Opens a regular file and returns its length.
fn open_regular_file(path: &Path, ExpectedFile(wanted): ExpectedFile) -> Result<(File, u64), FetchError> {
    let name = path.display().to_string();
    let no_file = |is_dir: bool| {
        let what = if is_dir { "is a folder" } else { "is not a regular file" };
        FetchError::failed("not_a_file", format!("{name} {what}. Give the path of the {wanted} itself."))
    };
    // Checked before opening, because opening a named pipe waits for its writer.
    let about = std::fs::metadata(path).map_err(|error| unreadable_error(&name, &error))?;
    if !about.is_file() {
        return Err(no_file(about.is_dir()));
    }
    let file = File::open(path).map_err(|error| unreadable_error(&name, &error))?;
    let about = file.metadata().map_err(|error| unreadable_error(&name, &error))?;
    if about.is_file() { Ok((file, about.len())) } else { Err(no_file(about.is_dir())) }
}

fn unreadable_error(name: &str, error: &io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => FetchError::failed(
            "not_found",
            format!("File not found: {name}. Put it back, or enter its new path in the source."),
        ),
        io::ErrorKind::PermissionDenied => FetchError::failed(
            "not_readable",
            format!("No permission to read {name}. Make it readable for the user that runs Lockstep."),
        ),
        _ => FetchError::failed("not_readable", format!("Could not read {name} ({error}).")),
    }
}
