//! The Sync button: start, follow and cancel a run. With HTMX the answer is the panel; without JavaScript a form leads
//! back to the catalog's page, which shows the same panel.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::build::PanelContext;
use super::view::{PanelFragment, PanelView, StartNotice};
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::store::recovery::CancelOutcome;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::{WebError, accepted};
use crate::web::http::form::{FormData, FormValues, address, is_htmx, value};
use crate::web::layout::page::RenderedHtml;

/// The values of `notice` in the address of a catalog's page: why the button just pressed did nothing, for browsers
/// without JavaScript.
pub(in crate::web) mod notices {
    pub(in crate::web) const ALREADY_RUNNING: &str = "already-running";
    pub(in crate::web) const ALREADY_FINISHING: &str = "already-finishing";
    pub(in crate::web) const COOLING_DOWN: &str = "cooling-down";
}

/// `POST /catalog/{slug}/sync`: field `action` (`sync`, `preview`, `full`, `failed`), and `accept_rekey=1` to sync
/// although the key column seems to have changed.
pub(in crate::web) async fn start(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    request: HttpRequest,
) -> Result<RenderedHtml, WebError> {
    let htmx = is_htmx(&request);
    app_state::run(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let (source, _) = caller.source(house, &slug)?;
        let wish = wish(&form.read()?, actor.name.clone())?;
        let (status, shown, notice) = match accepted(house.control.start(&source, &wish)?, &source) {
            Ok(id) => (StatusCode::ACCEPTED, Some(id), None),
            Err(WebError { status, sync_id: Some(id), .. }) => (status, Some(id), Some(StartNotice::AlreadyRunning)),
            Err(WebError { status, retry_after: Some(left), .. }) => {
                (status, None, Some(StartNotice::CoolingDown(left)))
            }
            Err(refused) => return Err(refused),
        };
        if !htmx {
            return Ok(back(&source, notice));
        }
        let reader = PanelContext { house, source: &source, actor: Some(&actor) };
        let run = shown.map(|id| reader.run(id, 0)).transpose()?.flatten();
        let panel = run.map_or_else(|| reader.latest(), Ok)?;
        fragment(PanelView { notice, ..panel }, status)
    })
    .await
}

/// What the form asks for.
fn wish(form: &FormValues, requested_by: String) -> Result<StartRequest, WebError> {
    let accept_rekey = value(form, "accept_rekey") == "1";
    let (kind, mode) = match value(form, "action").as_str() {
        "sync" | "" if accept_rekey => (OperationKind::Sync, Mode::Full),
        "sync" | "" => (OperationKind::Sync, Mode::Incremental),
        "full" => (OperationKind::Sync, Mode::Full),
        "failed" => (OperationKind::Sync, Mode::Incremental),
        // A preview compares everything: what the source calls unchanged may still not be in the catalog.
        "preview" => (OperationKind::Preview, Mode::Full),
        _ => return Err(WebError::bad_field("action", "The action is sync, preview, full or failed.")),
    };
    let accept_rekey = accept_rekey && kind == OperationKind::Sync;
    let only_failed = value(form, "action") == "failed";
    let options = StartOptions { accept_rekey, only_failed, ..StartOptions::default() };
    Ok(StartRequest { kind, mode, options, priority: RunPriority::Manual, requested_by })
}

/// `GET /catalog/{slug}/sync-status`: the panel, with the run `sync` or else the current or latest one. `seen` is the
/// percent that the asker has seen of it.
pub(in crate::web) async fn status(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let (source, actor) = caller.source(house, &slug)?;
        let reader = PanelContext { house, source: &source, actor: actor.as_ref() };
        let panel = match query.get("sync").filter(|id| !id.is_empty()) {
            Some(id) => {
                let seen = value(&query, "seen").parse().unwrap_or(0);
                let run = id.parse().ok().map(|id| reader.run(id, seen)).transpose()?.flatten();
                run.ok_or_else(|| WebError::not_found("sync"))?
            }
            None => reader.latest()?,
        };
        fragment(panel, StatusCode::OK)
    })
    .await
}

