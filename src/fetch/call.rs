//! One try of a fetch: a request, and those that redirects ask for.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use ureq::http::header;
use url::Url;

use super::address::{Reach, basic_auth, parse};
use super::halt::{Ended, Halt};
use super::http::{Answer, Body, Client};
use super::queue::Turn;
use super::reply::{self, Place, Trouble, host_of, text_of};
use super::spool::{Spoiled, Spooled};
use super::transport::{Line, agent};
use super::{FetchError, Order, Watch};
use crate::domain::journal::FETCH;
use crate::domain::operation::Mode;
use crate::domain::source::without_secrets;

/// How many redirects are followed.
const HOPS: usize = 8;

enum Step {
    Redirect(Url),
    Answer(Answer),
}

/// One try under way.
pub(super) struct Call<'a> {
    client: &'a Client,
    agent: ureq::Agent,
    line: Arc<Line>,
    reach: Reach,
    order: &'a Order<'a>,
    watch: &'a dyn Watch,
}

impl<'a> Call<'a> {
    /// A try with connections of its own.
    pub(super) fn new(
        client: &'a Client,
        reach: Reach,
        order: &'a Order<'a>,
        watch: &'a dyn Watch,
        halt: &Arc<Halt>,
    ) -> Self {
        // Compressed data that is larger than what comes out of it is not worth taking; headers need some room.
        let wire_limit = client.max_bytes.saturating_add(256 * 1024);
        let allow = client.allow.clone();
        let line = Arc::new(Line { halt: Arc::clone(halt), allow, wire_limit, wire: AtomicU64::new(0) });
        Self { client, agent: agent(&line), line, reach, order, watch }
    }

    /// Asks for `url` and follows where it is redirected.
    pub(super) fn follow(&self, mut url: Url) -> Result<Answer, Failure> {
        for _ in 0..=HOPS {
            match self.ask(&url)? {
                Step::Answer(answer) => return Ok(answer),
                Step::Redirect(next) => url = next,
            }
        }
        Err(final_failure(
            "too_many_redirects",
            format!(
                "{} redirects again and again, more than {HOPS} times. Open the address in a browser and use the one it ends at.",
                host_of(&url)
            ),
        ))
    }

    fn ask(&self, url: &Url) -> Result<Step, Failure> {
        let place = Place { host: host_of(url), google: self.client.is_google(url) };
        let _turn = Turn::take(url, &self.line.halt)?;
        let begun = Instant::now();
        let mut status = None;
        let result = self.exchange(url, &place, &mut status);
        self.log(url, &place.host, status, &result, begun.elapsed());
        result
    }

    /// Tells of a call in the log and in `fetch.jsonl`. What a failure means is said by the run, once, at its end.
    fn log(&self, url: &Url, host: &str, status: Option<u16>, result: &Result<Step, Failure>, took: Duration) {
        let address = without_secrets(url.as_str());
        // What follows the host; an address that is none has none.
        let path = address.splitn(4, '/').nth(3).map_or_else(|| "/".to_owned(), |path| format!("/{path}"));
        let bytes = match result {
            Ok(Step::Answer(Answer::Body(body))) => Some(body.content.bytes),
            _ => None,
        };
        let code = result.as_ref().err().map(Failure::code);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let said = match (status, bytes, code) {
            (Some(status), Some(bytes), _) => format!("fetched {address}: status {status}, {bytes} bytes, {ms} ms"),
            (Some(status), _, None) => format!("fetched {address}: status {status}, {ms} ms"),
            (Some(status), _, Some(code)) => format!("fetching {address} failed: {code}, status {status}, {ms} ms"),
            (None, ..) => format!("fetching {address} failed: {}, {ms} ms", code.unwrap_or_default()),
        };
        log::info!(
            target: FETCH,
            event = if code.is_some() { "failed" } else { "fetched" },
            syncId = self.order.sync.map(|id| id.to_string()).as_deref(), host, path = path.as_str(), status, bytes, ms,
            code;
            "{said}"
        );
    }

