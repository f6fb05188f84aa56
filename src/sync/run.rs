//! The steps of a run, as functions over one [`context::RunContext`]. [`super::operations`] puts them in order for each
//! kind of operation.

pub(super) mod apply;
pub(super) mod change_forecast;
pub(super) mod column_changes;
pub(super) mod comparison;
pub(super) mod context;
mod database_retry;
pub(super) mod early_ending;
pub(super) mod fetch;
pub(super) mod findings;
pub(super) mod finish;
pub(super) mod hidden_columns;
pub(super) mod key_index;
mod key_spellings;
mod keyless_rows;
mod pending_cells;
pub(super) mod preview_check;
pub(super) mod previewed_changes;
mod row_rules;
pub(super) mod run_stop;
pub(super) mod survey;
pub(super) mod withheld;
