//! Describes the fault of a source that was fetched but must not be imported: as the message of the failed sync, or as
//! the forecast of a check or a preview.

use super::format_count;
use crate::domain::guards::ChangeTally;
use crate::domain::source::Source;
use crate::domain::text::counts::group_digits;

/// A fault of a source because of which a sync writes nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncFailure {
    /// The error code for programs.
    pub code: &'static str,
    /// What is wrong, and where.
    cause: String,
    /// What is unchanged: "the catalog keeps its 47 albums". `None` for an empty catalog.
    kept: Option<String>,
    /// What to do; empty if `cause` ends with it.
    fix: String,
}

impl SyncFailure {
    /// Creates a failure from its error code, what is wrong, and what to do. `fix` is empty if `cause` ends with it.
    pub fn new(code: &'static str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), kept: None, fix: fix.into() }
    }

    /// The failure for a source without rows that can be imported. The source has these columns and `rows` rows; the
    /// catalog has `items` items.
    #[must_use]
    pub fn empty_source(source: &Source, columns: &[String], rows: u64, items: u64) -> Self {
        let (cause, fix) = match (columns.len(), rows) {
            (0, _) if source.key_column.is_empty() => {
                ("The source is empty.", "Its first row must name the columns.".to_owned())
            }
            (0, _) => (
                "The source is empty.",
                format!("Its first row must name the columns, including “{}”.", source.key_column),
            ),
            (_, 0) => ("The source has a header but no rows.", "Add rows below the header.".to_owned()),
            _ => ("No row of the source can be imported.", "Fix the rows named in the issues.".to_owned()),
        };
        let kept = format!("the catalog keeps its {}", format_count(&source.noun, items));
        Self { kept: Some(kept).filter(|_| items > 0), ..Self::new("empty_source", cause, fix) }
    }

    /// The failure for a source whose key column may have changed: more than half of the items would be removed, and
    /// about as many added.
    #[must_use]
    pub fn key_changed(source: &Source, tally: ChangeTally) -> Self {
        let ChangeTally { removals, live, additions, .. } = tally;
        let cause = format!(
            "Did the key column change? {} of {} would be removed and {} added.",
            group_digits(removals),
            format_count(&source.noun, live),
            group_digits(additions),
        );
        Self::new("key_changed", cause, "If this is intended, choose “Sync anyway”.")
    }

    /// The failure for an unclosed quotation mark in `row`, so that a cell contains the rows below. `sign` is the
    /// evidence.
    #[must_use]
    pub fn unclosed_quote(row: u64, sign: &str) -> Self {
        let row = group_digits(row);
        let cause = format!("Row {row}: an unclosed quotation mark (\") includes the rows below; {sign}.");
        Self::new("unclosed_quote", cause, "Remove the quotation mark, or double it if it belongs to the text.")
    }

    /// What is wrong and what to do, without what happened to the catalog.
    #[must_use]
    pub fn cause_message(&self) -> String {
        join_messages([self.cause.as_str(), &self.fix])
    }

    /// The message of the sync that failed.
    #[must_use]
    pub fn message(&self) -> String {
        let unchanged = match &self.kept {
            Some(kept) => format!("Nothing was changed: {kept}."),
            None => "Nothing was changed.".to_owned(),
        };
        join_messages([self.cause.as_str(), &unchanged, &self.fix])
    }

    /// The forecast of a check or a preview: a sync would fail, why, and what to do.
    #[must_use]
    pub fn forecast_message(&self) -> String {
        format!("A sync would fail: {}", self.cause_message())
    }
}

fn join_messages<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::SyncFailure;

    #[test]
    fn failures_and_forecasts_use_the_same_words() {
        let failure = SyncFailure::new("unclosed_quote", "Row 3: a quotation mark.", "Remove it.");
        assert_eq!(failure.message(), "Row 3: a quotation mark. Nothing was changed. Remove it.");
        assert_eq!(failure.forecast_message(), "A sync would fail: Row 3: a quotation mark. Remove it.");
        let with_fix = SyncFailure::new("no_key_column", "There is no column “id”. Add it.", "");
        assert_eq!(with_fix.message(), "There is no column “id”. Add it. Nothing was changed.");
        assert_eq!(with_fix.cause_message(), "There is no column “id”. Add it.");
    }
}
