//! What every answer passes on its way out: refusals get the looks of their door, and every answer the headers that
//! keep browsers careful.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use askama::Template;

use super::app_state;
use super::app_state::{AppData, AppState};
use super::authentication;
use super::authentication::{RequestCaller, ResponseFormat};
use super::error::{WebError, dress, from_framework};
use super::session;
use crate::web::layout::error_page::ErrorPage;
use crate::web::layout::page;
use crate::web::layout::view::{NavSection, PageFrame};

/// Headers of every answer that does not set them itself. Answers are made for one reader at one moment, so nothing is
/// kept but the files of the page, which say so themselves.
const CAREFUL: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // Pictures that sources name are elsewhere; nothing else is.
        "default-src 'self'; img-src 'self' data: https: http:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
];

/// Lets a request in, unless another site sent it, and dresses what comes out.
pub(in crate::web) async fn dressed(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let door = ResponseFormat::of(request.request());
    if authentication::is_cross_site(request.request()) {
        let (request, _) = request.into_parts();
        let response = refused(&WebError::cross_site(), door, &request).await;
        return Ok(careful(ServiceResponse::new(request, response)));
    }
    let error = match caught(async move { next.call(request).await }).await {
        Some(Ok(answered)) => {
            let Some(error) = refusal(answered.response()) else { return Ok(careful(answered)) };
            let (request, plain) = answered.into_parts();
            let mut response = refused(&error, door, &request).await;
            if let Some(methods) = plain.headers().get(header::ALLOW) {
                response.headers_mut().insert(header::ALLOW, methods.clone());
            }
            return Ok(careful(ServiceResponse::new(request, response)));
        }
        Some(Err(error)) => from_framework(&error),
        None => WebError::internal("a handler panicked", &"see the panic above"),
    };
    // The request is gone with its handler, and with it who asked: the page has a frame for nobody.
    let mut response = dress(&error, door, "/", bare_page(&error));
    add_headers(response.headers_mut());
    Err(InternalError::from_response(error, response).into())
}

/// What `future` answers; `None` if it panicked. The panic is on standard error by then.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// Why a request was refused, if it was and is not dressed yet.
fn refusal(response: &HttpResponse) -> Option<WebError> {
    if let Some(error) = response.error() {
        return Some(error.as_error::<WebError>().cloned().unwrap_or_else(|| from_framework(error)));
    }
    let is_bare = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if is_bare => Some(WebError::wrong_method()),
        StatusCode::NOT_FOUND if is_bare => Some(WebError::not_found("page")),
        _ => None,
    }
}

async fn refused(error: &WebError, door: ResponseFormat, request: &HttpRequest) -> HttpResponse {
    if error.code == "sign_in" {
        return dress(error, door, &session::way_back(request), None);
    }
    let page = if door == ResponseFormat::Page { drawn(error, request).await } else { None };
    dress(error, door, "/", page)
}

/// The page of an error, in the frame of whoever asked.
async fn drawn(error: &WebError, request: &HttpRequest) -> Option<String> {
    let rooms = request.app_data::<AppData>()?;
    let caller = RequestCaller::from_request(request, &mut Payload::None).await.ok()?;
    let error = error.clone();
    // Asking again is for those who only looked: a page that a form led to would be another one.
    let looked = matches!(*request.method(), Method::GET | Method::HEAD);
    let again = error.retry_after.filter(|_| looked && error.status == StatusCode::SERVICE_UNAVAILABLE);
    if error.code == "database_away" {
        // Who is asking would be for the database to say.
        return page_of(&error, bare_frame(&error), again);
    }
    let page = app_state::run(rooms, move |house| Ok(page_of(&error, frame(house, &caller, &error), again))).await;
    page.ok().flatten()
}

/// The frame of an error's page: that of a visitor, where the database does not say who is asking.
fn frame(house: &AppState, caller: &RequestCaller, error: &WebError) -> PageFrame {
    let known = || {
        let actor = caller.actor(house)?;
        page::chrome(house, actor.as_ref(), heading(error), NavSection::Elsewhere)
    };
    known().unwrap_or_else(|_| bare_frame(error))
}

fn bare_frame(error: &WebError) -> PageFrame {
    PageFrame { title: heading(error), ..PageFrame::default() }
}

fn bare_page(error: &WebError) -> Option<String> {
    page_of(error, bare_frame(error), None)
}

fn page_of(error: &WebError, chrome: PageFrame, again: Option<u64>) -> Option<String> {
    let page = ErrorPage {
        chrome,
        status: error.status.as_u16(),
        heading: heading(error),
        advice: if error.code == "not_found" {
            "It may have been renamed or removed, or its address was mistyped.".to_owned()
        } else {
            error.sentence.clone()
        },
        id: error.log_id.clone(),
        again,
    };
    page.render().inspect_err(|error| log::error!("an error's page could not be drawn: {error}")).ok()
}

/// What happened, in a few words.
fn heading(error: &WebError) -> String {
    let words = match (error.code, error.status) {
        ("not_found", _) => return error.sentence.trim_end_matches('.').to_owned(),
        ("setup_link", _) => "This is not the set-up link",
        ("cross_site", _) => "This came from another site",
        ("database_away", _) => "The database does not answer",
        ("database_busy", _) => "The database is busy",
        ("taken", _) => "That name is taken",
        (_, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => "That could not be understood",
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => "You may not do that",
        (_, StatusCode::METHOD_NOT_ALLOWED) => "That is not done here",
        (_, StatusCode::CONFLICT) => "That cannot be done now",
        (_, StatusCode::PAYLOAD_TOO_LARGE) => "That is too much",
        (_, StatusCode::TOO_MANY_REQUESTS) => "That was too soon",
        (_, StatusCode::SERVICE_UNAVAILABLE) => "Not available at the moment",
        (_, status) if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    };
    words.to_owned()
}

fn careful(mut answered: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    add_headers(answered.response_mut().headers_mut());
    answered
}

fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in CAREFUL {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::http::{StatusCode, header};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::dressed;

    async fn broken() -> HttpResponse {
        panic!("the words of a panic")
    }

    async fn answer_of_broken(path: &str) -> (HttpResponse, String) {
        let app = App::new().default_service(web::to(broken)).wrap(from_fn(dressed));
        let answered = init_service(app).await.call(TestRequest::with_uri(path).to_request()).await;
        let response = answered.expect_err("a refusal").error_response();
        let (response, body) = response.into_parts();
        let body = to_bytes(body).await.expect("a body");
        (response.set_body(actix_web::body::BoxBody::new(())), String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn a_handler_that_panics_is_answered_like_any_other_trouble() {
        let (response, body) = answer_of_broken("/").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(body.contains("Something went wrong") && body.contains("</html>"), "{body}");
        assert!(!body.contains("the words of a panic"), "{body}");
        let (_, body) = answer_of_broken("/api/anything").await;
        assert!(body.contains(r#""code":"internal""#), "{body}");
    }
}
