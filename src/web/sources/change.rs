//! Changes an existing source: the form becomes a draft, and the source is probed if the change requires it.

use super::field_errors::{FieldErrors, read_error};
use super::form;
use super::form::are_published;
use super::kind_choice::KindChoice;
use super::kind_offer::offer_replacement_kind;
use super::pages::{place_error, probe_source, with_standing};
use super::place::{SourcePlace, parse_places};
use super::read_form;
use super::schedule_form;
use super::view::SourceForm;
use crate::domain::location::SourceLocation;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::domain::source_probe::SourceProbe;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormValues;

/// Why a changed source could not be probed.
pub(super) struct UnseenPlace {
    /// The errors, field by field.
    pub(super) errors: FieldErrors,
    /// The kind that can read it instead.
    pub(super) offer: Option<KindChoice>,
}

impl From<FieldErrors> for UnseenPlace {
    fn from(errors: FieldErrors) -> Self {
        Self { errors, offer: None }
    }
}

/// The form of a changed source. Fields that cannot be changed, or that the form does not have, keep their values.
///
/// # Errors
/// `internal` when the database fails.
pub(super) fn parse_change(state: &AppState, source: &Source, values: &FormValues) -> Result<SourceForm, WebError> {
    let mut form = with_standing(state, form::parse_form(values), source)?;
    form.slug = source.slug.to_string();
    // The button that saves the source as another kind sets that kind.
    let is_taken_as = state.control.replacement_notice(&form.kind, &source.kind).is_some();
    if !is_taken_as {
        form.kind.clone_from(&source.kind);
    }
    if let Some(key) = state.control.key_column(&source.kind) {
        form.key = key.to_owned();
    }
    // A form of an earlier version has the expression alone, and no zone.
    let is_unchanged = match values.get("schedule") {
        None => true,
        Some(cron) => source.schedule.as_ref().is_some_and(|stored| stored.cron == cron.trim()),
    };
    if !values.contains_key("schedule_choice") && is_unchanged {
        form.schedule = schedule_form::form_of_stored(source.schedule.as_ref());
    }
    if !values.contains_key("stale_after") {
        form.stale_after = form::shown_age(source.stale_after);
    }
    if form.reading.is_none() {
        form.reading = Some(read_form::form_of_options(&source.read_options));
        form.read_options = source.read_options.clone();
    }
    form.read_options.published_hidden_columns.clone_from(&source.read_options.published_hidden_columns);
    Ok(form)
}

/// Probes a changed source; `None` if nothing changed that a probe depends on. `always` probes in any case.
pub(super) fn probe_change(
    state: &AppState,
    source: &Source,
    place: &SourcePlace,
    form: &SourceForm,
    always: bool,
) -> Result<Option<SourceProbe>, UnseenPlace> {
    // A source that becomes public is probed for hidden columns.
    let is_other =
        *place != SourcePlace::from(source) || form.key != source.key_column || is_published(state, source, form);
    if !always && !is_other {
        return Ok(None);
    }
    let Some(new) = place.new_addresses(&source.location) else { return Ok(None) };
    let SourcePlace { kind, location, mut read_options } = new.clone();
    read_options.published_hidden_columns = published_columns(source, form);
    let (key_column, public) = (form.key.clone(), form.public);
    let changed = Source { kind, location, read_options, key_column, public, ..source.clone() };
    probe_source(state, &changed).map(Some).map_err(|error| {
        // The same source could be read before, so the new read options are wrong.
        let is_reading = place.location == source.location && place.read_options != source.read_options;
        let errors = if is_reading { read_error(error.to_string()) } else { place_error(&new, &error) };
        UnseenPlace { errors, offer: offer_replacement_kind(state, form, place, &error) }
    })
}

/// Whether the form publishes columns that may be hidden in the source.
fn is_published(state: &AppState, source: &Source, form: &SourceForm) -> bool {
    let shown = form.hidden_columns.as_deref().unwrap_or_default();
    let is_allowed_now = form.publish_hidden && !are_published(source, shown);
    form.public && (!source.public || is_allowed_now) && state.control.can_hide_columns(&source.kind)
}

/// The hidden columns that the catalog may have after the change.
fn published_columns(source: &Source, form: &SourceForm) -> Vec<String> {
    form::published_columns(form, &source.read_options.published_hidden_columns)
}

/// The draft of a changed source, or its errors.
pub(super) fn check_change(
    state: &AppState,
    source: &Source,
    form: &SourceForm,
    place: &SourcePlace,
    look: Option<&SourceProbe>,
) -> Result<(SourceDraft, Option<Schedule>), FieldErrors> {
    let mut columns = look.map_or_else(Vec::new, |look| look.columns.clone());
    if look.is_none() || state.control.key_column(&source.kind).is_some() {
        columns.push(form.key.clone());
    }
    let (mut draft, schedule) = form::check_form(form, place, &columns).map_err(|mut errors| {
        let missing = look.and_then(|look| look.missing_key.clone());
        errors.key = errors.key.map(|error| missing.unwrap_or(error));
        errors
    })?;
    let hidden = look.map(|look| look.hidden_columns.as_slice()).unwrap_or_default();
    // A catalog that is public already excludes hidden columns that were not confirmed.
    if let Some(errors) = form::unconfirmed_columns(form, hidden).filter(|_| !source.public) {
        return Err(errors);
    }
    draft.read_options.published_hidden_columns = published_columns(source, form);
    Ok((draft, schedule))
}

/// The place of a changed source: another upload, other links, or the same. A file of the server cannot be changed.
pub(super) fn changed_place(
    state: &AppState,
    source: &Source,
    form: &SourceForm,
) -> Result<Result<SourcePlace, FieldErrors>, WebError> {
    let meant_one = |form: &SourceForm| -> Result<Result<SourcePlace, FieldErrors>, WebError> {
        let places = parse_places(state, form, source.location.addresses())?;
        Ok(places.map(|places| places.into_iter().next().unwrap_or_else(|| SourcePlace::from(source))))
    };
    match &source.location {
        SourceLocation::Upload(_) | SourceLocation::Sample if !form.upload.is_empty() => meant_one(form),
        SourceLocation::Url(_) | SourceLocation::Urls(_) => {
            meant_one(&SourceForm { upload: String::new(), ..form.clone() })
        }
        SourceLocation::Upload(_) | SourceLocation::Sample | SourceLocation::File(_) => {
            let read_options = form.read_options.keep_supported(state.control.read_settings(&form.kind));
            Ok(Ok(SourcePlace { kind: form.kind.clone(), location: source.location.clone(), read_options }))
        }
    }
}
