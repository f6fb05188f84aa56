//! The kind `csv`: a CSV file at an address, on this server's disk, uploaded in the page, or inside the binary.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::address::{Reach, parse};
use super::halt::{Ended, watched};
use super::http::{Answer, Client};
use super::reply;
use super::request::Request;
use super::spool::{Spoiled, Spooled};
use super::table::Table;
use super::{FetchError, Fetched, Kind, Order, Watch};
use crate::domain::operation::Mode;
use crate::domain::progress::Weights;
use crate::domain::source::{Location, Source, Validators};

/// Mirrors a CSV file.
#[derive(Debug)]
pub(super) struct Csv {
    pub(super) client: Arc<Client>,
    pub(super) uploads_dir: PathBuf,
    pub(super) sample: &'static [u8],
}

impl Kind for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn label(&self, location: &Location) -> &'static str {
        match location {
            Location::Url(_) | Location::Urls(_) => "CSV by link",
            Location::File(_) => "CSV file on the server",
            Location::Upload(_) => "Uploaded CSV",
            Location::Sample => "Sample catalog",
        }
    }

    fn accepts(&self, location: &Location) -> Result<(), String> {
        match location {
            Location::Url(address) => parse(address).map(drop).map_err(|error| error.to_string()),
            Location::Urls(_) => Err("A CSV has one address.".to_owned()),
            Location::File(_) | Location::Upload(_) | Location::Sample => Ok(()),
        }
    }

    fn weights(&self) -> Weights {
        Weights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = match &source.location {
            Location::Url(address) => {
                parse(address).map_or_else(|_| "its address".to_owned(), |url| reply::host_of(&url))
            }
            Location::Urls(_) => "its addresses".to_owned(),
            Location::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Location::Upload(_) => "the uploaded file".to_owned(),
            Location::Sample => "the sample".to_owned(),
        };
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(&self, source: &Source, order: &Order<'_>, watch: &dyn Watch) -> Result<Fetched, FetchError> {
        match &source.location {
            Location::Url(address) => {
                no_sheet_link(&self.client, address)?;
                table_at(&self.client, address, Reach::Anywhere, order, watch)
            }
            Location::Urls(_) => Err(FetchError::failed("bad_address", "A CSV has one address.")),
            Location::File(path) => {
                let (file, bytes) = regular(path)?;
                self.copy(file, bytes, &path.display().to_string(), order, watch)
            }
            Location::Upload(name) => {
                let (file, bytes) = regular(&self.upload(name)?)?;
                self.copy(file, bytes, "The uploaded file", order, watch)
            }
            Location::Sample => self.copy(self.sample, self.sample.len() as u64, "The sample", order, watch),
        }
    }
}

impl Csv {
    /// Where an upload lies. Its name can lead nowhere else.
    fn upload(&self, name: &str) -> Result<PathBuf, FetchError> {
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(only)), None) if only == name && !name.contains('\0') => {
                Ok(self.uploads_dir.join(only))
            }
            _ => Err(FetchError::failed(
                "bad_upload",
                "This is not the name of an uploaded file. Upload the file again.",
            )),
        }
    }

    /// Copies content into a temporary file, so that a file that is written to meanwhile cannot shift under its reader.
    fn copy(
        &self,
        from: impl Read,
        bytes: u64,
        name: &str,
        order: &Order<'_>,
        watch: &dyn Watch,
    ) -> Result<Fetched, FetchError> {
        let (folder, limit) = (&self.client.work_dir, self.client.max_bytes);
        let content = watched(watch, order.timeout, order.timeout, |halt| {
            Spooled::take(from, folder, limit, Some(bytes), halt, watch)
        });
        let content = content.map_err(|spoiled| match spoiled {
            Spoiled::Ended(Ended::Stopped) => FetchError::Stopped,
            Spoiled::Ended(Ended::TimedOut) => {
                FetchError::failed("timeout", format!("{name} could not be read in time. Is its disk reachable?"))
            }
            Spoiled::TooLarge => FetchError::failed(
                "too_large",
                format!(
                    "{name} is larger than {} MB. Make it smaller, or raise LOCKSTEP_MAX_BYTES.",
                    limit.div_ceil(1_000_000)
                ),
            ),
            Spoiled::Html => FetchError::failed("html_page", format!("{name} is a web page, not a CSV file.")),
            Spoiled::Broken(error) => unreadable(name, &error),
            Spoiled::Disk(error) => error,
        })?;
        finish(content, None, Validators::default(), order, watch)
    }
}

/// Opens a regular file; its length.
fn regular(path: &Path) -> Result<(File, u64), FetchError> {
    let name = path.display().to_string();
    let no_file = |is_dir: bool| {
        let what = if is_dir { "is a folder" } else { "is not a regular file" };
        FetchError::failed("not_a_file", format!("{name} {what}. Give the path of the CSV file itself."))
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

/// A link to a sheet's page brings a page; the kind `sheet` knows what to fetch instead.
fn no_sheet_link(client: &Client, address: &str) -> Result<(), FetchError> {
    let Ok(url) = parse(address) else { return Ok(()) };
    let data = url.path().ends_with("/export")
        || url.path().ends_with("/gviz/tq")
        || url.query_pairs().any(|(name, value)| name == "output" && value == "csv");
    if client.is_google(&url) && url.path().starts_with("/spreadsheets/") && !data {
        return Err(FetchError::failed(
            "sheet_link",
            "This is the link of a Google Sheet. Choose the kind Google Sheet (--kind sheet) for it.",
        ));
    }
    Ok(())
}

/// Fetches the table at `address`.
pub(super) fn table_at(
    client: &Client,
    address: &str,
    reach: Reach,
    order: &Order<'_>,
    watch: &dyn Watch,
) -> Result<Fetched, FetchError> {
    let request = Request::table(address, reach).newer_than(order.validators, order.mode);
    let Answer::Body(body) = client.ask(&request, order, watch)? else { return Ok(Fetched::Unchanged(None)) };
    let (said, charset) = (body.validators(), reply::charset(&body.headers));
    finish(body.content, charset.as_deref(), said, order, watch)
}

fn finish(
    content: Spooled,
    charset: Option<&str>,
    said: Validators,
    order: &Order<'_>,
    watch: &dyn Watch,
) -> Result<Fetched, FetchError> {
    let same = order.mode == Mode::Incremental && order.validators.body_hash.as_deref() == Some(&content.hash);
    let validators = Validators { body_hash: Some(content.hash.clone()), ..said };
    if same {
        return Ok(Fetched::Unchanged(Some(validators)));
    }
    Ok(Fetched::Content(Box::new(Table::open(content, charset, validators, watch)?)))
}
