//! Uploaded files: how they come in, where they wait, and when they go.
//!
//! A file is stored under a name drawn here. What the browser calls it is text for people, never part of a path.

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

use crate::domain::location::SourceLocation;
use crate::domain::source::Source;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, clip_text};

/// The most bytes an upload may have.
pub(super) const MAX_BYTES: usize = 50_000_000;
/// How much is read on, and thrown away, of a file that is too large: a browser that is cut off while it sends shows
/// its own error page and not ours.
const READ_ON: usize = 4 * MAX_BYTES;
/// The most bytes of one other field, and how many fields there may be.
const MAX_FIELD: usize = 64 * 1024;
const MAX_FIELDS: usize = 20;
/// The most bytes that are given back of addresses which are more than [`MAX_FIELD`].
const GIVEN_BACK: usize = 4 * 1024 * 1024;
/// The field of the addresses.
const ADDRESSES: &str = "url";
/// How the names begin of files that are not whole, or only wait.
pub(super) const WAITING: &str = ".new-";
/// How much is gathered before it is written.
const PIECE: usize = 256 * 1024;
/// How long an upload waits for its source to be added.
const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

/// What a form sent.
#[derive(Debug, Default)]
pub(super) struct UploadedForm {
    /// Its fields.
    pub(super) values: FormValues,
    /// Its file.
    pub(super) file: SentFile,
    /// That its addresses are more than may be typed, in words. They are there all the same.
    pub(super) too_long: Option<String>,
}

/// The file of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum SentFile {
    /// None was chosen.
    #[default]
    None,
    /// It was larger than [`MAX_BYTES`] and is not kept.
    TooLarge,
    /// It waits under this id.
    Stored {
        /// The id.
        id: String,
        /// What the browser calls it.
        name: String,
    },
}

/// Reads a form, with a file or without one. The file goes to `folder` as it comes, piece by piece.
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
    let mut parts = Multipart::new(request.headers(), body);
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| bad_form(&error))?;
        count += 1;
        if count > MAX_FIELDS {
            return Err(bad_form(&"there are too many fields"));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|disposition| disposition.get_filename());
        match file_name.map(str::to_owned) {
            // A form without a chosen file sends one without a name.
            Some(file_name) if name == "file" && !file_name.is_empty() && sent.file == SentFile::None => {
                sent.file = store(&mut part, folder, &file_name).await?;
            }
            _ => {
                let most = if name == ADDRESSES { GIVEN_BACK } else { MAX_FIELD };
                let bytes = part.bytes(most).await.map_err(|_| WebError::bad_request("too_long", too_long()))?;
                let bytes = bytes.map_err(|error| bad_form(&error))?;
                if bytes.len() > MAX_FIELD {
                    sent.too_long = Some(too_long());
                }
                sent.values.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    Ok(sent)
}

fn too_long() -> String {
    format!(
        "That is too much for one field: it may have {} KiB, some thousand short addresses. Upload a longer list of feeds as \
         an OPML file; it has a field of its own where a source is added.",
        MAX_FIELD / 1024
    )
}

fn bad_form(error: &dyn std::fmt::Display) -> WebError {
    WebError::bad_request("bad_form", format!("The form did not arrive whole ({error}). Go back and send it again."))
}

/// Writes a file as it comes in, and gives it its id once it is whole.
async fn store(part: &mut Field, folder: &Path, name: &str) -> Result<SentFile, WebError> {
    let place = folder.to_owned();
    let mut file = blocking(move || begin(&place)).await?;
    let (mut piece, mut received) = (Vec::with_capacity(PIECE), 0);
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| bad_form(&error))?;
        received += chunk.len();
        if received > READ_ON {
            break;
        }
        if received > MAX_BYTES {
            continue;
        }
        piece.extend_from_slice(&chunk);
        if piece.len() >= PIECE {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
            file = blocking(move || file.write_all(&full).map(|()| file)).await?;
        }
    }
    if received > MAX_BYTES {
        return Ok(SentFile::TooLarge);
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let path = folder.join(&id);
    blocking(move || {
        file.write_all(&piece)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    })
    .await?;
    Ok(SentFile::Stored { id, name: clip_text(name, 200) })
}

/// A file for its owner alone, that goes away unless it is given its name.
pub(super) fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::Builder::new().prefix(WAITING).tempfile_in(folder)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, WebError> {
    match web::block(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(WebError::internal("an upload could not be stored", &error)),
        Err(error) => Err(WebError::internal("a request was dropped", &error)),
    }
}

/// The path of an upload; none for what is not the id of one.
fn path(folder: &Path, id: &str) -> Option<PathBuf> {
    is_id(id).then(|| folder.join(id))
}

/// Whether a text is an id as they are drawn here: it can be part of a path and leads nowhere else.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a file of that id waits for its source: it is there, and none of the sources has it.
pub(super) fn is_waiting(folder: &Path, id: &str, sources: &[Source]) -> bool {
    path(folder, id).is_some_and(|path| path.is_file()) && !used(sources).contains(id)
}

/// Deletes the file behind a location, if it was an upload. One that cannot be deleted is only logged.
pub(super) fn discard(folder: &Path, location: &SourceLocation) {
    let SourceLocation::Upload(id) = location else { return };
    let Some(path) = path(folder, id) else { return };
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        log::warn!("an upload that is no longer needed could not be deleted: {error}");
    }
}

/// Deletes what was uploaded more than a day ago and belongs to no source.
pub(super) fn clear_abandoned(folder: &Path, sources: &[Source]) {
    let used = used(sources);
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = path(folder, &name).is_some() || name.starts_with(WAITING);
        let written = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|facts| facts.modified().ok());
        let old = written.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age > WAITS);
        if ours && old && !used.contains(&*name) && fs::remove_file(entry.path()).is_ok() {
            log::info!("an upload that no source was made of was deleted");
        }
    }
}

fn used(sources: &[Source]) -> HashSet<&str> {
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

    use super::{clear_abandoned, discard, is_waiting, path};
    use crate::domain::location::SourceLocation;
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
        }
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        let folder = std::path::Path::new("/uploads");
        assert!(path(folder, ONE).is_some());
        for id in ["", "..", "../../etc/passwd", "/etc/passwd", &ONE[1..], &ONE.to_uppercase()] {
            assert!(path(folder, id).is_none(), "{id}");
        }
    }

    #[test]
    fn an_upload_waits_for_one_source() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(ONE), "id\n1\n").expect("written");
        assert!(is_waiting(folder.path(), ONE, &[]));
        assert!(!is_waiting(folder.path(), ONE, &[source(ONE)]));
        assert!(!is_waiting(folder.path(), TWO, &[]));
        discard(folder.path(), &SourceLocation::Upload(ONE.to_owned()));
        assert!(!is_waiting(folder.path(), ONE, &[]));
    }

    #[test]
    fn what_was_abandoned_a_day_ago_goes_and_nothing_else() {
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
        clear_abandoned(folder.path(), &[source(TWO)]);
        let left: std::collections::BTreeSet<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, [fresh, TWO, "notes.txt"].map(Into::into).into());
    }
}
