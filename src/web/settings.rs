//! `/settings/sources`: list, change and remove sources. For admins. Adding one is in [`super::settings_add`].

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::error::WebError;
use super::forms::{Values, value};
use super::guard::Caller;
use super::kind_offer::stand_in_offer;
use super::page::{Html, chrome, when};
use super::read_form;
use super::set_aside;
use super::settings_page::{
    Shown, beside, form_of, found, found_without_look, known, look_again, missing_key, next_run, too_large,
};
use super::source_form::{self, Wrong, are_published, general, wrong_link, wrong_reading};
use super::source_place::{Place, meant, veil};
use super::state::{self, House, Rooms};
use super::uploads::{self, SentFile};
use super::views::base::Section;
use super::views::sources::{FoundColumns, RemoveFacts, SourceForm, SourceSetting, SourceStep, SourcesPage};
use crate::domain::location::Location;
use crate::domain::look::Look;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::store::sources::SourceChange;

const BUSY: &str = "A sync of this source is running. Nothing was changed; try again when it is over.";

/// `GET /settings/sources`.
pub(super) async fn list(rooms: Rooms, caller: Caller, query: web::Query<Values>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let mut catalogs: std::collections::HashMap<_, _> = house.store.catalogs()?.into_iter().collect();
        let setting = |source: Source| {
            let catalog = catalogs.remove(&source.id);
            let place = Place::from(&source);
            SourceSetting {
                slug: source.slug.to_string(),
                name: source.name,
                kind: place.kind_in_words(&house.control).to_owned(),
                place: place.place_in_words(),
                key: source.key_column,
                public: source.public,
                count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
                noun_one: source.noun.one,
                noun_many: source.noun.many,
                last_success: catalog.and_then(|catalog| catalog.last_success_at).map(when),
                schedule: source.schedule.as_deref().and_then(source_form::schedule_in_words),
            }
        };
        let done = match value(&query, "done").as_str() {
            "saved" => Some("The source was saved. Press Sync in its catalog to take it over.".to_owned()),
            "removed" => Some("The source was removed.".to_owned()),
            _ => None,
        };
        Html::draw(&SourcesPage {
            chrome: chrome(house, Some(&actor), "Sources", Section::Settings)?,
            sources: house.store.sources()?.into_iter().map(setting).collect(),
            done,
        })
    })
    .await
}

