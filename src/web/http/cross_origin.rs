//! What scripts of other sites may do: read public catalogs.
//!
//! The protocol is CORS: <https://fetch.spec.whatwg.org/#http-cors-protocol>.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::domain::source::Source;

/// What everybody may read, scripts of other sites may read too.
const PUBLIC_HEADERS: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Link, Content-Disposition, Retry-After"),
];

/// The headers that allow scripts of other sites to read a public catalog; none for any other.
pub(in crate::web) fn cross_origin_headers(source: &Source) -> Vec<(HeaderName, String)> {
    if !source.public {
        return Vec::new();
    }
    public_headers().to_vec()
}

/// The headers that allow scripts of other sites to read a response.
pub(in crate::web) fn public_headers() -> [(HeaderName, String); 2] {
    PUBLIC_HEADERS.map(|(name, value)| (name, value.to_owned()))
}

/// Adds the headers of a public catalog to a response.
pub(in crate::web) fn allow_all_origins(headers: &mut HeaderMap) {
    for (name, value) in PUBLIC_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The response to `OPTIONS`: what scripts of other sites may send.
pub(in crate::web) fn preflight_response(source: &Source) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    for header in cross_origin_headers(source) {
        response.insert_header(header);
    }
    response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"));
    response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, Authorization"));
    response.finish()
}
