//! The one way out over HTTP: guarded, bounded, patient with busy servers, and ended within a second when told so.

pub(in crate::fetch) mod address;
pub(in crate::fetch) mod address_guard;
pub(in crate::fetch) mod attempt;
pub(in crate::fetch) mod body_file;
pub(in crate::fetch) mod cancel_token;
mod cookies;
mod decompress;
pub(in crate::fetch) mod failure;
mod gzip_members;
pub(in crate::fetch) mod host_lock;
pub(in crate::fetch) mod request;
pub(in crate::fetch) mod response_status;
pub(in crate::fetch) mod transport;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ureq::http::{HeaderMap, header};
use url::Url;

use self::address_guard::AllowHosts;
use self::attempt::HttpAttempt;
use self::body_file::BodyFile;
use self::cancel_token::{CancelToken, FetchEnd, deadline, watched};
use self::response_status::{BodyProblem, host_of};
use super::{FetchError, FetchObserver, FetchRequest};
use crate::domain::source::Validators;
use crate::domain::text::measures;
use address::parse;
use cookies::CookieJar;
use failure::FetchFailure;
use request::OutgoingRequest;

/// How often a passing trouble is met before it counts.
const TRIES: u32 = 3;

/// How often a server may ask to come back later, within the time of the whole run.
const PATIENCE: u32 = 20;

/// The client of all kinds of sources.
#[derive(Debug)]
pub(in crate::fetch) struct HttpClient {
    pub(in crate::fetch) max_bytes: u64,
    pub(in crate::fetch) allow: AllowHosts,
    pub(in crate::fetch) work_dir: PathBuf,
    /// The base of Google's addresses; another host than Google's stands in for it.
    pub(in crate::fetch) google_base: Url,
}

/// What a server answered.
#[derive(Debug)]
pub(in crate::fetch) enum FetchResponse {
    /// The version that the validators tell of is still the newest.
    NotModified(HeaderMap),
    /// A body.
    Body(ResponseBody),
}

/// A body and what its headers said about it.
#[derive(Debug)]
pub(in crate::fetch) struct ResponseBody {
    pub(in crate::fetch) content: BodyFile,
    pub(in crate::fetch) headers: HeaderMap,
    /// Where it was found after all redirects.
    pub(in crate::fetch) url: Url,
    /// Whether every redirect on the way there said that it is for good.
    pub(in crate::fetch) moved: bool,
}

impl ResponseBody {
    /// What the server said about this version.
    pub(in crate::fetch) fn validators(&self) -> Validators {
        Validators {
            etag: response_status::verbatim(&self.headers, &header::ETAG),
            last_modified: response_status::verbatim(&self.headers, &header::LAST_MODIFIED),
            ..Validators::default()
        }
    }
}

impl HttpClient {
    /// Asks, and asks again where trouble is passing or the server says when.
    pub(in crate::fetch) fn ask(
        &self,
        request: &OutgoingRequest<'_>,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchResponse, FetchError> {
        let url = parse(request.address)?;
        let first_host = host_of(&url);
        let ends = deadline(order.within);
        let left = || ends.saturating_duration_since(Instant::now());
        let mut waits = 0;
        let cookies = RefCell::default();
        loop {
            let answer = watched(watch, order.timeout, left(), |halt| {
                let kept = self.keep_trying(&url, request, order, (watch, halt), &cookies);
                // A trouble met while a stop was asked for, or the whole run's time ran out, is that end.
                kept.map_err(|failure| if watch.should_stop() { FetchEnd::Stopped.into() } else { failure })
            });
            let (host, until) = match answer {
                Ok(answer) => return Ok(answer),
                Err(FetchFailure::Trouble(BodyProblem::Busy { host, until })) => (host, until),
                Err(failure) => return Err(explain(failure, &first_host, order.timeout)),
            };
            let wait = (until - Utc::now()).to_std().unwrap_or_default().max(Duration::from_millis(500));
            waits += 1;
            if wait >= left() || waits > PATIENCE {
                return Err(response_status::too_busy(&host, until));
            }
            watch.waiting(&host, until);
            watched(watch, left(), left(), |halt| halt.sleep(wait))
                .map_err(|ended| explain(ended.into(), &first_host, order.timeout))?;
        }
    }

