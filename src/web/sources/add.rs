//! Adds a source in two steps: connect (its link or file) and review (its content).
//!
//! Forms are not trusted: a source is probed again before it is stored, and a form can name an upload by its id but
//! never a path of the server.

use std::collections::VecDeque;

use actix_web::{HttpRequest, web};
use url::Url;

use super::field_errors::{FieldErrors, file_error, link_error};
use super::form;
use super::form::file_name_of;
use super::handlers::receive_form;
use super::kept_address;
use super::kind_offer::{CODES_WITHOUT_CONTENT, is_something_else, offer_other_kind};
use super::pages::{
    SourcePageContext, first_scheduled_run, found_columns, free_slug, kind_choice, place_error, probe_place,
    source_choices, too_large_error,
};
use super::place::{SourcePlace, hide_secrets, parse_places, replacement_places};
use super::review::show_review_step;
use super::uploads;
use super::uploads::SentFile;
use super::view::{FoundColumns, KindChoice, SourceChoices, SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::{ProbeError, SourceProbe};
use crate::store::StoreError;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
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
        let called = match sent.file {
            SentFile::Stored { id, name } => {
                form.upload = id;
                name
            }
            SentFile::TooLarge => {
                return show_connect_step(state, &actor, form, DetectionFailure::from(too_large_error()));
            }
            SentFile::None => trimmed_value(&sent.values, "called"),
        };
        if let Some(too_long) = sent.too_long {
            return show_connect_step(state, &actor, form, DetectionFailure::from(link_error(too_long)));
        }
        if !form.upload.is_empty() && !form.url.is_empty() {
            let both = "Enter a link or choose a file, not both.".to_owned();
            uploads::delete_upload(&state.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
            return show_connect_step(state, &actor, form, DetectionFailure::from(file_error(both)));
        }
        match detect(state, &form)? {
            Ok((place, probe)) => {
                let kind_note = state.control.replacement_notice(&place.kind, &form.kind);
                form.kind.clone_from(&place.kind);
                propose_fields(state, &mut form, &place, &probe, &called)?;
                hide_secrets(state, &mut form, Some(&place), &[])?;
                let mut found = FoundColumns { kind_note, ..found_columns(state, &place, &probe) };
                if found.location.is_empty() {
                    found.location = called;
                }
                SourcePageContext::new(SourceStep::Review(found), form).render(state, &actor)
            }
            Err(failure) => {
                form.file_name = called;
                show_connect_step(state, &actor, form, failure)
            }
        }
    })
    .await
}

/// `POST /settings/sources`: adds the source. It is probed again: it may have changed, and the form is not trusted.
pub(in crate::web) async fn add_source(app: AppContext, form: FormData<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let values = form.into_values()?;
        let mut form = form::parse_form(&values);
        let proposed = trimmed_value(&values, "use_header_row");
        let only_looks = trimmed_value(&values, "again") == "1" || !proposed.is_empty();
        if !proposed.is_empty() {
            form::set_header_row(&mut form, proposed);
        }
        let (place, probe, cannot_read) = match detect(state, &form)? {
            Ok((place, probe)) => (place, probe, None),
            Err(failure) => match detect_with_defaults(state, &form)? {
                Some((place, probe)) => (place, probe, failure.message()),
                None => return show_connect_step(state, &actor, form, failure),
            },
        };
        if only_looks || cannot_read.is_some() {
            return show_review_step(state, &actor, form, &place, &probe, cannot_read);
        }
        let mut columns = probe.columns.clone();
        if let Some(key) = state.control.key_column(&place.kind) {
            form.key = key.to_owned();
            columns.push(form.key.clone());
        }
        let errors = match form::check_form(&form, &place, &columns) {
            Ok((mut draft, schedule)) => match form::unconfirmed_columns(&form, &probe.hidden_columns) {
                Some(errors) => errors,
                None => {
                    let published = form::published_columns(&form, &[]);
                    draft.read_options.published_hidden_columns = published;
                    match insert_source(state, &draft, schedule.as_ref())? {
                        Ok(source) => {
                            kept_address::delete_addresses(&state.uploads_dir, &form.address_id);
                            return Ok(HtmlResponse::redirect(state.links.catalog(source.slug.as_str())));
                        }
                        Err(errors) => errors,
                    }
                }
            },
            Err(errors) => errors,
        };
        form.kind.clone_from(&place.kind);
        hide_secrets(state, &mut form, Some(&place), &[])?;
        let step = SourceStep::Review(found_columns(state, &place, &probe));
        SourcePageContext::new(step, form).with_errors(errors).render(state, &actor)
    })
    .await
}

