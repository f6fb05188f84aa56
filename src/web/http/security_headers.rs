//! The headers that keep a response where it belongs: what a page may load, which sites may show it in a frame, and
//! whether search engines may list it.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::domain::frame_hosts::FrameHosts;
use crate::domain::source::Source;

/// The name of the header that tells search engines whether they may list a response.
pub(in crate::web) const ROBOTS_HEADER: HeaderName = HeaderName::from_static("x-robots-tag");
/// Pictures that items link to are on other servers; nothing else is loaded from there. The sites that may show the
/// page in a frame follow.
const PAGE_POLICY: &str = "default-src 'self'; img-src 'self' data: https: http:; base-uri 'none'; form-action 'self'; \
                           object-src 'none'; frame-ancestors";
/// The policy for a reader who wants no pictures: nothing is loaded from other servers.
const PAGE_POLICY_WITHOUT_PICTURES: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; \
                                            form-action 'self'; object-src 'none'; frame-ancestors";
/// The cookie of a reader who wants no pictures from other servers.
const PICTURES_COOKIE: (&str, &str) = ("lockstep_pictures", "off");
/// The sites that may show a page in a frame, if none are named.
const NO_SITES: &str = "'none'";
/// For how long browsers that reached Lockstep over HTTPS use nothing else: one year (RFC 6797).
const TRANSPORT_SECURITY: &str = "max-age=31536000";
/// Headers of every response that does not set them itself. A response depends on its reader and the time, so it must
/// not be cached; embedded assets set their own `Cache-Control`. Search engines list only what says so.
const DEFAULT_HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (ROBOTS_HEADER, "noindex"),
];

/// The policy of a page that these sites may show in a frame; `None` if there are none.
pub(in crate::web) fn framed_page_policy(sites: &FrameHosts) -> Option<String> {
    (!sites.is_empty()).then(|| format!("{PAGE_POLICY} {}", sites.to_directive()))
}

/// What search engines are told about a response with the content of a catalog.
pub(in crate::web) const fn robots_rule(source: &Source) -> &'static str {
    if source.is_listed() { "all" } else { "noindex" }
}

/// Whether the sender of a request wants pictures from other servers.
pub(in crate::web) fn wants_pictures(request: &HttpRequest) -> bool {
    let (name, off) = PICTURES_COOKIE;
    request.cookie(name).is_none_or(|cookie| cookie.value() != off)
}

/// Tells a browser that uses HTTPS to use it from now on.
pub(in crate::web) fn require_https(headers: &mut HeaderMap) {
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT_SECURITY));
}

/// Adds the headers that a response does not have yet. `has_pictures` allows pictures from other servers.
pub(in crate::web) fn add_security_headers(headers: &mut HeaderMap, has_pictures: bool) {
    for (name, value) in DEFAULT_HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // A page with its own policy names the sites that may show it; the older header could not.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        let policy = if has_pictures { PAGE_POLICY } else { PAGE_POLICY_WITHOUT_PICTURES };
        if let Ok(policy) = HeaderValue::from_str(&format!("{policy} {NO_SITES}")) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}
