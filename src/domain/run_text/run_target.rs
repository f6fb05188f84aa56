//! The texts that link a run to the earlier run that it is about.

use crate::domain::operation::OperationKind;

/// What a run of this kind does with its target, before the name of that run: "Undo of".
#[must_use]
pub const fn target_relation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sync | OperationKind::Preview => "Applies",
        OperationKind::Undo => "Undo of",
        OperationKind::Removal => "Removes what was kept by",
    }
}
