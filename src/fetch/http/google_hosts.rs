//! Recognizes the hosts of Google by their names.

use url::Url;

/// Whether `url` is on a Google host that serves sheets or their exports.
pub(in crate::fetch) fn is_google_host(url: &Url) -> bool {
    is_within_domain(url, "google.com") || is_within_domain(url, "googleusercontent.com")
}

/// Whether `url` is on a host of Google's APIs. These hosts also serve files of any Google Cloud customer.
pub(in crate::fetch) fn is_google_api_host(url: &Url) -> bool {
    is_within_domain(url, "googleapis.com")
}

fn is_within_domain(url: &Url, domain: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{is_google_api_host, is_google_host};

    #[test]
    fn google_is_recognized_by_its_whole_host_name_and_its_file_storage_is_not_google() {
        let url = |text: &str| url::Url::parse(text).expect("an address");
        let hosts = ["docs.google.com", "google.com.", "doc-0s.googleusercontent.com", "oauth2.googleapis.com"];
        let known = hosts.map(|host| url(&format!("https://{host}/")));
        assert_eq!(known.each_ref().map(is_google_host), [true, true, true, false]);
        assert_eq!(known.each_ref().map(is_google_api_host), [false, false, false, true]);
        for other in ["https://google.com.evil.example/", "https://evilgoogle.com/", "https://evilgoogleapis.com/"] {
            assert!(!is_google_host(&url(other)) && !is_google_api_host(&url(other)), "{other}");
        }
        assert!(!is_google_host(&url("https://storage.googleapis.com/bucket/albums.csv")));
    }
}
