//! Parses and checks the JSON key file of a Google service account. Of its content, only the e-mail address of the
//! account is ever shown.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ring::signature::RsaKeyPair;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use url::Url;

use crate::fetch::http::{is_google_api_host, is_google_host};

/// The address that access tokens are requested from, unless the key file names another one.
const DEFAULT_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// A service account with its key.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    pub(super) key_id: Option<String>,
    pub(super) token_uri: Url,
    pub(super) key: Arc<RsaKeyPair>,
}

/// Shows the e-mail address alone, which is not secret: sheets are shared with it.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Why a text is not the key file of a service account. The messages contain nothing of the text, because it may be
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAServiceAccount {
    /// Not JSON.
    #[error("that is not JSON (line {line}, column {column}). {KEY_FILE_ADVICE}")]
    NotJson {
        /// The line with the first error, from 1.
        line: usize,
        /// The column with the first error, from 1.
        column: usize,
    },
    /// A private key without the JSON around it.
    #[error("that is only a private key, without the JSON around it. {KEY_FILE_ADVICE}")]
    BareKey,
    /// An API key, which gives access to public sheets only.
    #[error("that is an API key, which cannot read private sheets. {KEY_FILE_ADVICE}")]
    ApiKey,
    /// The key of an application that lets people sign in.
    #[error("that is an OAuth client, which needs a person to sign in. {KEY_FILE_ADVICE}")]
    OauthClient,
    /// The credentials of a person, as `gcloud auth` stores them.
    #[error("that is the sign-in of a person, not the key of a service account. {KEY_FILE_ADVICE}")]
    Person,
    /// JSON with another `type`.
    #[error("its “type” is not “service_account”. {KEY_FILE_ADVICE}")]
    OtherType,
    /// A field is missing.
    #[error("“{0}” is missing. {KEY_FILE_ADVICE}")]
    Missing(&'static str),
    /// The `client_email` is not an e-mail address.
    #[error("its “client_email” is not an e-mail address. {KEY_FILE_ADVICE}")]
    BadEmail,
    /// The `token_uri` is not a valid URL.
    #[error("its “token_uri” is not a valid URL. {KEY_FILE_ADVICE}")]
    BadTokenUri,
    /// The `private_key` cannot be used to sign.
    #[error(
        "its “private_key” is not an RSA key in PEM form. If you copied it by hand, write its line breaks as \\n. \
         {KEY_FILE_ADVICE}"
    )]
    BadKey,
}

const KEY_FILE_ADVICE: &str = "Use the JSON key file of a service account. To create one, open IAM & Admin → Service \
                               Accounts → Keys → Add key → JSON in the Google Cloud console.";

impl FromStr for ServiceAccount {
    type Err = NotAServiceAccount;

    /// Parses the content of a key file, in the format that Google's own libraries read
    /// (<https://google.aip.dev/auth/4112>, "Credential File Format").
    fn from_str(text: &str) -> Result<Self, NotAServiceAccount> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with("-----BEGIN") {
            return Err(NotAServiceAccount::BareKey);
        }
        // https://cloud.google.com/docs/authentication/api-keys: keys begin like this.
        if text.starts_with("AIza") {
            return Err(NotAServiceAccount::ApiKey);
        }
        // The parser's message may quote the text, which is secret.
        let json: Value = serde_json::from_str(text)
            .map_err(|error| NotAServiceAccount::NotJson { line: error.line(), column: error.column() })?;
        // An OAuth client file has its content under one of these names
        // (https://github.com/googleapis/google-api-python-client/blob/main/docs/client-secrets.md).
        if json.get("installed").is_some() || json.get("web").is_some() {
            return Err(NotAServiceAccount::OauthClient);
        }
        let field = |name: &str| json[name].as_str().map(str::trim).filter(|value| !value.is_empty());
        match field("type") {
            Some("service_account") => {}
            Some("authorized_user") => return Err(NotAServiceAccount::Person),
            Some(_) => return Err(NotAServiceAccount::OtherType),
            None => return Err(NotAServiceAccount::Missing("type")),
        }
        let needed = |name: &'static str| field(name).ok_or(NotAServiceAccount::Missing(name));
        let (email, pem) = (needed("client_email")?, needed("private_key")?);
        let is_email = email.split('@').count() == 2 && email.chars().all(|c| c.is_ascii_graphic());
        if !is_email || email.starts_with('@') || email.ends_with('@') {
            return Err(NotAServiceAccount::BadEmail);
        }
        let token_uri = Url::parse(field("token_uri").unwrap_or(DEFAULT_TOKEN_URI))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or(NotAServiceAccount::BadTokenUri)?;
        let key = parse_private_key(pem).ok_or(NotAServiceAccount::BadKey)?;
        let key_id = field("private_key_id").map(str::to_owned);
        Ok(Self { email: email.to_owned(), key_id, token_uri, key: Arc::new(key) })
    }
}

