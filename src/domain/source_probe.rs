//! The result of probing a place before it becomes a source: its columns, first rows and problems.

use super::feed::FeedRecord;
use super::issue::IssueList;
use super::key_fitness::KeySearch;
use super::rows::key_column::KnownKeys;
use super::rows::row::TextRow;
use super::run_text::sync_failure::SyncFailure;

/// The result of a probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceProbe {
    /// The columns, in order.
    pub columns: Vec<String>,
    /// The first rows, at most 20.
    pub rows: Vec<TextRow>,
    /// Columns whose cells are all filled and different in the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// The search for these columns.
    pub key_search: KeySearch,
    /// The number of rows; `None` if they were not counted.
    pub row_count: Option<u64>,
    /// The tabs of the sheet or workbook. Empty for a place without tabs, and if they are unknown.
    pub tabs: SourceTabs,
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

/// The tabs of a sheet or workbook.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceTabs {
    /// All tabs with cells, in order.
    pub tabs: Vec<SourceTab>,
    /// The position of the tab that is read; `None` if there is none of the wanted name.
    pub chosen: Option<usize>,
}

/// A tab of a sheet or workbook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceTab {
    /// The name as written.
    pub name: String,
    /// Whether it is hidden.
    pub is_hidden: bool,
}

/// Why a place cannot be probed; a sync would fail with the same error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProbeError {
    /// The error code.
    pub code: &'static str,
    /// The message for people.
    pub message: String,
    /// The feeds; empty for a place without feeds. Those that are web pages have the feeds that they link to.
    pub feeds: Vec<FeedRecord>,
    /// The tabs, if they could be listed.
    pub tabs: SourceTabs,
}
