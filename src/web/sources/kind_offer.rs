//! Offers another kind of source if the content is not of the selected kind.

use super::pages::{kind_choice, probe_place};
use super::place::{SourcePlace, place_as_kind, stand_in_places};
use super::view::{KindChoice, SourceForm};
use crate::domain::location::SourceLocation;
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::ProbeError;
use crate::web::http::app_state::AppState;

/// The codes of failed probes that fetched no content which another kind could read.
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

/// The kind that can read content of another kind than the selected one.
pub(super) fn find_kind_offer(
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
    let reads = |kind: &&'static str| {
        let Some(way) =
            control.form_spec(kind).filter(|way| way.asked != AddressInput::Account && **kind != place.kind)
        else {
            return false;
        };
        if matches!(place.location, SourceLocation::Upload(_)) && way.file.is_none() {
            return false;
        }
        place_as_kind(state, kind, form, place).is_some_and(|other| probe_place(state, &other).is_ok())
    };
    control.kind_names().into_iter().find(reads).and_then(|kind| kind_choice(state, kind))
}

/// Whether a probe failed because the content is of another kind.
pub(super) fn is_something_else(place: &SourcePlace, error: &ProbeError) -> bool {
    error.code == format!("not_{}", place.kind)
}

/// The kind that can read the content of a source whose own kind cannot.
pub(super) fn stand_in_offer(
    state: &AppState,
    form: &SourceForm,
    place: &SourcePlace,
    error: &ProbeError,
) -> Option<KindChoice> {
    if !is_something_else(place, error) {
        return None;
    }
    let other = stand_in_places(state, form, place).into_iter().find(|other| probe_place(state, other).is_ok())?;
    let name = state.control.kind_names().into_iter().find(|kind| *kind == other.kind)?;
    kind_choice(state, name)
}
