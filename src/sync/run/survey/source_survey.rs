//! The result of the first reading of a source.

use crate::domain::columns::column_type::ColumnType;
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::issue::{Issue, IssueList};
use crate::domain::odd_keys::OddKeys;
use crate::domain::run_text::kept_items::KeptReason;
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::sync::run::column_changes::RenamedColumn;
use crate::sync::run::comparison::SourceComparison;
use crate::sync::run::row_rules::RowRules;

/// The result of the first reading of a source.
pub(in crate::sync) struct SourceSurvey<'a> {
    /// The changes that applying the rows would make to the catalog.
    pub(in crate::sync) tally: ChangeTally,
    /// The number of rows.
    pub(in crate::sync) rows: u64,
    /// The number of skipped rows.
    pub(in crate::sync) rejected: u64,
    /// Skipped rows, repaired values and other warnings.
    pub(in crate::sync) issues: IssueList,
    /// The type of each column.
    pub(in crate::sync) types: Vec<ColumnType>,
    /// Added, removed and renamed columns, as issues.
    pub(super) columns: Vec<Issue>,
    /// Columns that have another name now.
    pub(in crate::sync) renamed: Vec<RenamedColumn>,
    /// The failure if the header does not belong to the rows.
    pub(super) mismatch: Option<SyncFailure>,
    /// The rules that classify rows: the second reading must agree with the first.
    pub(in crate::sync) rules: RowRules<'a>,
    /// Whether values were still loading, or formulas had none: then the next run has to read everything again.
    pub(in crate::sync) has_pending: bool,
    /// The new keys because of which items may be in the source although they were not found. `None` if the issues name
    /// rows that raise this doubt.
    pub(super) odd_keys: Option<OddKeys>,
}

impl SourceSurvey<'_> {
    /// Returns why the items that are not in the source stay in the catalog, if the guards allow `verdict`.
    pub(in crate::sync) fn kept_reason(&self, verdict: GuardVerdict) -> KeptReason {
        KeptReason::of_verdict(verdict, self.odd_keys.as_ref())
    }

    /// Returns why a sync of these rows, whose columns are `columns`, would write nothing; `None` if it would apply
    /// them.
    pub(in crate::sync) fn failure(
        &self,
        comparison: &SourceComparison<'_>,
        columns: &[String],
        verdict: GuardVerdict,
    ) -> Option<SyncFailure> {
        let SourceComparison { source, catalog, .. } = *comparison;
        match verdict {
            GuardVerdict::Apply
            | GuardVerdict::WithholdRemovals
            | GuardVerdict::WithholdInDoubt
            | GuardVerdict::WithholdKept => None,
            GuardVerdict::EmptySource => {
                Some(SyncFailure::empty_source(source, columns, self.rows, catalog.item_count))
            }
            GuardVerdict::KeyChanged => Some(SyncFailure::key_changed(source, self.tally)),
        }
    }
}
