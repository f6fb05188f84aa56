//! Why a fetch has no response, with a message for each cause.

use std::io::ErrorKind;

use url::Url;

use super::body_file::BodyRejection;
use super::cancel_token::FetchEnd;
use super::decompress::{is_damage_error, is_truncated};
use super::response_status::{BodyProblem, ResponseOrigin, display_host, web_page_error};
use crate::domain::location::without_secrets;
use crate::domain::text::shortening::clip_name;
use crate::fetch::FetchError;

/// Why a fetch or one attempt has no response.
pub(in crate::fetch) enum FetchFailure {
    Ended(FetchEnd),
    Problem(BodyProblem),
}

impl FetchFailure {
    /// The code for the log.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Ended(FetchEnd::TimedOut) => "timeout",
            Self::Ended(FetchEnd::Stopped) | Self::Problem(BodyProblem::Final(FetchError::Stopped)) => "stopped",
            Self::Problem(BodyProblem::Transient(FetchError::Stopped)) => "stopped",
            Self::Problem(BodyProblem::Final(FetchError::Failed { code, .. })) => code,
            Self::Problem(BodyProblem::Transient(FetchError::Failed { code, .. })) => code,
            Self::Problem(BodyProblem::Busy { .. }) => "busy",
        }
    }
}

impl From<FetchEnd> for FetchFailure {
    fn from(ended: FetchEnd) -> Self {
        Self::Ended(ended)
    }
}

impl From<BodyProblem> for FetchFailure {
    fn from(problem: BodyProblem) -> Self {
        Self::Problem(problem)
    }
}

impl From<FetchError> for FetchFailure {
    fn from(error: FetchError) -> Self {
        Self::Problem(BodyProblem::Final(error))
    }
}

/// The error for a redirect of a posted form, which is not followed.
pub(super) fn redirected_form_error(origin: &ResponseOrigin, to: &Url) -> FetchFailure {
    let to = clip_name(&without_secrets(to.as_str()));
    final_failure(
        "bad_redirect",
        format!(
            "{} redirects to {to}. Credentials are not sent to another URL. If you trust that URL, use it in the \
             source.",
            origin.host
        ),
    )
}

/// The error for a redirect from an encrypted connection to `to`, which is not encrypted.
pub(super) fn insecure_redirect(origin: &ResponseOrigin, to: &Url) -> FetchFailure {
    final_failure(
        "insecure_redirect",
        format!(
            "{} redirects from https to {}, which is not encrypted (http), so the redirect was not followed. Ask its \
             operator to correct this. If the content may be sent unencrypted, use the http URL in the source.",
            origin.host,
            display_host(to)
        ),
    )
}

/// Adds the redirecting host to the error about a refused address, because the source does not contain that address.
pub(super) fn name_redirecting_host(failure: FetchFailure, from: Option<&str>, to: &Url) -> FetchFailure {
    match (failure, from) {
        (
            FetchFailure::Problem(BodyProblem::Final(FetchError::Failed { code: code @ "address_refused", message })),
            Some(from),
        ) => final_failure(code, format!("{from} redirects to {}. {message}", display_host(to))),
        (other, _) => other,
    }
}

/// The error for a redirect from `from` to a URL that was requested before with the same cookies.
pub(super) fn redirect_loop(from: &Url, to: &Url) -> FetchFailure {
    let host = display_host(from);
    let how = if from == to { "redirects this URL to itself" } else { "redirects in a loop" };
    let message = format!(
        "{host} {how}. It may need a cookie or a login. Open the URL in a private browser window and use the final URL."
    );
    final_failure("too_many_redirects", message)
}

/// The error for more than `max` redirects, the last from `url`.
pub(in crate::fetch) fn too_many_redirects(url: &Url, max: usize) -> FetchFailure {
    final_failure(
        "too_many_redirects",
        format!(
            "{} redirects more than {max} times. Open the URL in a browser and use the final URL.",
            display_host(url)
        ),
    )
}

