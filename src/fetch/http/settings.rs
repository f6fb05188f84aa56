//! The settings of the HTTP client: limits, allowed hosts, folders.

use std::path::PathBuf;

use url::Url;

use super::address_guard::AllowHosts;
use super::google_hosts::is_google_host;

/// Limits and permissions of a client.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct HttpSettings {
    /// The most bytes of one body, after decompression.
    pub(in crate::fetch) max_bytes: u64,
    /// Hosts that may be fetched from although their addresses are private.
    pub(in crate::fetch) allow: AllowHosts,
    /// The folder for temporary files.
    pub(in crate::fetch) work_dir: PathBuf,
    /// The base of Google's addresses. In tests it is another host, which replaces Google.
    pub(in crate::fetch) google_url: Url,
}

impl HttpSettings {
    /// Whether `url` is on a Google host, or on the host that replaces Google.
    pub(in crate::fetch) fn is_google(&self, url: &Url) -> bool {
        is_google_host(url) || url.origin() == self.google_url.origin()
    }

    /// Whether Google may redirect to `url`: to a Google host over HTTPS, or to the host that replaces Google.
    pub(super) fn may_google_redirect_to(&self, url: &Url) -> bool {
        let is_safe = url.scheme() == "https" || self.google_url.scheme() == "http";
        is_safe && (is_google_host(url) || url.host() == self.google_url.host())
    }
}
