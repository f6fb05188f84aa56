//! The address of an account: where the server is, and what it wants to be told.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::location::SourceLocation;
use crate::fetch::http::response_status::display_host;

/// The form of an address, for sentences.
const FORM: &str = "https://name:password@host/…";

/// What server it seems to be. It makes no difference to what is asked, only to the advice when something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReaderServer {
    FreshRss,
    Inoreader,
    Other,
}

impl ReaderServer {
    /// What to do when it does not take name and password.
    pub(super) const fn on_refusal(self) -> &'static str {
        match self {
            Self::FreshRss => {
                "FreshRSS wants its API password, which is not the one to log in with: set it in Settings → Profile → \
                 API management, and allow API access in Settings → Authentication."
            }
            Self::Inoreader => {
                "Inoreader wants the password of the account itself, and the AppId and AppKey of an application that \
                 may use it: see Preferences → Developer."
            }
            Self::Other => {
                "Miniflux has a name and password of its own for this: Settings → Integrations → Google Reader → \
                 activate. FreshRSS wants its API password: Settings → Profile."
            }
        }
    }

    /// What the address of it looks like.
    pub(super) const fn on_wrong_place(self) -> &'static str {
        match self {
            Self::FreshRss => "Open the address without name and password in a browser: FreshRSS answers “OK”.",
            Self::Inoreader => "The address of Inoreader is https://www.inoreader.com.",
            Self::Other => {
                "The address of FreshRSS ends with /api/greader.php, that of Miniflux is the address of its first page, \
                 with the Google Reader integration activated."
            }
        }
    }
}

/// An account, as the address of its source tells it.
pub(super) struct ReaderAccount {
    /// The address that paths are appended to: without a slash at the end, name, password or query.
    base: String,
    host: String,
    pub(super) name: String,
    pub(super) password: String,
    /// `AppId` and `AppKey`, which Inoreader wants of every program.
    pub(super) app: Option<(String, String)>,
    pub(super) server: ReaderServer,
}

/// Never with its secrets.
impl fmt::Debug for ReaderAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("base", &self.base).finish_non_exhaustive()
    }
}

impl ReaderAccount {
    /// The account that a location names.
    ///
    /// # Errors
    /// The sentence that says what is missing. It repeats nothing of the address: where it cannot be taken apart nobody
    /// knows which part of it is the password.
    pub(super) fn at(location: &SourceLocation) -> Result<Self, String> {
        let address = match location {
            SourceLocation::Url(address) => address.trim(),
            SourceLocation::Urls(_) => return Err("A reader account has one address.".to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) | SourceLocation::Sample => {
                return Err(format!("A reader account is given by its address, such as {FORM}, not by a file."));
            }
        };
        let url = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
            .ok_or_else(|| {
                format!(
                    "This is not the address of a reader account. It looks like {FORM}; in a password # is written %23, \
                     / is %2F, ? is %3F, @ is %40 and % is %25."
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
                "The address lacks {missing}: it looks like {FORM}. In a password # is written %23, / is %2F, ? is %3F."
            ));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.find("/reader/api/0").map_or(path, |at| &path[..at]).trim_end_matches("/accounts/ClientLogin");
        let app = app(&url)?;
        let is_inoreader =
            url.host_str().is_some_and(|host| host == "inoreader.com" || host.ends_with(".inoreader.com"));
        let server = match path {
            path if path.contains("greader.php") => ReaderServer::FreshRss,
            _ if is_inoreader || app.is_some() => ReaderServer::Inoreader,
            _ => ReaderServer::Other,
        };
        if is_inoreader && app.is_none() {
            return Err(
                "Inoreader wants an AppId and an AppKey beside name and password: register an application in Inoreader \
                 (Preferences → Developer) and append ?AppId=…&AppKey=… to the address."
                    .to_owned(),
            );
        }
        let host = display_host(&url);
        Ok(Self { base: format!("{}://{host}{path}", url.scheme()), host, name, password, app, server })
    }

    /// The host, and the port where it is not the usual one.
    pub(super) fn host(&self) -> String {
        self.host.clone()
    }

    /// The address of `path` at this server with a query.
    pub(super) fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut address = format!("{}{path}", self.base);
        if !query.is_empty() {
            address.push('?');
            address.push_str(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
        }
        address
    }
}

/// `AppId` and `AppKey` of the query, however they are capitalised.
fn app(url: &Url) -> Result<Option<(String, String)>, String> {
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned())
    };
    match (value("AppId"), value("AppKey")) {
        (Some(id), Some(key)) => Ok(Some((id, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err("The address has an AppId but no AppKey: append &AppKey=… to it.".to_owned()),
        (None, Some(_)) => Err("The address has an AppKey but no AppId: append &AppId=… to it.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{ReaderAccount, ReaderServer};
    use crate::domain::location::SourceLocation;

    fn at(address: &str) -> Result<ReaderAccount, String> {
        ReaderAccount::at(&SourceLocation::Url(address.to_owned()))
    }

    #[test]
    fn an_account_is_read_from_its_address() {
        let account = at(" https://me:p%40%23ss@freshrss.example/api/greader.php/ ").expect("an account");
        assert_eq!((account.name.as_str(), account.password.as_str()), ("me", "p@#ss"));
        assert_eq!(account.server, ReaderServer::FreshRss);
        let login = account.address("/accounts/ClientLogin", &[]);
        assert_eq!(login, "https://freshrss.example/api/greader.php/accounts/ClientLogin");
        let list = account.address("/x", &[("s", "user/-/a"), ("c", "1&2")]);
        assert_eq!(list, "https://freshrss.example/api/greader.php/x?s=user%2F-%2Fa&c=1%262");
        let whole = at("http://me:pw@reader.example:8080/reader/api/0/").expect("an account");
        assert_eq!(
            (whole.address("/x", &[]).as_str(), whole.server),
            ("http://reader.example:8080/x", ReaderServer::Other)
        );
        assert!(!format!("{account:?}").contains("p@#ss"));
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_secret_repeated() {
        for (address, missing) in [
            ("https://reader.example", "name and password"),
            ("https://me@reader.example", "the password"),
            ("https://:s3cret@reader.example", "the name"),
            ("https://me:s3cret@www.inoreader.com", "AppId"),
            ("https://me:s3cret@www.inoreader.com/?AppId=7", "no AppKey"),
            ("https://me:pw@www.inoreader.com/?appkey=s3cret", "no AppId"),
            ("https://me:s3cret#x@reader.example", "not the address"),
            ("me:s3cret@reader.example", "not the address"),
            ("ftp://me:s3cret@reader.example", "not the address"),
            ("", "not the address"),
        ] {
            let wrong = at(address).expect_err(address);
            assert!(wrong.contains(missing) && !wrong.contains("s3cret"), "{address}: {wrong}");
        }
        assert!(
            ReaderAccount::at(&SourceLocation::Urls(vec![])).is_err()
                && ReaderAccount::at(&SourceLocation::Sample).is_err()
        );
        let inoreader = at("https://me:pw@www.inoreader.com/?AppId=7&AppKey=k").expect("an account");
        assert_eq!(inoreader.app, Some(("7".to_owned(), "k".to_owned())));
    }
}
