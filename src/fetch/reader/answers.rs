//! Interprets the responses of a reader server, with messages that say what to do.

use chrono::Utc;
use ureq::http::{HeaderMap, StatusCode};

use super::super::FetchError;
use super::account::{ReaderAccount, ReaderServer};
use super::quota;
use crate::domain::text::web_page::begins_as_web_page;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};

/// The error code for a part of the API that a server lacks or answers in another form.
pub(super) const UNSUPPORTED_CODE: &str = "unsupported";

/// Whether an error with this code concerns a single response, so that earlier ones are kept: the server lacks this
/// part of the API or sent something unusable. A rejected login, a used-up quota and a stop concern the whole run.
pub(super) fn concerns_one_response(code: &str) -> bool {
    [
        UNSUPPORTED_CODE,
        "bad_answer",
        "bad_redirect",
        "bad_status",
        "connection",
        "forbidden",
        "gone",
        "no_reader",
        "not_acceptable",
        "not_found",
        "server_error",
        "too_large",
        "truncated",
    ]
    .contains(&code)
}

/// Judges the response to a login. Its content type is ignored: Inoreader always declares a web page.
///
/// # Errors
/// `unauthorized` for rejected credentials, `no_reader` when the API is not there, `api_disabled` when FreshRSS has
/// it switched off, and the errors of any response.
pub(super) fn judge_login(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 if begins_as_web_page(start) => Err(no_reader_here(account, "a web page").into()),
        200 | 203 => Ok(()),
        // FreshRSS answers 400 to a name that no user can have.
        status @ (400 | 401 | 403) => Err(credentials_rejected(account, status).into()),
        404 | 405 | 410 | 501 => Err(no_reader_here(account, &format!("status {}", status.as_u16())).into()),
        // FreshRSS answers this while its API is switched off.
        503 if account.server == ReaderServer::FreshRss && start.starts_with(b"Service Unavailable!") => {
            Err(BodyProblem::Final(FetchError::failed(
                "api_disabled",
                format!(
                    "The API of FreshRSS at {} is switched off. Turn on Settings → Authentication → Allow API access.",
                    origin.host
                ),
            )))
        }
        _ => judge_other(status, headers, start, origin),
    }
}

/// Judges the response to any other request.
///
/// # Errors
/// `unauthorized` for a rejected token, `no_reader` for a web page, [`UNSUPPORTED_CODE`] for a missing part of the API,
/// and the errors of any response.
pub(super) fn judge_api_response(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 if begins_as_web_page(start) => Err(no_reader_here(account, "a web page").into()),
        200 | 203 => Ok(()),
        401 => Err(BodyProblem::Final(FetchError::failed(
            "unauthorized",
            format!(
                "{} accepted name and password but rejected its own token (401). Its web server may drop the \
                 Authorization header: open the API's self-check in a browser (FreshRSS: …/api/).",
                origin.host
            ),
        ))),
        403 if account.app.is_some() => Err(credentials_rejected(account, 403).into()),
        400 | 404 | 405 | 410 | 501 => Err(BodyProblem::Final(FetchError::failed(
            UNSUPPORTED_CODE,
            format!(
                "{} does not support this request of the Google Reader API (status {}).",
                origin.host,
                status.as_u16()
            ),
        ))),
        _ => judge_other(status, headers, start, origin),
    }
}

/// Judges a response that is not specific to readers.
fn judge_other(
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    if status == StatusCode::TOO_MANY_REQUESTS
        && let Some(until) = quota::reset_time(headers, Utc::now())
    {
        return Err(BodyProblem::Busy { host: origin.host.clone(), until });
    }
    response_status::check_response(status, headers, start, origin)
}

/// The error for a rejected name or password.
pub(super) fn credentials_rejected(account: &ReaderAccount, status: u16) -> FetchError {
    FetchError::failed(
        "unauthorized",
        format!(
            "{} rejected the name or password of this account ({status}). {}",
            account.host(),
            account.server.credentials_advice()
        ),
    )
}

/// The error for an address where something else than the API answers.
pub(super) fn no_reader_here(account: &ReaderAccount, instead: &str) -> FetchError {
    FetchError::failed(
        "no_reader",
        format!("No reader server at {}: it answered with {instead}. {}", account.host(), account.server.url_advice()),
    )
}

/// The error for a response without a required part. Miniflux answers `200 []` to any request it does not know.
pub(super) fn missing_part(account: &ReaderAccount, part: &str) -> FetchError {
    FetchError::failed(
        UNSUPPORTED_CODE,
        format!(
            "{} answered without {part}, so it seems to lack this part of the Google Reader API. It does not count as \
             an empty account: nothing changed. {}",
            account.host(),
            account.server.url_advice()
        ),
    )
}
