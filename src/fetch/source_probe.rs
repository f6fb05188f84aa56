//! Fetches a source without a sync, to preview and to check it.

use std::time::Duration;

use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, FetchedContent, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::public_page::PublicPage;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::rows::key_column::{HeaderSetting, KeyHints, MissingKey, missing_key_message};
use crate::domain::rows::row::TextRow;
use crate::domain::source::{Noun, Slug, Source, SourceId, Validators};

/// Fetches the complete content of `source` within `timeout`, which includes waits.
///
/// # Errors
/// The error that a sync would end with: the content cannot be fetched, or is not what the kind reads.
pub fn fetch_everything(
    kind: &dyn SourceKind,
    source: &Source,
    timeout: Duration,
    observer: &dyn FetchObserver,
) -> Result<Box<dyn FetchedContent>, FetchError> {
    let nothing_known = Validators::default();
    match kind.fetch(source, &FetchRequest::for_probe(&nothing_known, timeout), observer)? {
        FetchOutcome::Content(content) => Ok(content),
        FetchOutcome::Unchanged(_) => {
            Err(FetchError::failed("bad_status", "The server returned no content (304 Not Modified). Try again later."))
        }
    }
}

/// The message for people about a key column of `source` that is not among `columns`. `rows` are the first rows.
#[must_use]
pub fn describe_missing_key(
    kind: &dyn SourceKind,
    source: &Source,
    columns: &[String],
    rows: &[TextRow],
    hints: &KeyHints,
) -> String {
    let header_row = match source.read_options.header_row {
        _ if !kind.read_settings().contains(&ReadSetting::HeaderRow) => HeaderSetting::NotOffered,
        None => HeaderSetting::Detected,
        Some(row) => HeaderSetting::Set(row),
    };
    let (wanted, slug) = (source.key_column.as_str(), source.slug.as_str());
    missing_key_message(&MissingKey { wanted, columns, rows, hints, slug, header_row })
}

/// A source of this kind at `location` that is not in the database and has no key column yet.
///
/// # Errors
/// `bad_slug` when its placeholder slug is invalid, which cannot happen.
pub fn build_unsaved_source(
    kind: &str,
    location: &SourceLocation,
    read_options: &ReadOptions,
) -> Result<Source, FetchError> {
    let slug: Slug = "preview".parse().map_err(|error| FetchError::failed("bad_slug", format!("{error}")))?;
    Ok(Source {
        id: SourceId(0),
        name: String::new(),
        slug,
        noun: Noun::default(),
        kind: kind.to_owned(),
        location: location.clone(),
        key_column: String::new(),
        schedule: None,
        public: false,
        read_options: read_options.clone(),
        stale_after: None,
        paused_at: None,
        page: PublicPage::default(),
    })
}
