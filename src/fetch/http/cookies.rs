//! Keeps cookies within one fetch (RFC 6265). They are sent back only to the host that set them, and dropped when the
//! fetch ends. Servers that check visitors redirect to a check and back, and then require its cookie.

use std::fmt;

use chrono::Utc;
use cookie::Cookie;
use ureq::http::{HeaderMap, HeaderValue, header};
use url::Url;

/// The most cookies of one fetch.
const MAX_COOKIES: usize = 50;
/// The most bytes of the name and the value of a cookie together.
const MAX_COOKIE_BYTES: usize = 4096;
/// The most bytes of all cookies together.
const MAX_TOTAL_BYTES: usize = 16 * 1024;

/// The cookies of one fetch.
#[derive(Default)]
pub(super) struct CookieJar {
    cookies: Vec<KeptCookie>,
    changes: u64,
}

/// Cookies are secret, so only their number is shown.
impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieJar").field("cookies", &self.cookies.len()).finish_non_exhaustive()
    }
}

#[derive(PartialEq, Eq)]
struct KeptCookie {
    site: String,
    name: String,
    value: String,
    path: String,
    is_secure: bool,
}

impl CookieJar {
    /// How often a cookie was added, changed or removed.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Stores and removes cookies as the response from `url` with `headers` sets them. A cookie for a domain is kept
    /// only for the host, and ignored if the host is not in that domain.
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = value.to_str().ok().and_then(|text| Cookie::parse(text).ok()) else { continue };
            let is_https = url.scheme() == "https";
            let is_secure = cookie.secure().unwrap_or(false);
            let must_be_secure = ["__Secure-", "__Host-"].iter().any(|prefix| cookie.name().starts_with(prefix));
            let is_safe = if is_secure { is_https } else { !must_be_secure };
            let is_of_host = cookie.domain().is_none_or(|domain| covers(domain, url));
            if cookie.name().is_empty() || !is_safe || !is_of_host {
                continue;
            }
            let path = cookie.path().filter(|path| path.starts_with('/')).unwrap_or_else(|| default_path(url));
            let kept = KeptCookie {
                site: site(url),
                name: cookie.name().to_owned(),
                value: cookie.value().to_owned(),
                path: path.to_owned(),
                is_secure,
            };
            self.put(kept, has_expired(&cookie));
        }
    }

    fn put(&mut self, new: KeptCookie, has_expired: bool) {
        let is_same = |old: &KeptCookie| (&old.site, &old.name, &old.path) == (&new.site, &new.name, &new.path);
        let before = self.cookies.iter().position(is_same);
        if !has_expired && before.is_some_and(|at| self.cookies[at] == new) {
            return;
        }
        let was_there = before.map(|at| self.cookies.remove(at)).is_some();
        let length = |cookie: &KeptCookie| cookie.name.len() + cookie.value.len();
        let total: usize = self.cookies.iter().map(length).sum();
        let fits = self.cookies.len() < MAX_COOKIES
            && length(&new) <= MAX_COOKIE_BYTES
            && total + length(&new) <= MAX_TOTAL_BYTES;
        let is_kept = fits && !has_expired;
        if is_kept {
            self.cookies.push(new);
        }
        self.changes += u64::from(is_kept || was_there);
    }

    /// The `Cookie` header for `url`, if there are cookies for it.
    pub(super) fn header_for(&self, url: &Url) -> Option<HeaderValue> {
        let site = site(url);
        let is_meant = |cookie: &&KeptCookie| {
            cookie.site == site && is_within(url.path(), &cookie.path) && (!cookie.is_secure || url.scheme() == "https")
        };
        let mut meant: Vec<&KeptCookie> = self.cookies.iter().filter(is_meant).collect();
        // Longer paths come first (RFC 6265, section 5.4).
        meant.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = meant.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let mut value = HeaderValue::from_str(&pairs.join("; ")).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The host that a cookie belongs to, with its port unless it is the default port: another port is another server.
fn site(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// Whether the host of `url` is in the domain that a cookie names.
fn covers(domain: &str, url: &Url) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
    host == domain
        || is_name && !domain.is_empty() && host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

/// The path of a cookie that names no path (RFC 6265, section 5.1.4).
fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        None | Some(0) => "/",
        Some(at) => &url.path()[..at],
    }
}

