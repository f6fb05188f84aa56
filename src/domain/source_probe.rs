//! What a look at a place shows, before the place becomes a source, and what is wrong with it.

use super::feed::FeedRecord;
use super::issue::{Issue, IssueList};
use super::rows::key_column::KnownKeys;
use super::rows::row::TextRow;
use super::run_text::sync_failure::SyncFailure;
use super::run_text::would_skip_message;
use super::source::{Slug, Source};
use crate::domain::text::shortening::{list_columns, shorten};

/// How many rows that would be skipped are named.
const MAX_NAMED_ROWS: usize = 5;

/// What a place holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceProbe {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Its first rows, at most 20.
    pub rows: Vec<TextRow>,
    /// Columns whose cells are all present and different among the first 1000 rows, the best key first.
    pub keys: Vec<String>,
    /// The column with the keys that the catalog has, where there is a catalog and its key column is gone.
    pub known: Option<KnownKeys>,
    /// How large the content is, in bytes.
    pub bytes: u64,
    /// What the place calls itself, where it does: the title of a sheet, the name of a file without its ending.
    pub title: Option<String>,
    /// The feeds there are; none in a place that is not made of feeds.
    pub feeds: Vec<FeedRecord>,
    /// What a sync of it would fail with.
    pub failure: Option<SyncFailure>,
    /// The same, where the key column of the source is not among the columns: what to do about it.
    pub missing_key: Option<String>,
    /// The issues that a sync of it would have.
    pub issues: IssueList,
    /// What else is wrong, a message each: what happened, where, and what to do.
    pub problems: Vec<String>,
    /// What a sync of it would note, a message each.
    pub notes: Vec<String>,
    /// The row that is probably the header, where what was taken for it looks like a title.
    pub likely_header: Option<u64>,
    /// Those of its columns that are hidden where people open it.
    pub hidden_columns: Vec<String>,
}

impl SourceProbe {
    /// The column proposed as the key.
    #[must_use]
    pub fn proposed_key(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }

    /// Everything that is wrong, what a sync would fail with first.
    pub fn all_problems(&self) -> impl Iterator<Item = String> {
        self.failure.iter().map(SyncFailure::forecast_message).chain(self.problems.iter().cloned())
    }
}

/// What is wrong with rows, a message each: `count` rows would be skipped, the first of them for these reasons.
/// `better` is a column that could be the key instead.
#[must_use]
pub fn skipped_rows_problems(source: &Source, count: u64, skipped: &[&Issue], better: Option<&str>) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let mut summary = would_skip_message(count);
    if let Some(better) = better {
        summary.push_str(&format!(
            " Or make “{}” the key column (/settings/sources/{}): it has a unique value in every row.",
            shorten(better),
            source.slug
        ));
    }
    let reasons = skipped.iter().take(MAX_NAMED_ROWS).map(|issue| issue.with_place());
    std::iter::once(summary).chain(reasons).collect()
}

/// That these columns are hidden in the source and would be public; `None` where none is.
#[must_use]
pub fn hidden_columns_warning(hidden_columns: &[String]) -> Option<String> {
    let names = list_columns(hidden_columns);
    match hidden_columns.len() {
        0 => None,
        1 => Some(format!("Column {names} is hidden in the source. A public catalog would show it to everyone.")),
        _ => Some(format!("Columns {names} are hidden in the source. A public catalog would show them to everyone.")),
    }
}

/// That a sync leaves the hidden column `name` out of the public catalog of the source `slug`: true after a sync and
/// before it, as a check says it too.
#[must_use]
pub fn hidden_column_left_out(name: &str, slug: &Slug) -> String {
    format!(
        "Column “{}” is hidden in the source, so syncs leave it out of the public catalog. To publish it, unhide it \
         in the source, or allow it in the settings of this source (/settings/sources/{slug}).",
        shorten(name)
    )
}

/// That the key column `name` is hidden and the catalog of the source `slug` public.
#[must_use]
pub fn hidden_key_column(name: &str, slug: &Slug) -> String {
    format!(
        "The key column “{}” is hidden in the source, but the catalog is public. Unhide the column in the source, or \
         allow it in the settings of this source (/settings/sources/{slug}).",
        shorten(name)
    )
}

/// Why a place cannot be looked at: what a sync of it would fail with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProbeError {
    /// A word for programs.
    pub code: &'static str,
    /// What happened, where, and what to do.
    pub message: String,
    /// The addresses of the feeds that a web page names where a feed was looked for.
    pub named_feeds: Vec<String>,
}
