//! Describes a request: address, headers, validators, and how its responses are checked.

use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use url::Url;

use super::response_status;
use super::response_status::{BodyProblem, ResponseOrigin};
use super::web_address::RedirectScope;
use crate::domain::operation::Mode;
use crate::domain::source::Validators;
use crate::fetch::FetchError;

/// Decides by status and headers whether the body is accepted (`Ok`). The bytes are the beginning of the body for an
/// error status or a declared web page; otherwise they are empty.
pub(super) type ResponseRule<'a> =
    dyn Fn(StatusCode, &HeaderMap, &[u8], &ResponseOrigin) -> Result<(), BodyProblem> + Sync + 'a;

/// Decides whether a redirect target may be requested. Not called for redirects from Google, whose targets are already
/// limited to what the link selects.
pub(super) type RedirectCheck<'a> = dyn Fn(&Url) -> Result<(), FetchError> + Sync + 'a;

/// A request to one server.
pub(in crate::fetch) struct OutgoingRequest<'a> {
    /// The address. User name and password in it are sent as Basic authorization.
    pub(in crate::fetch) address: &'a str,
    /// Where redirects may lead.
    pub(in crate::fetch) redirect_scope: RedirectScope,
    /// Checks the targets of redirects.
    pub(in crate::fetch) check_redirect: &'a RedirectCheck<'a>,
    /// The `Accept` header.
    pub(in crate::fetch) accept: &'static str,
    /// Further headers, such as an authorization. They are sent only to the host of `address`.
    pub(in crate::fetch) headers: Vec<(HeaderName, String)>,
    /// A form that is posted. Redirects are not followed with it.
    pub(in crate::fetch) form: Option<String>,
    /// The validators of the last response.
    pub(in crate::fetch) validators: Option<&'a Validators>,
    /// Checks responses.
    pub(in crate::fetch) check_response: &'a ResponseRule<'a>,
}

impl<'a> OutgoingRequest<'a> {
    /// A request for a table.
    pub(in crate::fetch) fn table(address: &'a str, redirect_scope: RedirectScope) -> Self {
        Self {
            address,
            redirect_scope,
            check_redirect: &|_| Ok(()),
            accept: "text/csv, text/*;q=0.9, */*;q=0.5",
            headers: Vec::new(),
            form: None,
            validators: None,
            check_response: &response_status::check_response,
        }
    }

    /// A request for JSON.
    pub(in crate::fetch) fn json(address: &'a str, redirect_scope: RedirectScope) -> Self {
        Self { accept: "application/json", ..Self::table(address, redirect_scope) }
    }

    /// Makes the request conditional on `validators`, unless `mode` is full.
    pub(in crate::fetch) fn with_validators(self, validators: &'a Validators, mode: Mode) -> Self {
        let has_any = validators.etag.is_some() || validators.last_modified.is_some();
        Self { validators: Some(validators).filter(|_| has_any && mode == Mode::Incremental), ..self }
    }

    /// Adds a header.
    pub(in crate::fetch) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The headers `If-None-Match` and `If-Modified-Since`.
    pub(super) fn conditional_headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let etag =
            self.validators.and_then(|validators| Some((header::IF_NONE_MATCH, as_sent(validators.etag.as_deref()?)?)));
        let date = self.validators.and_then(|validators| validators.last_modified.as_deref());
        let date = date.and_then(|date| Some((header::IF_MODIFIED_SINCE, as_sent(date)?)));
        etag.into_iter().chain(date)
    }
}

/// Returns the bytes of a header as it was received, from the text that [`super::response_status::header_as_latin1`]
/// made of it. `None` if the text has other characters, so it was never such a header.
fn as_sent(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderMap, HeaderValue, header};

    use super::as_sent;
    use crate::fetch::http::response_status::header_as_latin1;

    #[test]
    fn a_header_is_sent_back_letter_for_letter() {
        let every_byte: Vec<u8> = (0x20..=0xFF).filter(|byte| *byte != 0x7F).collect();
        for bytes in [&b"\"plain\""[..], b"W/\"caf\xE9\"", "\"café €\"".as_bytes(), &every_byte] {
            let value = HeaderValue::from_bytes(bytes).expect("a value");
            let headers = HeaderMap::from_iter([(header::ETAG, value.clone())]);
            assert_eq!(as_sent(&header_as_latin1(&headers, &header::ETAG).expect("there")), Some(value));
        }
        assert_eq!((as_sent("€"), as_sent("a\nb")), (None, None));
    }
}
