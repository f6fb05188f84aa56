//! The API token that a request carries (RFC 6750, section 2.1).

use actix_web::HttpRequest;
use actix_web::http::header;

/// The bearer token that a request was sent with; `None` if it has none.
pub(super) fn bearer_token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().unwrap_or("");
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
