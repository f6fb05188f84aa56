//! `/api/sync`: starts a run, reports its status, cancels it.

use actix_web::http::StatusCode;
use actix_web::{Error, web};
use serde_json::{Value, json};

use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::run_text::start_and_cancel::{
    ALREADY_ENDED, ALREADY_FINISHING, CANCELLED_BEFORE_START, CANCELLING_MESSAGE, started_message,
};
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::store::cancel::CancelOutcome;
use crate::sync::follow_up::FollowUp;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::{WebError, from_framework};
use crate::web::http::json_response::JsonResponse;

/// The body of a start, parsed.
#[derive(Debug, PartialEq, Eq)]
struct SyncBody {
    source: String,
    kind: OperationKind,
    mode: Mode,
    options: StartOptions,
}

impl SyncBody {
    /// Parses the body of a start. Unknown fields are ignored; known ones must have the right type.
    fn parse(body: &Value) -> Result<Self, WebError> {
        let wrong = |field, message: &str| WebError::bad_request("bad_request", message).on_field(field);
        if !body.is_object() {
            return Err(WebError::bad_request("bad_request", "Send a JSON object with the “source” to sync."));
        }
        let source =
            body["source"].as_str().ok_or_else(|| wrong("source", "“source” must be the slug of a source."))?;
        let mode = match &body["type"] {
            Value::Null => Mode::Incremental,
            Value::String(mode) => {
                mode.parse().map_err(|_| wrong("type", "“type” must be “incremental” or “full”."))?
            }
            _ => return Err(wrong("type", "“type” must be “incremental” or “full”.")),
        };
        let options = &body["options"];
        if !options.is_object() && !options.is_null() {
            return Err(wrong("options", "“options” must be an object."));
        }
        let flag = |name, field| match &options[name] {
            Value::Null => Ok(false),
            Value::Bool(on) => Ok(*on),
            _ => Err(wrong(field, &format!("“{field}” must be true or false."))),
        };
        let apply_preview = match &options["applyPreview"] {
            Value::Null => None,
            Value::String(id) => Some(
                id.parse().map_err(|_| wrong("options.applyPreview", "“options.applyPreview” must be a sync id."))?,
            ),
            _ => return Err(wrong("options.applyPreview", "“options.applyPreview” must be a sync id.")),
        };
        let preview = flag("preview", "options.preview")?;
        if apply_preview.is_some() && flag("forceRefresh", "options.forceRefresh")? {
            let message = "Leave out “forceRefresh”: a preview is applied as it was shown.";
            return Err(wrong("options.forceRefresh", message));
        }
        if preview && apply_preview.is_some() {
            return Err(wrong("options.applyPreview", "A preview cannot apply a preview. Leave out one of the two."));
        }
        Ok(Self {
            source: source.to_owned(),
            kind: if preview { OperationKind::Preview } else { OperationKind::Sync },
            mode,
            options: StartOptions {
                force_refresh: flag("forceRefresh", "options.forceRefresh")?,
                accept_rekey: flag("acceptRekey", "options.acceptRekey")?,
                only_failed: flag("onlyFailed", "options.onlyFailed")?,
                apply_preview,
                ..StartOptions::default()
            },
        })
    }
}

/// `POST /api/sync`. Permissions are checked before the body.
pub(in crate::web) async fn start(
    app: AppContext,
    body: Result<web::Json<Value>, Error>,
) -> Result<JsonResponse, WebError> {
    let body = match &body {
        Ok(json) => SyncBody::parse(json),
        Err(error) => Err(from_framework(error)),
    };
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let SyncBody { source, kind, mode, mut options } = body?;
        let source = state.store.find_source(&source)?.ok_or_else(|| WebError::not_found("source"))?;
        caller.check_source(&source)?;
        if let Some(preview) = options.apply_preview {
            match state.control.appliable_preview(&source, preview)? {
                FollowUp::Possible(_, record) => options = options.comparing_like(record.options),
                FollowUp::NoSuchRun => return Err(WebError::not_found("preview")),
                FollowUp::Refused(refusal) => return Err(WebError::follow_up_refused(refusal, preview)),
            }
        }
        let request = StartRequest { kind, mode, options, priority: RunPriority::Manual, requested_by: actor.name };
        match state.control.start(&source, &request)? {
            StartOutcome::Accepted(id) => accepted_response(id, "started", &started_message(kind, &source.name)),
            refused => Err(WebError::start_refused(refused, &source)),
        }
    })
    .await
}

