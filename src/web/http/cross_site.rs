//! Recognises requests that another site sent from a visitor's browser.

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::links::LinkBuilder;

/// Whether a request that changes something was sent by another site.
///
/// Browsers send `Sec-Fetch-Site`, of which `same-origin` and `none` (typed or bookmarked) are accepted; older browsers
/// send `Origin`. Programs send neither, and do not attach a cookie without meaning to.
#[must_use]
pub fn is_cross_site(request: &HttpRequest, links: &LinkBuilder) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let header =
        |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    if let Some(site) = header("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = header("origin") else { return false };
    let Some((_, origin_host)) = origin.split_once("://") else { return true };
    header("host").as_deref() != Some(origin_host) && links.public_host() != Some(origin_host)
}
