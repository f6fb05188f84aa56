//! Adding a source, in two steps: where is it, and what is in it?
//!
//! Nothing that comes with a form is believed: the place is looked at again before it is stored, and a form can name an
//! upload by its id but never a path of the server.

use std::collections::VecDeque;

use actix_web::{HttpRequest, web};
use url::Url;

use super::field_errors::{FieldErrors, file_error, link_error};
use super::form;
use super::form::file_name_of;
use super::handlers::receive_form;
use super::kept_address;
use super::kind_offer::{NOTHING_CAME, is_something_else, offer};
use super::pages::{
    SourcePageContext, beside, choice, found, free_slug, next_run, probe_place, source_choices, too_large,
};
use super::place::{SourcePlace, meant, stand_ins, veil};
use super::review::show_again;
use super::uploads;
use super::uploads::SentFile;
use super::view::{FoundColumns, KindChoice, SourceChoices, SourceErrors, SourceForm, SourceStep};
use crate::domain::account::Actor;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::{CannotLook, SourceProbe};
use crate::store::StoreError;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCredentials;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;

/// `GET /settings/sources/new`: where is it? `kind` chooses what is asked for.
pub(in crate::web) async fn place(
    app: AppData,
    credentials: RequestCredentials,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app_state::run_slow_blocking(&app, move |state| {
        let actor = credentials.resolve(state)?.admin()?;
        let choices = source_choices(state, &trimmed_value(&query, "kind"));
        let kind = if choices.selected.is_some() { trimmed_value(&query, "kind") } else { String::new() };
        SourcePageContext::new(SourceStep::Connect(choices), SourceForm { kind, ..SourceForm::default() })
            .draw(state, &actor)
    })
    .await
}

