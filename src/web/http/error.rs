//! The errors that a request can fail with. [`super::error_response`] decides how an error is rendered (JSON, page or
//! fragment).

use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::domain::run_text::start_and_cancel::{already_running_message, cooling_down_message};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::sync::follow_up::FollowUpRefusal;

/// When to try again while the database does not respond.
pub(super) const DATABASE_RETRY_DELAY: Duration = Duration::from_secs(5);

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct WebError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error code, for programs.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub message: String,
    /// The field of the request that is wrong, if there is one.
    pub field: Option<Box<str>>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u64>,
    /// The run that the error is about.
    pub sync_id: Option<SyncId>,
    /// Whether scripts of other sites may read the error, because it is about a public catalog.
    pub is_public: bool,
    /// The id of the log line with the cause; `None` if nothing was logged.
    pub log_id: Option<String>,
}

impl WebError {
    /// An error with its status, code and message.
    pub(in crate::web) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, field: None, retry_after: None, sync_id: None, is_public: false, log_id: None }
    }

    /// 404: `what` does not exist, or the caller may not know of it. `what` is a noun without an article: `page`.
    #[must_use]
    pub(in crate::web) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{} not found.", capitalize(what)))
    }

    /// 401: the request carries no valid session.
    #[must_use]
    pub(in crate::web) fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in", "Log in first.")
    }

    /// 401: the bearer token is unknown, expired or revoked.
    #[must_use]
    pub(in crate::web) fn bad_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "bad_token", "This API token is unknown, has expired or was revoked.")
    }

    /// 403: the caller is not an admin.
    #[must_use]
    pub(in crate::web) fn admins_only() -> Self {
        Self::new(StatusCode::FORBIDDEN, "admins_only", "Only admins can do this.")
    }

    /// 403: the bearer token is for another source.
    #[must_use]
    pub(in crate::web) fn other_source() -> Self {
        Self::new(StatusCode::FORBIDDEN, "other_source", "This API token is limited to another source.")
    }

    /// 429: the token or the address sent too many requests for data.
    #[must_use]
    pub(in crate::web) fn rate_limited(wait: Duration) -> Self {
        let message = "Too many requests. Wait a moment, then send fewer in a second.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).retry_after(wait)
    }

    /// 403: another site sent the request.
    #[must_use]
    pub(in crate::web) fn cross_site() -> Self {
        let message = "This request came from another site, so nothing was changed. Open Lockstep and try again.";
        Self::new(StatusCode::FORBIDDEN, "cross_site", message)
    }

    /// 405: the route exists, but not for this method.
    #[must_use]
    pub(in crate::web) fn wrong_method() -> Self {
        let message = "This URL does not support this method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message)
    }

    /// 400: the request cannot be processed as it is.
    pub(in crate::web) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 422: one field has a wrong value.
    pub(in crate::web) fn bad_field(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_field", message) }
    }

    /// 500: something failed inside. It is logged here, once, with an id that the response carries too.
    pub(in crate::web) fn internal(what: &str, error: &dyn fmt::Display) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        log::error!("[{id}] {what}: {error}");
        let message = "Something went wrong on the server. Nothing was lost.";
        Self { log_id: Some(id), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message) }
    }

    /// 503: the database does not respond.
    #[must_use]
    pub(in crate::web) fn database_away() -> Self {
        let message = "The database is not responding. Nothing was lost. This page works again once it is back.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_away", message).retry_after(DATABASE_RETRY_DELAY)
    }

    /// Why a start was refused. `source` is the source that was to be started.
    ///
    /// An accepted start is not an error: callers handle [`StartOutcome::Accepted`] before they call this.
    pub(in crate::web) fn start_refused(outcome: StartOutcome, source: &Source) -> Self {
        match outcome {
            StartOutcome::AlreadyRunning(id) => {
                let message = already_running_message(&source.name);
                Self::new(StatusCode::CONFLICT, "already_running", message).about_run(id)
            }
            StartOutcome::CoolingDown(left) => {
                let seconds = whole_seconds(left).max(1);
                let message = cooling_down_message(seconds);
                Self::new(StatusCode::TOO_MANY_REQUESTS, "cooling_down", message).retry_after(left)
            }
            StartOutcome::NoSuchSource => Self::not_found("source"),
            StartOutcome::NotDue | StartOutcome::Outdated | StartOutcome::Accepted(_) => {
                Self::internal("a manual start", &format!("unexpected outcome {outcome:?}"))
            }
        }
    }

    /// Why a request about a finished run was refused.
    pub(in crate::web) fn follow_up_refused(refusal: FollowUpRefusal, run: SyncId) -> Self {
        let run = if let FollowUpRefusal::SourceBusy(active) = refusal { active } else { run };
        Self::new(StatusCode::CONFLICT, refusal.code(), refusal.message()).about_run(run)
    }

    /// The same error, about one field of the request.
    #[must_use]
    pub(in crate::web) fn on_field(self, field: impl Into<Box<str>>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The same error, about one run.
    #[must_use]
    pub(in crate::web) fn about_run(self, run: SyncId) -> Self {
        Self { sync_id: Some(run), ..self }
    }

    /// The same error, about a request to read this catalog.
    #[must_use]
    pub(in crate::web) fn reading_catalog(self, source: &Source) -> Self {
        Self { is_public: source.public, ..self }
    }

    /// The same error with the time to wait before a retry: `wait` in whole seconds, rounded up, at least one.
    #[must_use]
    pub(in crate::web) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(whole_seconds(wait).max(1)), ..self }
    }

    /// The message with the id of the log line, for responses without a page around it.
    pub(super) fn full_message(&self) -> String {
        match &self.log_id {
            Some(id) => format!("{} Error ID: {id}.", self.message),
            None => self.message.clone(),
        }
    }
}

/// A wait in whole seconds, rounded up, so that clients do not retry too early.
pub(in crate::web) const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + if wait.subsec_nanos() > 0 { 1 } else { 0 }
}

pub(super) fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The error for a request that the framework refused before a handler saw it.
pub(in crate::web) fn from_framework(error: &actix_web::Error) -> WebError {
    let status = error.as_response_error().status_code();
    let message = match error.as_error::<JsonPayloadError>() {
        Some(JsonPayloadError::Deserialize(error)) => {
            format!("The body is not valid JSON (line {}, column {}).", error.line(), error.column())
        }
        Some(JsonPayloadError::ContentType) => "Send JSON with the header Content-Type: application/json.".to_owned(),
        _ => "This request could not be read.".to_owned(),
    };
    match status {
        StatusCode::NOT_FOUND => WebError::not_found("page"),
        StatusCode::PAYLOAD_TOO_LARGE => WebError::new(status, "too_large", "This request is too large."),
        _ if status.is_client_error() => WebError::bad_request("bad_request", message),
        _ => WebError::internal("the framework refused a request", error),
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The error as plain text; the middleware renders it in the format that the request expects.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::build(self.status).content_type("text/plain; charset=utf-8").body(self.full_message())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::whole_seconds;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
        assert_eq!(whole_seconds(Duration::ZERO), 0);
    }
}