    /// Whether `url` is Google's, or that of what stands in for it.
    pub(in crate::fetch) fn is_google(&self, url: &Url) -> bool {
        is_googles(url) || url.origin() == self.google_base.origin()
    }

    /// Whether Google may redirect to `url`: to its own hosts, safely, and to the host that stands in for it.
    pub(in crate::fetch) fn google_may_lead_to(&self, url: &Url) -> bool {
        let safe = url.scheme() == "https" || self.google_base.scheme() == "http";
        safe && (is_googles(url) || url.host() == self.google_base.host())
    }

    /// Tries until there is an answer, or a failure that is not passing.
    fn keep_trying(
        &self,
        url: &Url,
        request: &OutgoingRequest<'_>,
        order: &FetchRequest<'_>,
        (watch, halt): (&dyn FetchObserver, &Arc<CancelToken>),
        cookies: &RefCell<CookieJar>,
    ) -> Result<FetchResponse, FetchFailure> {
        let mut tries = 1;
        loop {
            match HttpAttempt::new(self, request, order, (watch, halt), cookies).follow(url.clone()) {
                Ok(answer) => return Ok(answer),
                Err(FetchFailure::Trouble(BodyProblem::Passing(_))) if tries < TRIES => {
                    // Half a second, a second, …, each more or less by up to half so that many do not return at once.
                    let pause = Duration::from_millis(500) * 2_u32.pow(tries - 1);
                    tries += 1;
                    halt.sleep(pause.mul_f64(0.5 + share_of_one()))?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Whether `url` is on a host of Google's where sheets are.
pub(in crate::fetch) fn is_googles(url: &Url) -> bool {
    is_within(url, "google.com") || is_within(url, "googleusercontent.com")
}

/// Whether `url` is on a host of Google's APIs. Files of anybody are there, too.
pub(in crate::fetch) fn is_googles_api(url: &Url) -> bool {
    is_within(url, "googleapis.com")
}

fn is_within(url: &Url, domain: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// `limit` is how long the fetch might take.
fn explain(failure: FetchFailure, host: &str, limit: Duration) -> FetchError {
    match failure {
        FetchFailure::Ended(FetchEnd::Stopped) => FetchError::Stopped,
        FetchFailure::Ended(FetchEnd::TimedOut) => timed_out(host, limit),
        FetchFailure::Trouble(BodyProblem::Final(error) | BodyProblem::Passing(error)) => error,
        FetchFailure::Trouble(BodyProblem::Busy { host, until }) => response_status::too_busy(&host, until),
    }
}

fn timed_out(host: &str, limit: Duration) -> FetchError {
    FetchError::failed(
        "timeout",
        format!(
            "The file from {host} was not here within {}. Try again later, or have the operator raise \
             LOCKSTEP_FETCH_TIMEOUT.",
            measures::limit(limit)
        ),
    )
}

/// A number from 0 to 1, another one each time.
pub(in crate::fetch) fn share_of_one() -> f64 {
    let now: DateTime<Utc> = Utc::now();
    f64::from(now.timestamp_subsec_nanos() % 1_000_003) / 1_000_003.0
}

#[cfg(test)]
mod tests {
    use super::{is_googles, is_googles_api};

    #[test]
    fn google_is_known_by_its_whole_name_and_a_file_in_its_storage_is_no_sheet() {
        let url = |text: &str| url::Url::parse(text).expect("an address");
        let hosts = ["docs.google.com", "google.com.", "doc-0s.googleusercontent.com", "oauth2.googleapis.com"];
        let known = hosts.map(|host| url(&format!("https://{host}/")));
        assert_eq!(known.each_ref().map(is_googles), [true, true, true, false]);
        assert_eq!(known.each_ref().map(is_googles_api), [false, false, false, true]);
        for other in ["https://google.com.evil.example/", "https://evilgoogle.com/", "https://evilgoogleapis.com/"] {
            assert!(!is_googles(&url(other)) && !is_googles_api(&url(other)), "{other}");
        }
        assert!(!is_googles(&url("https://storage.googleapis.com/bucket/albums.csv")));
    }
}
