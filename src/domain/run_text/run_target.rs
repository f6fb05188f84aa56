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

/// What became of a run because of a completed run of this kind, before the name of that later run: "Undone by".
#[must_use]
pub const fn follower_relation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sync | OperationKind::Preview => "Applied by",
        OperationKind::Undo => "Undone by",
        OperationKind::Removal => "Kept items removed by",
    }
}
