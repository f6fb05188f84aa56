//! `/settings/sources`: list, add, change and remove sources. For admins.
//!
//! Nothing that comes with a form is believed: the place is looked at again before it is stored, and a form can name an
//! upload by its id but never a path of the server.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::error::WebError;
use super::forms::{Form, Values, value};
use super::guard::Caller;
use super::page::{Html, chrome, when};
use super::settings_page::{
    Shown, changed_place, found, found_without_look, free_slug, general, known, look_at, next_run, sent_place,
    too_large, wrong_link,
};
use super::source_form::{self, Place, Wrong, file_name_of};
use super::state::{self, House, Rooms};
use super::uploads::{self, SentFile};
use super::views::base::Section;
use super::views::sources::{RemoveFacts, SourceErrors, SourceForm, SourceSetting, SourceStep, SourcesPage};
use crate::domain::schedule::Schedule;
use crate::domain::source::{Location, Source, SourceDraft};
use crate::store::StoreError;
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

/// `GET /settings/sources/new`: where is it?
pub(super) async fn place(rooms: Rooms, caller: Caller) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        Shown::new(SourceStep::Place, SourceForm::default()).draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/new`: looks at a link (`url`) or an upload (`file`) and asks for the rest.
pub(super) async fn look(
    rooms: Rooms,
    caller: Caller,
    request: HttpRequest,
    body: web::Payload,
) -> Result<Html, WebError> {
    let sent = receive(&rooms, &caller, &request, body).await?;
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        uploads::clear_abandoned(&house.uploads_dir, &house.store.sources()?);
        let mut form = source_form::typed(&sent.values);
        let (place, called) = match sent.file {
            SentFile::Stored { id, name } => {
                form.upload.clone_from(&id);
                (Ok(Place::upload(&id)), name)
            }
            SentFile::TooLarge => (Err(too_large()), String::new()),
            SentFile::None => {
                let place = Place::from_link(&form.url);
                (place.map_err(wrong_link), file_name_of(&form.url))
            }
        };
        let looked = place.and_then(|place| Ok((look_at(house, &place)?, place)));
        match looked {
            Ok((look, place)) => {
                form.key = look.proposed_key().unwrap_or_default().to_owned();
                // The last part of a sheet's address says nothing.
                source_form::propose(&mut form, if place.kind == "csv" { &called } else { "" });
                form.slug = free_slug(house, &form.slug)?;
                let mut found = found(house, &place, &look);
                if found.place.is_empty() {
                    found.place = called;
                }
                Shown::new(SourceStep::Columns(found), form).draw(house, &actor)
            }
            Err(errors) => {
                uploads::discard(&house.uploads_dir, &Location::Upload(std::mem::take(&mut form.upload)));
                Shown::new(SourceStep::Place, form).wrong(errors).draw(house, &actor)
            }
        }
    })
    .await
}

/// `POST /settings/sources`: adds what was looked at. It is looked at again: in between it may have changed, and the
/// form is only what somebody sent.
pub(super) async fn add(rooms: Rooms, caller: Caller, form: Form<Values>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let form = source_form::typed(&form.read()?);
        let looked = sent_place(house, &form)?.and_then(|place| Ok((look_at(house, &place)?, place)));
        let (look, place) = match looked {
            Ok(looked) => looked,
            Err(errors) => {
                let page = Shown::new(SourceStep::Place, form).wrong(errors);
                return page.draw(house, &actor);
            }
        };
        let errors = match source_form::check(&form, &place, &look.columns) {
            Ok((draft, schedule)) => match insert(house, &draft, schedule.as_ref())? {
                Ok(source) => return Ok(Html::see_other(format!("/catalog/{}", source.slug))),
                Err(errors) => errors,
            },
            Err(errors) => errors,
        };
        let step = SourceStep::Columns(found(house, &place, &look));
        Shown::new(step, form).wrong(errors).draw(house, &actor)
    })
    .await
}

fn insert(house: &House, draft: &SourceDraft, schedule: Option<&Schedule>) -> Result<Result<Source, Wrong>, WebError> {
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

/// `GET /settings/sources/{slug}`.
pub(super) async fn edit(rooms: Rooms, caller: Caller, slug: web::Path<String>) -> Result<Html, WebError> {
    state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        let place = Place::from(&source);
        let mut shown = Shown::new(SourceStep::Place, source_form::of_source(&source));
        // While a run is active the page would only stand in line behind it.
        let looked = if house.store.active_run(source.id)?.is_some() { None } else { Some(look_at(house, &place)) };
        let found = match looked {
            Some(Ok(look)) => found(house, &place, &look),
            Some(Err(errors)) => {
                shown.errors = errors;
                found_without_look(house, &source)?
            }
            None => found_without_look(house, &source)?,
        };
        shown.step = SourceStep::Edit(found);
        // What is wrong at the source is not this request's fault.
        shown.status = StatusCode::OK;
        shown.draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}`: changes a source. The place is looked at again if it or the key is another.
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
        let mut form = source_form::typed(&sent.values);
        form.slug = source.slug.to_string();
        let place = match sent.file {
            SentFile::Stored { id, .. } => {
                form.upload.clone_from(&id);
                Ok(Place::upload(&id))
            }
            SentFile::TooLarge => Err(too_large()),
            SentFile::None => changed_place(house, &source, &form)?,
        };
        let moved = place.as_ref().is_ok_and(|place| *place != Place::from(&source));
        let looked = match &place {
            Ok(place) if moved || form.key != source.key_column => look_at(house, place).map(Some),
            Ok(_) => Ok(None),
            Err(errors) => Err(errors.clone()),
        };
        let (errors, status) = match (&place, &looked) {
            (Ok(place), Ok(look)) => {
                let kept = [source.key_column.clone()];
                let columns = look.as_ref().map_or(&kept[..], |look| &look.columns);
                match source_form::check(&form, place, columns) {
                    Ok((draft, schedule)) => {
                        match house.store.change_source(source.id, &draft, next_run(schedule.as_ref()))? {
                            SourceChange::Done => {
                                if moved {
                                    uploads::discard(&house.uploads_dir, &source.location);
                                }
                                log::info!("the source {} was changed", source.slug);
                                return Ok(Html::see_other("/settings/sources?done=saved"));
                            }
                            SourceChange::Busy => (general(BUSY), StatusCode::CONFLICT),
                            SourceChange::Gone => return Err(WebError::not_found("source")),
                        }
                    }
                    Err(errors) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
                }
            }
            (Err(errors), _) | (_, Err(errors)) => (errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
        };
        let found = match (&place, looked) {
            (Ok(place), Ok(Some(look))) => found(house, place, &look),
            _ => found_without_look(house, &source)?,
        };
        let mut shown = Shown::new(SourceStep::Edit(found), form).wrong(errors);
        shown.status = status;
        shown.draw(house, &actor)
    })
    .await
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
    Ok(Shown::new(SourceStep::Remove(RemoveFacts { count }), source_form::of_source(source)))
}

/// Takes in a form that may carry a file, from admins only: asked before 50 MB are read.
async fn receive(
    rooms: &Rooms,
    caller: &Caller,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<uploads::Sent, WebError> {
    let asking = caller.clone();
    state::run_slow(rooms, move |house| asking.admin(house).map(drop)).await?;
    uploads::read(request, body, &rooms.uploads_dir).await
}
