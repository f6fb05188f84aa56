//! Places on this machine: files named on the command line, and files uploaded in the page.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::http::HttpClient;
use super::http::body_file::{BodyFile, BodyRejection};
use super::http::cancel_token::{FetchEnd, with_cancel_token};
use super::{FetchError, FetchObserver, FetchRequest};

/// What a file on this machine should be, for sentences: "CSV file".
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedFile(pub(super) &'static str);

/// Takes the file at `path`.
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

/// Takes the upload of this name in `folder`.
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

/// Copies content into a temporary file, so that a file that is written to meanwhile cannot shift under its reader.
/// It is called by the first of `named`, and should be the second.
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

/// Where an upload lies. Its name can lead nowhere else.
fn upload_path(folder: &Path, name: &str) -> Result<PathBuf, FetchError> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.contains('\0') => Ok(folder.join(only)),
        _ => Err(FetchError::failed("bad_upload", "This is not the name of an uploaded file. Upload the file again.")),
    }
}

/// Opens a regular file; its length.
fn open_regular_file(path: &Path, ExpectedFile(wanted): ExpectedFile) -> Result<(File, u64), FetchError> {
    let name = path.display().to_string();
    let no_file = |is_dir: bool| {
        let what = if is_dir { "is a folder" } else { "is not a regular file" };
        FetchError::failed("not_a_file", format!("{name} {what}. Give the path of the {wanted} itself."))
    };
    // Asked before opening: opening a pipe waits for its other end.
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