/// Whether a cookie for `wanted` is sent to `path` (RFC 6265, section 5.1.4).
fn is_within(path: &str, wanted: &str) -> bool {
    path == wanted || path.strip_prefix(wanted).is_some_and(|rest| wanted.ends_with('/') || rest.starts_with('/'))
}

/// Whether a cookie has expired. Such a cookie removes the stored cookie of the same name.
fn has_expired(cookie: &Cookie<'_>) -> bool {
    match cookie.max_age() {
        Some(age) => age.whole_seconds() <= 0,
        None => cookie.expires_datetime().is_some_and(|until| until.unix_timestamp() <= Utc::now().timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderMap, HeaderValue, header};

    use super::{CookieJar, MAX_COOKIES, MAX_TOTAL_BYTES};

    fn keep(jar: &mut CookieJar, url: &str, set: &str) {
        let value = HeaderValue::from_str(set).expect("a value");
        jar.keep(&url.parse().expect("an address"), &HeaderMap::from_iter([(header::SET_COOKIE, value)]));
    }

    fn sent(jar: &CookieJar, url: &str) -> String {
        let header = jar.header_for(&url.parse().expect("an address"));
        header.map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
    }

    #[test]
    fn a_cookie_is_sent_only_to_its_host() {
        let mut jar = CookieJar::default();
        keep(&mut jar, "https://h.example/check", "pass=1; Path=/; HttpOnly");
        keep(&mut jar, "https://h.example/deep/er/x", "deep=2");
        keep(&mut jar, "https://h.example/", "safe=3; Secure");
        for (url, expected) in [
            ("https://h.example/f", "pass=1; safe=3"),
            ("https://H.example./deep/er/y", "deep=2; pass=1; safe=3"),
            ("https://h.example/deeper", "pass=1; safe=3"),
            ("http://h.example/f", "pass=1"),
            ("https://h.example:8443/f", ""),
            ("https://www.h.example/f", ""),
            ("https://example/f", ""),
            ("https://other.example/f", ""),
        ] {
            assert_eq!(sent(&jar, url), expected, "{url}");
        }
        assert!(!format!("{jar:?}").contains("pass"));
    }

    #[test]
    fn a_cookie_that_a_host_may_not_set_is_not_kept() {
        let mut jar = CookieJar::default();
        for set in ["a=1; Domain=other.example", "a=1; Domain=ample", "a=1; Secure", "__Host-a=1", "=1", "no cookie"] {
            keep(&mut jar, "http://h.example/", set);
        }
        keep(&mut jar, "http://127.0.0.1/", "a=1; Domain=0.0.1");
        assert_eq!((sent(&jar, "http://h.example/"), sent(&jar, "http://127.0.0.1/")), Default::default());
        keep(&mut jar, "http://www.h.example/", "a=1; Domain=.h.example");
        assert_eq!((&*sent(&jar, "http://www.h.example/"), &*sent(&jar, "http://h.example/")), ("a=1", ""));
    }

    #[test]
    fn a_cookie_is_replaced_and_deleted() {
        let (mut jar, url) = (CookieJar::default(), "https://h.example/");
        for (set, expected, changes) in [
            ("a=1", "a=1", 1),
            ("a=1", "a=1", 1),
            ("a=2", "a=2", 2),
            ("a=; Max-Age=0", "", 3),
            ("a=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "", 3),
            ("a=4; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=4", 4),
        ] {
            keep(&mut jar, url, set);
            assert_eq!((&*sent(&jar, url), jar.changes()), (expected, changes), "{set}");
        }
    }

    #[test]
    fn the_number_and_length_of_cookies_are_bounded() {
        let (mut many, mut long, url) = (CookieJar::default(), CookieJar::default(), "https://h.example/");
        for number in 0..1000 {
            keep(&mut many, url, &format!("c{number}=1"));
            keep(&mut long, url, &format!("c{number}={}", "x".repeat(4000)));
        }
        keep(&mut many, url, &format!("big={}", "x".repeat(5000)));
        assert_eq!(sent(&many, url).split("; ").count(), MAX_COOKIES);
        assert!(sent(&long, url).len() <= MAX_TOTAL_BYTES + 100);
    }
}
