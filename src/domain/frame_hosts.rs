//! The sites that may show a catalog in a frame. They end up in the header `Content-Security-Policy`, so nothing is
//! accepted but scheme, host name and port.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The most sites that can be named for one catalog. All of them are sent with every page that may be embedded.
const MAX_FRAME_HOSTS: usize = 20;
/// The most characters of an entry that an error repeats.
const MAX_SHOWN_CHARS: usize = 60;

/// A site that may show a catalog in a frame: `https://example.org`, `https://*.example.org`, or a server on this
/// machine such as `http://localhost:8000`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameHost(String);

/// The sites that may show a catalog in a frame, without repetitions.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FrameHosts(Vec<FrameHost>);

/// Why a text is not such a site. Each message names the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameHostError {
    /// It does not begin with a scheme.
    #[error("“{0}” has no scheme. Enter `https://{0}`.")]
    NoScheme(String),
    /// The scheme is `http`, and the host is not this machine.
    #[error("“{0}” is not encrypted. Enter a site that begins with `https://`; `http://` works for localhost only.")]
    NotEncrypted(String),
    /// The scheme is another one.
    #[error("“{0}” is not a web site. Enter a site that begins with `https://`.")]
    OtherScheme(String),
    /// Something follows the host.
    #[error("“{0}” has more than a host. Enter `{1}`: a site can embed the catalog on all of its pages.")]
    MoreThanHost(String, String),
    /// It contains a user name or a password.
    #[error("“{0}” contains a user name. Enter the site without it.")]
    UserName(String),
    /// An asterisk is not the first of several labels.
    #[error("“{0}” has an asterisk in a wrong place. It stands for all subdomains, as in `https://*.example.org`.")]
    Wildcard(String),
    /// The host is a numeric address.
    #[error("“{0}” is a numeric address. Enter the name of the host, such as `https://example.org`.")]
    NumericAddress(String),
    /// The port is not a number from 1 to 65535.
    #[error("“{0}” has a wrong port. A port is a number from 1 to 65535, as in `https://example.org:8443`.")]
    Port(String),
    /// It is not a host at all.
    #[error("“{0}” is not a site. Enter scheme and host, such as `https://example.org`.")]
    NotAHost(String),
    /// There are too many.
    #[error("At most {MAX_FRAME_HOSTS} sites can be named. A site with an asterisk covers all its subdomains.")]
    TooMany,
}

impl FromStr for FrameHost {
    type Err = FrameHostError;

    fn from_str(text: &str) -> Result<Self, FrameHostError> {
        let shown = || text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_CHARS).collect::<String>();
        let Some((scheme, rest)) = text.split_once("://") else {
            let fixed = format!("https://{text}").parse::<Self>().is_ok();
            return Err(if fixed { FrameHostError::NoScheme(shown()) } else { FrameHostError::NotAHost(shown()) });
        };
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https"].contains(&scheme.as_str()) {
            return Err(FrameHostError::OtherScheme(shown()));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if let Some((authority, _)) = authority.split_once(['/', '?', '#']) {
            let site = format!("{scheme}://{authority}").parse::<Self>()?;
            return Err(FrameHostError::MoreThanHost(shown(), site.0));
        }
        if authority.contains('@') {
            return Err(FrameHostError::UserName(shown()));
        }
        let (host, port) = match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) => (host, Some(parse_port(port).ok_or_else(|| FrameHostError::Port(shown()))?)),
        };
        let (wildcard, base) = host.strip_prefix("*.").map_or(("", host), |base| ("*.", base));
        if base.contains('*') {
            return Err(FrameHostError::Wildcard(shown()));
        }
        let name = parse_host(base, &shown)?;
        if !wildcard.is_empty() && !name.contains('.') {
            return Err(FrameHostError::Wildcard(shown()));
        }
        let is_local = name == "localhost" || name == LOCAL_ADDRESS;
        if (scheme == "http" && !is_local) || (!wildcard.is_empty() && is_local) {
            return Err(FrameHostError::NotEncrypted(shown()));
        }
        let is_usual = matches!((scheme.as_str(), port), ("https", Some(443)) | ("http", Some(80)));
        let port = port.filter(|_| !is_usual).map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{scheme}://{wildcard}{name}{port}")))
    }
}

impl FrameHost {
    /// Returns the site as headers have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The only numeric address that is accepted: browsers need not compare any other
/// (<https://www.w3.org/TR/CSP3/#match-hosts>).
const LOCAL_ADDRESS: &str = "127.0.0.1";

fn parse_port(text: &str) -> Option<u16> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| is_number && port > 0)
}

