//! The second step of adding a source, shown again: with the content as it is read now.

use super::form;
use super::pages::{SourcePageContext, found};
use super::place::{SourcePlace, veil};
use super::view::{SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::source_probe::SourceProbe;
use crate::domain::text::comparable_form::position_of;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;

/// The second step again, with what was typed and the content as it is read now. `cannot_read` is why it could not be
/// read as it was set.
pub(super) fn show_again(
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
    veil(state, &mut form, Some(place), &[])?;
    let shown = SourcePageContext::new(SourceStep::Review(found(state, place, look)), form);
    if errors.is_empty() { shown } else { shown.wrong(Box::new(errors)) }.draw(state, actor)
}
