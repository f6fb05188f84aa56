//! Decides how long a request to Google waits after "too many requests". The Sheets API, the sign-in and the CSV
//! export share it.

use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use chrono::{TimeDelta, Utc};
use ureq::http::{HeaderMap, StatusCode};

use crate::fetch::FetchError;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::BodyProblem;

/// The longest wait if Google's response names none. Google's quotas are per minute.
const MAX_WAIT_SECS: f64 = 60.0;

/// The waits of one request.
#[derive(Default, Debug)]
pub(super) struct RateLimitWaits {
    count: AtomicU32,
    /// The status that caused the last wait.
    status: AtomicU16,
}

impl RateLimitWaits {
    /// Accepts every status except 429 and 503.
    ///
    /// # Errors
    /// [`BodyProblem::Busy`] with the end of the wait.
    pub(super) fn check(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), BodyProblem> {
        if matches!(status.as_u16(), 429 | 503) { Err(self.next_wait(status, headers)) } else { Ok(()) }
    }

    /// The next wait: as long as Google asks for, otherwise 2 s, 4 s, 8 s, … up to a minute, slightly varied so that
    /// clients do not return at the same time (<https://developers.google.com/workspace/sheets/api/limits>,
    /// "exponential backoff").
    pub(super) fn next_wait(&self, status: StatusCode, headers: &HeaderMap) -> BodyProblem {
        let now = Utc::now();
        self.status.store(status.as_u16(), Ordering::Relaxed);
        let times = self.count.fetch_add(1, Ordering::Relaxed).min(10);
        let seconds = (f64::from(2_u32 << times) * (0.9 + 0.2 * fastrand::f64())).min(MAX_WAIT_SECS);
        #[expect(clippy::cast_possible_truncation, reason = "at most a minute")]
        let own = now + TimeDelta::milliseconds((seconds * 1000.0) as i64);
        BodyProblem::Busy {
            host: "Google".to_owned(),
            until: response_status::parse_retry_after(headers, now).unwrap_or(own),
        }
    }

    /// Explains a rate limit that lasted longer than the run. `advice` is what to do about a used-up quota.
    pub(super) fn explain_error(&self, error: FetchError, advice: &str) -> FetchError {
        let FetchError::Failed { code: code @ "rate_limited", message } = error else { return error };
        let what = match self.status.load(Ordering::Relaxed) {
            503 => "Google is overloaded (503)",
            _ => "Google's quota for reading sheets is used up (429)",
        };
        FetchError::failed(code, format!("{what}. {message} {advice}"))
    }
}