fn accepted_response(id: SyncId, status: &str, message: &str) -> Result<JsonResponse, WebError> {
    JsonResponse::with_status(StatusCode::ACCEPTED, &json!({ "syncId": id, "status": status, "message": message }))
}

/// `GET /api/sync/status/{id}`: the status that programs poll.
pub(in crate::web) async fn status(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let report = match id.parse::<SyncId>() {
            Ok(id) => state.board.get(id)?,
            Err(_) => None,
        };
        let report = report.ok_or_else(sync_not_found)?;
        if caller.actor.is_some() {
            return JsonResponse::ok(&report);
        }
        let source = state.store.source_of_run(report.summary.id)?.map(|id| state.store.source_by_id(id));
        let source = source.transpose()?.flatten().filter(|source| source.public).ok_or_else(sync_not_found)?;
        // The report gets the current slug: visitors must not learn the slug that the source had while it was private.
        let mut report = report.for_visitors(&source.noun.many).ok_or_else(sync_not_found)?;
        report.summary.source = source.slug;
        JsonResponse::ok(&report)
    })
    .await
}

/// `POST /api/sync/{id}/cancel`.
pub(in crate::web) async fn cancel(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let id = id.parse::<SyncId>().map_err(|_| sync_not_found())?;
        let too_late = |code, message: &str| Err(WebError::new(StatusCode::CONFLICT, code, message).about_run(id));
        match state.control.cancel(id, &actor.name)? {
            CancelOutcome::Requested => accepted_response(id, "cancelling", CANCELLING_MESSAGE),
            CancelOutcome::Done => accepted_response(id, "cancelled", CANCELLED_BEFORE_START),
            CancelOutcome::AlreadyFinishing => too_late("already_finishing", ALREADY_FINISHING),
            CancelOutcome::AlreadyEnded => too_late("already_ended", ALREADY_ENDED),
            CancelOutcome::NoSuchRun => Err(sync_not_found()),
        }
    })
    .await
}

fn sync_not_found() -> WebError {
    WebError::not_found("sync")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SyncBody;
    use crate::domain::operation::{Mode, OperationKind, StartOptions};

    fn refused(body: &Value) -> Option<String> {
        SyncBody::parse(body).expect_err("a refusal").field.map(Into::into)
    }

    #[test]
    fn a_start_needs_only_its_source_and_ignores_unknown_fields() {
        let parsed =
            SyncBody::parse(&json!({ "source": "albums", "new": 1, "options": { "x": "y" } })).expect("a start");
        let plain = SyncBody {
            source: "albums".to_owned(),
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
        };
        assert_eq!(parsed, plain);
        let full = json!({ "source": "a", "type": "full", "options": { "forceRefresh": true, "preview": true } });
        let parsed = SyncBody::parse(&full).expect("a start");
        assert_eq!((parsed.kind, parsed.mode), (OperationKind::Preview, Mode::Full));
        assert_eq!(parsed.options, StartOptions { force_refresh: true, ..StartOptions::default() });
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        assert_eq!(refused(&json!([])), None);
        assert_eq!(refused(&json!({})), Some("source".to_owned()));
        assert_eq!(refused(&json!({ "source": 7 })), Some("source".to_owned()));
        assert_eq!(refused(&json!({ "source": "a", "type": "both" })), Some("type".to_owned()));
        assert_eq!(refused(&json!({ "source": "a", "type": true })), Some("type".to_owned()));
        assert_eq!(refused(&json!({ "source": "a", "options": [] })), Some("options".to_owned()));
        let preview = json!({ "source": "a", "options": { "preview": "yes" } });
        assert_eq!(refused(&preview), Some("options.preview".to_owned()));
    }
}
