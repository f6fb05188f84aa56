//! Where a source's content is, and what of that may be shown.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Where a source's content is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "at", content = "where")]
pub enum SourceLocation {
    /// An address on the web, as the person gave it (a sheet link or bare sheet id, a CSV's URL).
    Url(String),
    /// Several addresses, in the order they were given: feeds, and lists of feeds.
    Urls(Vec<String>),
    /// A file of this server, named on the command line and read anew at every sync.
    File(std::path::PathBuf),
    /// A file uploaded in the page: its name inside the data folder's `uploads`.
    Upload(String),
    /// The sample catalog inside the binary.
    Sample,
}

impl SourceLocation {
    /// The addresses on the web it consists of; none for a file.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        match self {
            Self::Url(address) => std::slice::from_ref(address),
            Self::Urls(addresses) => addresses,
            Self::File(_) | Self::Upload(_) | Self::Sample => &[],
        }
    }

    /// The location for people, without anything secret: an address loses user name, password and the values of its
    /// query.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
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

/// `address` as one of the web: `feed://host/…` is `http://host/…`, and `feed:https://…` what follows its first colon
/// (the form of feed readers, never registered). Anything else stays as it is.
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

/// `address` without user name, password and the values of its query, fit for a page or a log line.
#[must_use]
pub fn without_secrets(address: &str) -> String {
    let Some(mut url) = url::Url::parse(address).ok().filter(url::Url::has_host) else {
        // Not an address (a bare sheet id, a mistyped link, a password with a sign that needs escaping): only what
        // stands between credentials and a query.
        let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
        let place = rest.rsplit('@').next().unwrap_or_default();
        let place = place.split_once('?').map_or(place.to_owned(), |(place, _)| format!("{place}?…"));
        let bare = place.split('#').next().unwrap_or_default();
        return if scheme.is_empty() { bare.to_owned() } else { format!("{scheme}://{bare}") };
    };
    // Both fail only for addresses that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    // A tab number is no secret and tells two sheets of one document apart.
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
    url.to_string().replace("%E2%80%A6", "…")
}

#[cfg(test)]
mod tests {
    use super::{web_address, without_secrets};

    #[test]
    fn an_address_of_a_feed_is_one_of_the_web() {
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
        assert_eq!(without_secrets("https://me:pa#ss w@h.example/a?t=1"), "https://h.example/a?…");
        assert_eq!(without_secrets("me:p/w@h.example:x/a"), "h.example:x/a");
        assert_eq!(without_secrets("https://h.example/a?gid=s3cret&jwt=s3cret"), "https://h.example/a?…");
        assert_eq!(
            without_secrets("https://docs.google.com/x/edit?gid=7&authkey=1#gid=7"),
            "https://docs.google.com/x/edit?gid=7"
        );
    }
}
