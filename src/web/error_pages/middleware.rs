//! What every request passes: requests of other sites are refused unless they only read, panics are caught, errors are
//! rendered in the format that the request expects, bodies that arrive too slowly are answered with 408, and every
//! response gets the security headers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{ConnectionType, StatusCode, Version, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use futures_util::FutureExt as _;

use super::page::{render_bare_page, render_error_page};
use crate::web::connections::{BodyTimeout, GuardedConnection, TrackedResponse, pace_body};
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::valid_token_hash;
use crate::web::http::client_connection::ClientConnection;
use crate::web::http::error::{WebError, from_framework};
use crate::web::http::error_response::error_response;
use crate::web::http::links::LinkBuilder;
use crate::web::http::rate_limiter::RateDecision;
use crate::web::http::response_format::ResponseFormat;
use crate::web::http::return_path::return_path_of;
use crate::web::http::security_headers::{add_security_headers, require_https, wants_pictures};

/// Passes a request on to its handler, unless another site sent it, and completes the response. The connection learns
/// when the body has arrived and when the response has ended.
pub(in crate::web) async fn process_request(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<TrackedResponse>, Error> {
    let connection = request.conn_data::<Arc<GuardedConnection>>().cloned();
    let body_timeout = connection.as_ref().map(|connection| pace_body(&mut request, connection)).unwrap_or_default();
    let answered = answer_request(request, next, &body_timeout).await;
    // The response to an error is not tracked. It is short.
    let answered = answered.inspect_err(|_| drop(TrackedResponse::new(BoxBody::new(()), connection.clone())));
    answered.map(|response| response.map_body(|_, body| TrackedResponse::new(body, connection)))
}

async fn answer_request(
    request: ServiceRequest,
    next: Next<BoxBody>,
    body_timeout: &BodyTimeout,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let format = ResponseFormat::of(request.request());
    let links = request.app_data::<AppData>().map(|app| app.links.clone()).unwrap_or_default();
    let app = request.app_data::<AppData>().cloned();
    let connection = app.as_ref().map(|app| ClientConnection::of(request.request(), app));
    let rate = app.as_ref().zip(connection).map_or(RateDecision::Unlimited, |(app, connection)| {
        app.rate_limiter.count_request(request.request(), connection.address.into())
    });
    // Safe methods change nothing, and links from other sites must work.
    let mut response = if let RateDecision::Refused { wait } = rate {
        let (request, _) = request.into_parts();
        let response = respond_with_error(&WebError::rate_limited(wait), format, &request, &links).await;
        ServiceResponse::new(request, response)
    } else if !request.method().is_safe() && is_cross_site(request.request(), &links) {
        let (request, _) = request.into_parts();
        let response = respond_with_error(&WebError::cross_site(), format, &request, &links).await;
        ServiceResponse::new(request, response)
    } else {
        // A panic must not end the thread, which serves other requests too. It was printed to standard error.
        let handled = AssertUnwindSafe(async move { next.call(request).await });
        match handled.catch_unwind().await {
            Ok(Ok(response)) if body_timeout.has_expired() => respond_with_timeout(response, format, &links).await,
            Ok(Ok(response)) => render_error(response, format, &links).await,
            Ok(Err(error)) => return Err(error_without_request(from_framework(&error), format, &links)),
            Err(_) => {
                let error = WebError::internal("a handler panicked", &"see the panic above");
                return Err(error_without_request(error, format, &links));
            }
        }
    };
    let has_pictures = wants_pictures(response.request());
    add_security_headers(response.headers_mut(), has_pictures);
    if connection.is_some_and(|connection| connection.is_https) {
        require_https(response.headers_mut());
    }
    if let Some(app) = app {
        if matches!(rate, RateDecision::Allowed { .. })
            && let Some(hash) = valid_token_hash(response.request())
        {
            app.rate_limiter.note_valid_token(hash);
        }
        app.rate_limiter.add_headers(rate, response.headers_mut());
    }
    if response.request().version() == Version::HTTP_10 {
        send_without_chunks(response.response_mut());
    }
    Ok(response)
}

/// Replaces the response of a handler that did not get the whole body, and closes the connection after it.
async fn respond_with_timeout(
    response: ServiceResponse<BoxBody>,
    format: ResponseFormat,
    links: &LinkBuilder,
) -> ServiceResponse<BoxBody> {
    let (request, _) = response.into_parts();
    let message = "The request arrived too slowly, so nothing was changed. Check your connection and try again.";
    let error = WebError::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message);
    let mut response = respond_with_error(&error, format, &request, links).await;
    response.head_mut().set_connection_type(ConnectionType::Close);
    ServiceResponse::new(request, response)
}

