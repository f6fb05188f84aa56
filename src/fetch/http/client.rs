//! Sends a request until there is a response: retries transient failures, and waits if a server asks for it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use url::Url;

use super::attempt::HttpAttempt;
use super::cancel_token::{CancelToken, FetchEnd, deadline, with_cancel_token};
use super::cookies::CookieJar;
use super::fetch_failure::FetchFailure;
use super::request::OutgoingRequest;
use super::response::FetchResponse;
use super::response_status::{self, BodyProblem, display_host};
use super::settings::HttpSettings;
use super::web_address::parse_web_address;
use crate::domain::text::measures;
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

/// How many times a request is attempted before a transient failure is reported.
const MAX_ATTEMPTS: u32 = 3;

/// How many times a server may ask for a wait during one fetch.
const MAX_BUSY_WAITS: u32 = 20;

/// The shortest wait after a server asked for one.
const MIN_BUSY_WAIT: Duration = Duration::from_millis(500);

/// The pause after the first failed attempt. It doubles with each further attempt.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The client that all kinds of sources share.
#[derive(Debug)]
pub(in crate::fetch) struct HttpClient {
    pub(in crate::fetch) settings: HttpSettings,
}

impl HttpClient {
    /// Sends a request. Retries transient failures, and repeats the request after a wait that the server asked for.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] after a cancel, `timeout`, `rate_limited` for a wait that ends after the run, and the
    /// error of the last attempt.
    pub(in crate::fetch) fn send(
        &self,
        request: &OutgoingRequest<'_>,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchResponse, FetchError> {
        let url = parse_web_address(request.address)?;
        let first_host = display_host(&url);
        let ends = deadline(fetch_request.total_timeout);
        let left = || ends.saturating_duration_since(Instant::now());
        let mut waits = 0;
        let cookies = RefCell::default();
        loop {
            let response = with_cancel_token(observer, fetch_request.timeout, left(), |cancel| {
                let kept = self.send_with_retries(&url, request, fetch_request, (observer, cancel), &cookies);
                // A failure after a cancel is caused by the cancel.
                kept.map_err(|failure| if observer.should_stop() { FetchEnd::Stopped.into() } else { failure })
            });
            let (host, until) = match response {
                Ok(response) => return Ok(response),
                Err(FetchFailure::Problem(BodyProblem::Busy { host, until })) => (host, until),
                Err(failure) => return Err(explain(failure, &first_host, fetch_request.timeout)),
            };
            let wait = (until - Utc::now()).to_std().unwrap_or_default().max(MIN_BUSY_WAIT);
            waits += 1;
            if wait >= left() || waits > MAX_BUSY_WAITS {
                return Err(response_status::busy_error(&host, until));
            }
            observer.report_wait(&host, until);
            with_cancel_token(observer, left(), left(), |cancel| cancel.sleep(wait))
                .map_err(|ended| explain(ended.into(), &first_host, fetch_request.timeout))?;
        }
    }

    /// Makes attempts until there is a response or a failure that a retry does not help.
    fn send_with_retries(
        &self,
        url: &Url,
        request: &OutgoingRequest<'_>,
        fetch_request: &FetchRequest<'_>,
        (observer, cancel): (&dyn FetchObserver, &Arc<CancelToken>),
        cookies: &RefCell<CookieJar>,
    ) -> Result<FetchResponse, FetchFailure> {
        let mut tries = 1;
        loop {
            match HttpAttempt::new(&self.settings, request, fetch_request, (observer, cancel), cookies)
                .follow(url.clone())
            {
                Ok(response) => return Ok(response),
                Err(FetchFailure::Problem(BodyProblem::Transient(_))) if tries < MAX_ATTEMPTS => {
                    // Half a second, a second, …, each varied by up to half, so that clients do not return at the same
                    // time.
                    let pause = FIRST_RETRY_PAUSE * 2_u32.pow(tries - 1);
                    tries += 1;
                    cancel.sleep(pause.mul_f64(0.5 + fastrand::f64()))?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Explains why `host` sent no response. `limit` is the time limit of the fetch, for the message.
fn explain(failure: FetchFailure, host: &str, limit: Duration) -> FetchError {
    match failure {
        FetchFailure::Ended(FetchEnd::Stopped) => FetchError::Stopped,
        FetchFailure::Ended(FetchEnd::TimedOut) => timed_out(host, limit),
        FetchFailure::Problem(BodyProblem::Final(error) | BodyProblem::Transient(error)) => error,
        FetchFailure::Problem(BodyProblem::Busy { host, until }) => response_status::busy_error(&host, until),
    }
}

fn timed_out(host: &str, limit: Duration) -> FetchError {
    FetchError::failed(
        "timeout",
        format!(
            "{host} did not send the file within {}. Try again later, or ask the operator to raise \
             LOCKSTEP_FETCH_TIMEOUT.",
            measures::format_limit(limit)
        ),
    )
}
