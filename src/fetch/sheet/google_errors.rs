//! Explains the errors of Google's APIs, each with the exact fix. Google reports them as `google.rpc.Status` in JSON
//! (<https://cloud.google.com/apis/design/errors>), with an older `errors` list beside it. The source of each quoted
//! message is cited next to it.

use serde_json::Value;
use ureq::http::{HeaderMap, StatusCode};

use super::clock_skew::wrong_clock_message;
use super::rate_limit::RateLimitWaits;
use crate::fetch::FetchError;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};

/// The code for a rejected access token.
pub(super) const TOKEN_REFUSED: &str = "token_refused";
/// The code for a missing tab.
pub(super) const NO_TAB: &str = "no_tab";
/// The code for an API that is not enabled.
pub(super) const API_DISABLED: &str = "api_disabled";

/// A response: its status, headers, the beginning of its body, and its server.
pub(super) type GoogleResponse<'a> = (StatusCode, &'a HeaderMap, &'a [u8], &'a ResponseOrigin);

/// A Google service that is called with an access token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GoogleService {
    Sheets,
    Drive,
}

impl GoogleService {
    /// The base of its URLs.
    pub(super) const fn base_url(self) -> &'static str {
        match self {
            Self::Sheets => "https://sheets.googleapis.com",
            Self::Drive => "https://www.googleapis.com",
        }
    }

    /// Its name for people, and its host in links to the Google Cloud console.
    const fn name_and_host(self) -> (&'static str, &'static str) {
        match self {
            Self::Sheets => ("Google Sheets API", "sheets.googleapis.com"),
            Self::Drive => ("Google Drive API", "drive.googleapis.com"),
        }
    }
}

/// The content of an error response.
#[derive(Default, Debug)]
struct GoogleRefusal {
    status: String,
    reason: String,
    message: String,
    project: Option<String>,
}

