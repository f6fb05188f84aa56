//! Parses URLs as people write them, and extracts their credentials.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::location::{web_address, without_secrets};
use crate::domain::text::shortening::clip_name;
use crate::fetch::FetchError;

/// Where redirects may lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fetch) enum RedirectScope {
    /// To every public address.
    Anywhere,
    /// To Google's hosts, and to the host that replaces Google.
    Google,
}

/// The longest host name in bytes (RFC 1035, section 2.3.4).
const MAX_HOST_BYTES: usize = 255;

/// Parses an `http` or `https` URL with a host. `feed:` URLs are converted.
///
/// # Errors
/// `bad_address` for anything else.
pub(in crate::fetch) fn parse_web_address(address: &str) -> Result<Url, FetchError> {
    let address = &*web_address(address);
    if address.trim().is_empty() {
        return Err(FetchError::failed(
            "bad_address",
            "There is no link. Enter a URL that begins with https:// or http://.",
        ));
    }
    let url = Url::parse(address.trim()).map_err(|error| {
        let shown = clip_name(&without_secrets(address.trim()));
        FetchError::failed(
            "bad_address",
            format!("`{shown}` is not a valid URL ({error}). Enter a URL that begins with https:// or http://."),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(FetchError::failed(
            "bad_address",
            format!(
                "This URL begins with {}:. Enter a URL that begins with https:// or http://.",
                clip_name(url.scheme())
            ),
        ));
    }
    if url.host_str().is_some_and(|host| host.len() > MAX_HOST_BYTES) {
        return Err(FetchError::failed("bad_address", "The host name in this URL is too long. Check the URL."));
    }
    Ok(url)
}

/// Host and port of a URL as one name, for the lock and the rate limits of a host.
pub(in crate::fetch) fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(0))
}

/// The Authorization header for a URL with a user name or a password.
pub(super) fn basic_auth(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = percent_decode_str(url.username()).collect::<Vec<u8>>();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::{basic_auth, host_key, parse_web_address};

    #[test]
    fn only_web_addresses_are_fetched() {
        assert!(parse_web_address(" https://h.example/a.csv ").is_ok());
        for bad in ["ftp://h/a", "file:///etc/passwd", "a.csv", "", "http://", "data:text/csv,a"] {
            assert!(parse_web_address(bad).is_err(), "{bad}");
        }
        let long = "a".repeat(100_000);
        for bad in [format!("{long}:b"), format!("http://{long}.example/"), format!("http://h:x/{long}")] {
            assert!(parse_web_address(&bad).is_err_and(|error| error.to_string().len() < 400), "{}", bad.len());
        }
    }

    #[test]
    fn a_host_key_is_host_and_port_in_one_spelling() {
        let key = |address: &str| host_key(&parse_web_address(address).expect("an address"));
        assert_eq!(key("https://me:pw@H.example./a?b"), "h.example:443");
        assert_eq!(key("https://h.example:443/"), key("https://h.example"));
        assert_ne!(key("http://h.example/"), key("https://h.example/"));
        assert_eq!(key("http://[::1]:8080/"), "[::1]:8080");
    }

    #[test]
    fn credentials_become_a_header_and_are_decoded() {
        let url = parse_web_address("https://me:p%40ss@h.example/").expect("an address");
        assert_eq!(basic_auth(&url).as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(basic_auth(&parse_web_address("https://h.example/").expect("an address")), None);
    }
}