/// Detects the source with default read options; `None` if none were set.
fn detect_with_defaults(state: &AppState, form: &SourceForm) -> Result<Option<(SourcePlace, SourceProbe)>, WebError> {
    if form.read_options == ReadOptions::default() {
        return Ok(None);
    }
    let detected = SourceForm { read_options: ReadOptions::default(), ..form.clone() };
    Ok(detect(state, &detected)?.ok())
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
        uploads::delete_upload(&state.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
    }
    hide_secrets(state, &mut form, place.as_ref(), &[])?;
    let choices = SourceChoices { offer, named_feeds, ..source_choices(state, &form.kind) };
    SourcePageContext::new(SourceStep::Connect(choices), form).with_errors(errors).render(state, actor)
}

/// Why no source was detected.
struct DetectionFailure {
    errors: FieldErrors,
    /// The probed place, if the form named one.
    place: Option<SourcePlace>,
    /// The kind that can read it instead.
    offer: Option<KindChoice>,
    /// The feeds that the page there links to.
    named_feeds: Vec<String>,
}

impl DetectionFailure {
    /// The message of the error.
    fn message(self) -> Option<String> {
        let SourceErrors { url, file, general, .. } = *self.errors;
        url.or(file).or(general)
    }
}

impl From<FieldErrors> for DetectionFailure {
    fn from(errors: FieldErrors) -> Self {
        Self { errors, place: None, offer: None, named_feeds: Vec::new() }
    }
}

/// Probes the place that a form names. If several kinds are possible, the first kind that can read it is used. If the
/// selected kind cannot read it, the kind that replaces it is used.
fn detect(
    state: &AppState,
    form: &SourceForm,
) -> Result<Result<(SourcePlace, SourceProbe), DetectionFailure>, WebError> {
    let places = match parse_places(state, form, &[])? {
        Ok(places) => places,
        Err(errors) => {
            let other = state.control.kind_of_link(&form.url).filter(|kind| !["", kind].contains(&form.kind.as_str()));
            let offer = other.and_then(|kind| kind_choice(state, kind));
            return Ok(Err(DetectionFailure { offer, ..DetectionFailure::from(errors) }));
        }
    };
    let mut first: Option<(SourcePlace, ProbeError)> = None;
    let mut named_feeds = Vec::new();
    let mut places = VecDeque::from(places);
    while let Some(place) = places.pop_front() {
        match probe_place(state, &place) {
            Ok(probe) => return Ok(Ok((place, probe))),
            Err(error) => {
                let over = CODES_WITHOUT_CONTENT.contains(&error.code);
                named_feeds.extend_from_slice(&error.named_feeds);
                let is_other = is_something_else(&place, &error);
                if is_other && !form.kind.is_empty() && first.is_none() {
                    places.extend(replacement_places(state, form, &place));
                }
                // The error of the kind that the content belongs to explains more.
                let explains_more = |(before, why): &(SourcePlace, ProbeError)| {
                    let is_replacement = state.control.replacement_notice(&place.kind, &before.kind).is_some();
                    is_replacement && !is_other && is_something_else(before, why)
                };
                if first.as_ref().is_none_or(explains_more) {
                    first = Some((place, error));
                }
                if over {
                    break;
                }
            }
        }
    }
    let Some((place, error)) = first else {
        let error = "No type of source supports this link.".to_owned();
        return Ok(Err(link_error(error).into()));
    };
    let (errors, offer) = (place_error(&place, &error), offer_other_kind(state, form, &place, &error));
    Ok(Err(DetectionFailure { errors, place: Some(place), offer, named_feeds }))
}

/// Fills in key, names and URL.
fn propose_fields(
    state: &AppState,
    form: &mut SourceForm,
    place: &SourcePlace,
    probe: &SourceProbe,
    called: &str,
) -> Result<(), WebError> {
    let control = &state.control;
    let own_key = control.key_column(&place.kind);
    form.key = own_key.or_else(|| probe.proposed_key()).unwrap_or_default().to_owned();
    let form_spec = control.form_spec(&place.kind);
    let address = match &place.location {
        // The last part of the path of such a link is not a name.
        SourceLocation::Url(address) if control.kind_of_link(address).is_none() => address.as_str(),
        _ => "",
    };
    let noun = control.default_noun(&place.kind);
    match &probe.title {
        Some(title) if called.is_empty() => form::propose_after_title(form, title, noun),
        _ if called.is_empty() => form::propose_from_file_name(form, &file_name_of(address), noun),
        _ => form::propose_from_file_name(form, called, noun),
    }
    let host = || Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    let title = match &probe.feeds[..] {
        _ if form_spec.is_some_and(|spec| spec.asked == AddressInput::Account) => host(),
        [only] => Some(only.title.clone()),
        _ => None,
    };
    if let Some(title) = title.filter(|title| !title.is_empty()) {
        form::propose_name(form, &title);
    }
    if form.name.is_empty() && own_key.is_some() {
        form::propose_name(form, form_spec.map_or("", |spec| spec.title));
    }
    form.slug = free_slug(state, &form.slug)?;
    Ok(())
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
