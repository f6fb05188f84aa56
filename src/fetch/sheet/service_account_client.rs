//! Gets access tokens for the service account. All runs of the process share a token.

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};
use ureq::http::HeaderMap;
use url::Url;

use super::clock_skew::clock_lead;
use super::credentials::ServiceAccount;
use super::google_errors;
use super::google_errors::explain_error;
use super::rate_limit::RateLimitWaits;
use crate::fetch::http::request::OutgoingRequest;
use crate::fetch::http::response_status;
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::http::{FetchResponse, HttpClient, ResponseBody};
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

/// The permissions: read sheets, and the modification times of files.
const TOKEN_SCOPES: &str =
    "https://www.googleapis.com/auth/spreadsheets.readonly https://www.googleapis.com/auth/drive.metadata.readonly";
/// How long a signature is valid: the longest that Google accepts
/// (<https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth>).
const SIGNATURE_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How far the clock may be ahead: Google rejects signatures from the future.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(10);
/// How long before its expiry a token is replaced.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);
/// The most bytes of a token response that are read.
const MAX_TOKEN_RESPONSE_BYTES: u64 = 64 * 1024;

/// A service account and its current token.
#[derive(Debug)]
pub(in crate::fetch) struct ServiceAccountClient {
    account: ServiceAccount,
    token: Mutex<Option<AccessToken>>,
}

struct AccessToken {
    text: String,
    expires_at: Instant,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

impl ServiceAccountClient {
    pub(in crate::fetch) fn new(account: ServiceAccount) -> Self {
        Self { account, token: Mutex::new(None) }
    }

    /// The e-mail address that sheets are shared with.
    pub(in crate::fetch) fn email(&self) -> &str {
        self.account.email()
    }

    /// A valid token other than `refused`. Signs in if there is none.
    ///
    /// # Errors
    /// The error of the sign-in: `bad_credentials`, `key_refused`, `account_gone`, `clock_wrong`, `timeout`, …
    pub(super) fn get_token(
        &self,
        client: &HttpClient,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
        refused: Option<&str>,
    ) -> Result<String, FetchError> {
        let fits = |token: &&AccessToken| token.expires_at > Instant::now() && refused != Some(&token.text);
        if let Some(token) = self.token.lock().as_ref().filter(fits) {
            return Ok(token.text.clone());
        }
        // Two runs may sign in at the same time; both tokens are valid.
        let (token, _) = self.sign_in(client, fetch_request, observer)?;
        let text = token.text.clone();
        *self.token.lock() = Some(token);
        Ok(text)
    }

    /// Requests a token. Returns how far this machine's clock is ahead of Google's, if the response has a date.
    ///
    /// # Errors
    /// As [`ServiceAccountClient::get_token`].
    pub(in crate::fetch) fn measure_clock_lead(
        &self,
        client: &HttpClient,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<Option<TimeDelta>, FetchError> {
        self.sign_in(client, fetch_request, observer).map(|(_, ahead)| ahead)
    }

    fn sign_in(
        &self,
        client: &HttpClient,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<(AccessToken, Option<TimeDelta>), FetchError> {
        let address = self.account.token_address(Some(&client.settings.google_url)).map_err(|wrong| {
            FetchError::failed(
                "bad_credentials",
                format!("The key of Lockstep's service account cannot be used: {wrong}"),
            )
        })?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &self.build_assertion(Utc::now())?)
            .finish();
        let waits = RateLimitWaits::default();
        let check = |status, headers: &HeaderMap, start: &[u8], origin: &response_status::ResponseOrigin| {
            google_errors::check_sign_in_response(self.email(), &waits, (status, headers, start, origin))
        };
        let request = OutgoingRequest {
            form: Some(form),
            check_response: &check,
            ..OutgoingRequest::json(address.as_str(), RedirectScope::Google)
        };
        let response = client.send(&request, fetch_request, observer).map_err(|error| explain_error(error, &waits));
        match response.map_err(|error| explain_timeout(error, &address))? {
            FetchResponse::Body(body) => Ok((parse_token(&body)?, clock_lead(&body.headers))),
            FetchResponse::NotModified(_) => Err(not_a_token_error()),
        }
    }

    /// The signed assertion (RFC 7523), with the claims that Google requires
    /// (<https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>).
    fn build_assertion(&self, now: DateTime<Utc>) -> Result<String, FetchError> {
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.account.key_id {
            head["kid"] = id.as_str().into();
        }
        let begin = now - CLOCK_TOLERANCE;
        let claims = json!({
            "iss": self.email(),
            "scope": TOKEN_SCOPES,
            "aud": self.account.token_uri.as_str(),
            "iat": begin.timestamp(),
            "exp": (begin + SIGNATURE_LIFETIME).timestamp(),
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let mut signed = format!("{}.{}", part(&head), part(&claims));
        let key = &self.account.key;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).map_err(|_| {
            FetchError::failed(
                "bad_credentials",
                "Could not sign with the key of Lockstep's service account. Create a new key in the Google Cloud \
                 console.",
            )
        })?;
        signed.push('.');
        signed.push_str(&BASE64_URL_SAFE_NO_PAD.encode(signature));
        Ok(signed)
    }
}

fn parse_token(body: &ResponseBody) -> Result<AccessToken, FetchError> {
    let mut text = String::new();
    body.content.reader(0).take(MAX_TOKEN_RESPONSE_BYTES).read_to_string(&mut text).map_err(|_| not_a_token_error())?;
    let json: Value = serde_json::from_str(&text).map_err(|_| not_a_token_error())?;
    let token =
        json["access_token"].as_str().filter(|token| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
    let seconds = json["expires_in"].as_u64().unwrap_or(3600).min(24 * 3600);
    let expires_at = Instant::now() + Duration::from_secs(seconds).saturating_sub(EXPIRY_MARGIN);
    Ok(AccessToken { text: token.ok_or_else(not_a_token_error)?.to_owned(), expires_at })
}

/// Replaces the message of a timeout by one about the sign-in.
fn explain_timeout(error: FetchError, address: &Url) -> FetchError {
    match error {
        FetchError::Failed { code: code @ "timeout", .. } => {
            let host = response_status::display_host(address);
            let message = format!("Google's sign-in timed out. Check that this server can reach {host}.");
            FetchError::failed(code, message)
        }
        other => other,
    }
}

fn not_a_token_error() -> FetchError {
    FetchError::failed(
        "bad_answer",
        "Google's response to the sign-in contains no access token. Check for a proxy between Lockstep and Google, \
         then try again.",
    )
}
