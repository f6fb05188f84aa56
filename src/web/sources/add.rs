//! Adding a source, in two steps: where is it, and what is in it?
//!
//! Nothing that comes with a form is believed: the place is looked at again before it is stored, and a form can name an
//! upload by its id but never a path of the server.

use std::collections::VecDeque;

use actix_web::{HttpRequest, web};
use url::Url;

use super::form;
use super::form::{FieldErrors, file_name_of, wrong_file, wrong_link};
use super::handlers::receive;
use super::kept_address;
use super::kind_offer::{NOTHING_CAME, is_something_else, offer};
use super::pages::{SourcePageContext, beside, choice, found, free_slug, look_at, next_run, too_large, ways};
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
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, value};
use crate::web::layout::page::RenderedHtml;

/// `GET /settings/sources/new`: where is it? `kind` chooses what is asked for.
pub(in crate::web) async fn place(
    rooms: AppData,
    caller: RequestCaller,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let ways = ways(house, &value(&query, "kind"));
        let kind = if ways.chosen.is_some() { value(&query, "kind") } else { String::new() };
        SourcePageContext::new(SourceStep::Place(ways), SourceForm { kind, ..SourceForm::default() })
            .draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/new`: looks at what was typed or uploaded and asks for the rest.
pub(in crate::web) async fn look(
    rooms: AppData,
    caller: RequestCaller,
    request: HttpRequest,
    body: web::Payload,
) -> Result<RenderedHtml, WebError> {
    let sent = receive(&rooms, &caller, &request, body).await?;
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        uploads::clear_abandoned(&house.uploads_dir, &house.store.sources()?);
        let mut form = form::typed(&sent.values);
        let called = match sent.file {
            SentFile::Stored { id, name } => {
                form.upload = id;
                name
            }
            SentFile::TooLarge => return ask_again(house, &actor, form, DetectionFailure::from(too_large())),
            SentFile::None => value(&sent.values, "called"),
        };
        if let Some(too_long) = sent.too_long {
            return ask_again(house, &actor, form, DetectionFailure::from(wrong_link(too_long)));
        }
        if !form.upload.is_empty() && !form.url.is_empty() {
            let both = "There is an address and a file. Choose one of the two.".to_owned();
            uploads::discard(&house.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
            return ask_again(house, &actor, form, DetectionFailure::from(wrong_file(both)));
        }
        match find(house, &form)? {
            Ok((place, look)) => {
                let taken_as = house.control.stand_in_note(&place.kind, &form.kind);
                form.kind.clone_from(&place.kind);
                propose(house, &mut form, &place, &look, &called)?;
                veil(house, &mut form, Some(&place), &[])?;
                let mut found = FoundColumns { taken_as, ..found(house, &place, &look) };
                if found.place.is_empty() {
                    found.place = called;
                }
                SourcePageContext::new(SourceStep::Columns(found), form).draw(house, &actor)
            }
            Err(missed) => {
                form.called = called;
                ask_again(house, &actor, form, missed)
            }
        }
    })
    .await
}

/// `POST /settings/sources`: adds what was looked at. It is looked at again: in between it may have changed, and the
/// form is only what somebody sent.
pub(in crate::web) async fn add(
    rooms: AppData,
    caller: RequestCaller,
    form: FormData<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let values = form.read()?;
        let mut form = form::typed(&values);
        let proposed = value(&values, "use_header_row");
        let only_looks = value(&values, "again") == "1" || !proposed.is_empty();
        if !proposed.is_empty() {
            form::set_header_row(&mut form, proposed);
        }
        let (place, look, cannot_read) = match find(house, &form)? {
            Ok((place, look)) => (place, look, None),
            Err(missed) => match find_as_detected(house, &form)? {
                Some((place, look)) => (place, look, missed.message()),
                None => return ask_again(house, &actor, form, missed),
            },
        };
        if only_looks || cannot_read.is_some() {
            return show_again(house, &actor, form, &place, &look, cannot_read);
        }
        let mut columns = look.columns.clone();
        if let Some(key) = house.control.key_column(&place.kind) {
            form.key = key.to_owned();
            columns.push(form.key.clone());
        }
        let errors = match form::check(&form, &place, &columns) {
            Ok((mut draft, schedule)) => match form::unconfirmed_columns(&form, &look.hidden_columns) {
                Some(errors) => errors,
                None => {
                    let published = form::published_columns(&form, &[]);
                    draft.read_options.published_hidden_columns = published;
                    match insert(house, &draft, schedule.as_ref())? {
                        Ok(source) => {
                            kept_address::forget(&house.uploads_dir, &form.waits);
                            return Ok(RenderedHtml::see_other(format!("/catalog/{}", source.slug)));
                        }
                        Err(errors) => errors,
                    }
                }
            },
            Err(errors) => errors,
        };
        form.kind.clone_from(&place.kind);
        veil(house, &mut form, Some(&place), &[])?;
        let step = SourceStep::Columns(found(house, &place, &look));
        SourcePageContext::new(step, form).wrong(errors).draw(house, &actor)
    })
    .await
}

/// Looks at the place without what is set of how it is read, where anything is.
fn find_as_detected(house: &AppState, form: &SourceForm) -> Result<Option<(SourcePlace, SourceProbe)>, WebError> {
    if form.read_options == ReadOptions::default() {
        return Ok(None);
    }
    let detected = SourceForm { read_options: ReadOptions::default(), ..form.clone() };
    Ok(find(house, &detected)?.ok())
}

/// The first step again, with what is wrong and what was typed.
fn ask_again(
    house: &AppState,
    actor: &Actor,
    mut form: SourceForm,
    missed: DetectionFailure,
) -> Result<RenderedHtml, WebError> {
    let DetectionFailure { errors, place, offer, named } = missed;
    if offer.is_none() {
        uploads::discard(&house.uploads_dir, &SourceLocation::Upload(std::mem::take(&mut form.upload)));
    }
    veil(house, &mut form, place.as_ref(), &[])?;
    let ways = SourceChoices { offer, named, ..ways(house, &form.kind) };
    SourcePageContext::new(SourceStep::Place(ways), form).wrong(errors).draw(house, actor)
}

/// Why nothing was found.
struct DetectionFailure {
    errors: FieldErrors,
    /// Where it was looked for, if what was typed is a place.
    place: Option<SourcePlace>,
    /// The kind of place that it is instead.
    offer: Option<KindChoice>,
    /// The feeds that the page there names.
    named: Vec<String>,
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
        Self { errors, place: None, offer: None, named: Vec::new() }
    }
}

/// Looks at the place that a form means. Where several kinds may be meant it is the first that can read what is there;
/// where one is, but what is there is something else, it is the kind that stands in for it.
fn find(house: &AppState, form: &SourceForm) -> Result<Result<(SourcePlace, SourceProbe), DetectionFailure>, WebError> {
    let places = match meant(house, form, &[])? {
        Ok(places) => places,
        Err(errors) => {
            let other = house.control.recognise(&form.url).filter(|kind| !["", kind].contains(&form.kind.as_str()));
            let offer = other.and_then(|kind| choice(house, kind));
            return Ok(Err(DetectionFailure { offer, ..DetectionFailure::from(errors) }));
        }
    };
    let mut first: Option<(SourcePlace, CannotLook)> = None;
    let mut named = Vec::new();
    let mut places = VecDeque::from(places);
    while let Some(place) = places.pop_front() {
        match look_at(house, &place) {
            Ok(look) => return Ok(Ok((place, look))),
            Err(error) => {
                let over = NOTHING_CAME.contains(&error.code);
                named.extend_from_slice(&error.named_feeds);
                let is_other = is_something_else(&place, &error);
                if is_other && !form.kind.is_empty() && first.is_none() {
                    places.extend(stand_ins(house, form, &place));
                }
                // What is wrong with it says the kind that it is of.
                let is_truer = |(before, why): &(SourcePlace, CannotLook)| {
                    let stands_in = house.control.stand_in_note(&place.kind, &before.kind).is_some();
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
        return Ok(Err(wrong_link(error).into()));
    };
    let (errors, offer) = (beside(&place, &error), offer(house, form, &place, &error));
    Ok(Err(DetectionFailure { errors, place: Some(place), offer, named }))
}

/// Proposes key, name and nouns.
fn propose(
    house: &AppState,
    form: &mut SourceForm,
    place: &SourcePlace,
    look: &SourceProbe,
    called: &str,
) -> Result<(), WebError> {
    let control = &house.control;
    let own_key = control.key_column(&place.kind);
    form.key = own_key.or_else(|| look.proposed_key()).unwrap_or_default().to_owned();
    let way = control.way_in(&place.kind);
    let address = match &place.location {
        // The last part of such an address says nothing.
        SourceLocation::Url(address) if control.recognise(address).is_none() => address.as_str(),
        _ => "",
    };
    let noun = control.noun(&place.kind);
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
    form.slug = free_slug(house, &form.slug)?;
    Ok(())
}

fn insert(
    house: &AppState,
    draft: &SourceDraft,
    schedule: Option<&Schedule>,
) -> Result<Result<Source, FieldErrors>, WebError> {
    match house.store.add_source(draft, next_run(schedule)) {
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