/// `POST /catalog/{slug}/sync/cancel`: field `sync`, or else the active run.
pub(in crate::web) async fn cancel(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    request: HttpRequest,
) -> Result<RenderedHtml, WebError> {
    let htmx = is_htmx(&request);
    app_state::run(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let (source, _) = caller.source(house, &slug)?;
        let id: Option<SyncId> = match value(&form.read()?, "sync").as_str() {
            "" => house.store.active_run(source.id)?,
            id => id.parse().ok(),
        };
        let no_run = || WebError::not_found("sync");
        let id = id.ok_or_else(no_run)?;
        // A run of another source is none here, whoever may cancel it there.
        let reader = PanelContext { house, source: &source, actor: Some(&actor) };
        reader.report(id)?.ok_or_else(no_run)?;
        let cancel = house.control.cancel(id, &actor.name)?;
        let (status, notice) = match cancel {
            CancelOutcome::Done | CancelOutcome::Requested | CancelOutcome::AlreadyEnded => (StatusCode::OK, None),
            CancelOutcome::AlreadyFinishing => (StatusCode::CONFLICT, Some(StartNotice::AlreadyFinishing)),
            CancelOutcome::NoSuchRun => return Err(no_run()),
        };
        if !htmx {
            return Ok(back(&source, notice));
        }
        let panel = reader.run(id, 0)?.ok_or_else(no_run)?;
        fragment(PanelView { notice, ..panel }, status)
    })
    .await
}

/// The panel alone. One whose run is over tells the page to refresh what the run may have changed, unless it only says
/// that it is too soon for another.
fn fragment(panel: PanelView, status: StatusCode) -> Result<RenderedHtml, WebError> {
    let over = panel.run.is_some() && !panel.is_active();
    let wait = match panel.notice {
        Some(StartNotice::CoolingDown(seconds)) => Some(seconds),
        _ => None,
    };
    let mut html = RenderedHtml::draw(&PanelFragment { panel })?.status(status);
    if let Some(seconds) = wait {
        html = html.header("Retry-After", seconds.to_string());
    } else if over {
        html = html.header("HX-Trigger", "stopPolling");
    }
    Ok(html)
}

/// Back to the catalog's page.
fn back(source: &Source, notice: Option<StartNotice>) -> RenderedHtml {
    let notice = notice.map_or("", |notice| match notice {
        StartNotice::AlreadyRunning => notices::ALREADY_RUNNING,
        StartNotice::AlreadyFinishing => notices::ALREADY_FINISHING,
        StartNotice::CoolingDown(_) => notices::COOLING_DOWN,
    });
    RenderedHtml::see_other(address(&format!("/catalog/{}", source.slug), &[("notice", notice)]))
}

#[cfg(test)]
mod tests {
    use super::{FormValues, Mode, OperationKind, wish};

    #[test]
    fn the_form_says_what_to_do() {
        let asked = |pairs: &[(&str, &str)]| {
            let form: FormValues =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            wish(&form, "ada".to_owned()).map(|wish| (wish.kind, wish.mode, wish.options.accept_rekey))
        };
        assert_eq!(asked(&[("action", "sync")]), Ok((OperationKind::Sync, Mode::Incremental, false)));
        assert_eq!(asked(&[("action", "full")]), Ok((OperationKind::Sync, Mode::Full, false)));
        assert_eq!(asked(&[("action", "preview")]), Ok((OperationKind::Preview, Mode::Full, false)));
        assert_eq!(asked(&[("action", "sync"), ("accept_rekey", "1")]), Ok((OperationKind::Sync, Mode::Full, true)));
        assert!(asked(&[("action", "drop")]).is_err());
        let form: FormValues = [("action".to_owned(), "failed".to_owned())].into();
        let failed = wish(&form, "ada".to_owned()).expect("a start");
        assert_eq!((failed.kind, failed.options.only_failed), (OperationKind::Sync, true));
        assert_eq!(asked(&[("action", "failed")]), Ok((OperationKind::Sync, Mode::Incremental, false)));
    }
}
