//! Finds out all that a sync would change, without writing anything: for a preview, and for the sync that applies it.

use super::apply::{ComparedRows, collect_changes};
use super::context::RunContext;
use super::finish::list_removals;
use super::previewed_changes::PreviewedChanges;
use super::run_stop::RunStop;
use crate::domain::guards::GuardVerdict;
use crate::domain::progress::RunStats;
use crate::fetch::FetchedContent;

/// Returns the counts and the changes of a sync that the guards allow `verdict`. At most `max_kept` changes, and as
/// many removals, are kept by name; all are part of the digest.
///
/// # Errors
/// [`RunStop`] when the content or the catalog cannot be read, or the run has to end.
pub(in crate::sync) fn forecast_changes(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    compared: ComparedRows<'_>,
    verdict: GuardVerdict,
    max_kept: usize,
) -> Result<(RunStats, PreviewedChanges), RunStop> {
    let mut changes = PreviewedChanges::new(max_kept);
    let stats = collect_changes(context, content, compared, &mut changes)?;
    let missing = if compared.survey.tally.removals > 0 { list_removals(context, compared.index)? } else { Vec::new() };
    changes.add_outcome(context, compared.layout.column_names(), verdict, &missing)?;
    Ok((stats, changes))
}
