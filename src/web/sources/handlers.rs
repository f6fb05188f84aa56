//! `/settings/sources`: lists, changes and removes sources, for admins. [`crate::web::sources::add`] adds sources.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::change::{UnseenPlace, changed_place, check_change, parse_change, probe_change};
use super::field_errors::{FieldErrors, general_error, link_error};
use super::form::are_published;
use super::found_view::FoundColumns;
use super::kept_address;
use super::kind_offer::offer_replacement_kind;
use super::pages::{
    SourcePageContext, existing_source_form, find_source, first_scheduled_run, found_columns, missing_key_error,
    place_error, probe_source, stored_columns, too_large_error,
};
use super::place::{SourcePlace, hide_secrets};
use super::schedule_form;
use super::upload_claim::{claim_upload, discard_upload};
use super::uploads;
use super::uploads::SentFile;
use super::view::{RemoveFacts, SourceForm, SourceSetting, SourceStep, SourcesPage};
use crate::domain::schedule::Schedule;
use crate::domain::source::{Source, SourceDraft};
use crate::store::sources::SourceChange;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::layout::freshness_mark::list_marks;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

const SYNC_RUNNING_MESSAGE: &str =
    "A sync of this source is running, so nothing was changed. Try again when it has finished.";

/// `GET /settings/sources`.
pub(in crate::web) async fn list_sources(
    app: AppContext,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let mut catalogs: std::collections::HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
        let mut marks = list_marks(state, Some(&actor))?;
        let setting = |source: Source| {
            let catalog = catalogs.remove(&source.id);
            let place = SourcePlace::from(&source);
            SourceSetting {
                slug: source.slug.to_string(),
                name: source.name,
                kind: place.kind_label(&state.control).to_owned(),
                location: place.location_label(),
                key: source.key_column,
                public: source.public,
                count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
                noun_one: source.noun.one,
                noun_many: source.noun.many,
                last_success: catalog.and_then(|catalog| catalog.last_success_at).map(time_label),
                schedule: source.schedule.as_ref().and_then(schedule_form::schedule_label),
                freshness: marks.remove(&source.id),
            }
        };
        let done = match trimmed_value(&query, "done").as_str() {
            "saved" => Some("Source saved. Sync to apply the changes.".to_owned()),
            "saved-paused" => Some("Source saved. Its schedule stays paused until you resume it.".to_owned()),
            "removed" => Some("Source removed.".to_owned()),
            _ => None,
        };
        HtmlResponse::render(&SourcesPage {
            frame: page_frame(state, Some(&actor), "Sources", NavSection::Settings)?,
            sources: state.store.list_sources()?.into_iter().map(setting).collect(),
            done,
        })
    })
    .await
}