/// The error for a redirect to an invalid URL.
pub(super) fn invalid_redirect_target(error: FetchError, origin: &ResponseOrigin) -> FetchFailure {
    match error {
        FetchError::Failed { code, message } => {
            final_failure(code, format!("{} redirects to an invalid URL. {message}", origin.host))
        }
        FetchError::Stopped => error.into(),
    }
}

/// The error for a redirect to a Google Sheet that a direct fetch would read wrongly.
pub(super) fn redirect_to_sheet(error: FetchError, origin: &ResponseOrigin) -> FetchFailure {
    let host = &origin.host;
    match error {
        FetchError::Failed { code, message } => final_failure(
            code,
            format!("{host} redirects to a Google Sheet. {message} Use the URL that {host} redirects to."),
        ),
        FetchError::Stopped => error.into(),
    }
}

/// Explains why `host` did not respond.
pub(super) fn connection_failure(error: ureq::Error, host: &str) -> FetchFailure {
    match error {
        ureq::Error::Other(inner) => match inner.downcast::<FetchError>() {
            Ok(own) => BodyProblem::Final(*own).into(),
            Err(other) => final_failure(
                "connection",
                format!("Could not reach {host} ({}). Check the URL and try again.", clip_name(&other.to_string())),
            ),
        },
        ureq::Error::HostNotFound => {
            final_failure("unknown_host", format!("Host not found: {host}. Check the URL for typos."))
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            transient_failure("connection", format!("{host} refused the connection. Check that its server is running."))
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
            transient_failure("timeout", format!("Connecting to {host} timed out. Try again later."))
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => final_failure(
            "tls",
            format!("No secure connection to {host} ({error}). Check the certificate of that server."),
        ),
        ureq::Error::Rustls(error) => final_failure(
            "tls",
            format!("No secure connection to {host} ({error}). Check the certificate of that server."),
        ),
        ureq::Error::Io(error) => {
            transient_failure("connection", format!("The connection to {host} was lost ({error}). Try again later."))
        }
        other => final_failure(
            "bad_answer",
            format!(
                "{host} sent an invalid HTTP response ({}). Check the URL and its port.",
                clip_name(&other.to_string())
            ),
        ),
    }
}

/// Explains why the body of `origin` was not accepted. `max_bytes` is the limit, for the message.
pub(super) fn explain_rejection(rejection: BodyRejection, origin: &ResponseOrigin, max_bytes: u64) -> FetchFailure {
    let host = &origin.host;
    match rejection {
        BodyRejection::Ended(ended) => ended.into(),
        BodyRejection::TooLarge => final_failure(
            "too_large",
            format!(
                "The file from {host} is larger than {} MB. Make it smaller, or ask the operator to raise \
                 LOCKSTEP_MAX_BYTES.",
                max_bytes.div_ceil(1_000_000)
            ),
        ),
        BodyRejection::Html => BodyProblem::Final(web_page_error(origin)).into(),
        BodyRejection::Disk(error) => BodyProblem::Final(error).into(),
        // The server's file is damaged, so a retry would not help.
        BodyRejection::Damaged(error) | BodyRejection::Broken(error)
            if is_damage_error(&error) && !is_truncated(&error) =>
        {
            final_failure(
                "truncated",
                format!(
                    "The file from {host} cannot be decompressed: {error}. Compress it again, or serve it \
                     uncompressed, and sync again."
                ),
            )
        }
        BodyRejection::Damaged(error) | BodyRejection::Broken(error) => {
            transient_failure("truncated", format!("The file from {host} arrived incomplete ({error}). Try again."))
        }
    }
}

/// A failure that a retry does not help.
pub(super) fn final_failure(code: &'static str, message: String) -> FetchFailure {
    BodyProblem::Final(FetchError::failed(code, message)).into()
}

/// A failure that a retry may help.
pub(super) fn transient_failure(code: &'static str, message: String) -> FetchFailure {
    BodyProblem::Transient(FetchError::failed(code, message)).into()
}
