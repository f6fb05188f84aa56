//! The security headers of every response.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Headers of every response that does not set them itself. A response depends on its reader and the time, so it must
/// not be cached; embedded assets set their own `Cache-Control`.
const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // Images that sources link to are on other servers; nothing else is loaded from there.
        "default-src 'self'; img-src 'self' data: https: http:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
];

/// Adds the security headers that a response does not have yet.
pub(in crate::web) fn add_security_headers(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