/// `GET /settings/sources/{slug}`.
pub(in crate::web) async fn edit_page(app: AppContext, slug: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_source(state, &slug)?;
        let place = SourcePlace::from(&source);
        let mut shown = SourcePageContext::new(
            SourceStep::Edit(stored_columns(state, &source)?),
            existing_source_form(state, &source)?,
        );
        // During a run the probe would have to wait for its fetch. Without a key to select, it shows nothing that the
        // catalog does not.
        let asks_key = state.control.key_column(&source.kind).is_none();
        if asks_key && state.store.active_run(source.id)?.is_none() {
            match probe_source(state, &source) {
                Ok(look) => {
                    shown.step = SourceStep::Edit(found_columns(state, &place, &look));
                    shown.errors = missing_key_error(&look);
                    shown.form.publish_hidden = are_published(&source, &look.hidden_columns);
                }
                // A source that cannot be read does not make this request fail.
                Err(error) => {
                    let offer = offer_replacement_kind(state, &shown.form, &place, &error);
                    shown.step = SourceStep::Edit(FoundColumns { offer, ..stored_columns(state, &source)? });
                    shown.errors = place_error(&place, &error);
                }
            }
        }
        shown.render(state, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}`: changes a source, or with `again` only probes it. It is probed if its place, key or
/// read options change.
pub(in crate::web) async fn change_source(
    app: AppContext,
    slug: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HtmlResponse, WebError> {
    let sent = receive_form(&app, &request, body).await?;
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_source(state, &slug)?;
        let mut form = parse_change(state, &source, &sent.values)?;
        let only_looks = trimmed_value(&sent.values, "again") == "1";
        let place = match sent.file {
            SentFile::Stored { id, .. } => {
                discard_upload(state, &std::mem::replace(&mut form.upload, id))?;
                changed_place(state, &source, &form)?
            }
            SentFile::TooLarge => Err(too_large_error()),
            SentFile::None => match sent.too_long {
                Some(too_long) => Err(link_error(too_long)),
                None => changed_place(state, &source, &form)?,
            },
        };
        let looked = match &place {
            Ok(place) => probe_change(state, &source, place, &form, only_looks),
            Err(errors) => Err(UnseenPlace::from(errors.clone())),
        };
        let (errors, status) = match (&place, &looked) {
            (Ok(place), Ok(look)) => match check_change(state, &source, &form, place, look.as_ref()) {
                Ok(_) if only_looks => (FieldErrors::default(), StatusCode::OK),
                Ok(checked) => match save_change(state, &source, &form, checked)? {
                    Ok(saved) => return Ok(saved),
                    Err(refusal) => refusal,
                },
                Err(errors) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
            },
            (_, Err(unseen)) => (unseen.errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
            (Err(errors), _) => (errors.clone(), StatusCode::UNPROCESSABLE_ENTITY),
        };
        let found = match (&place, looked) {
            (Ok(place), Ok(Some(look))) => found_columns(state, place, &look),
            (_, looked) => {
                let offer = looked.err().and_then(|unseen| unseen.offer);
                // The form lists the same hidden columns again. Otherwise the confirmation would be lost.
                let hidden_columns = form.hidden_columns.clone().unwrap_or_default();
                FoundColumns { offer, hidden_columns, ..stored_columns(state, &source)? }
            }
        };
        hide_secrets(state, &mut form, place.as_ref().ok(), source.location.addresses())?;
        let mut shown = SourcePageContext::new(SourceStep::Edit(found), form).with_errors(errors);
        shown.status = status;
        shown.render(state, &actor)
    })
    .await
}

/// Stores a changed source, and answers with the list of sources; or the errors of the form and their status.
fn save_change(
    state: &AppState,
    source: &Source,
    form: &SourceForm,
    (mut draft, schedule): (SourceDraft, Option<Schedule>),
) -> Result<Result<HtmlResponse, (FieldErrors, StatusCode)>, WebError> {
    let claimed = match claim_upload(&state.uploads_dir, &mut draft.location, Some(&source.location)) {
        Ok(claimed) => claimed,
        Err(errors) => return Ok(Err((errors, StatusCode::UNPROCESSABLE_ENTITY))),
    };
    match state.store.change_source(source.id, &draft, first_scheduled_run(schedule.as_ref()))? {
        SourceChange::Done => {
            if let Some(claimed) = claimed {
                claimed.keep();
            }
            if draft.location != source.location {
                uploads::delete_upload(&state.uploads_dir, &source.location);
            }
            kept_address::delete_addresses(&state.uploads_dir, &form.address_id);
            log::info!("the source {} was changed", source.slug);
            let is_paused = draft.schedule.is_some() && source.paused_at.is_some();
            let done = if is_paused { "saved-paused" } else { "saved" };
            Ok(Ok(HtmlResponse::redirect(with_query(&state.links.sources(), &[("done", done)]))))
        }
        SourceChange::Busy => Ok(Err((general_error(SYNC_RUNNING_MESSAGE), StatusCode::CONFLICT))),
        SourceChange::NoSuchSource => Err(WebError::not_found("source")),
    }
}

/// `GET /settings/sources/{slug}/remove`: the confirmation.
pub(in crate::web) async fn removal_confirmation(
    app: AppContext,
    slug: web::Path<String>,
) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        removal_page(state, &find_source(state, &slug)?)?.render(state, &actor)
    })
    .await
}

/// `POST /settings/sources/{slug}/remove`.
pub(in crate::web) async fn remove_source(app: AppContext, slug: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_slow_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_source(state, &slug)?;
        match state.store.remove_source(source.id)? {
            SourceChange::Done => {
                state.indexes.forget(source.id);
                uploads::delete_upload(&state.uploads_dir, &source.location);
                // And what two forms at the same moment, or an error of the disk, have left behind.
                uploads::delete_abandoned(&state.uploads_dir, &state.store.list_sources()?);
                log::info!("the source {} was removed by {}", source.slug, actor.name);
                Ok(HtmlResponse::redirect(with_query(&state.links.sources(), &[("done", "removed")])))
            }
            SourceChange::Busy => {
                let mut shown = removal_page(state, &source)?.with_errors(general_error(SYNC_RUNNING_MESSAGE));
                shown.status = StatusCode::CONFLICT;
                shown.render(state, &actor)
            }
            SourceChange::NoSuchSource => Err(WebError::not_found("source")),
        }
    })
    .await
}

fn removal_page(state: &AppState, source: &Source) -> Result<SourcePageContext, WebError> {
    let count = state.store.find_catalog(source.id)?.map_or(0, |catalog| catalog.item_count);
    Ok(SourcePageContext::new(SourceStep::Remove(RemoveFacts { count }), existing_source_form(state, source)?))
}

/// Receives a form that may carry a file. Only admins may send one, which is checked before 50 MB are read.
pub(in crate::web) async fn receive_form(
    app: &AppContext,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<uploads::UploadedForm, WebError> {
    app.run_slow_blocking(|_, _| Ok(())).await?;
    uploads::read_form(request, body, &app.state.uploads_dir).await
}
