//! Shows the review step of adding a source again, with the content as it is read now.

use super::form;
use super::pages::{SourcePageContext, found_columns};
use super::place::{SourcePlace, hide_secrets};
use super::view::{SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::source_probe::SourceProbe;
use crate::domain::text::comparable_form::position_of;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;

/// The review step with the typed values and the content as it is read now. `cannot_read` is why it could not be read
/// with the read options of the form.
pub(super) fn show_review_step(
    state: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    place: &SourcePlace,
    look: &SourceProbe,
    cannot_read: Option<String>,
) -> Result<HtmlResponse, WebError> {
    let mut errors = SourceErrors { reading: form::read_errors(&form), ..SourceErrors::default() };
    errors.reading.general = cannot_read;
    form.kind.clone_from(&place.kind);
    form.key = match position_of(&look.columns, &form.key) {
        Some(position) => look.columns[position].clone(),
        None => look.proposed_key().unwrap_or_default().to_owned(),
    };
    hide_secrets(state, &mut form, Some(place), &[])?;
    let shown = SourcePageContext::new(SourceStep::Review(found_columns(state, place, look)), form);
    if errors.is_empty() { shown } else { shown.with_errors(Box::new(errors)) }.render(state, actor)
}
