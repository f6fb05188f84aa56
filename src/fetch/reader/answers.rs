//! What the answers of a reader server mean, as sentences that say what to do.

use chrono::Utc;
use ureq::http::{HeaderMap, StatusCode};

use super::super::FetchError;
use super::account::{ReaderAccount, ReaderServer};
use super::quota;
use crate::domain::text::web_page::begins_as_web_page;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};

/// The word for a part of the API that a server lacks, or answers in a form of its own.
pub(super) const UNSUPPORTED: &str = "unsupported";

/// Whether a failure with the word `code` concerns one answer alone, so that what came before it can be kept: the
/// server has not got this part, or sends something that cannot be used. A refused login, a used-up quota and a stop
/// concern the whole run.
pub(super) fn is_of_one_answer(code: &str) -> bool {
    [
        UNSUPPORTED,
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

/// What the answer to a login means. Inoreader announces it as a web page, whatever it is.
pub(super) fn login(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    place: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 if begins_as_web_page(start) => Err(not_here(account, "a web page").into()),
        200 | 203 => Ok(()),
        // FreshRSS answers 400 to a name that none of its users can have.
        status @ (400 | 401 | 403) => Err(refused(account, status).into()),
        404 | 405 | 410 | 501 => Err(not_here(account, &format!("status {}", status.as_u16())).into()),
        // FreshRSS says so as long as its API is switched off.
        503 if account.server == ReaderServer::FreshRss && start.starts_with(b"Service Unavailable!") => {
            Err(BodyProblem::Final(FetchError::failed(
                "api_disabled",
                format!(
                    "The API of FreshRSS at {} is switched off. Switch it on in Settings → Authentication → Allow API \
                     access.",
                    place.host
                ),
            )))
        }
        _ => rest(status, headers, start, place),
    }
}

/// What any other answer means.
pub(super) fn api(
    account: &ReaderAccount,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    place: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    match status.as_u16() {
        200 | 203 if begins_as_web_page(start) => Err(not_here(account, "a web page").into()),
        200 | 203 => Ok(()),
        401 => Err(BodyProblem::Final(FetchError::failed(
            "unauthorized",
            format!(
                "{} took name and password, and then not the token that it had given for them (401). Its web server may \
                 keep the Authorization header back: open the API's own check in a browser (FreshRSS: …/api/).",
                place.host
            ),
        ))),
        403 if account.app.is_some() => Err(refused(account, 403).into()),
        400 | 404 | 405 | 410 | 501 => Err(BodyProblem::Final(FetchError::failed(
            UNSUPPORTED,
            format!("{} does not answer what a reader server is asked (status {}).", place.host, status.as_u16()),
        ))),
        _ => rest(status, headers, start, place),
    }
}

/// What an answer means that says nothing of readers.
fn rest(status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin) -> Result<(), BodyProblem> {
    if status == StatusCode::TOO_MANY_REQUESTS
        && let Some(until) = quota::reset(headers, Utc::now())
    {
        return Err(BodyProblem::Busy { host: place.host.clone(), until });
    }
    response_status::check_response(status, headers, start, place)
}

/// That name or password are wrong, and how they are got right.
pub(super) fn refused(account: &ReaderAccount, status: u16) -> FetchError {
    FetchError::failed(
        "unauthorized",
        format!(
            "{} does not take the name and the password of this account ({status}). {}",
            account.host(),
            account.server.on_refusal()
        ),
    )
}

/// That something else answers at this address.
pub(super) fn not_here(account: &ReaderAccount, instead: &str) -> FetchError {
    FetchError::failed(
        "no_reader",
        format!(
            "At {} there is no reader server: it answered with {instead}. {}",
            account.host(),
            account.server.on_wrong_place()
        ),
    )
}

/// That an answer has not what it must have: `200 []` is what Miniflux says to whatever it does not know.
pub(super) fn lacking(account: &ReaderAccount, what: &str) -> FetchError {
    FetchError::failed(
        UNSUPPORTED,
        format!(
            "{} answered without {what}, so it seems to lack this part of the Google Reader API. That is not taken for \
             an empty account: nothing was changed. {}",
            account.host(),
            account.server.on_wrong_place()
        ),
    )
}