impl GoogleRefusal {
    fn parse(body: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let error = &json["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |name: &str| error[name].as_array().cloned().unwrap_or_default();
        let (details, errors) = (list("details"), list("errors"));
        let reason =
            details.iter().chain(&errors).map(|detail| text(&detail["reason"])).find(|reason| !reason.is_empty());
        let message = text(&error["message"]);
        let consumer = details.iter().find_map(|detail| detail["metadata"]["consumer"].as_str());
        let named = consumer.and_then(|consumer| consumer.strip_prefix("projects/")).map(str::to_owned);
        // Older responses have it only in the message: "… has not been used in project 123 before or it is disabled."
        let in_message = || Some(message.split_once(" in project ")?.1.split(' ').next()?.to_owned());
        let is_project = |project: &String| {
            (1..=100).contains(&project.len())
                && project.chars().all(|c| c.is_ascii_alphanumeric() || "-:.".contains(c))
        };
        Self {
            status: text(&error["status"]),
            reason: reason.unwrap_or_default(),
            project: named.or_else(in_message).filter(is_project),
            message,
        }
    }

    /// The error for an API that has to be enabled first: 403 with reason `SERVICE_DISABLED`
    /// (<https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto>), `accessNotConfigured`
    /// in the older list, and the message "Google Sheets API has not been used in project 144… before or it is
    /// disabled. Enable it by visiting `https://console.developers.google.com/apis/api/…`"
    /// (<https://github.com/openclaw/gogcli/issues/415>).
    fn api_disabled_error(&self, service: GoogleService) -> Option<FetchError> {
        let by_reason = ["SERVICE_DISABLED", "accessNotConfigured"].contains(&self.reason.as_str());
        if !by_reason && !self.message.contains("has not been used in project") {
            return None;
        }
        let (name, host) = service.name_and_host();
        // The link is built here, because a response must not choose what people open.
        let link = format!("https://console.developers.google.com/apis/api/{host}/overview");
        let (project, link) = match &self.project {
            Some(project) => (format!("project {project}"), format!("{link}?project={project}")),
            None => ("the project of the service account".to_owned(), link),
        };
        Some(FetchError::failed(
            API_DISABLED,
            format!("Enable the {name} in {project}: {link} (press Enable, wait a few minutes, then try again)."),
        ))
    }

    /// Whether the error means that a quota is used up although its status is not 429: Drive uses 403 with these
    /// reasons (<https://developers.google.com/workspace/drive/api/guides/handle-errors>).
    fn is_quota(&self, status: StatusCode) -> bool {
        const REASONS: [&str; 3] = ["RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded"];
        status.as_u16() == 403 && REASONS.contains(&self.reason.as_str())
    }

    /// Google's own message as a quotation, for errors that are not explained here.
    fn quote_message(&self) -> String {
        const MAX_QUOTED_CHARS: usize = 300;
        let words: String =
            self.message.chars().take(MAX_QUOTED_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if words.trim().is_empty() { String::new() } else { format!(" Google's message: “{}”", words.trim()) }
    }
}

/// Checks a response of Sheets or Drive. `account_email` is the address of the service account.
pub(super) fn check_api_response(
    service: GoogleService,
    account_email: &str,
    waits: &RateLimitWaits,
    response: GoogleResponse<'_>,
) -> Result<(), BodyProblem> {
    let (status, headers, body, origin) = response;
    let code = status.as_u16();
    if code < 400 {
        return response_status::check_response(status, headers, body, origin);
    }
    let refusal = GoogleRefusal::parse(body);
    waits.check(status, headers)?;
    if refusal.is_quota(status) {
        return Err(waits.next_wait(status, headers));
    }
    let known = || refusal.message.starts_with("Unable to parse range");
    let failed = match code {
        // "Request had invalid authentication credentials. Expected OAuth 2 access token, …", UNAUTHENTICATED:
        // expired, or the key is gone (<https://github.com/googleapis/google-api-php-client/issues/1391>).
        401 => FetchError::failed(TOKEN_REFUSED, token_refused_message(account_email)),
        403 => match refusal.api_disabled_error(service) {
            Some(disabled) => disabled,
            // "The caller does not have permission": the sheet is not shared with the service account
            // (<https://github.com/googleapis/google-api-ruby-client/issues/461>).
            None if refusal.message.contains("caller does not have permission") || refusal.message.is_empty() => {
                FetchError::failed("not_shared", not_shared_message(account_email))
            }
            None => {
                let quote = refusal.quote_message();
                FetchError::failed(
                    "forbidden",
                    format!("Google does not allow {account_email} to read this sheet (403).{quote}"),
                )
            }
        },
        // "Requested entity was not found.", NOT_FOUND.
        404 => FetchError::failed(
            "not_found",
            "Google Sheet not found (404). It may have been deleted, or the link is incomplete. Copy the link again \
             from the address bar.",
        ),
        // "Unable to parse range: Albums!A1:CZ" (<https://github.com/caltechlibrary/dataset/issues/97>).
        400 if known() => {
            FetchError::failed(NO_TAB, "Tab not found in the Google Sheet (400). Open the tab and copy its link again.")
        }
        // "This operation is not supported for this document", FAILED_PRECONDITION: an Excel file in Drive, opened in
        // Sheets (<https://github.com/tidyverse/googlesheets4/issues/275>,
        // <https://github.com/burnash/gspread/issues/732>).
        400 if refusal.status == "FAILED_PRECONDITION" || refusal.reason == "failedPrecondition" => FetchError::failed(
            "not_a_sheet",
            "This is an Excel file in Google Drive, not a Google Sheet. Open it, choose File → Save as Google \
             Sheets, and use the link of the new sheet.",
        ),
        500.. => {
            return Err(BodyProblem::Transient(FetchError::failed(
                "server_error",
                format!("Google returned a server error ({code}). Try again later."),
            )));
        }
        406 => return response_status::check_response(status, headers, body, origin),
        _ => {
            let quote = refusal.quote_message();
            FetchError::failed("bad_status", format!("Google returned status {code} instead of the sheet.{quote}"))
        }
    };
    Err(BodyProblem::Final(failed))
}

/// Checks the response to the sign-in. An error is `{"error": …, "error_description": …}` (RFC 6749, section 5.2).
pub(super) fn check_sign_in_response(
    account_email: &str,
    waits: &RateLimitWaits,
    response: GoogleResponse<'_>,
) -> Result<(), BodyProblem> {
    let (status, headers, body, origin) = response;
    match status.as_u16() {
        ..400 => return response_status::check_response(status, headers, body, origin),
        429 | 503 => return Err(waits.next_wait(status, headers)),
        500.. => {
            let message = format!("Google's sign-in returned a server error ({}). Try again later.", status.as_u16());
            return Err(BodyProblem::Transient(FetchError::failed("server_error", message)));
        }
        _ => {}
    }
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| json[name].as_str().unwrap_or_default();
    let (error, description) = (text("error"), text("error_description"));
    let lower = description.to_lowercase();
    let (code, message) = match error {
        // "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat
        // and exp values in the JWT claim." (<https://github.com/googleapis/google-api-php-client/issues/1429>).
        "invalid_grant" if lower.contains("short-lived") || lower.contains("iat and exp") => {
            ("clock_wrong", wrong_clock_message(headers))
        }
        // "Invalid JWT Signature.": the key was deleted or replaced
        // (<https://github.com/crossplane-contrib/provider-jet-gcp/issues/56>).
        "invalid_grant" if lower.contains("signature") => (
            "key_refused",
            format!("Google no longer accepts this key of {account_email}; it may have been deleted. {NEW_KEY_ADVICE}"),
        ),
        // "Invalid grant: account not found", "The account has been deleted": deleted or disabled
        // (<https://github.com/googleapis/google-cloud-php/issues/3622>, <https://github.com/GAM-team/GAM/pull/1171>).
        "invalid_grant" if lower.contains("account") => (
            "account_gone",
            format!(
                "Service account not found: {account_email}. It was deleted or disabled. Enable it again in the \
                 Google Cloud console, or create a new one. {NEW_KEY_ADVICE}"
            ),
        ),
        "disabled_client" | "deleted_client" | "invalid_client" | "unauthorized_client" => (
            "account_gone",
            format!(
                "Google rejected the sign-in of {account_email} ({error}): the account was deleted or disabled. \
                 {NEW_KEY_ADVICE}"
            ),
        ),
        _ => {
            let message = format!("{error} {description}");
            let quote = GoogleRefusal { message, ..GoogleRefusal::default() }.quote_message();
            (
                "key_refused",
                format!(
                    "Google rejected the sign-in of {account_email} (status {}).{quote} {NEW_KEY_ADVICE}",
                    status.as_u16()
                ),
            )
        }
    };
    Err(BodyProblem::Final(FetchError::failed(code, message)))
}

const NEW_KEY_ADVICE: &str = "The operator can create a new JSON key for the service account in the Google Cloud \
                              console and set LOCKSTEP_GOOGLE_CREDENTIALS to its path.";

fn token_refused_message(account_email: &str) -> String {
    format!(
        "Google rejected a new access token of {account_email} (401); its key may have been revoked. {NEW_KEY_ADVICE}"
    )
}

/// The message about a sheet that is not shared with `account_email`.
fn not_shared_message(account_email: &str) -> String {
    format!(
        "The sheet is not shared with Lockstep. Share it with {account_email} (Viewer is enough): in Google Sheets \
         press Share, enter that address, then try again."
    )
}

/// Replaces the messages that do not fit requests with a service account: a web page is not the sign-in page of a
/// sheet, and a used-up quota is that of the account's project.
pub(super) fn explain_error(error: FetchError, waits: &RateLimitWaits) -> FetchError {
    match waits.explain_error(error, "Sync less often, or request a higher quota for the project.") {
        FetchError::Failed { code: "sign_in_page" | "html_page", .. } => FetchError::failed(
            "bad_answer",
            "Received a web page instead of Google's data. Check for a proxy between Lockstep and Google, then try \
             again.",
        ),
        other => other,
    }
}