    fn exchange(&self, url: &Url, place: &Place, answered: &mut Option<u16>) -> Result<Step, Failure> {
        let mut bare = url.clone();
        // Both fail only for addresses that cannot carry credentials.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        bare.set_fragment(None);
        let mut request = self.agent.get(bare.as_str()).header(header::ACCEPT, "text/csv, text/*;q=0.9, */*;q=0.5");
        if let Some(secret) = basic_auth(url) {
            request = request.header(header::AUTHORIZATION, secret);
        }
        let known = self.order.validators;
        let conditional =
            self.order.mode == Mode::Incremental && (known.etag.is_some() || known.last_modified.is_some());
        if conditional {
            if let Some(etag) = &known.etag {
                request = request.header(header::IF_NONE_MATCH, etag);
            }
            if let Some(date) = &known.last_modified {
                request = request.header(header::IF_MODIFIED_SINCE, date);
            }
        }
        let response = request.call().map_err(|error| self.reach_failure(error, place))?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        *answered = Some(status);
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            let to = text_of(&head.headers, &header::LOCATION).unwrap_or_default();
            return Ok(Step::Redirect(self.next(url, &to, place)?));
        }
        if status == 304 && conditional {
            return Ok(Step::Answer(Answer::NotModified));
        }
        reply::judge(head.status, &head.headers, place)?;
        if reply::says_html(&head.headers) {
            return Err(Trouble::Final(reply::page_instead(place)).into());
        }
        reply::unpacked(&head.headers, place)?;
        let total = body.content_length();
        let content = Spooled::take(
            body.into_reader(),
            &self.client.work_dir,
            self.client.max_bytes,
            total,
            &self.line.halt,
            self.watch,
        )
        .map_err(|spoiled| self.body_failure(spoiled, place))?;
        let body = Body {
            content,
            etag: text_of(&head.headers, &header::ETAG),
            last_modified: text_of(&head.headers, &header::LAST_MODIFIED),
            charset: reply::charset(&head.headers),
        };
        Ok(Step::Answer(Answer::Body(body)))
    }

    /// Where a redirect leads, if that is a place to go.
    fn next(&self, from: &Url, to: &str, place: &Place) -> Result<Url, Failure> {
        let next = from.join(to).ok().filter(|_| !to.is_empty()).ok_or_else(|| {
            final_failure("bad_redirect", format!("{} redirects to something that is no address.", place.host))
        })?;
        if next.path().starts_with("/ServiceLogin") || next.host_str() == Some("accounts.google.com") {
            let google = Place { google: true, ..place.clone() };
            return Err(Trouble::Final(reply::page_instead(&google)).into());
        }
        let mut next = parse(next.as_str())?;
        if self.reach == Reach::Google && !self.client.google_may_lead_to(&next) {
            return Err(final_failure(
                "bad_redirect",
                format!(
                    "Google redirects to {}, which is not Google's. Nothing was fetched from there.",
                    host_of(&next)
                ),
            ));
        }
        if next.origin() == from.origin() && basic_auth(&next).is_none() {
            // Both fail only for addresses that cannot carry credentials.
            let _ = next.set_username(from.username());
            let _ = next.set_password(from.password());
        }
        Ok(next)
    }

    /// Why no answer came.
    fn reach_failure(&self, error: ureq::Error, place: &Place) -> Failure {
        if let Err(ended) = self.line.halt.check() {
            return ended.into();
        }
        let host = &place.host;
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<FetchError>() {
                Ok(own) => Trouble::Final(*own).into(),
                Err(other) => final_failure("connection", format!("{host} could not be reached ({other}).")),
            },
            ureq::Error::HostNotFound => final_failure(
                "unknown_host",
                format!("There is no host named {host}. Check the address for typing errors."),
            ),
            ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                passing("connection", format!("{host} does not accept connections. Is the server running?"))
            }
            ureq::Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
                passing("timeout", format!("{host} did not answer the connection in time. Try again later."))
            }
            ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                final_failure("tls", format!("No safe connection to {host} could be made ({error})."))
            }
            ureq::Error::Rustls(error) => {
                final_failure("tls", format!("No safe connection to {host} could be made ({error})."))
            }
            ureq::Error::Io(error) => {
                passing("connection", format!("The connection to {host} broke ({error}). Try again later."))
            }
            other => final_failure("bad_answer", format!("{host} did not answer as a web server does ({other}).")),
        }
    }

    /// Why a body did not come whole.
    fn body_failure(&self, spoiled: Spoiled, place: &Place) -> Failure {
        let host = &place.host;
        let too_large = || {
            final_failure(
                "too_large",
                format!(
                    "{host} sends more than {} MB. Make the file smaller, or have the operator raise LOCKSTEP_MAX_BYTES.",
                    self.client.max_bytes.div_ceil(1_000_000)
                ),
            )
        };
        match spoiled {
            Spoiled::Ended(ended) => ended.into(),
            Spoiled::TooLarge => too_large(),
            Spoiled::Html => Trouble::Final(reply::page_instead(place)).into(),
            Spoiled::Disk(error) => Trouble::Final(error).into(),
            Spoiled::Broken(error) => match self.line.halt.check() {
                Err(ended) => ended.into(),
                Ok(()) if self.line.overrun() => too_large(),
                Ok(()) => passing(
                    "truncated",
                    format!("The file from {host} did not arrive whole ({error}). Nothing of it was used; try again."),
                ),
            },
        }
    }
}

/// How a fetch, or one try of it, ended without an answer.
pub(super) enum Failure {
    Ended(Ended),
    Trouble(Trouble),
}

impl Failure {
    /// The word for it.
    fn code(&self) -> &'static str {
        match self {
            Self::Ended(Ended::TimedOut) => "timeout",
            Self::Ended(Ended::Stopped) | Self::Trouble(Trouble::Final(FetchError::Stopped)) => "stopped",
            Self::Trouble(Trouble::Passing(FetchError::Stopped)) => "stopped",
            Self::Trouble(Trouble::Final(FetchError::Failed { code, .. })) => code,
            Self::Trouble(Trouble::Passing(FetchError::Failed { code, .. })) => code,
            Self::Trouble(Trouble::Busy { .. }) => "busy",
        }
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Trouble(Trouble::Final(error))
    }
}

fn final_failure(code: &'static str, message: String) -> Failure {
    Trouble::Final(FetchError::failed(code, message)).into()
}

fn passing(code: &'static str, message: String) -> Failure {
    Trouble::Passing(FetchError::failed(code, message)).into()
}
