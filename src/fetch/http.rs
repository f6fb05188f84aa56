//! The guarded HTTP client that every kind of source fetches with.
//!
//! [`HttpClient::send`] makes a request, follows its redirects, retries transient failures, waits if a server asks for
//! it, and stops within a second of a cancel. Bodies are written to bounded temporary files. Connections to private
//! addresses are refused unless the operator allows them.

pub(super) mod address_guard;
mod attempt;
pub(super) mod body_file;
pub(super) mod cancel_token;
mod client;
mod cookies;
mod decompress;
pub(super) mod fetch_failure;
mod google_hosts;
mod gzip_members;
pub(super) mod host_lock;
pub(super) mod http_date;
mod redirect_target;
pub(super) mod request;
mod response;
pub(super) mod response_status;
mod settings;
pub(super) mod transport;
pub(super) mod web_address;

use ureq::http::{HeaderMap, HeaderValue};
use url::Url;

use cookies::CookieJar;

pub(in crate::fetch) use client::HttpClient;
pub(in crate::fetch) use google_hosts::{is_google_api_host, is_google_host};
pub(in crate::fetch) use response::{FetchResponse, ResponseBody};
pub(in crate::fetch) use settings::HttpSettings;

/// The `Cookie` header for `url` after a response from it with these headers; `None` if no cookie is kept.
pub(in crate::fetch) fn answer_cookies(url: &Url, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut jar = CookieJar::default();
    jar.keep(url, headers);
    jar.header_for(url)
}
