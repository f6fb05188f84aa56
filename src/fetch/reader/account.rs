//! Parses the URL of a reader account: the server, name and password, and the credentials of the app.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::location::SourceLocation;
use crate::fetch::http::response_status::display_host;

/// The form of an account's URL, for messages.
const URL_FORM: &str = "https://name:password@host/…";

/// The software that the server seems to be. It decides only the advice in error messages, not the requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReaderServer {
    FreshRss,
    Inoreader,
    Other,
}

impl ReaderServer {
    /// The advice for a rejected name or password.
    pub(super) const fn credentials_advice(self) -> &'static str {
        match self {
            Self::FreshRss => {
                "FreshRSS requires its API password, not the login password: set it in Settings → Profile → API \
                 management, and allow API access in Settings → Authentication."
            }
            Self::Inoreader => {
                "Inoreader requires the password of the account itself, and the AppId and AppKey of an application \
                 with access: see Preferences → Developer."
            }
            Self::Other => {
                "Miniflux has a separate name and password for this: Settings → Integrations → Google Reader. FreshRSS \
                 requires its API password: Settings → Profile."
            }
        }
    }

    /// The advice for a URL that is not that of the API.
    pub(super) const fn url_advice(self) -> &'static str {
        match self {
            Self::FreshRss => "Open the URL without name and password in a browser: the page must show “OK”.",
            Self::Inoreader => "The URL of Inoreader is https://www.inoreader.com.",
            Self::Other => {
                "The URL of FreshRSS ends with /api/greader.php; that of Miniflux is the URL of its home page, with the \
                 Google Reader integration activated."
            }
        }
    }
}

/// A reader account.
pub(super) struct ReaderAccount {
    /// The address that paths are appended to, without a trailing slash, name, password or query.
    base: String,
    host: String,
    pub(super) name: String,
    pub(super) password: String,
    /// The `AppId` and `AppKey` that Inoreader requires of every program.
    pub(super) app: Option<(String, String)>,
    pub(super) server: ReaderServer,
}

/// Leaves out name, password and app key.
impl fmt::Debug for ReaderAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("base", &self.base).finish_non_exhaustive()
    }
}

