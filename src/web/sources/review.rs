//! Shows the review step of adding a source: its content as it is read now, and everything that was typed.

use super::detection::{DetectedSource, DetectionFailure};
use super::field_errors::FieldErrors;
use super::form;
use super::found_view::FoundColumns;
use super::pages::{SourcePageContext, found_columns, unread_columns};
use super::place::hide_secrets;
use super::view::{SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::item::content_digest;
use crate::domain::text::comparable_form::position_of;
use crate::domain::text::hex::to_hex;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;

/// A source to review.
pub(super) struct ReviewedSource {
    /// What was detected.
    pub(super) detected: DetectedSource,
    /// Notes about its link or its kind.
    pub(super) notes: Vec<String>,
    /// Why it could not be read with the read options of the form. It is shown as read without them.
    pub(super) cannot_read: Option<String>,
    /// Other errors.
    pub(super) errors: FieldErrors,
}

impl ReviewedSource {
    /// A source without errors.
    pub(super) fn new(detected: DetectedSource, notes: Vec<String>) -> Self {
        Self { detected, notes, cannot_read: None, errors: FieldErrors::default() }
    }
}

/// What identifies the way a source is read: its kind, its read options and its columns. A source is saved as it was
/// reviewed, or else reviewed again.
pub(super) fn review_digest(detected: &DetectedSource) -> String {
    let DetectedSource { place, probe, .. } = detected;
    let facts = serde_json::json!([place.kind, place.read_options, probe.columns, probe.tabs.chosen]);
    to_hex(&content_digest(&facts.to_string()))
}

/// The review step with the typed values and the content as it is read now.
pub(super) fn show_review_step(
    state: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    reviewed: ReviewedSource,
) -> Result<HtmlResponse, WebError> {
    let ReviewedSource { detected, mut notes, cannot_read, mut errors } = reviewed;
    let DetectedSource { place, probe, .. } = &detected;
    errors.reading = form::read_errors(&form);
    errors.reading.general = cannot_read;
    form.kind.clone_from(&place.kind);
    // A key that is no column is kept only for its error.
    match position_of(&probe.columns, &form.key) {
        Some(position) => form.key.clone_from(&probe.columns[position]),
        None if errors.key.is_none() => form.key = probe.proposed_key().unwrap_or_default().to_owned(),
        None => {}
    }
    hide_secrets(state, &mut form, Some(place), &[])?;
    form.reviewed_url.clone_from(&form.url);
    form.review_digest = review_digest(&detected);
    let addresses = place.location.addresses();
    if let Some(other) = state
        .store
        .list_sources()?
        .iter()
        .find(|source| !addresses.is_empty() && source.location.addresses() == addresses)
    {
        notes.push(format!("“{}” already uses this link.", other.name));
    }
    let mut found = FoundColumns { place_notes: notes, ..found_columns(state, place, probe) };
    if found.location.is_empty() {
        found.location.clone_from(&form.file_name);
    }
    let shown = SourcePageContext::new(SourceStep::Review(found), form);
    if errors.is_empty() { shown } else { shown.with_errors(errors) }.render(state, actor)
}

/// The review step of a source that cannot be read any more, or not at its new link: with the error, and with
/// everything that was typed.
pub(super) fn show_unread_source(
    state: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    failure: DetectionFailure,
) -> Result<HtmlResponse, WebError> {
    let DetectionFailure { errors, place, named_feeds, .. } = failure;
    hide_secrets(state, &mut form, place.as_ref(), &[])?;
    let found = FoundColumns { named_feeds, ..unread_columns(state, &form, place.as_ref()) };
    SourcePageContext::new(SourceStep::Review(found), form).with_errors(errors).render(state, actor)
}
