//! `/settings/sources`: list, change and remove sources. For admins. Adding one is in [`crate::web::sources::add`].

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::change::{UnseenPlace, changed_place, checked, look_at_change, typed_of};
use super::form;
use super::form::{FieldErrors, are_published, general, wrong_link};
use super::kept_address;
use super::kind_offer::stand_in_offer;
use super::pages::{
    SourcePageContext, beside, form_of, found, found_without_look, known, look_again, missing_key, next_run, too_large,
};
use super::place::{SourcePlace, veil};
use super::uploads;
use super::uploads::SentFile;
use super::view::{FoundColumns, RemoveFacts, SourceSetting, SourceStep, SourcesPage};
use crate::domain::source::Source;
use crate::store::sources::SourceChange;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, value};
use crate::web::layout::page::{RenderedHtml, chrome, when};
use crate::web::layout::view::NavSection;

const BUSY: &str = "A sync of this source is running. Nothing was changed; try again when it is over.";

/// `GET /settings/sources`.
pub(in crate::web) async fn list(
    rooms: AppData,
    caller: RequestCaller,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let mut catalogs: std::collections::HashMap<_, _> = house.store.catalogs()?.into_iter().collect();
        let setting = |source: Source| {
            let catalog = catalogs.remove(&source.id);
            let place = SourcePlace::from(&source);
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
                schedule: source.schedule.as_deref().and_then(form::schedule_in_words),
            }
        };
        let done = match value(&query, "done").as_str() {
            "saved" => Some("The source was saved. Press Sync in its catalog to take it over.".to_owned()),
            "removed" => Some("The source was removed.".to_owned()),
            _ => None,
        };
        RenderedHtml::draw(&SourcesPage {
            chrome: chrome(house, Some(&actor), "Sources", NavSection::Settings)?,
            sources: house.store.sources()?.into_iter().map(setting).collect(),
            done,
        })
    })
    .await
}

/// `GET /settings/sources/{slug}`.
pub(in crate::web) async fn edit(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        let place = SourcePlace::from(&source);
        let mut shown =
            SourcePageContext::new(SourceStep::Edit(found_without_look(house, &source)?), form_of(house, &source));
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
                Err(error) => {
                    let offer = stand_in_offer(house, &shown.form, &place, &error);
                    shown.step = SourceStep::Edit(FoundColumns { offer, ..found_without_look(house, &source)? });
                    shown.errors = beside(&place, &error);
                }
            }
        }
        shown.draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}`: changes a source, or with `again` only shows what it would be. The place is
/// looked at again if it, the key or how it is read is another.
pub(in crate::web) async fn change(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<RenderedHtml, WebError> {
    let sent = receive(&rooms, &caller, &request, body).await?;
    app_state::run_slow(&rooms, move |house| {
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
            Err(errors) => Err(UnseenPlace::from(errors.clone())),
        };
        let (errors, status) = match (&place, &looked) {
            (Ok(place), Ok(look)) => match checked(house, &source, &form, place, look.as_ref()) {
                Ok(_) if only_looks => (FieldErrors::default(), StatusCode::OK),
                Ok((draft, schedule)) => {
                    match house.store.change_source(source.id, &draft, next_run(schedule.as_ref()))? {
                        SourceChange::Done => {
                            if place.location != source.location {
                                uploads::discard(&house.uploads_dir, &source.location);
                            }
                            kept_address::forget(&house.uploads_dir, &form.waits);
                            log::info!("the source {} was changed", source.slug);
                            return Ok(RenderedHtml::see_other("/settings/sources?done=saved"));
                        }
                        SourceChange::Busy => (general(BUSY), StatusCode::CONFLICT),
                        SourceChange::Gone => return Err(WebError::not_found("source")),
                    }
                }
                Err(errors) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
            },
            (_, Err(unseen)) => (unseen.errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
            (Err(errors), _) => (errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
        };
        let found = match (&place, looked) {
            (Ok(place), Ok(Some(look))) => found(house, place, &look),
            (_, looked) => {
                let offer = looked.err().and_then(|unseen| unseen.offer);
                // What the form asked is asked again, or the answer would be lost.
                let hidden_columns = form.hidden_columns.clone().unwrap_or_default();
                FoundColumns { offer, hidden_columns, ..found_without_look(house, &source)? }
            }
        };
        veil(house, &mut form, place.as_ref().ok(), source.location.addresses())?;
        let mut shown = SourcePageContext::new(SourceStep::Edit(found), form).wrong(errors);
        shown.status = status;
        shown.draw(house, &actor)
    })
    .await
}

/// `GET /settings/sources/{slug}/remove`: are you sure?
pub(in crate::web) async fn confirm_removal(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        removal(house, &known(house, &slug)?)?.draw(house, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}/remove`.
pub(in crate::web) async fn remove(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
) -> Result<RenderedHtml, WebError> {
    app_state::run_slow(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let source = known(house, &slug)?;
        match house.store.remove_source(source.id)? {
            SourceChange::Done => {
                uploads::discard(&house.uploads_dir, &source.location);
                log::info!("the source {} was removed by {}", source.slug, actor.name);
                Ok(RenderedHtml::see_other("/settings/sources?done=removed"))
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

fn removal(house: &AppState, source: &Source) -> Result<SourcePageContext, WebError> {
    let count = house.store.catalog(source.id)?.map_or(0, |catalog| catalog.item_count);
    Ok(SourcePageContext::new(SourceStep::Remove(RemoveFacts { count }), form_of(house, source)))
}

/// Takes in a form that may carry a file, from admins only: asked before 50 MB are read.
pub(super) async fn receive(
    rooms: &AppData,
    caller: &RequestCaller,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<uploads::UploadedForm, WebError> {
    let asking = caller.clone();
    app_state::run_slow(rooms, move |house| asking.admin(house).map(drop)).await?;
    uploads::read(request, body, &rooms.uploads_dir).await
}
