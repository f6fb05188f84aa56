//! Start a run, see where it stands, end it.

use actix_web::http::StatusCode;
use actix_web::{Error, web};
use serde::Serialize;
use serde_json::Value;

use super::JsonResponse;
use crate::domain::account::Actor;
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::source::Slug;
use crate::domain::sync_id::SyncId;
use crate::store::recovery::CancelOutcome;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::{WebError, accepted, from_framework};

/// What became of a wish that was granted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AcceptedRequest {
    sync_id: SyncId,
    status: &'static str,
    message: String,
}

/// A start as it was asked for.
#[derive(Debug, PartialEq, Eq)]
struct SyncBody {
    source: String,
    kind: OperationKind,
    mode: Mode,
    options: StartOptions,
}

impl SyncBody {
    /// Reads the body of a start. What it does not know is ignored; what is there has to be of its kind.
    fn read(body: &Value) -> Result<Self, WebError> {
        let wrong = |field, sentence: &str| WebError::bad_request("bad_request", sentence).on_field(field);
        if !body.is_object() {
            return Err(WebError::bad_request("bad_request", "Send a JSON object with the source to sync."));
        }
        let source = body["source"].as_str().ok_or_else(|| wrong("source", "“source” is the slug of a source."))?;
        let mode = match &body["type"] {
            Value::Null => Mode::Incremental,
            Value::String(word) => word.parse().map_err(|_| wrong("type", "“type” is “incremental” or “full”."))?,
            _ => return Err(wrong("type", "“type” is “incremental” or “full”.")),
        };
        let options = &body["options"];
        if !options.is_object() && !options.is_null() {
            return Err(wrong("options", "“options” is an object."));
        }
        let flag = |name, field| match &options[name] {
            Value::Null => Ok(false),
            Value::Bool(on) => Ok(*on),
            _ => Err(wrong(field, &format!("“{field}” is true or false."))),
        };
        let preview = flag("preview", "options.preview")?;
        Ok(Self {
            source: source.to_owned(),
            kind: if preview { OperationKind::Preview } else { OperationKind::Sync },
            mode,
            options: StartOptions {
                force_refresh: flag("forceRefresh", "options.forceRefresh")?,
                accept_rekey: flag("acceptRekey", "options.acceptRekey")?,
                only_failed: flag("onlyFailed", "options.onlyFailed")?,
            },
        })
    }
}

/// `POST /api/sync`. Who may not start anything is told so whatever they sent.
pub(in crate::web) async fn start(
    rooms: AppData,
    caller: RequestCaller,
    body: Result<web::Json<Value>, Error>,
) -> Result<JsonResponse, WebError> {
    let wish = match &body {
        Ok(json) => SyncBody::read(json),
        Err(error) => Err(from_framework(error)),
    };
    app_state::run(&rooms, move |house| {
        let actor = caller.admin(house)?;
        begin(house, actor, &wish?)
    })
    .await
}

fn begin(house: &AppState, actor: Actor, wish: &SyncBody) -> Result<JsonResponse, WebError> {
    let slug = wish.source.parse::<Slug>().map_err(|_| WebError::not_found("source"))?;
    let source = house.store.source(&slug)?.ok_or_else(|| WebError::not_found("source"))?;
    let request = StartRequest {
        kind: wish.kind,
        mode: wish.mode,
        options: wish.options,
        priority: RunPriority::Manual,
        requested_by: actor.name,
    };
    let sync_id = accepted(house.control.start(&source, &request)?, &source)?;
    let what = if wish.kind == OperationKind::Preview { "preview" } else { "sync" };
    let message = format!("The {what} of {} has started.", source.name);
    JsonResponse::with(StatusCode::ACCEPTED, &AcceptedRequest { sync_id, status: "started", message })
}

/// `GET /api/sync/status/{id}`: the address that is polled.
pub(in crate::web) async fn status(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.actor(house)?;
        let report = match id.parse::<SyncId>() {
            Ok(id) => house.board.get(id)?,
            Err(_) => None,
        };
        let report = report.ok_or_else(no_such_sync)?;
        if actor.is_some() {
            return JsonResponse::ok(&report);
        }
        let source = house.store.source_of_run(report.id)?.map(|id| house.store.source_by_id(id));
        let source = source.transpose()?.flatten().filter(|source| source.public).ok_or_else(no_such_sync)?;
        // Its name of today: what it was called while it was private is nobody's business.
        let mut report = report.for_visitors(&source.noun.many);
        report.summary.source = source.slug;
        JsonResponse::ok(&report)
    })
    .await
}

/// `POST /api/sync/{id}/cancel`.
pub(in crate::web) async fn cancel(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let sync_id = id.parse::<SyncId>().map_err(|_| no_such_sync())?;
        let granted = |status, message: &str| {
            JsonResponse::with(StatusCode::ACCEPTED, &AcceptedRequest { sync_id, status, message: message.to_owned() })
        };
        let late = |code, sentence: &str| Err(WebError::new(StatusCode::CONFLICT, code, sentence).about(sync_id));
        match house.control.cancel(sync_id, &actor.name)? {
            CancelOutcome::Requested => granted("cancelling", "The run ends within a few seconds."),
            CancelOutcome::Done => granted("cancelled", "The run was cancelled before it started."),
            CancelOutcome::AlreadyFinishing => late("already_finishing", "The run is already finishing."),
            CancelOutcome::AlreadyEnded => late("already_ended", "The run has already ended."),
            CancelOutcome::NoSuchRun => Err(no_such_sync()),
        }
    })
    .await
}

fn no_such_sync() -> WebError {
    WebError::not_found("sync")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SyncBody;
    use crate::domain::operation::{Mode, OperationKind, StartOptions};

    fn refused(body: &Value) -> Option<&'static str> {
        SyncBody::read(body).expect_err("a refusal").field
    }

    #[test]
    fn a_start_needs_only_its_source_and_ignores_what_it_does_not_know() {
        let wish = SyncBody::read(&json!({ "source": "albums", "new": 1, "options": { "x": "y" } })).expect("a wish");
        let plain = SyncBody {
            source: "albums".to_owned(),
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
        };
        assert_eq!(wish, plain);
        let full = json!({ "source": "a", "type": "full", "options": { "forceRefresh": true, "preview": true } });
        let wish = SyncBody::read(&full).expect("a wish");
        assert_eq!((wish.kind, wish.mode), (OperationKind::Preview, Mode::Full));
        assert_eq!(wish.options, StartOptions { force_refresh: true, ..StartOptions::default() });
    }

    #[test]
    fn what_is_of_the_wrong_kind_is_named() {
        assert_eq!(refused(&json!([])), None);
        assert_eq!(refused(&json!({})), Some("source"));
        assert_eq!(refused(&json!({ "source": 7 })), Some("source"));
        assert_eq!(refused(&json!({ "source": "a", "type": "both" })), Some("type"));
        assert_eq!(refused(&json!({ "source": "a", "type": true })), Some("type"));
        assert_eq!(refused(&json!({ "source": "a", "options": [] })), Some("options"));
        let preview = json!({ "source": "a", "options": { "preview": "yes" } });
        assert_eq!(refused(&preview), Some("options.preview"));
    }
}