/// `POST /settings/sources/new`: looks at what was typed or uploaded and asks for the rest.
pub(in crate::web) async fn look(
    app: AppData,
    credentials: RequestCredentials,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HtmlResponse, WebError> {
    let sent = receive_form(&app, &credentials, &request, body).await?;
    app_state::run_slow_blocking(&app, move |state| {
        let actor = credentials.resolve(state)?.admin()?;
        uploads::clear_abandoned(&state.uploads_dir, &state.store.sources()?);
        let mut form = form::typed(&sent.values);
        let called = match sent.file {
            SentFile::Stored { id, name } => {
                form.upload = id;
                name
            }
            SentFile::TooLarge => return ask_again(state, &actor, form, DetectionFailure::from(too_large())),
            SentFile::None => trimmed_value(&sent.values, "called"),
        };
        if let Some(too_long) = sent.too_long {
            return ask_again(state, &actor, form, DetectionFailure::from(link_error(too_long)));
        }
        if !form.upload.is_empty() && !form.url.is_empty() {
            let both = "There is an address and a file. Choose one of the two.".to_owned();
            uploads::discard(&state.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
            return ask_again(state, &actor, form, DetectionFailure::from(file_error(both)));
        }
        match find(state, &form)? {
            Ok((place, look)) => {
                let kind_note = state.control.substitute_note(&place.kind, &form.kind);
                form.kind.clone_from(&place.kind);
                propose(state, &mut form, &place, &look, &called)?;
                veil(state, &mut form, Some(&place), &[])?;
                let mut found = FoundColumns { kind_note, ..found(state, &place, &look) };
                if found.location.is_empty() {
                    found.location = called;
                }
                SourcePageContext::new(SourceStep::Review(found), form).draw(state, &actor)
            }
            Err(failure) => {
                form.file_name = called;
                ask_again(state, &actor, form, failure)
            }
        }
    })
    .await
}

/// `POST /settings/sources`: adds what was looked at. It is looked at again: in between it may have changed, and the
/// form is only what somebody sent.
pub(in crate::web) async fn add(
    app: AppData,
    credentials: RequestCredentials,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app_state::run_slow_blocking(&app, move |state| {
        let actor = credentials.resolve(state)?.admin()?;
        let values = form.into_values()?;
        let mut form = form::typed(&values);
        let proposed = trimmed_value(&values, "use_header_row");
        let only_looks = trimmed_value(&values, "again") == "1" || !proposed.is_empty();
        if !proposed.is_empty() {
            form::set_header_row(&mut form, proposed);
        }
        let (place, look, cannot_read) = match find(state, &form)? {
            Ok((place, look)) => (place, look, None),
            Err(failure) => match find_as_detected(state, &form)? {
                Some((place, look)) => (place, look, failure.message()),
                None => return ask_again(state, &actor, form, failure),
            },
        };
        if only_looks || cannot_read.is_some() {
            return show_again(state, &actor, form, &place, &look, cannot_read);
        }
        let mut columns = look.columns.clone();
        if let Some(key) = state.control.key_column(&place.kind) {
            form.key = key.to_owned();
            columns.push(form.key.clone());
        }
        let errors = match form::check(&form, &place, &columns) {
            Ok((mut draft, schedule)) => match form::unconfirmed_columns(&form, &look.hidden_columns) {
                Some(errors) => errors,
                None => {
                    let published = form::published_columns(&form, &[]);
                    draft.read_options.published_hidden_columns = published;
                    match insert(state, &draft, schedule.as_ref())? {
                        Ok(source) => {
                            kept_address::forget(&state.uploads_dir, &form.address_id);
                            return Ok(HtmlResponse::redirect(state.links.catalog(source.slug.as_str())));
                        }
                        Err(errors) => errors,
                    }
                }
            },
            Err(errors) => errors,
        };
        form.kind.clone_from(&place.kind);
        veil(state, &mut form, Some(&place), &[])?;
        let step = SourceStep::Review(found(state, &place, &look));
        SourcePageContext::new(step, form).wrong(errors).draw(state, &actor)
    })
    .await
}

/// Looks at the place without what is set of how it is read, where anything is.
fn find_as_detected(state: &AppState, form: &SourceForm) -> Result<Option<(SourcePlace, SourceProbe)>, WebError> {
    if form.read_options == ReadOptions::default() {
        return Ok(None);
    }
    let detected = SourceForm { read_options: ReadOptions::default(), ..form.clone() };
    Ok(find(state, &detected)?.ok())
}

/// The first step again, with what is wrong and what was typed.
fn ask_again(
    state: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    failure: DetectionFailure,
) -> Result<HtmlResponse, WebError> {
    let DetectionFailure { errors, place, offer, named_feeds } = failure;
    if offer.is_none() {
        uploads::discard(&state.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
    }
    veil(state, &mut form, place.as_ref(), &[])?;
    let choices = SourceChoices { offer, named_feeds, ..source_choices(state, &form.kind) };
    SourcePageContext::new(SourceStep::Connect(choices), form).wrong(errors).draw(state, actor)
}

/// Why nothing was found.
struct DetectionFailure {
    errors: FieldErrors,
    /// Where it was looked for, if what was typed is a place.
    place: Option<SourcePlace>,
    /// The kind of place that it is instead.
    offer: Option<KindChoice>,
    /// The feeds that the page there names.
    named_feeds: Vec<String>,
}

impl DetectionFailure {
    /// The message for people.
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

/// Looks at the place that a form means. Where several kinds may be meant it is the first that can read what is there;
/// where one is, but what is there is something else, it is the kind that stands in for it.
fn find(state: &AppState, form: &SourceForm) -> Result<Result<(SourcePlace, SourceProbe), DetectionFailure>, WebError> {
    let places = match meant(state, form, &[])? {
        Ok(places) => places,
        Err(errors) => {
            let other = state.control.kind_of_link(&form.url).filter(|kind| !["", kind].contains(&form.kind.as_str()));
            let offer = other.and_then(|kind| choice(state, kind));
            return Ok(Err(DetectionFailure { offer, ..DetectionFailure::from(errors) }));
        }
    };
    let mut first: Option<(SourcePlace, CannotLook)> = None;
    let mut named_feeds = Vec::new();
    let mut places = VecDeque::from(places);
    while let Some(place) = places.pop_front() {
        match probe_place(state, &place) {
            Ok(look) => return Ok(Ok((place, look))),
            Err(error) => {
                let over = NOTHING_CAME.contains(&error.code);
                named_feeds.extend_from_slice(&error.named_feeds);
                let is_other = is_something_else(&place, &error);
                if is_other && !form.kind.is_empty() && first.is_none() {
                    places.extend(stand_ins(state, form, &place));
                }
                // What is wrong with it says the kind that it is of.
                let is_truer = |(before, why): &(SourcePlace, CannotLook)| {
                    let stands_in = state.control.substitute_note(&place.kind, &before.kind).is_some();
                    stands_in && !is_other && why.code == format!("not_{}", before.kind)
                };
                if first.as_ref().is_none_or(is_truer) {
                    first = Some((place, error));
                }
                if over {
                    break;
                }
            }
        }
    }
    let Some((place, error)) = first else {
        let error = "No kind of source takes that.".to_owned();
        return Ok(Err(link_error(error).into()));
    };
    let (errors, offer) = (beside(&place, &error), offer(state, form, &place, &error));
    Ok(Err(DetectionFailure { errors, place: Some(place), offer, named_feeds }))
}

/// Proposes key, name and nouns.
fn propose(
    state: &AppState,
    form: &mut SourceForm,
    place: &SourcePlace,
    look: &SourceProbe,
    called: &str,
) -> Result<(), WebError> {
    let control = &state.control;
    let own_key = control.key_column(&place.kind);
    form.key = own_key.or_else(|| look.proposed_key()).unwrap_or_default().to_owned();
    let way = control.form_spec(&place.kind);
    let address = match &place.location {
        // The last part of such an address says nothing.
        SourceLocation::Url(address) if control.kind_of_link(address).is_none() => address.as_str(),
        _ => "",
    };
    let noun = control.default_noun(&place.kind);
    match &look.title {
        Some(title) if called.is_empty() => form::propose_after_title(form, title, noun),
        _ if called.is_empty() => form::propose(form, &file_name_of(address), noun),
        _ => form::propose(form, called, noun),
    }
    let host = || Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    let title = match &look.feeds[..] {
        _ if way.is_some_and(|way| way.asked == AddressInput::Account) => host(),
        [only] => Some(only.title.clone()),
        _ => None,
    };
    if let Some(title) = title.filter(|title| !title.is_empty()) {
        form::propose_name(form, &title);
    }
    if form.name.is_empty() && own_key.is_some() {
        form::propose_name(form, way.map_or("", |way| way.title));
    }
    form.slug = free_slug(state, &form.slug)?;
    Ok(())
}

fn insert(
    state: &AppState,
    draft: &SourceDraft,
    schedule: Option<&Schedule>,
) -> Result<Result<Source, FieldErrors>, WebError> {
    match state.store.add_source(draft, next_run(schedule)) {
        Ok(source) => {
            log::info!("the source {} was added", source.slug);
            Ok(Ok(source))
        }
        Err(StoreError::Taken { .. }) => {
            let error = format!("There is a catalog at /catalog/{} already. Choose another address.", draft.slug);
            Ok(Err(Box::new(SourceErrors { slug: Some(error), ..SourceErrors::default() })))
        }
        Err(error) => Err(error.into()),
    }
}
