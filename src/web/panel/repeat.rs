//! Repeats a run that did not complete: the button "Try again".

use crate::domain::operation::{OperationKind, RunPriority, StartRequest};
use crate::domain::source::Source;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};

/// The value of the form field `action` that repeats the run in the field `sync`.
pub(super) const REPEAT_ACTION: &str = "again";

/// The start that repeats the run named in a form, with its kind, mode and options.
///
/// # Errors
/// `not_found` if the source has no such finished run; a bad field for a kind that cannot be repeated.
pub(super) fn build_repeat(
    state: &AppState,
    source: &Source,
    form: &FormValues,
    requested_by: String,
) -> Result<StartRequest, WebError> {
    let record = match trimmed_value(form, "sync").parse() {
        Ok(id) => state.store.find_record(id)?,
        Err(_) => None,
    };
    let record = record.filter(|record| record.source_id == source.id).ok_or_else(|| WebError::not_found("sync"))?;
    let kind = record.summary.kind;
    if !can_repeat(kind) {
        return Err(WebError::bad_field("action", "Only a sync and a preview can be repeated."));
    }
    let options = record.options.for_repeat();
    Ok(StartRequest { kind, mode: record.mode, options, priority: RunPriority::Manual, requested_by })
}

/// Whether a form of the panel repeats runs of this kind. An undo and a removal have forms of their own.
const fn can_repeat(kind: OperationKind) -> bool {
    matches!(kind, OperationKind::Sync | OperationKind::Preview)
}
