//! What each kind of operation does, made of the steps in [`super::run`].

mod preview;
mod sync;

use super::run::context::RunContext;
use super::run::fetch::FetchScope;
use super::run::findings::RunFindings;
use super::run::run_stop::RunStop;
use crate::domain::operation::OperationKind;
use crate::domain::run_text::stopped_run::unsupported_operation_message;
use crate::store::finish::RunEnding;

/// Runs the steps of an operation. What they find is kept in `findings`, also when a step fails.
///
/// # Errors
/// [`RunStop`] when a step fails or the run has to end; `unsupported_operation` for a kind that a newer server queued.
pub(super) fn run_operation(context: &RunContext<'_>, findings: &mut RunFindings) -> Result<RunEnding, RunStop> {
    let kind = context.operation.kind;
    match kind {
        OperationKind::Sync => sync::run(context, FetchScope::IfChanged, findings),
        OperationKind::Preview => preview::run(context, findings),
        // This version starts none of these. A newer server that uses the same database may.
        OperationKind::Undo | OperationKind::Removal => {
            Err(RunStop::Failed { code: "unsupported_operation", message: unsupported_operation_message(kind) })
        }
    }
}
