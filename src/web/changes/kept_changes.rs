//! Tells how many changes a run counted, and how many of them a preview keeps: only the first ones.

use crate::domain::change_set::ChangeKind;
use crate::domain::operation::OperationKind;
use crate::domain::progress::RunStats;
use crate::domain::run_summary::RunSummary;
use crate::store::changes::ChangeFilter;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The kinds of change in the order in which they are listed, with the number that a run counted.
pub(in crate::web) const fn count_kinds(stats: &RunStats) -> [(ChangeKind, u64); 3] {
    let RunStats { added, updated, removed, .. } = *stats;
    [(ChangeKind::Added, added), (ChangeKind::Updated, updated), (ChangeKind::Removed, removed)]
}

/// The number of changes of these kinds that a run counted; no kind stands for all.
pub(in crate::web) fn count_changes(stats: &RunStats, kinds: &[ChangeKind]) -> u64 {
    let counted = count_kinds(stats).into_iter();
    counted.filter(|(kind, _)| kinds.is_empty() || kinds.contains(kind)).map(|(_, count)| count).sum()
}

/// How many changes of these kinds a finished preview keeps, if it counted more; `None` if its list is complete.
///
/// # Errors
/// `internal` when the database fails.
pub(in crate::web) fn find_kept_part(
    state: &AppState,
    run: &RunSummary,
    kinds: &[ChangeKind],
) -> Result<Option<u64>, WebError> {
    if run.kind != OperationKind::Preview || run.status.is_active() {
        return Ok(None);
    }
    let filter = ChangeFilter { kinds: kinds.to_vec(), search: String::new() };
    let kept = state.store.change_page(run.id, &filter, 1, 1)?.total;
    Ok(Some(kept).filter(|kept| *kept > 0 && *kept < count_changes(&run.stats, kinds)))
}

/// The end of the name of a file that has only the first `kept` entries: "-first-10000"; empty for a complete one.
pub(in crate::web) fn file_name_part(kept: Option<u64>) -> String {
    kept.map(|kept| format!("-first-{kept}")).unwrap_or_default()
}
