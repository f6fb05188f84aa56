//! Adds a source in two steps: connect (its link or file) and review (its content).
//!
//! Forms are not trusted: a source is probed again before it is stored, and a form can name an upload by its id but
//! never a path of the server.

use actix_web::{HttpRequest, web};

use super::detection::{DetectedSource, DetectionFailure, detect, detect_with_defaults};
use super::field_errors::{FieldErrors, file_error, link_error};
use super::form;
use super::handlers::receive_form;
use super::kept_address;
use super::pages::{SourcePageContext, first_scheduled_run, source_choices, too_large_error};
use super::place::hide_secrets;
use super::proposals::propose_fields;
use super::review::{ReviewedSource, review_digest, show_review_step, show_unread_source};
use super::upload_claim::{claim_upload, discard_upload};
use super::uploads;
use super::uploads::SentFile;
use super::view::{SourceChoices, SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::operation::StartRequest;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::domain::source_form_spec::AddressInput;
use crate::store::StoreError;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;

/// `GET /settings/sources/new`: the connect step. `kind` selects its fields.
pub(in crate::web) async fn connect_page(
    app: AppContext,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let choices = source_choices(state, &trimmed_value(&query, "kind"));
        let kind = if choices.selected.is_some() { trimmed_value(&query, "kind") } else { String::new() };
        SourcePageContext::new(SourceStep::Connect(choices), SourceForm { kind, ..SourceForm::default() })
            .render(state, &actor)
    })
    .await
}

/// `POST /settings/sources/new`: probes the link or file and shows the review step.
pub(in crate::web) async fn review_page(
    app: AppContext,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HtmlResponse, WebError> {
    let sent = receive_form(&app, &request, body).await?;
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        uploads::delete_abandoned(&state.uploads_dir, &state.store.list_sources()?);
        let mut form = form::parse_form(&sent.values);
        match sent.file {
            SentFile::Stored { id, name } => {
                discard_upload(state, &std::mem::replace(&mut form.upload, id))?;
                form.file_name = name;
            }
            SentFile::TooLarge => {
                return show_connect_step(state, &actor, form, DetectionFailure::from(too_large_error()));
            }
            SentFile::None => {}
        }
        if let Some(too_long) = sent.too_long {
            return show_connect_step(state, &actor, form, DetectionFailure::from(link_error(too_long)));
        }
        if !form.upload.is_empty() && !form.url.is_empty() {
            let both = "Enter a link or choose a file, not both.".to_owned();
            discard_upload(state, &std::mem::take(&mut form.upload))?;
            return show_connect_step(state, &actor, form, DetectionFailure::from(file_error(both)));
        }
        match detect(state, &form, true)? {
            Ok(detected) => {
                let kind_note = state.control.replacement_notice(&detected.place.kind, &form.kind).map(str::to_owned);
                form.kind.clone_from(&detected.place.kind);
                let called = form.file_name.clone();
                propose_fields(state, &mut form, &detected.place, &detected.probe, &called)?;
                let notes = kind_note.into_iter().chain(detected.note.clone()).collect();
                show_review_step(state, &actor, form, ReviewedSource::new(detected, notes))
            }
            Err(failure) => show_connect_step(state, &actor, form, failure),
        }
    })
    .await
}

/// `POST /settings/sources`: adds the source, and starts its first sync if the field `then` is `sync`. It is probed
/// again: it may have changed, and the form is not trusted. A form with another link or file than the reviewed one, or
/// with `again`, only leads to another review.
pub(in crate::web) async fn add_source(
    app: AppContext,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HtmlResponse, WebError> {
    let sent = receive_form(&app, &request, body).await?;
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let values = sent.values;
        let mut form = form::parse_form(&values);
        let header_row = trimmed_value(&values, "use_header_row");
        if !header_row.is_empty() {
            form::set_header_row(&mut form, header_row.clone());
        }
        // What the form named before is kept until its replacement was read.
        let reviewed = form.clone();
        let is_new_file = matches!(sent.file, SentFile::Stored { .. });
        let has_other_place =
            is_new_file || values.contains_key("reviewed_url") && !has_same_lines(&form.reviewed_url, &form.url);
        match sent.file {
            SentFile::Stored { id, name } => {
                (form.upload, form.file_name) = (id, name);
                form.url.clear();
            }
            SentFile::TooLarge => return show_unread_source(state, &actor, form, too_large_error().into()),
            SentFile::None => {}
        }
        if let Some(too_long) = sent.too_long.filter(|_| has_other_place) {
            return show_unread_source(state, &actor, form, link_error(too_long).into());
        }
        if has_other_place {
            name_other_place(state, &mut form);
        }
        let (detected, cannot_read) = match detect_as_asked(state, &form, has_other_place)? {
            Ok(read) => read,
            Err(failure) if is_new_file => {
                discard_upload(state, &form.upload)?;
                return show_unread_source(state, &actor, reviewed, failure.without_place());
            }
            Err(failure) => {
                return show_unread_source(state, &actor, SourceForm { url: form.url, ..reviewed }, failure);
            }
        };
        if form.upload != reviewed.upload {
            discard_upload(state, &reviewed.upload)?;
        }
        let mut notes: Vec<String> = detected.note.iter().cloned().collect();
        let is_changed = !form.review_digest.is_empty() && form.review_digest != review_digest(&detected);
        if is_changed && !has_other_place && header_row.is_empty() {
            notes.push("This source is read differently than in the last review. Check it, then save.".to_owned());
        }
        let only_looks = trimmed_value(&values, "again") == "1" || !header_row.is_empty() || has_other_place;
        if only_looks || is_changed || cannot_read.is_some() {
            let reviewed = ReviewedSource { cannot_read, ..ReviewedSource::new(detected, notes) };
            return show_review_step(state, &actor, form, reviewed);
        }
        let errors = match save_source(state, &mut form, &detected)? {
            Ok(source) => {
                kept_address::delete_addresses(&state.uploads_dir, &form.address_id);
                if trimmed_value(&values, "then") == "sync" {
                    start_first_sync(state, &source, &actor);
                }
                return Ok(HtmlResponse::redirect(state.links.catalog(source.slug.as_str())));
            }
            Err(errors) => errors,
        };
        show_review_step(state, &actor, form, ReviewedSource { errors, ..ReviewedSource::new(detected, Vec::new()) })
    })
    .await
}

