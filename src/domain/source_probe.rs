//! The result of probing a place before it becomes a source: its columns, first rows and problems.

use super::feed::FeedRecord;
use super::issue::{Issue, IssueList};
use super::rows::key_column::KnownKeys;
use super::rows::row::TextRow;
use super::run_text::sync_failure::SyncFailure;
use super::run_text::would_skip_message;
use super::source::{Slug, Source};
use crate::domain::text::shortening::{list_columns, shorten_text};

/// The number of rows that are named if they would be skipped.
const MAX_NAMED_ROWS: usize = 5;

/// The result of a probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceProbe {
    /// The columns, in order.
    pub columns: Vec<String>,
    /// The first rows, at most 20.
    pub rows: Vec<TextRow>,
    /// Columns whose cells are all filled and different in the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// The column with the keys of the catalog, if there is a catalog and its key column is missing.
    pub known: Option<KnownKeys>,
    /// The size of the content, in bytes.
    pub bytes: u64,
    /// The title of the sheet or feed, or the name of the file without its extension, if there is one.
    pub title: Option<String>,
    /// The feeds; empty for a place without feeds.
    pub feeds: Vec<FeedRecord>,
    /// The failure that a sync would have, if any.
    pub failure: Option<SyncFailure>,
    /// The message about the missing key column, if the key column is not among the columns.
    pub missing_key: Option<String>,
    /// The issues that a sync would have.
    pub issues: IssueList,
    /// Other problems, each as a message.
    pub problems: Vec<String>,
    /// The warnings that a sync would have, each as a message.
    pub notes: Vec<String>,
    /// The row that is probably the header, if the current header looks like a title.
    pub likely_header: Option<u64>,
    /// The columns that are hidden in the source.
    pub hidden_columns: Vec<String>,
}

impl SourceProbe {
    /// Returns the column proposed as the key.
    #[must_use]
    pub fn proposed_key(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }

    /// Returns all problems, with the failure of a sync first.
    pub fn all_problems(&self) -> impl Iterator<Item = String> {
        self.failure.iter().map(SyncFailure::forecast_message).chain(self.problems.iter().cloned())
    }
}

/// Returns messages about rows that would be skipped: their number, then the first of them. `better` is a column that
/// could be the key instead.
#[must_use]
pub fn skipped_rows_problems(source: &Source, count: u64, skipped: &[&Issue], better: Option<&str>) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let mut summary = would_skip_message(count);
    if let Some(better) = better {
        summary.push_str(&format!(
            " Or make “{}” the key column (/settings/sources/{}): it has a unique value in every row.",
            shorten_text(better),
            source.slug
        ));
    }
    let reasons = skipped.iter().take(MAX_NAMED_ROWS).map(|issue| issue.with_place());
    std::iter::once(summary).chain(reasons).collect()
}

/// Returns the warning that these columns are hidden in the source and would be public; `None` if there are none.
#[must_use]
pub fn hidden_columns_warning(hidden_columns: &[String]) -> Option<String> {
    let names = list_columns(hidden_columns);
    match hidden_columns.len() {
        0 => None,
        1 => Some(format!("Column {names} is hidden in the source. A public catalog would show it to everyone.")),
        _ => Some(format!("Columns {names} are hidden in the source. A public catalog would show them to everyone.")),
    }
}

/// Returns the message that syncs exclude the hidden column `name` from the public catalog of the source `slug`. Used
/// by syncs and by checks.
#[must_use]
pub fn excluded_column_message(name: &str, slug: &Slug) -> String {
    format!(
        "Column “{}” is hidden in the source, so syncs leave it out of the public catalog. To publish it, unhide it \
         in the source, or allow it in the settings of this source (/settings/sources/{slug}).",
        shorten_text(name)
    )
}

/// Returns the message that the key column `name` is hidden and the catalog of the source `slug` is public.
#[must_use]
pub fn hidden_key_message(name: &str, slug: &Slug) -> String {
    format!(
        "The key column “{}” is hidden in the source, but the catalog is public. Unhide the column in the source, or \
         allow it in the settings of this source (/settings/sources/{slug}).",
        shorten_text(name)
    )
}

/// Why a place cannot be probed; a sync would fail with the same error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProbeError {
    /// The error code.
    pub code: &'static str,
    /// The message for people.
    pub message: String,
    /// The feeds that the web page at this URL links to, if a feed was expected.
    pub named_feeds: Vec<String>,
}
