//! Applies the changes of a preview: the button "Apply 43 changes".

use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::sync::follow_up::{FollowUp, FollowUpRefusal};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};

/// The value of the form field `action` that applies the preview in the field `preview`.
pub(super) const APPLY_ACTION: &str = "apply";

/// The start that applies the preview named in a form, or why it cannot be applied and the page that says so.
///
/// # Errors
/// `not_found` if the source has no such run.
pub(super) fn build_apply(
    state: &AppState,
    source: &Source,
    form: &FormValues,
    requested_by: String,
) -> Result<Result<StartRequest, (FollowUpRefusal, String)>, WebError> {
    let no_run = || WebError::not_found("preview");
    let preview: SyncId = trimmed_value(form, "preview").parse().map_err(|_| no_run())?;
    if state.store.source_of_run(preview)? != Some(source.id) {
        return Err(no_run());
    }
    let options = StartOptions { apply_preview: Some(preview), ..StartOptions::default() };
    let (kind, priority) = (OperationKind::Sync, RunPriority::Manual);
    Ok(match state.control.appliable_preview(source, preview)? {
        FollowUp::Possible(_, record) => {
            let options = options.comparing_like(record.options);
            Ok(StartRequest { kind, mode: Mode::Full, options, priority, requested_by })
        }
        FollowUp::NoSuchRun => return Err(no_run()),
        FollowUp::Refused(refusal) => Err((refusal, state.links.apply_preview(source.slug.as_str(), &preview))),
    })
}
