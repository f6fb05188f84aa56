//! Stores uploaded files, and deletes those that no source uses.
//!
//! A file is stored under a random id. Its original name is shown to people and is never part of a path.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt as _;
use tempfile::NamedTempFile;

use crate::data_files::{is_upload_id, remove_upload};
use crate::domain::location::SourceLocation;
use crate::domain::source::Source;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, clip_text};

/// The most bytes of an upload.
pub(in crate::web) const MAX_BYTES: usize = 50_000_000;
/// The most bytes of a file that are read and discarded if it is too large: a browser whose upload is cut off shows its
/// own error page instead of ours.
const MAX_DRAINED_BYTES: usize = 4 * MAX_BYTES;
/// The most bytes of one other field, and how many fields there may be.
const MAX_FIELD_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 50;
/// The most bytes of addresses that are returned to the form although they exceed [`MAX_FIELD_BYTES`].
const MAX_RETURNED_BYTES: usize = 4 * 1024 * 1024;
/// The field of the addresses.
const ADDRESS_FIELD: &str = "url";
/// Fields that come back as the form had them, up to [`MAX_RETURNED_BYTES`]: https:// was added to each address, and a
/// column may have a long name.
const RETURNED_FIELDS: [&str; 4] = [ADDRESS_FIELD, "reviewed_url", "key", "hidden_columns"];
/// The prefix of files that are incomplete or temporary.
pub(super) const TEMPORARY_PREFIX: &str = ".new-";
/// How many bytes are buffered before they are written.
const WRITE_BUFFER_BYTES: usize = 256 * 1024;
/// How long an upload is kept if no source uses it.
const UPLOAD_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A form with its file.
#[derive(Debug, Default)]
pub(in crate::web) struct UploadedForm {
    /// Its fields.
    pub(in crate::web) values: FormValues,
    /// Its file.
    pub(in crate::web) file: SentFile,
    /// The error of a field that is too long. The value is kept anyway.
    pub(in crate::web) too_long: Option<String>,
}

/// The file of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::web) enum SentFile {
    /// No file was chosen.
    #[default]
    None,
    /// The file was larger than [`MAX_BYTES`] and is not kept.
    TooLarge,
    /// The file was stored.
    Stored {
        /// The id.
        id: String,
        /// Its original name.
        name: String,
    },
}

/// Reads a form with or without a file. The file is written to `folder` while it is received.
pub(super) async fn read_form(
    request: &HttpRequest,
    body: web::Payload,
    folder: &Path,
) -> Result<UploadedForm, WebError> {
    let mut body = body.into_inner();
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/") {
        let Ok(form) = FormData::<FormValues>::from_request(request, &mut body).await;
        return Ok(UploadedForm { values: form.into_values()?, ..UploadedForm::default() });
    }
    let mut sent = UploadedForm::default();
    match read_parts(&mut sent, Multipart::new(request.headers(), body), folder).await {
        Ok(()) => Ok(sent),
        Err(error) => {
            if let SentFile::Stored { id, .. } = sent.file {
                delete_upload(folder, &SourceLocation::Upload(id));
            }
            Err(error)
        }
    }
}

/// Reads the parts of a form in turn.
async fn read_parts(sent: &mut UploadedForm, mut parts: Multipart, folder: &Path) -> Result<(), WebError> {
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| incomplete_form(&error))?;
        count += 1;
        if count > MAX_FIELDS {
            return Err(incomplete_form(&"too many fields"));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|disposition| disposition.get_filename());
        match file_name.map(str::to_owned) {
            // If no file was chosen, a form sends a file without a name.
            Some(file_name) if name == "file" && !file_name.is_empty() && sent.file == SentFile::None => {
                sent.file = store_file(&mut part, folder, &file_name).await?;
            }
            _ => {
                let is_returned = RETURNED_FIELDS.contains(&name.as_str());
                let most = if is_returned { MAX_RETURNED_BYTES } else { MAX_FIELD_BYTES };
                let bytes =
                    part.bytes(most).await.map_err(|_| WebError::bad_request("too_long", too_long_message()))?;
                let bytes = bytes.map_err(|error| incomplete_form(&error))?;
                if name == ADDRESS_FIELD && bytes.len() > MAX_FIELD_BYTES {
                    sent.too_long = Some(too_long_message());
                }
                sent.values.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    Ok(())
}

fn too_long_message() -> String {
    format!("This field is longer than {} KiB. To add more feeds, upload them as an OPML file.", MAX_FIELD_BYTES / 1024)
}

fn incomplete_form(error: &dyn std::fmt::Display) -> WebError {
    WebError::bad_request("bad_form", format!("The form is incomplete ({error}). Go back and send it again."))
}

/// Writes a file while it is received, and gives it its id once it is complete.
async fn store_file(part: &mut Field, folder: &Path, name: &str) -> Result<SentFile, WebError> {
    let place = folder.to_owned();
    let mut file = run_file_work(move || create_temporary_file(&place)).await?;
    let (mut piece, mut received) = (Vec::with_capacity(WRITE_BUFFER_BYTES), 0);
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| incomplete_form(&error))?;
        received += chunk.len();
        if received > MAX_DRAINED_BYTES {
            break;
        }
        if received > MAX_BYTES {
            continue;
        }
        piece.extend_from_slice(&chunk);
        if piece.len() >= WRITE_BUFFER_BYTES {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(WRITE_BUFFER_BYTES));
            file = run_file_work(move || file.write_all(&full).map(|()| file)).await?;
        }
    }
    if received > MAX_BYTES {
        return Ok(SentFile::TooLarge);
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let path = folder.join(&id);
    run_file_work(move || {
        file.write_all(&piece)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    })
    .await?;
    Ok(SentFile::Stored { id, name: clip_text(name, 200) })
}