/// Lets the end of the connection be the end of a body of unknown length: HTTP/1.0 knows no chunks (RFC 9112, section
/// 6.1).
fn send_without_chunks(response: &mut HttpResponse) {
    if response.body().size() == BodySize::Stream {
        response.head_mut().no_chunking(true);
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// Whether another site sent a request.
///
/// Browsers send `Sec-Fetch-Site`, of which `same-origin` and `none` (typed or bookmarked) are accepted; older browsers
/// send `Origin`. Programs send neither, and do not attach a cookie without meaning to.
fn is_cross_site(request: &HttpRequest, links: &LinkBuilder) -> bool {
    let header =
        |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    if let Some(site) = header("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = header("origin") else { return false };
    let Some((_, origin_host)) = origin.split_once("://") else { return true };
    header("host").as_deref() != Some(origin_host) && links.public_host() != Some(origin_host)
}

/// Returns the same response, with its error rendered if it has one.
async fn render_error(
    response: ServiceResponse<BoxBody>,
    format: ResponseFormat,
    links: &LinkBuilder,
) -> ServiceResponse<BoxBody> {
    let Some(error) = unrendered_error(response.response()) else { return response };
    let (request, plain) = response.into_parts();
    let mut response = respond_with_error(&error, format, &request, links).await;
    if let Some(methods) = plain.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, methods.clone());
    }
    ServiceResponse::new(request, response)
}

/// The error of a response that is not rendered yet.
fn unrendered_error(response: &HttpResponse) -> Option<WebError> {
    if let Some(error) = response.error() {
        return Some(error.as_error::<WebError>().cloned().unwrap_or_else(|| from_framework(error)));
    }
    let has_no_body = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if has_no_body => Some(WebError::wrong_method()),
        StatusCode::NOT_FOUND if has_no_body => Some(WebError::not_found("page")),
        _ => None,
    }
}

async fn respond_with_error(
    error: &WebError,
    format: ResponseFormat,
    request: &HttpRequest,
    links: &LinkBuilder,
) -> HttpResponse {
    if error.code == "sign_in" {
        return error_response(error, format, &links.login_then(&return_path_of(request, links)), None);
    }
    let page = if format == ResponseFormat::Page { render_error_page(error, request).await } else { None };
    error_response(error, format, &links.login(), page)
}

/// Returns the response, as an error, for a request that was dropped with its handler. Its credentials were dropped
/// too, so a page gets the frame of a visitor.
fn error_without_request(error: WebError, format: ResponseFormat, links: &LinkBuilder) -> Error {
    let mut response = error_response(&error, format, &links.login(), render_bare_page(&error, links));
    add_security_headers(response.headers_mut(), false);
    InternalError::from_response(error, response).into()
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::http::{StatusCode, header};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::process_request;

    async fn panicking_handler() -> HttpResponse {
        panic!("the message of a panic")
    }

    async fn request_of_panicking_handler(path: &str) -> (HttpResponse, String) {
        let app = App::new().default_service(web::to(panicking_handler)).wrap(from_fn(process_request));
        let result = init_service(app).await.call(TestRequest::with_uri(path).to_request()).await;
        let response = result.expect_err("an error").error_response();
        let (response, body) = response.into_parts();
        let body = to_bytes(body).await.expect("a body");
        (response.set_body(actix_web::body::BoxBody::new(())), String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn a_panic_of_a_handler_is_rendered_like_any_other_error() {
        let system = actix_web::rt::System::new();
        let (response, body) = system.block_on(request_of_panicking_handler("/"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(body.contains("Something went wrong") && body.contains("</html>"), "{body}");
        assert!(!body.contains("the message of a panic"), "{body}");
        let (_, body) = system.block_on(request_of_panicking_handler("/api/anything"));
        assert!(body.contains(r#""code":"internal""#), "{body}");
    }
}
