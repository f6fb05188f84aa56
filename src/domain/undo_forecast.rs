//! What an undo would do, told before it starts.

use serde::Serialize;

use super::sync_id::SyncId;

/// The number of items that an undo would touch or leave.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct UndoForecast {
    /// Items that the run removed and that return.
    pub returns: u64,
    /// Items that the run updated and that get their former fields.
    pub restores: u64,
    /// Items that the run added and that are removed.
    pub removes: u64,
    /// Items that another run has changed since; they stay as they are.
    pub leaves: u64,
    /// Whether the catalog gets its former columns back.
    #[serde(rename = "restoresColumns")]
    pub restores_columns: bool,
}

/// A run because of which an undo leaves items: it changed them after the run to undo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaterChanges {
    /// The later run.
    pub run: SyncId,
    /// The number of items.
    pub items: u64,
}

impl UndoForecast {
    /// Returns whether an undo would do nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.touched_items() == 0 && !self.restores_columns
    }

    /// Returns the number of items that would change.
    #[must_use]
    pub const fn touched_items(self) -> u64 {
        self.returns + self.restores + self.removes
    }
}