/// The host in the form that browsers compare: lower case, other alphabets in Punycode.
fn parse_host(text: &str, shown: &impl Fn() -> String) -> Result<String, FrameHostError> {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || (!c.is_ascii() && c.is_alphanumeric());
    if text.starts_with('[') {
        return Err(FrameHostError::NumericAddress(shown()));
    }
    if !text.chars().all(is_plain) {
        return Err(FrameHostError::NotAHost(shown()));
    }
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| FrameHostError::NotAHost(shown()))?;
    match url.host() {
        Some(Host::Domain(name)) if name.split('.').all(is_label) => Ok(name.to_owned()),
        Some(Host::Ipv4(address)) if address.to_string() == LOCAL_ADDRESS => Ok(LOCAL_ADDRESS.to_owned()),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Err(FrameHostError::NumericAddress(shown())),
        Some(Host::Domain(_)) | None => Err(FrameHostError::NotAHost(shown())),
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl FrameHosts {
    /// Reads sites that are separated by white space or commas.
    ///
    /// # Errors
    /// The reason for each entry that is not a site, in their order.
    pub fn parse_list(text: &str) -> Result<Self, Vec<FrameHostError>> {
        let mut hosts = Self::default();
        let mut errors = Vec::new();
        for entry in split_entries(text) {
            match entry.parse::<FrameHost>() {
                Ok(host) if !hosts.0.contains(&host) => hosts.0.push(host),
                Ok(_) => {}
                Err(error) => errors.push(error),
            }
        }
        if hosts.0.len() > MAX_FRAME_HOSTS {
            errors.push(FrameHostError::TooMany);
        }
        if errors.is_empty() { Ok(hosts) } else { Err(errors) }
    }

    /// Reads sites as they are stored. What is not a site is left out, so that a value that was edited by hand adds
    /// nothing to a header.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(split_entries(text).filter_map(|entry| entry.parse().ok()).take(MAX_FRAME_HOSTS).collect())
    }

    /// Returns whether no site may show the catalog in a frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each site as headers have it.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(FrameHost::as_str)
    }

    /// Returns the sites as the directive `frame-ancestors` has them, separated by spaces. It is also how they are
    /// stored.
    #[must_use]
    pub fn to_directive(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for FrameHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join("\n"))
    }
}

fn split_entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{FrameHostError, FrameHosts};

    #[test]
    fn sites_are_scheme_host_and_port() {
        let read = |text: &str| FrameHosts::parse_list(text).map(|hosts| hosts.to_directive());
        for (text, directive) in [
            ("", ""),
            ("https://example.org", "https://example.org"),
            ("HTTPS://Example.ORG:443/", "https://example.org"),
            ("https://*.example.org:8443", "https://*.example.org:8443"),
            ("https://a.example,https://b.example\r\n\nhttps://a.example", "https://a.example https://b.example"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
            ("https://wiki", "https://wiki"),
            ("http://localhost:8000 http://127.0.0.1:3000", "http://localhost:8000 http://127.0.0.1:3000"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(directive), "{text}");
        }
        assert_eq!(
            FrameHosts::parse_list("https://b.example, https://a.example").map(|hosts| hosts.to_string()),
            Ok("https://b.example\nhttps://a.example".to_owned())
        );
    }

    #[test]
    fn nothing_else_gets_into_a_header() {
        for text in [
            "'self'",
            "*",
            "https:",
            "https://",
            "https://*",
            "data:",
            "none",
            "https://example.org;",
            "https://a;script-src",
            "https://a.example'",
            "https://a\u{0}b",
            "https://-a.example",
            "https://a..b",
            "https://a.example.",
            "https://a_b.example",
            "https://exa%6dple.org",
            "javascript://example.org",
            "https://a\\b",
            "https://\"a\"",
            "https://example.org:*",
            "https://example.org:0",
            "https://example.org:99999",
            "https://example.org:8 0;x",
            "https://10.0.0.1",
            "https://[::1]",
            "https://0x7f.1.2.3",
            "https://*.localhost",
            "https://*.org",
            "https://a.*.example",
            "https://*example.org",
            "http://example.org",
            "https://me:pw@example.org",
        ] {
            assert!(FrameHosts::parse_list(text).is_err(), "{text}");
            let stored = FrameHosts::from_stored(&format!("{text} https://kept.example")).to_directive();
            assert!(stored.ends_with("https://kept.example") && !stored.contains([';', '\'', '"', '\\']), "{stored}");
        }
    }

    #[test]
    fn an_error_names_the_fix() {
        let message = |text: &str| FrameHosts::parse_list(text).expect_err("an error")[0].to_string();
        assert_eq!(message("example.org"), "“example.org” has no scheme. Enter `https://example.org`.");
        assert_eq!(
            message("https://Example.org/team?a=b"),
            "“https://Example.org/team?a=b” has more than a host. Enter `https://example.org`: a site can embed the \
             catalog on all of its pages."
        );
        assert!(message("http://example.org").contains("Enter a site that begins with `https://`"));
        assert!(message("https://10.0.0.1").contains("Enter the name of the host"));
        let both = FrameHosts::parse_list("x;y https://a.example https://*.org").expect_err("errors");
        assert_eq!(both.len(), 2);
        let many: String = (0..21).map(|number| format!("https://site-{number}.example\n")).collect();
        assert_eq!(FrameHosts::parse_list(&many), Err(vec![FrameHostError::TooMany]));
    }
}
