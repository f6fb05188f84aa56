//! The location of a source's content, and how to show it without secrets.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::text::path_secrets::redact_path;

/// The location of a source's content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "at", content = "where")]
pub enum SourceLocation {
    /// A URL as entered: a link to a sheet, a bare sheet id, or the URL of a CSV file. It is empty if it was encrypted
    /// with a key that is lost.
    Url(String),
    /// Several URLs in the order in which they were entered: feeds and lists of feeds.
    Urls(Vec<String>),
    /// A file on this server, given on the command line and read at every sync.
    File(std::path::PathBuf),
    /// An uploaded file: its name inside `uploads` in the data folder.
    Upload(String),
    /// The sample catalog inside the binary.
    Sample,
}

impl SourceLocation {
    /// Returns the URLs of the location; none for a file.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        match self {
            Self::Url(address) => std::slice::from_ref(address),
            Self::Urls(addresses) => addresses,
            Self::File(_) | Self::Upload(_) | Self::Sample => &[],
        }
    }

    /// Returns the location for people, without secrets: URLs lose user name, password and the values of the query.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
            Self::Url(address) if address.is_empty() => "no link: it was lost with the secret key".to_owned(),
            Self::Url(address) => without_secrets(address),
            Self::Urls(addresses) => {
                let first = addresses.first().map(|address| without_secrets(address)).unwrap_or_default();
                match addresses.len() {
                    0 | 1 => first,
                    2 => format!("{first} and one more"),
                    many => format!("{first} and {} more", many - 1),
                }
            }
            Self::File(path) => path.display().to_string(),
            Self::Upload(_) => "an uploaded file".to_owned(),
            Self::Sample => "the built-in sample".to_owned(),
        }
    }
}

/// Converts `feed:` URLs: `feed://host/…` to `http://host/…`, and `feed:https://…` to what follows the first colon
/// (forms used by feed readers, never registered). Other addresses are returned unchanged.
#[must_use]
pub fn web_address(address: &str) -> Cow<'_, str> {
    let text = address.trim();
    let Some(rest) = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("feed:")).map(|_| &text[5..]) else {
        return Cow::Borrowed(address);
    };
    let is_whole = |scheme: &str| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if is_whole("http://") || is_whole("https://") {
        Cow::Borrowed(rest)
    } else if rest.starts_with("//") {
        Cow::Owned(format!("http:{rest}"))
    } else {
        Cow::Borrowed(address)
    }
}

/// Returns `address` without user name, password, the values of its query and what looks like a secret in its path,
/// suitable for pages and log lines.
#[must_use]
pub fn without_secrets(address: &str) -> String {
    let Some(mut url) = url::Url::parse(address).ok().filter(url::Url::has_host) else {
        // Not a URL (a bare sheet id, a mistyped link, a password with an unescaped character): only the part between
        // credentials and query is kept.
        let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
        let place = rest.rsplit('@').next().unwrap_or_default();
        let place = place.split_once('?').map_or(place.to_owned(), |(place, _)| format!("{place}?…"));
        let bare = place.split('#').next().unwrap_or_default();
        let bare = redact_path(bare);
        return if scheme.is_empty() { bare.into_owned() } else { format!("{scheme}://{bare}") };
    };
    // Both fail only for addresses that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    // The number of a tab is not a secret, and distinguishes two sheets of one document.
    let number = |value: &str| !value.is_empty() && value.len() <= 20 && value.bytes().all(|b| b.is_ascii_digit());
    let gid = url.query_pairs().find(|(name, value)| name == "gid" && number(value));
    let gid = gid.map(|(_, value)| value.into_owned());
    let had_query = url.query().is_some();
    url.set_query(None);
    match gid {
        Some(gid) => drop(url.query_pairs_mut().append_pair("gid", &gid)),
        None if had_query => url.set_query(Some("…")),
        None => {}
    }
    url.set_fragment(None);
    if let Cow::Owned(path) = redact_path(url.path()) {
        url.set_path(&path);
    }
    url.to_string().replace("%E2%80%A6", "…")
}

#[cfg(test)]
mod tests {
    use super::{web_address, without_secrets};

    #[test]
    fn a_feed_has_an_http_address() {
        for (typed, meant) in [
            ("feed://h.example/a?b", "http://h.example/a?b"),
            (" FEED:https://h.example/a ", "https://h.example/a"),
            ("feed:http://h.example/a", "http://h.example/a"),
            ("feed:file:///etc/passwd", "feed:file:///etc/passwd"),
            ("feed:h.example", "feed:h.example"),
            ("https://h.example/feed:x", "https://h.example/feed:x"),
            ("fééd:", "fééd:"),
            ("", ""),
        ] {
            assert_eq!(web_address(typed), meant);
        }
    }

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(without_secrets("https://me:pw@h.example/a.csv?token=s3cret#x"), "https://h.example/a.csv?…");
        assert_eq!(without_secrets("https://h.example/a.csv"), "https://h.example/a.csv");
        assert_eq!(without_secrets("https://h.example/feed;token=s3cret/é"), "https://h.example/feed;token=…/%C3%A9");
        assert_eq!(without_secrets("https://me:pa#ss w@h.example/a?t=1"), "https://h.example/a?…");
        assert_eq!(without_secrets("me:p/w@h.example:x/a"), "h.example:x/a");
        assert_eq!(without_secrets("https://h.example/a?gid=s3cret&jwt=s3cret"), "https://h.example/a?…");
        assert_eq!(
            without_secrets("https://docs.google.com/x/edit?gid=7&authkey=1#gid=7"),
            "https://docs.google.com/x/edit?gid=7"
        );
    }
}
