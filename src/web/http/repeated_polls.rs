//! Keeps for a moment which requests were answered with 304, so that programs which ask again and again whether a list
//! changed (polls, with `If-None-Match`) cost the database about one look in that time, however many they are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::store::WriteMark;

/// How long a server reuses a 304. What another server or a command writes meanwhile is seen that much later; what this
/// process writes is seen at once.
pub const POLL_REUSE: Duration = Duration::from_millis(250);
/// The most answers that are kept; each takes about a kilobyte.
const MAX_ANSWERS: usize = 1000;
/// The headers of a request that a 304 depends on.
const MEANINGFUL_HEADERS: [HeaderName; 5] =
    [header::IF_NONE_MATCH, header::AUTHORIZATION, header::COOKIE, header::HOST, header::ACCEPT];

/// What tells a poll from others: a poll is a request that is answered with 304 if the client has the current version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct PollKey([u8; 32]);

/// The headers of a response, shared by all responses with them.
pub(super) type SharedHeaders = Arc<[(HeaderName, HeaderValue)]>;

/// A 304, with the moment and the mark of before the database was asked.
#[derive(Debug)]
pub(super) struct KeptAnswer {
    pub(super) asked_at: Instant,
    pub(super) mark: WriteMark,
    pub(super) headers: SharedHeaders,
}

/// The polls that this server has just answered with 304.
#[derive(Debug)]
pub struct RepeatedPolls {
    reused_for: Duration,
    answers: Mutex<HashMap<PollKey, KeptAnswer>>,
}

impl PollKey {
    /// Returns the key of the poll that a request is, if it is one. Requests with the same address and the same
    /// [`MEANINGFUL_HEADERS`] are the same poll.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let reads = request.method() == Method::GET || request.method() == Method::HEAD;
        if !reads || !request.headers().contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        };
        add(request.uri().to_string().as_bytes());
        for name in &MEANINGFUL_HEADERS {
            add(name.as_str().as_bytes());
            request.headers().get_all(name).for_each(|value| add(value.as_bytes()));
        }
        Some(Self(digest.finalize().into()))
    }
}

impl RepeatedPolls {
    /// Keeps none yet; each will be reused for this long.
    #[must_use]
    pub fn new(reused_for: Duration) -> Self {
        Self { reused_for, answers: Mutex::default() }
    }

    fn is_current(&self, answer: &KeptAnswer, mark: WriteMark, now: Instant) -> bool {
        answer.mark == mark && now.saturating_duration_since(answer.asked_at) < self.reused_for
    }

    /// Returns the headers of the 304 to a poll, if it can be given again.
    pub(super) fn find(&self, poll: PollKey, mark: WriteMark, now: Instant) -> Option<SharedHeaders> {
        let answers = self.answers.lock();
        let current = answers.get(&poll).filter(|answer| self.is_current(answer, mark, now));
        current.map(|answer| Arc::clone(&answer.headers))
    }

    /// Keeps the answer to a poll. While there are too many that are current, it is not kept.
    pub(super) fn keep(&self, poll: PollKey, answer: KeptAnswer) {
        let (mark, asked_at) = (answer.mark, answer.asked_at);
        let mut answers = self.answers.lock();
        if answers.len() >= MAX_ANSWERS {
            answers.retain(|_, other| self.is_current(other, mark, asked_at));
        }
        if answers.len() < MAX_ANSWERS {
            answers.insert(poll, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use actix_web::http::header;
    use actix_web::test::TestRequest;

    use super::{KeptAnswer, MAX_ANSWERS, POLL_REUSE, PollKey, RepeatedPolls};
    use crate::store::WriteMark;

    fn poll_of(path: &str) -> PollKey {
        let request = TestRequest::with_uri(path).insert_header((header::IF_NONE_MATCH, "\"a\"")).to_http_request();
        PollKey::of(&request).expect("a poll")
    }

    fn kept(asked_at: Instant, mark: WriteMark) -> KeptAnswer {
        KeptAnswer { asked_at, mark, headers: [].into() }
    }

    #[test]
    fn an_answer_is_given_again_until_it_is_too_old_or_this_process_writes() {
        let (polls, now, mark) = (RepeatedPolls::new(POLL_REUSE), Instant::now(), WriteMark::after_writes(7));
        let poll = poll_of("/a");
        assert!(polls.find(poll, mark, now).is_none());
        polls.keep(poll, kept(now, mark));
        assert!(polls.find(poll, mark, now).is_some());
        assert!(polls.find(poll_of("/b"), mark, now).is_none());
        assert!(polls.find(poll, WriteMark::after_writes(8), now).is_none());
        assert!(polls.find(poll, mark, now + POLL_REUSE / 2).is_some());
        assert!(polls.find(poll, mark, now + POLL_REUSE).is_none());
    }

    #[test]
    fn a_limited_number_of_answers_is_kept_and_old_ones_give_way() {
        let (polls, now, mark) = (RepeatedPolls::new(POLL_REUSE), Instant::now(), WriteMark::after_writes(7));
        for number in 0..=MAX_ANSWERS {
            polls.keep(poll_of(&format!("/{number}")), kept(now, mark));
        }
        assert_eq!(polls.answers.lock().len(), MAX_ANSWERS);
        let later = now + POLL_REUSE;
        polls.keep(poll_of("/later"), kept(later, mark));
        assert_eq!(polls.answers.lock().len(), 1);
        assert!(polls.find(poll_of("/later"), mark, later).is_some());
    }
}