/// Prepares a form that names another link or file than the reviewed one: a link takes the place of an upload, and the
/// kind is detected again, except that of an account.
fn name_other_place(state: &AppState, form: &mut SourceForm) {
    if !form.url.is_empty() {
        form.upload.clear();
    }
    let is_account = state.control.form_spec(&form.kind).is_some_and(|spec| spec.asked == AddressInput::Account);
    if !is_account {
        form.kind.clear();
    }
}

/// Detects the source as the read options of the form say, or else with default ones and the reason why it cannot be
/// read with those.
fn detect_as_asked(
    state: &AppState,
    form: &SourceForm,
    follows_pages: bool,
) -> Result<Result<(DetectedSource, Option<String>), DetectionFailure>, WebError> {
    let failure = match detect(state, form, follows_pages)? {
        Ok(detected) => return Ok(Ok((detected, None))),
        Err(failure) => failure,
    };
    Ok(match detect_with_defaults(state, form, follows_pages)? {
        Some(detected) => Ok((detected, failure.message())),
        None => Err(failure),
    })
}

/// Shows the connect step again, with its errors and everything that was typed.
fn show_connect_step(
    state: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    failure: DetectionFailure,
) -> Result<HtmlResponse, WebError> {
    let DetectionFailure { errors, place, offer, named_feeds } = failure;
    if offer.is_none() {
        discard_upload(state, &std::mem::take(&mut form.upload))?;
    }
    hide_secrets(state, &mut form, place.as_ref(), &[])?;
    let choices = SourceChoices { offer, named_feeds, ..source_choices(state, &form.kind) };
    SourcePageContext::new(SourceStep::Connect(choices), form).with_errors(errors).render(state, actor)
}

/// Checks the form and stores the source.
fn save_source(
    state: &AppState,
    form: &mut SourceForm,
    detected: &DetectedSource,
) -> Result<Result<Source, FieldErrors>, WebError> {
    let DetectedSource { place, probe, .. } = detected;
    let mut columns = probe.columns.clone();
    if let Some(key) = state.control.key_column(&place.kind) {
        form.key = key.to_owned();
        columns.push(form.key.clone());
    }
    let (mut draft, schedule) = match form::check_form(form, place, &columns) {
        Ok(checked) => checked,
        Err(errors) => return Ok(Err(errors)),
    };
    if let Some(errors) = form::unconfirmed_columns(form, &probe.hidden_columns) {
        return Ok(Err(errors));
    }
    draft.read_options.published_hidden_columns = form::published_columns(form, &[]);
    let claimed = match claim_upload(&state.uploads_dir, &mut draft.location, None) {
        Ok(claimed) => claimed,
        Err(errors) => return Ok(Err(errors)),
    };
    let added = insert_source(state, &draft, schedule.as_ref())?;
    if let (Ok(_), Some(claimed)) = (&added, claimed) {
        claimed.keep();
    }
    Ok(added)
}

fn insert_source(
    state: &AppState,
    draft: &SourceDraft,
    schedule: Option<&Schedule>,
) -> Result<Result<Source, FieldErrors>, WebError> {
    match state.store.add_source(draft, first_scheduled_run(schedule)) {
        Ok(source) => {
            log::info!("the source {} was added", source.slug);
            Ok(Ok(source))
        }
        Err(StoreError::Taken { .. }) => {
            let error = format!("{} is already in use. Choose another URL.", state.links.catalog(draft.slug.as_str()));
            Ok(Err(Box::new(SourceErrors { slug: Some(error), ..SourceErrors::default() })))
        }
        Err(error) => Err(error.into()),
    }
}

/// Starts the first sync of a source. If that fails, the source is there, and its page has the Sync button.
fn start_first_sync(state: &AppState, source: &Source, actor: &Actor) {
    match state.control.start(source, &StartRequest::sync_by_hand(&actor.name)) {
        Ok(outcome) => log::debug!("source {}: first sync: {outcome:?}", source.slug),
        Err(error) => log::warn!("source {}: the first sync could not be started: {error}", source.slug),
    }
}

/// Whether two texts have the same lines, whatever their line breaks.
fn has_same_lines(one: &str, other: &str) -> bool {
    one.lines().map(str::trim).eq(other.lines().map(str::trim))
}
