//! In which form the rows of a history are stored.

use super::player::HistoryPlayer;

/// The number of the step with which a conversion begins.
const STEPS_BEFORE_CONVERSION: usize = 4;

/// In which form the rows of a history are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FormHistory {
    /// The compact form, always.
    Compact,
    /// The form of the version before, always.
    Named,
    /// First that of the version before; then they are converted, a step of the conversion after each step.
    Converted,
}

impl FormHistory {
    /// The form of the history with this number.
    pub(super) const fn of_number(number: usize) -> Self {
        match number % 3 {
            0 => Self::Named,
            1 => Self::Compact,
            _ => Self::Converted,
        }
    }
}

impl HistoryPlayer<'_> {
    /// Converts the next rows of a history whose rows are converted.
    pub(super) fn convert_some(&mut self) {
        self.steps += 1;
        if self.form != FormHistory::Converted || self.steps < STEPS_BEFORE_CONVERSION {
            return;
        }
        if self.steps == STEPS_BEFORE_CONVERSION {
            self.db.begin_compaction();
        }
        self.engine.store.convert_next_rows().expect("a step");
        if !self.runs.is_empty() {
            self.check_catalog();
        }
    }

    /// Converts all rows of a history whose rows are converted.
    pub(super) fn finish_conversion(&self) {
        if self.form == FormHistory::Converted {
            self.db.begin_compaction();
            self.db.finish_compaction();
            self.check_catalog();
            self.check_past_runs();
            let named = "fields LIKE '[%' OR search_text <> '' OR added_by LIKE 'sync%' OR changed_by LIKE 'sync%'";
            assert_eq!(self.db.count_rows("items", named), 0, "all items are compact");
            let named = "before LIKE '[%' OR after LIKE '[%' OR search_text IS NOT NULL";
            assert_eq!(self.db.count_rows("item_changes", named), 0, "all changes are compact");
        }
    }
}
