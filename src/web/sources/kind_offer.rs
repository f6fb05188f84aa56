//! Offers another kind of source where what was given is not of the kind that was chosen.

use super::pages::{choice, probe_place};
use super::place::{SourcePlace, as_kind, stand_ins};
use super::view::{KindChoice, SourceForm};
use crate::domain::location::SourceLocation;
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::CannotLook;
use crate::web::http::app_state::AppState;

/// What a look fails with where nothing came that another kind could read.
pub(super) const NOTHING_CAME: [&str; 12] = [
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

/// The kind that can read what was taken for another.
pub(super) fn offer(
    state: &AppState,
    form: &SourceForm,
    place: &SourcePlace,
    error: &CannotLook,
) -> Option<KindChoice> {
    if form.kind.is_empty() {
        return None;
    }
    let control = &state.control;
    let addresses = place.location.addresses();
    if let [only] = addresses
        && let Some(kind) = control.kind_of_link(only).filter(|kind| *kind != place.kind)
    {
        return choice(state, kind);
    }
    if NOTHING_CAME.contains(&error.code) {
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
        as_kind(state, kind, form, place).is_some_and(|other| probe_place(state, &other).is_ok())
    };
    control.kind_names().into_iter().find(reads).and_then(|kind| choice(state, kind))
}

/// Whether a look failed because what is at the place is something else than its kind reads.
pub(super) fn is_something_else(place: &SourcePlace, error: &CannotLook) -> bool {
    error.code == format!("not_{}", place.kind)
}

/// The kind that can read what was given for a source of another kind, where a look failed for that.
pub(super) fn stand_in_offer(
    state: &AppState,
    form: &SourceForm,
    place: &SourcePlace,
    error: &CannotLook,
) -> Option<KindChoice> {
    if !is_something_else(place, error) {
        return None;
    }
    let other = stand_ins(state, form, place).into_iter().find(|other| probe_place(state, other).is_ok())?;
    let name = state.control.kind_names().into_iter().find(|kind| *kind == other.kind)?;
    choice(state, name)
}