/// `GET /settings/sources/{slug}`.
pub(super) async fn edit(rooms: Rooms, caller: Caller, slug: web::Path<String>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        let place = Place::from(&source);
        let mut shown = Shown::new(SourceStep::Edit(found_without_look(house, &source)?), form_of(house, &source));
        // While a run is active the page would only stand in line behind it. Where no key is asked for, there is
        // nothing to be seen that the catalog does not show.
        let asks_key = house.control.key_column(&source.kind).is_none();
        if asks_key && house.store.active_run(source.id)?.is_none() {
            match look_again(house, &source) {
                Ok(look) => {
                    shown.step = SourceStep::Edit(found(house, &place, &look));
                    shown.errors = missing_key(&look);
                    shown.form.publish_hidden = are_published(&source, &look.hidden_columns);
                }
                // What is wrong at the source is not this request's fault.
                Err(error) => shown.errors = beside(&place, &error),
            }
        }
        shown.draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}`: changes a source, or with `again` only shows what it would be. The place is
/// looked at again if it, the key or how it is read is another.
pub(super) async fn change(
    rooms: Rooms,
    caller: Caller,
    slug: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<Html, WebError> {
    let sent = receive(&rooms, &caller, &request, body).await?;
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        let mut form = typed_of(house, &source, &sent.values);
        let only_looks = value(&sent.values, "again") == "1";
        let place = match sent.file {
            SentFile::Stored { id, .. } => {
                form.upload = id;
                changed_place(house, &source, &form)?
            }
            SentFile::TooLarge => Err(too_large()),
            SentFile::None => match sent.too_long {
                Some(too_long) => Err(wrong_link(too_long)),
                None => changed_place(house, &source, &form)?,
            },
        };
        let looked = match &place {
            Ok(place) => look_at_change(house, &source, place, &form, only_looks),
            Err(errors) => Err(errors.clone()),
        };
        let offer = match (&place, &looked) {
            (Ok(place), Err(_)) => stand_in_offer(house, &form, place),
            _ => None,
        };
        let (errors, status) = match (&place, &looked) {
            (Ok(place), Ok(look)) => match checked(house, &source, &form, place, look.as_ref()) {
                Ok(_) if only_looks => (Wrong::default(), StatusCode::OK),
                Ok((draft, schedule)) => {
                    match house.store.change_source(source.id, &draft, next_run(schedule.as_ref()))? {
                        SourceChange::Done => {
                            if place.location != source.location {
                                uploads::discard(&house.uploads_dir, &source.location);
                            }
                            set_aside::forget(&house.uploads_dir, &form.waits);
                            log::info!("the source {} was changed", source.slug);
                            return Ok(Html::see_other("/settings/sources?done=saved"));
                        }
                        SourceChange::Busy => (general(BUSY), StatusCode::CONFLICT),
                        SourceChange::Gone => return Err(WebError::not_found("source")),
                    }
                }
                Err(errors) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
            },
            (Err(errors), _) | (_, Err(errors)) => (errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
        };
        let found = match (&place, looked) {
            (Ok(place), Ok(Some(look))) => found(house, place, &look),
            _ => FoundColumns { offer, ..found_without_look(house, &source)? },
        };
        veil(house, &mut form, place.as_ref().ok(), source.location.addresses())?;
        let mut shown = Shown::new(SourceStep::Edit(found), form).wrong(errors);
        shown.status = status;
        shown.draw(house, &actor)
    })
    .await
}

/// What was typed of a source that is there. What cannot be changed, and what the form did not ask for, stays.
fn typed_of(house: &House, source: &Source, values: &Values) -> SourceForm {
    let mut form = source_form::typed(values);
    form.slug = source.slug.to_string();
    // The button that takes what was given as what it is.
    let is_taken_as = house.control.stand_in_note(&form.kind, &source.kind).is_some();
    if !is_taken_as {
        form.kind.clone_from(&source.kind);
    }
    if let Some(key) = house.control.key_column(&source.kind) {
        form.key = key.to_owned();
    }
    if form.reading.is_none() {
        form.reading = Some(read_form::of_options(&source.read_options));
        form.read_options = source.read_options.clone();
    }
    form.read_options.published_hidden_columns.clone_from(&source.read_options.published_hidden_columns);
    form
}

/// Looks at the place after a change, where it has to be looked at: `None` where nothing of it is another.
fn look_at_change(
    house: &House,
    source: &Source,
    place: &Place,
    form: &SourceForm,
    always: bool,
) -> Result<Option<Look>, Wrong> {
    // What becomes public is looked at for what is hidden in it.
    let is_other = *place != Place::from(source) || form.key != source.key_column || is_published(house, source, form);
    if !always && !is_other {
        return Ok(None);
    }
    let Some(new) = place.beyond(&source.location) else { return Ok(None) };
    let Place { kind, location, read_options } = new.clone();
    // With its hidden columns allowed, none is left out.
    let public = form.public && !form.publish_hidden;
    let changed = Source { kind, location, read_options, key_column: form.key.clone(), public, ..source.clone() };
    look_again(house, &changed).map(Some).map_err(|error| {
        // What could be read before cannot be read as it is set now.
        let is_reading = place.location == source.location && place.read_options != source.read_options;
        if is_reading { wrong_reading(error.to_string()) } else { beside(&new, &error) }
    })
}

/// Whether the form makes something public that may be hidden in the source: a catalog, or its hidden columns.
fn is_published(house: &House, source: &Source, form: &SourceForm) -> bool {
    form.public && (!source.public || form.publish_hidden) && house.control.can_hide_columns(&source.kind)
}

/// A draft of what was typed; or what is wrong, field by field.
fn checked(
    house: &House,
    source: &Source,
    form: &SourceForm,
    place: &Place,
    look: Option<&Look>,
) -> Result<(SourceDraft, Option<Schedule>), Wrong> {
    let mut columns = look.map_or_else(Vec::new, |look| look.columns.clone());
    if look.is_none() || house.control.key_column(&source.kind).is_some() {
        columns.push(form.key.clone());
    }
    let (mut draft, schedule) = source_form::check(form, place, &columns).map_err(|mut errors| {
        let missing = look.and_then(|look| look.missing_key.clone());
        errors.key = errors.key.map(|error| missing.unwrap_or(error));
        errors
    })?;
    let hidden = look.map(|look| look.hidden_columns.as_slice()).unwrap_or_default();
    // A catalog that is public already leaves out what is not allowed.
    if let Some(errors) = source_form::unconfirmed_columns(form, hidden).filter(|_| !source.public) {
        return Err(errors);
    }
    let before = &source.read_options.published_hidden_columns;
    let published = source_form::published_columns(form, look.map(|look| look.hidden_columns.as_slice()), before);
    draft.read_options.published_hidden_columns = published;
    Ok((draft, schedule))
}

/// The place after a change: another upload, other addresses, or what it was. A file of the server stays what it is.
fn changed_place(house: &House, source: &Source, form: &SourceForm) -> Result<Result<Place, Wrong>, WebError> {
    let meant_one = |form: &SourceForm| -> Result<Result<Place, Wrong>, WebError> {
        let places = meant(house, form, source.location.addresses())?;
        Ok(places.map(|places| places.into_iter().next().unwrap_or_else(|| Place::from(source))))
    };
    match &source.location {
        Location::Upload(_) | Location::Sample if !form.upload.is_empty() => meant_one(form),
        Location::Url(_) | Location::Urls(_) => meant_one(&SourceForm { upload: String::new(), ..form.clone() }),
        Location::Upload(_) | Location::Sample | Location::File(_) => {
            let read_options = form.read_options.obeyed(house.control.read_settings(&source.kind));
            Ok(Ok(Place { read_options, ..Place::from(source) }))
        }
    }
}

/// `GET /settings/sources/{slug}/remove`: are you sure?
pub(super) async fn confirm_removal(rooms: Rooms, caller: Caller, slug: web::Path<String>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        removal(house, &known(house, &slug)?)?.draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}/remove`.
pub(super) async fn remove(rooms: Rooms, caller: Caller, slug: web::Path<String>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        match house.store.remove_source(source.id)? {
            SourceChange::Done => {
                uploads::discard(&house.uploads_dir, &source.location);
                log::info!("the source {} was removed by {}", source.slug, actor.name);
                Ok(Html::see_other("/settings/sources?done=removed"))
            }
            SourceChange::Busy => {
                let mut shown = removal(house, &source)?.wrong(general(BUSY));
                shown.status = StatusCode::CONFLICT;
                shown.draw(house, &actor)
            }
            SourceChange::Gone => Err(WebError::not_found("source")),
        }
    })
    .await
}

fn removal(house: &House, source: &Source) -> Result<Shown, WebError> {
    let count = house.store.catalog(source.id)?.map_or(0, |catalog| catalog.item_count);
    Ok(Shown::new(SourceStep::Remove(RemoveFacts { count }), form_of(house, source)))
}

/// Takes in a form that may carry a file, from admins only: asked before 50 MB are read.
pub(super) async fn receive(
    rooms: &Rooms,
    caller: &Caller,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<uploads::Sent, WebError> {
    let asking = caller.clone();
    state::run_slow(rooms, move |house| asking.admin(house).map(drop)).await?;
    uploads::read(request, body, &rooms.uploads_dir).await
}
