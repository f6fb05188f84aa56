//! Checks the responses of a reader server and explains its errors.

use chrono::Utc;
use ureq::http::{HeaderMap, StatusCode};

use super::super::FetchError;
use super::account::{ReaderAccount, ReaderServer};
use super::quota;
use crate::domain::text::web_page::begins_as_web_page;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};

/// The error code for a part of the API that a server lacks or implements differently.
pub(super) const UNSUPPORTED_CODE: &str = "unsupported";

/// Whether an error with this code concerns a single response, so that the run keeps the earlier ones: the server lacks
/// a part of the API or sent something unusable. A rejected login, a used-up quota and a stop concern the whole run.
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

/// Checks the response to a login. Its content type is ignored, because Inoreader always declares a web page.
///
/// # Errors
/// `unauthorized` for rejected credentials, `no_reader` for anything but the API, `api_disabled` when the API of
/// FreshRSS is turned off, and the errors of any response.
pub(super) fn check_login_response(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 => refuse_web_page(account, start),
        // FreshRSS responds with 400 to a name that no user can have.
        status @ (400 | 401 | 403) => Err(credentials_rejected(account, status).into()),
        404 | 405 | 410 | 501 => Err(no_reader_here(account, &format!("status {}", status.as_u16())).into()),
        // FreshRSS responds with this while its API is turned off.
        503 if account.server == ReaderServer::FreshRss && start.starts_with(b"Service Unavailable!") => {
            Err(BodyProblem::Final(FetchError::failed(
                "api_disabled",
                format!(
                    "The API of FreshRSS at {} is turned off. Turn on Settings → Authentication → Allow API access.",
                    origin.host
                ),
            )))
        }
        _ => check_other_response(status, headers, start, origin),
    }
}

/// Checks the response to any other request.
///
/// # Errors
/// `unauthorized` for a rejected token, `no_reader` for a web page, [`UNSUPPORTED_CODE`] for a missing part of the API,
/// and the errors of any response.
pub(super) fn check_api_response(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 => refuse_web_page(account, start),
        401 => Err(BodyProblem::Final(FetchError::failed(
            "unauthorized",
            format!(
                "{} accepted the name and password but rejected its own token (401). Its web server may drop the \
                 Authorization header. To check, open the self-check of the API in a browser (FreshRSS: …/api/).",
                origin.host
            ),
        ))),
        403 if account.app.is_some() => Err(credentials_rejected(account, 403).into()),
        400 | 404 | 405 | 410 | 501 => Err(BodyProblem::Final(FetchError::failed(
            UNSUPPORTED_CODE,
            format!(
                "{} does not support a required request of the Google Reader API (status {}). Update its software.",
                origin.host,
                status.as_u16()
            ),
        ))),
        _ => check_other_response(status, headers, start, origin),
    }
}

/// Refuses a web page: a website without a reader API responds with one.
fn refuse_web_page(account: &ReaderAccount, start: &[u8]) -> Result<(), BodyProblem> {
    if begins_as_web_page(start) { Err(no_reader_here(account, "a web page").into()) } else { Ok(()) }
}

/// Checks a response for what is not specific to readers.
fn check_other_response(
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

/// The error for a server whose response is not that of the API.
pub(super) fn no_reader_here(account: &ReaderAccount, instead: &str) -> FetchError {
    FetchError::failed(
        "no_reader",
        format!("No reader server at {}: it responded with {instead}. {}", account.host(), account.server.url_advice()),
    )
}

/// The error for a response without a required part. Miniflux responds with `200 []` to any request it does not know.
pub(super) fn missing_part(account: &ReaderAccount, part: &str) -> FetchError {
    FetchError::failed(
        UNSUPPORTED_CODE,
        format!(
            "{} did not return {part}. The server may not support this part of the Google Reader API. {}",
            account.host(),
            account.server.url_advice()
        ),
    )
}
