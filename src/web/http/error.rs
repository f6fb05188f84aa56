//! Everything a request can be refused with, as people and programs are told it.
//!
//! Handlers answer `Result<_, WebError>`. How an error looks is decided in one place, [`dress`], by the door it came
//! through: JSON, a page, or a fragment of one.

use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use super::authentication::ResponseFormat;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::status::StatusError;
use crate::store::admission::StartOutcome;
use crate::store::{Retryability, StoreError};

/// When it is worth asking again while the database does not answer.
const AWAY: Duration = Duration::from_secs(5);

/// The header of a refused fragment that says why, in a word.
const REASON: HeaderName = HeaderName::from_static("lockstep-reason");

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebError {
    /// The HTTP status.
    pub status: StatusCode,
    /// A word for programs.
    pub code: &'static str,
    /// A plain sentence: what happened and what to do.
    pub sentence: String,
    /// The field that is wrong, if one is.
    pub field: Option<&'static str>,
    /// Seconds to wait before asking again.
    pub retry_after: Option<u64>,
    /// The run this is about.
    pub sync_id: Option<SyncId>,
    /// Finds the matching line in the log; none where nothing was logged.
    pub log_id: Option<String>,
}

impl WebError {
    /// A refusal with its word and its sentence.
    pub fn new(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self { status, code, sentence, field: None, retry_after: None, sync_id: None, log_id: None }
    }

    /// There is nothing at this address, or nothing that the asker may know of.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in", "Sign in first.")
    }

    /// The token lets nobody in.
    #[must_use]
    pub fn bad_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "bad_token", "This API token is not known, or was revoked.")
    }

    /// Only admins may.
    #[must_use]
    pub fn admins_only() -> Self {
        Self::new(StatusCode::FORBIDDEN, "admins_only", "Only admins may do this.")
    }

    /// Another site sent this.
    #[must_use]
    pub fn cross_site() -> Self {
        let sentence = "This request came from another site, so nothing was done. Open Lockstep itself and try again.";
        Self::new(StatusCode::FORBIDDEN, "cross_site", sentence)
    }

    /// There is something at this address, but not for this method.
    #[must_use]
    pub fn wrong_method() -> Self {
        let sentence = "This address is there, but not for this method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", sentence)
    }

    /// Something in the request is wrong.
    pub fn bad_request(code: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, sentence)
    }

    /// One field is wrong.
    pub fn bad_field(field: &'static str, sentence: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_field", sentence) }
    }

    /// Something failed inside. Logged here, once, with an id that the person sees too.
    pub fn internal(what: &str, error: &dyn fmt::Display) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        log::error!("[{id}] {what}: {error}");
        let sentence = "Something went wrong inside Lockstep. Nothing was lost.";
        Self { log_id: Some(id), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", sentence) }
    }

    /// The database does not answer.
    #[must_use]
    pub fn database_away() -> Self {
        let sentence = "The database does not answer. Nothing was lost; this page works again when it is back.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_away", sentence).after(AWAY)
    }

    /// The same, about one field of the request.
    #[must_use]
    pub fn on_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// The same, about one run.
    #[must_use]
    pub fn about(self, run: SyncId) -> Self {
        Self { sync_id: Some(run), ..self }
    }

    /// The same, worth another try after so long: whole seconds, rounded up, at least one.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// The sentence, and where the log says more.
    fn in_full(&self) -> String {
        match &self.log_id {
            Some(id) => format!("{} The server's log says more under the id {id}.", self.sentence),
            None => self.sentence.clone(),
        }
    }
}

/// The run that was accepted, or why none of `source` was.
pub(in crate::web) fn accepted(admission: StartOutcome, source: &Source) -> Result<SyncId, WebError> {
    match admission {
        StartOutcome::Accepted(id) => Ok(id),
        StartOutcome::AlreadyRunning(id) => {
            let sentence = format!("A run of {} is active already.", source.name);
            Err(WebError::new(StatusCode::CONFLICT, "already_running", sentence).about(id))
        }
        StartOutcome::CoolingDown(left) => {
            let sentence = format!("{} was synced a moment ago. Try again in a few seconds.", source.name);
            Err(WebError::new(StatusCode::TOO_MANY_REQUESTS, "cooling_down", sentence).after(left))
        }
        StartOutcome::NoSuchSource => Err(WebError::not_found("source")),
        StartOutcome::NotDue => Err(WebError::internal("a start by hand", &"it was taken for one of a schedule")),
    }
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken { what } => {
                let mut what = what;
                if let Some(first) = what.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                Self::new(StatusCode::CONFLICT, "taken", format!("{what} exists already."))
            }
            StoreError::Busy => {
                log::warn!("{error}");
                let sentence = "Something else has been writing to the database for a long time, so this had to be \
                                left undone. Nothing was lost; try again in a moment.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_busy", sentence).after(AWAY)
            }
            // Said once by those who watch the database, not with every page that is asked for meanwhile.
            error if error.prospect() == Retryability::Passing => {
                log::debug!("{error}");
                Self::database_away()
            }
            other => Self::internal("the database", &other),
        }
    }
}

impl From<StatusError> for WebError {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Database(error) => error.into(),
            other => Self::internal("the status", &other),
        }
    }
}

/// What the framework refused before a handler saw it, in our words and never in its own.
pub(in crate::web) fn from_framework(error: &actix_web::Error) -> WebError {
    let status = error.as_response_error().status_code();
    let sentence = match error.as_error::<JsonPayloadError>() {
        Some(JsonPayloadError::Deserialize(error)) => {
            format!("This is not the JSON that is expected here (line {}, column {}).", error.line(), error.column())
        }
        Some(JsonPayloadError::ContentType) => "Send JSON, with the header Content-Type: application/json.".to_owned(),
        _ => "This request could not be understood.".to_owned(),
    };
    match status {
        StatusCode::NOT_FOUND => WebError::not_found("page"),
        StatusCode::PAYLOAD_TOO_LARGE => WebError::new(status, "too_large", "This is larger than may be sent here."),
        _ if status.is_client_error() => WebError::bad_request("bad_request", sentence),
        _ => WebError::internal("the framework failed a request", error),
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The bare answer; [`dress`] gives it the looks of its door.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::build(self.status).content_type("text/plain; charset=utf-8").body(self.in_full())
    }
}

/// The answer to a refused request, as its door gives it. `back` is where a person wants to be once signed in, and
/// `page` is the page of the error, if one could be drawn.
pub(super) fn dress(error: &WebError, door: ResponseFormat, back: &str, page: Option<String>) -> HttpResponse<BoxBody> {
    let mut response = match door {
        ResponseFormat::Json => {
            let mut body = json!({ "error": error.in_full(), "code": error.code });
            if let Some(field) = error.field {
                body["field"] = field.into();
            }
            if let Some(id) = error.sync_id {
                body["syncId"] = id.to_string().into();
            }
            HttpResponse::build(error.status).json(body)
        }
        ResponseFormat::Page if error.code == "sign_in" => {
            let next: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
            HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/login?next={next}"))).finish()
        }
        ResponseFormat::Page => match page {
            Some(html) => HttpResponse::build(error.status).content_type("text/html; charset=utf-8").body(html),
            None => error.error_response(),
        },
        // Tells our own words from those of a proxy in front, which may come with the same status.
        ResponseFormat::Fragment => {
            let mut response = error.error_response();
            response.headers_mut().insert(REASON, HeaderValue::from_static(error.code));
            response
        }
    };
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED && door == ResponseFormat::Json {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
