//! The scheme and host by which a client reached this server, for links that leave the browser.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::links::LinkBuilder;

/// Returns scheme and host of the public URL; without one, those of the request, which came over plain HTTP then.
pub(in crate::web) fn request_origin(request: &HttpRequest, links: &LinkBuilder) -> String {
    let public = links.absolute("");
    if !public.is_empty() {
        return public;
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host.is_empty() { String::new() } else { format!("http://{host}") }
}
