//! Renders an error in the format that the request expects.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError as _};
use serde_json::json;

use super::cross_origin::allow_all_origins;
use super::error::WebError;
use super::response_format::ResponseFormat;

/// Carries the error code of a fragment. It shows scripts that Lockstep sent the error, and not a proxy.
const REASON_HEADER: HeaderName = HeaderName::from_static("lockstep-reason");

/// The response to a failed request. A page without a session redirects to `login_link`. `page` is the rendered error
/// page, if there is one.
pub(in crate::web) fn error_response(
    error: &WebError,
    format: ResponseFormat,
    login_link: &str,
    page: Option<String>,
) -> HttpResponse<BoxBody> {
    let mut response = match format {
        ResponseFormat::Json => {
            let mut body = json!({ "error": error.full_message(), "code": error.code });
            if let Some(field) = &error.field {
                body["field"] = (&**field).into();
            }
            if let Some(id) = error.sync_id {
                body["syncId"] = id.to_string().into();
            }
            HttpResponse::build(error.status).json(body)
        }
        ResponseFormat::Page if error.code == "sign_in" => {
            HttpResponse::SeeOther().insert_header((header::LOCATION, login_link)).finish()
        }
        ResponseFormat::Page => match page {
            Some(html) => HttpResponse::build(error.status).content_type("text/html; charset=utf-8").body(html),
            None => error.error_response(),
        },
        ResponseFormat::Fragment => {
            let mut response = error.error_response();
            response.headers_mut().insert(REASON_HEADER, HeaderValue::from_static(error.code));
            response
        }
    };
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.is_public {
        allow_all_origins(response.headers_mut());
    }
    if error.status == StatusCode::UNAUTHORIZED && format == ResponseFormat::Json {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
