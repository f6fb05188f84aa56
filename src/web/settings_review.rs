//! The second step of adding a source, shown again: with the content as it is read now.

use super::error::WebError;
use super::page::Html;
use super::settings_page::{Shown, found};
use super::source_form;
use super::source_place::{Place, veil};
use super::state::House;
use super::views::sources::{SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::look::Look;
use crate::domain::text_form::position_of;

/// The second step again, with what was typed and the content as it is read now. `cannot_read` is why it could not be
/// read as it was set.
pub(super) fn show_again(
    house: &House,
    actor: &Actor,
    mut form: SourceForm,
    place: &Place,
    look: &Look,
    cannot_read: Option<String>,
) -> Result<Html, WebError> {
    let mut errors = SourceErrors { reading: source_form::read_errors(&form), ..SourceErrors::default() };
    errors.reading.general = cannot_read;
    form.kind.clone_from(&place.kind);
    form.key = match position_of(&look.columns, &form.key) {
        Some(position) => look.columns[position].clone(),
        None => look.proposed_key().unwrap_or_default().to_owned(),
    };
    veil(house, &mut form, Some(place), &[])?;
    let shown = Shown::new(SourceStep::Columns(found(house, place, look)), form);
    if errors.is_empty() { shown } else { shown.wrong(Box::new(errors)) }.draw(house, actor)
}