impl ReaderAccount {
    /// The account at `location`.
    ///
    /// # Errors
    /// A message for people about what is missing or wrong. It quotes nothing of the address, because any part of an
    /// invalid address may be the password.
    pub(super) fn from_location(location: &SourceLocation) -> Result<Self, String> {
        let address = match location {
            SourceLocation::Url(address) => address.trim(),
            SourceLocation::Urls(_) => return Err("A reader account has exactly one URL.".to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) | SourceLocation::Sample => {
                return Err(format!("A reader account needs a URL such as {URL_FORM}, not a file."));
            }
        };
        let url = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
            .ok_or_else(|| {
                format!(
                    "This is not the URL of a reader account. Expected {URL_FORM}; in a password write %23 for #, %2F for /, \
                     %3F for ?, %40 for @ and %25 for %."
                )
            })?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
        if name.is_empty() || password.is_empty() {
            let missing = match (name.is_empty(), password.is_empty()) {
                (true, true) => "name and password of the account",
                (true, false) => "the name of the account",
                _ => "the password of the account",
            };
            return Err(format!(
                "The URL lacks {missing}. Expected {URL_FORM}; in a password write %23 for #, %2F for / and %3F for ?."
            ));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.find("/reader/api/0").map_or(path, |at| &path[..at]).trim_end_matches("/accounts/ClientLogin");
        let app = read_app_credentials(&url)?;
        let is_inoreader =
            url.host_str().is_some_and(|host| host == "inoreader.com" || host.ends_with(".inoreader.com"));
        let server = match path {
            path if path.contains("greader.php") => ReaderServer::FreshRss,
            _ if is_inoreader || app.is_some() => ReaderServer::Inoreader,
            _ => ReaderServer::Other,
        };
        if is_inoreader && app.is_none() {
            return Err(
                "Inoreader requires an AppId and an AppKey besides name and password: register an application in Inoreader \
                 (Preferences → Developer) and append ?AppId=…&AppKey=… to the URL."
                    .to_owned(),
            );
        }
        let host = display_host(&url);
        Ok(Self { base: format!("{}://{host}{path}", url.scheme()), host, name, password, app, server })
    }

    /// The host, with the port unless it is the default one.
    pub(super) fn host(&self) -> String {
        self.host.clone()
    }

    /// The address of `path` with a query.
    pub(super) fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut address = format!("{}{path}", self.base);
        if !query.is_empty() {
            address.push('?');
            address.push_str(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
        }
        address
    }
}

/// The `AppId` and `AppKey` in the query. The case of these names does not matter.
///
/// # Errors
/// A message for people if only one of them is there.
fn read_app_credentials(url: &Url) -> Result<Option<(String, String)>, String> {
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned())
    };
    match (value("AppId"), value("AppKey")) {
        (Some(id), Some(key)) => Ok(Some((id, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err("The URL has an AppId but no AppKey: append &AppKey=… to it.".to_owned()),
        (None, Some(_)) => Err("The URL has an AppKey but no AppId: append &AppId=… to it.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{ReaderAccount, ReaderServer};
    use crate::domain::location::SourceLocation;

    fn account_at(address: &str) -> Result<ReaderAccount, String> {
        ReaderAccount::from_location(&SourceLocation::Url(address.to_owned()))
    }

    #[test]
    fn an_account_is_read_from_its_address() {
        let account = account_at(" https://me:p%40%23ss@freshrss.example/api/greader.php/ ").expect("an account");
        assert_eq!((account.name.as_str(), account.password.as_str()), ("me", "p@#ss"));
        assert_eq!(account.server, ReaderServer::FreshRss);
        let login = account.address("/accounts/ClientLogin", &[]);
        assert_eq!(login, "https://freshrss.example/api/greader.php/accounts/ClientLogin");
        let list = account.address("/x", &[("s", "user/-/a"), ("c", "1&2")]);
        assert_eq!(list, "https://freshrss.example/api/greader.php/x?s=user%2F-%2Fa&c=1%262");
        let whole = account_at("http://me:pw@reader.example:8080/reader/api/0/").expect("an account");
        assert_eq!(
            (whole.address("/x", &[]).as_str(), whole.server),
            ("http://reader.example:8080/x", ReaderServer::Other)
        );
        assert!(!format!("{account:?}").contains("p@#ss"));
    }

    #[test]
    fn errors_name_what_is_missing_and_quote_no_secret() {
        for (address, missing) in [
            ("https://reader.example", "name and password"),
            ("https://me@reader.example", "the password"),
            ("https://:s3cret@reader.example", "the name"),
            ("https://me:s3cret@www.inoreader.com", "AppId"),
            ("https://me:s3cret@www.inoreader.com/?AppId=7", "no AppKey"),
            ("https://me:pw@www.inoreader.com/?appkey=s3cret", "no AppId"),
            ("https://me:s3cret#x@reader.example", "not the URL"),
            ("me:s3cret@reader.example", "not the URL"),
            ("ftp://me:s3cret@reader.example", "not the URL"),
            ("", "not the URL"),
        ] {
            let wrong = account_at(address).expect_err(address);
            assert!(wrong.contains(missing) && !wrong.contains("s3cret"), "{address}: {wrong}");
        }
        assert!(
            ReaderAccount::from_location(&SourceLocation::Urls(vec![])).is_err()
                && ReaderAccount::from_location(&SourceLocation::Sample).is_err()
        );
        let inoreader = account_at("https://me:pw@www.inoreader.com/?AppId=7&AppKey=k").expect("an account");
        assert_eq!(inoreader.app, Some(("7".to_owned(), "k".to_owned())));
    }
}
