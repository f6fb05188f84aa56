//! Offers another kind of source if the content is not of the selected kind.

use super::kind_choice::KindChoice;
use super::pages::{kind_choice, probe_place};
use super::place::{SourcePlace, place_as_kind, replacement_places};
use super::view::SourceForm;
use crate::domain::location::SourceLocation;
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::ProbeError;
use crate::web::http::app_state::AppState;

/// The error codes of probes that fetched no content, so that no other kind can read it.
pub(super) const CODES_WITHOUT_CONTENT: [&str; 12] = [
    "address_refused",
    "bad_address",
    "bad_status",
    "busy",
    "disk",
    "not_found",
    "rate_limited",
    "server_error",
    "stopped",
    "timeout",
    "unknown_host",
    "unknown_kind",
];

/// Finds the kind that can read what the form's link or file contains, after the selected kind could not. The form of a
/// new source offers it.
pub(super) fn offer_other_kind(
    state: &AppState,
    form: &SourceForm,
    place: &SourcePlace,
    error: &ProbeError,
) -> Option<KindChoice> {
    if form.kind.is_empty() {
        return None;
    }
    let control = &state.control;
    let addresses = place.location.addresses();
    if let [only] = addresses
        && let Some(kind) = control.kind_of_link(only).filter(|kind| *kind != place.kind)
    {
        return kind_choice(state, kind);
    }
    if CODES_WITHOUT_CONTENT.contains(&error.code) {
        return None;
    }
    let can_read = |kind: &&'static str| {
        let Some(form_spec) =
            control.form_spec(kind).filter(|spec| spec.asked != AddressInput::Account && **kind != place.kind)
        else {
            return false;
        };
        if matches!(place.location, SourceLocation::Upload(_)) && form_spec.file.is_none() {
            return false;
        }
        place_as_kind(state, kind, form, place).is_some_and(|other| probe_place(state, &other).is_ok())
    };
    control.kind_names().into_iter().find(can_read).and_then(|kind| kind_choice(state, kind))
}

/// Whether a probe failed because the content is of another kind.
pub(super) fn is_something_else(place: &SourcePlace, error: &ProbeError) -> bool {
    error.code == format!("not_{}", place.kind)
}

/// Finds the kind that may replace the selected one for the same file, such as Excel for CSV, and that can read its
/// content. The form of an existing source offers it: its kind cannot change in any other way.
pub(super) fn offer_replacement_kind(
    state: &AppState,
    form: &SourceForm,
    place: &SourcePlace,
    error: &ProbeError,
) -> Option<KindChoice> {
    if !is_something_else(place, error) {
        return None;
    }
    let other = replacement_places(state, form, place).into_iter().find(|other| probe_place(state, other).is_ok())?;
    let name = state.control.kind_names().into_iter().find(|kind| *kind == other.kind)?;
    kind_choice(state, name)
}
