//! What each kind of operation does, made of the steps in [`super::run`].

mod preview;
mod removal;
mod sync;
mod undo;

use super::run::context::RunContext;
use super::run::fetch::FetchScope;
use super::run::findings::RunFindings;
use super::run::run_stop::RunStop;
use crate::domain::operation::OperationKind;
use crate::store::finish::RunEnding;

/// Runs the steps of an operation. What they find is kept in `findings`, also when a step fails.
///
/// # Errors
/// [`RunStop`] when a step fails or the run has to end.
pub(super) fn run_operation(context: &RunContext<'_>, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
    match context.operation.kind {
        // A preview compared everything, so a sync that applies it does too.
        OperationKind::Sync if context.operation.options.apply_preview.is_some() => {
            sync::run(context, FetchScope::Everything, findings)
        }
        OperationKind::Sync => sync::run(context, FetchScope::IfChanged, findings),
        OperationKind::Preview => preview::run(context, findings),
        OperationKind::Undo => undo::run(context, findings),
        OperationKind::Removal => removal::run(context, findings),
    }
}
