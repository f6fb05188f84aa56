//! Turns the status and the headers of a response into an error with a message, and reads single headers.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::{HeaderMap, StatusCode, header};
use url::Url;

use super::http_date::parse_http_date;
use crate::fetch::FetchError;

/// The message about a login page instead of a sheet.
const SIGN_IN: &str = "This is a sign-in page: the sheet is not public. In Google Sheets choose Share → Anyone with \
                       the link → Viewer, then sync again.";

/// The server that responded.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct ResponseOrigin {
    /// The host, with the port unless it is the default one.
    pub(in crate::fetch) host: String,
    /// The requested URL, after redirects.
    pub(in crate::fetch) url: Url,
    /// Whether it is Google, or the host that replaces it.
    pub(in crate::fetch) is_google: bool,
}

impl ResponseOrigin {
    /// The name for messages.
    fn name(&self) -> String {
        if self.is_google { "Google".to_owned() } else { self.host.clone() }
    }
}

/// Why a body was not accepted.
#[derive(Debug)]
pub(in crate::fetch) enum BodyProblem {
    /// A failure that a retry does not help.
    Final(FetchError),
    /// A failure that a retry may help.
    Transient(FetchError),
    /// The server asked for a wait.
    Busy {
        /// The server's name.
        host: String,
        /// The end of the wait.
        until: DateTime<Utc>,
    },
}

impl From<FetchError> for BodyProblem {
    fn from(error: FetchError) -> Self {
        Self::Final(error)
    }
}

/// Accepts the statuses of a complete body, and explains every other one.
pub(in crate::fetch) fn check_response(
    status: StatusCode,
    headers: &HeaderMap,
    _: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    let host = &origin.host;
    let (code, message) = match status.as_u16() {
        200 | 203 | 204 if declares_html(headers) => return Err(BodyProblem::Final(web_page_error(origin))),
        200 | 203 | 204 => return Ok(()),
        401 | 403 if origin.is_google => ("sign_in_page", SIGN_IN.to_owned()),
        401 => (
            "unauthorized",
            format!(
                "{host} requires a username and password (401). Add them to the URL, as in \
                 https://name:password@{host}/…, or make the file public."
            ),
        ),
        403 => {
            ("forbidden", format!("{host} denied access to the file (403). Share it with everyone who has the link."))
        }
        400 if origin.is_google => {
            ("not_found", "Tab not found in the Google Sheet (400). Open the tab and copy its link again.".to_owned())
        }
        404 if origin.is_google => (
            "not_found",
            "Google Sheet not found (404). It may have been deleted, or the link is incomplete. Copy the link again \
             from the address bar."
                .to_owned(),
        ),
        404 => ("not_found", format!("Not found (404) at {host}. Check the URL; the file may have been moved.")),
        406 => (
            "not_acceptable",
            format!(
                "{host} refuses to send this file to programs (406 Not Acceptable). If the URL works in a browser, \
                 ask the operator of {host} to allow Lockstep."
            ),
        ),
        410 => ("gone", format!("{host} removed the file permanently (410). Enter the new URL of the source.")),
        429 | 503 if parse_retry_after(headers, Utc::now()).is_some() => {
            let until = parse_retry_after(headers, Utc::now()).unwrap_or_else(Utc::now);
            return Err(BodyProblem::Busy { host: origin.name(), until });
        }
        429 => {
            return Err(BodyProblem::Transient(FetchError::failed(
                "rate_limited",
                format!("{host} received too many requests (429). Try again in a few minutes, or sync less often."),
            )));
        }
        500.. => {
            return Err(BodyProblem::Transient(FetchError::failed(
                "server_error",
                format!("{host} returned a server error ({}). Try again later.", status.as_u16()),
            )));
        }
        other => ("bad_status", format!("{host} returned status {other} instead of a file. Check the URL.")),
    };
    Err(BodyProblem::Final(FetchError::failed(code, message)))
}

/// The error for a web page instead of data.
pub(in crate::fetch) fn web_page_error(origin: &ResponseOrigin) -> FetchError {
    if origin.is_google {
        return FetchError::failed("sign_in_page", SIGN_IN);
    }
    FetchError::failed(
        "html_page",
        format!(
            "{} sent a web page instead of a data file; it may be a login page. Open the URL in a private window: the \
             file must download without a login.",
            origin.host
        ),
    )
}

/// The error for a wait that ends after the time limit of the run.
pub(in crate::fetch) fn busy_error(host: &str, until: DateTime<Utc>) -> FetchError {
    let when = if until - Utc::now() < TimeDelta::hours(12) { "%H:%M:%S UTC" } else { "%Y-%m-%d %H:%M UTC" };
    FetchError::failed(
        "rate_limited",
        format!("Rate-limited by {host} until {}. Try again after that.", until.format(when)),
    )
}

/// The time in `Retry-After`, which is a number of seconds or a date.
pub(in crate::fetch) fn parse_retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return now.checked_add_signed(TimeDelta::seconds(i64::from(seconds)));
    }
    parse_http_date(text)
}

/// Whether the headers declare a web page.
pub(in crate::fetch) fn declares_html(headers: &HeaderMap) -> bool {
    let Some(kind) = header_text(headers, &header::CONTENT_TYPE) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "text/html" || kind == "application/xhtml+xml"
}

/// The charset that the Content-Type names.
pub(in crate::fetch) fn declared_charset(headers: &HeaderMap) -> Option<String> {
    let kind = header_text(headers, &header::CONTENT_TYPE)?;
    kind.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The value of a header, if it is present and ASCII.
pub(in crate::fetch) fn header_text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The value of a header as it was sent, with each byte as the character of its number (Latin-1). An entity tag may
/// contain bytes that are not UTF-8 (RFC 9110, section 8.8.3), and has to be sent back unchanged.
pub(super) fn header_as_latin1(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.as_bytes().iter().copied().map(char::from).collect())
}

/// The host of `url`, with the port unless it is the default one.
pub(in crate::fetch) fn display_host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use ureq::http::{HeaderMap, HeaderValue};

    use super::{declared_charset, declares_html, parse_retry_after};

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().expect("a name"), HeaderValue::from_static(value))])
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Utc::now();
        assert_eq!(parse_retry_after(&headers("retry-after", "120"), now), Some(now + TimeDelta::seconds(120)));
        let date = parse_retry_after(&headers("retry-after", "Fri, 20 Nov 2026 08:00:00 GMT"), now).expect("a date");
        assert_eq!(date.to_rfc3339(), "2026-11-20T08:00:00+00:00");
        assert_eq!(parse_retry_after(&headers("retry-after", "soon"), now), None);
    }

    #[test]
    fn a_web_page_is_detected_by_its_content_type() {
        assert!(declares_html(&headers("content-type", "Text/HTML; charset=utf-8")));
        assert!(!declares_html(&headers("content-type", "text/csv")));
    }

    #[test]
    fn the_charset_is_read_from_the_content_type() {
        assert_eq!(
            declared_charset(&headers("content-type", "text/csv; Charset=\"ISO-8859-1\"")).as_deref(),
            Some("ISO-8859-1")
        );
        assert_eq!(declared_charset(&headers("content-type", "text/csv")), None);
    }
}