fn parse_private_key(pem: &str) -> Option<RsaKeyPair> {
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()? {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
        _ => None,
    }
}

impl ServiceAccount {
    /// The e-mail address that sheets are shared with.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The address that access tokens are requested from. `stand_in` is the base of Google's addresses; if it is not a
    /// Google host, that host replaces Google. Signatures are sent only to Google or to that host.
    ///
    /// # Errors
    /// A message for people, when the key file names another host or `stand_in` cannot be used.
    pub fn token_address(&self, stand_in: Option<&Url>) -> Result<Url, String> {
        let named = &self.token_uri;
        let to_google = named.scheme() == "https" && (is_google_host(named) || is_google_api_host(named));
        match stand_in.filter(|base| !is_google_host(base)) {
            Some(base) if named.origin() == base.origin() => Ok(named.clone()),
            Some(base) if to_google => base
                .join("/token")
                .map_err(|error| format!("the URL in LOCKSTEP_GOOGLE_URL cannot be used ({error}). Correct it.")),
            None if to_google => Ok(named.clone()),
            _ => Err("its “token_uri” is not a Google URL, and the key is only used with Google. Download the key \
                      file from the Google Cloud console again."
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAServiceAccount, ServiceAccount};

    fn wrong(text: &str) -> NotAServiceAccount {
        text.parse::<ServiceAccount>().expect_err(text)
    }

    #[test]
    fn a_key_file_of_another_kind_is_named() {
        assert_eq!(wrong("{"), NotAServiceAccount::NotJson { line: 1, column: 1 });
        assert_eq!(wrong("-----BEGIN PRIVATE KEY-----\ns3cret"), NotAServiceAccount::BareKey);
        assert_eq!(wrong("AIzaSys3cret"), NotAServiceAccount::ApiKey);
        assert_eq!(wrong(r#"{"installed":{"client_secret":"s3cret"}}"#), NotAServiceAccount::OauthClient);
        assert_eq!(wrong(r#"{"web":{"client_secret":"s3cret"}}"#), NotAServiceAccount::OauthClient);
        assert_eq!(wrong(r#"{"type":"authorized_user","refresh_token":"s3cret"}"#), NotAServiceAccount::Person);
        assert_eq!(wrong(r#"{"type":"external_account"}"#), NotAServiceAccount::OtherType);
        assert_eq!(wrong("{}"), NotAServiceAccount::Missing("type"));
        assert_eq!(wrong(r#"{"type":"service_account"}"#), NotAServiceAccount::Missing("client_email"));
        let no_key = r#"{"type":"service_account","client_email":"robot@example.org"}"#;
        assert_eq!(wrong(no_key), NotAServiceAccount::Missing("private_key"));
        let bad = |key: &str| {
            wrong(&format!(r#"{{"type":"service_account","client_email":"robot@example.org","private_key":"{key}"}}"#))
        };
        assert_eq!(bad("s3cret"), NotAServiceAccount::BadKey);
        assert_eq!(
            bad("-----BEGIN PRIVATE KEY-----\\nczNjcmV0\\n-----END PRIVATE KEY-----"),
            NotAServiceAccount::BadKey
        );
        for error in [bad("s3cret"), wrong("AIzaSys3cret"), wrong(r#"{"type":"s3cret"}"#)] {
            assert!(!error.to_string().contains("s3cret") && error.to_string().contains("JSON key file"), "{error}");
        }
    }
}
