//! Places on this machine: files named on the command line, and files uploaded in the page.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::http::HttpClient;
use super::http::body_file::{BodyFile, BodyRejection};
use super::http::cancel_token::{FetchEnd, watched};
use super::{FetchError, FetchObserver, FetchRequest};

/// What a file on this machine should be, for sentences: "CSV file".
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedFile(pub(super) &'static str);

/// Takes the file at `path`.
pub(super) fn file(
    client: &HttpClient,
    path: &Path,
    wanted: ExpectedFile,
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (file, bytes) = regular(path, wanted)?;
    copy(client, file, bytes, (&path.display().to_string(), wanted), order, watch)
}

/// Takes the upload of this name in `folder`.
pub(super) fn upload(
    client: &HttpClient,
    folder: &Path,
    name: &str,
    wanted: ExpectedFile,
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (file, bytes) = regular(&upload_path(folder, name)?, wanted)?;
    copy(client, file, bytes, ("The uploaded file", wanted), order, watch)
}

/// Copies content into a temporary file, so that a file that is written to meanwhile cannot shift under its reader.
/// It is called by the first of `named`, and should be the second.
pub(super) fn copy(
    client: &HttpClient,
    from: impl Read,
    bytes: u64,
    named: (&str, ExpectedFile),
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<BodyFile, FetchError> {
    let (name, ExpectedFile(wanted)) = named;
    let (folder, limit) = (&client.settings.work_dir, client.settings.max_bytes);
    let content = watched(watch, order.timeout, order.timeout, |halt| {
        BodyFile::take(from, folder, limit, Some(bytes), halt, watch)
    });
    content.map_err(|spoiled| match spoiled {
        BodyRejection::Ended(FetchEnd::Stopped) => FetchError::Stopped,
        BodyRejection::Ended(FetchEnd::TimedOut) => {
            FetchError::failed("timeout", format!("{name} could not be read in time. Is its disk reachable?"))
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
            format!("{name} could not be read: {damage}. Compress or copy it anew. Nothing of it was used."),
        ),
        BodyRejection::Broken(error) => unreadable(name, &error),
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
fn regular(path: &Path, ExpectedFile(wanted): ExpectedFile) -> Result<(File, u64), FetchError> {
    let name = path.display().to_string();
    let no_file = |is_dir: bool| {
        let what = if is_dir { "is a folder" } else { "is not a regular file" };
        FetchError::failed("not_a_file", format!("{name} {what}. Give the path of the {wanted} itself."))
    };
    // Asked before opening: opening a pipe waits for its other end.
    let about = std::fs::metadata(path).map_err(|error| unreadable(&name, &error))?;
    if !about.is_file() {
        return Err(no_file(about.is_dir()));
    }
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    let about = file.metadata().map_err(|error| unreadable(&name, &error))?;
    if about.is_file() { Ok((file, about.len())) } else { Err(no_file(about.is_dir())) }
}

fn unreadable(name: &str, error: &io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => FetchError::failed(
            "not_found",
            format!("{name} is not there. Was it moved or deleted? Put it back, or give the source its new place."),
        ),
        io::ErrorKind::PermissionDenied => FetchError::failed(
            "not_readable",
            format!("{name} may not be read by the user that Lockstep runs as. Change its permissions."),
        ),
        _ => FetchError::failed("not_readable", format!("{name} could not be read ({error}).")),
    }
}