/// A temporary file that only its owner can read, deleted unless it is persisted.
pub(super) fn create_temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)
}

async fn run_file_work<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, WebError> {
    match web::block(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(WebError::internal("an upload could not be stored", &error)),
        Err(error) => Err(WebError::internal("a request was dropped", &error)),
    }
}

/// The path of an upload; `None` if `id` is not an upload id.
fn upload_path(folder: &Path, id: &str) -> Option<PathBuf> {
    is_upload_id(id).then(|| folder.join(id))
}

/// Whether an upload exists that none of the sources uses.
pub(super) fn is_unused(folder: &Path, id: &str, sources: &[Source]) -> bool {
    let is_file = |path: PathBuf| fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file());
    upload_path(folder, id).is_some_and(is_file) && !used_uploads(sources).contains(id)
}

/// Deletes the upload of a location, if it is one. A failure is only logged.
pub(in crate::web) fn delete_upload(folder: &Path, location: &SourceLocation) {
    let SourceLocation::Upload(id) = location else { return };
    if let Err(error) = remove_upload(folder, id) {
        log::warn!("an upload that is no longer needed could not be deleted: {error}");
    }
}

/// Deletes uploads that are older than a day and not used by any source. A link is deleted, not what it leads to.
pub(super) fn delete_abandoned(folder: &Path, sources: &[Source]) {
    let used = used_uploads(sources);
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = upload_path(folder, &name).is_some() || name.starts_with(TEMPORARY_PREFIX);
        let written = entry.metadata().ok().filter(|facts| !facts.is_dir()).and_then(|facts| facts.modified().ok());
        let old =
            written.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age > UPLOAD_LIFETIME);
        if ours && old && !used.contains(&*name) && fs::remove_file(entry.path()).is_ok() {
            log::info!("deleted an upload that was not used for a source");
        }
    }
}

fn used_uploads(sources: &[Source]) -> HashSet<&str> {
    sources
        .iter()
        .filter_map(|source| match &source.location {
            SourceLocation::Upload(id) => Some(id.as_str()),
            SourceLocation::Url(_) | SourceLocation::Urls(_) | SourceLocation::File(_) | SourceLocation::Sample => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::{delete_abandoned, delete_upload, is_unused, upload_path};
    use crate::domain::location::SourceLocation;
    use crate::domain::public_page::PublicPage;
    use crate::domain::read_options::ReadOptions;
    use crate::domain::source::{Noun, Source, SourceId};

    const ONE: &str = "0123456789abcdef0123456789abcdef";
    const TWO: &str = "fedcba9876543210fedcba9876543210";

    fn source(upload: &str) -> Source {
        Source {
            id: SourceId(1),
            slug: "albums".parse().expect("a slug"),
            name: "Albums".to_owned(),
            noun: Noun::default(),
            kind: "csv".to_owned(),
            location: SourceLocation::Upload(upload.to_owned()),
            key_column: "id".to_owned(),
            schedule: None,
            public: false,
            read_options: ReadOptions::default(),
            stale_after: None,
            paused_at: None,
            page: PublicPage::default(),
        }
    }

    #[test]
    fn only_an_id_is_part_of_a_path() {
        let folder = std::path::Path::new("/uploads");
        assert!(upload_path(folder, ONE).is_some());
        for id in ["", "..", "../../etc/passwd", "/etc/passwd", &ONE[1..], &ONE.to_uppercase()] {
            assert!(upload_path(folder, id).is_none(), "{id}");
        }
    }

    #[test]
    fn an_upload_is_used_by_one_source() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(ONE), "id\n1\n").expect("written");
        assert!(is_unused(folder.path(), ONE, &[]));
        assert!(!is_unused(folder.path(), ONE, &[source(ONE)]));
        assert!(!is_unused(folder.path(), TWO, &[]));
        delete_upload(folder.path(), &SourceLocation::Upload(ONE.to_owned()));
        assert!(!is_unused(folder.path(), ONE, &[]));
    }

    #[test]
    fn only_uploads_abandoned_for_a_day_are_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
        let put = |name: &str, at: SystemTime| {
            File::create(folder.path().join(name)).and_then(|file| file.set_modified(at)).expect("written");
        };
        let fresh = "00000000000000000000000000000000";
        for name in [ONE, TWO, ".new-x", "notes.txt"] {
            put(name, old);
        }
        put(fresh, SystemTime::now());
        delete_abandoned(folder.path(), &[source(TWO)]);
        let left: std::collections::BTreeSet<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, [fresh, TWO, "notes.txt"].map(Into::into).into());
    }
}
