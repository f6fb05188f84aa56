//! What is known of one connection: which part of a request or response it is in, and since when.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use super::connection_limits::ConnectionLimits;
use crate::domain::client_network::ClientNetwork;

/// How much later than the framework a connection is closed, so that the framework can answer before.
const FRAMEWORK_LEAD: Duration = Duration::from_secs(2);
/// How long a client must have accepted nothing before its connection may be closed for a new one.
const MIN_BLOCKED_TIME: Duration = Duration::from_secs(5);

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionPhase {
    /// A response was sent, and no other request has begun.
    Idle,
    /// The connection is new, or a request has begun.
    ReceivingHead,
    /// A handler waits for the body.
    ReceivingBody,
    /// The request is complete, or nobody wants the rest of it.
    Responding,
    /// The response was sent before the whole body had arrived.
    Draining,
}

/// The part of a connection that changes.
#[derive(Debug)]
struct ConnectionProgress {
    phase: ConnectionPhase,
    /// Since when the connection waits for its client. A body that arrives fast enough moves it.
    since: Instant,
    /// Whether the whole body has arrived.
    body_complete: bool,
    /// Whether bytes arrived after the request that is being answered.
    read_ahead: bool,
    /// Since when the client has accepted nothing of a response.
    blocked_since: Option<Instant>,
    /// Whether the responses of handlers have been sent completely.
    is_flushed: bool,
}

/// One connection, as its stream, its requests and the registry see it.
#[derive(Debug)]
pub(in crate::web) struct GuardedConnection {
    pub(super) limits: ConnectionLimits,
    /// The network that its incomplete requests count for; `None` for a trusted proxy.
    pub(super) network: Option<ClientNetwork>,
    progress: Mutex<ConnectionProgress>,
    is_evicted: AtomicBool,
    waker: AtomicWaker,
}

impl GuardedConnection {
    /// A new connection of this address; of none if requests of different clients come from there.
    pub(super) fn new(address: Option<IpAddr>, limits: ConnectionLimits, now: Instant) -> Self {
        let progress = ConnectionProgress {
            phase: ConnectionPhase::ReceivingHead,
            since: now,
            body_complete: true,
            read_ahead: false,
            blocked_since: None,
            is_flushed: true,
        };
        Self {
            limits,
            network: address.map(ClientNetwork::from),
            progress: Mutex::new(progress),
            is_evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// Records that bytes arrived.
    pub(super) fn record_read(&self, count: usize, now: Instant) {
        let mut progress = self.progress.lock();
        match progress.phase {
            ConnectionPhase::Idle => {
                progress.phase = ConnectionPhase::ReceivingHead;
                progress.since = now;
            }
            ConnectionPhase::ReceivingBody => {
                // What arrives at a sufficient rate was not waited for.
                let periods = count as f64 / self.limits.min_body_bytes.max(1) as f64;
                let credit = self.limits.body_period.mul_f64(periods.min(1000.0));
                progress.since = progress.since.checked_add(credit).map_or(now, |since| since.min(now));
            }
            ConnectionPhase::Responding => progress.read_ahead = true,
            ConnectionPhase::ReceivingHead | ConnectionPhase::Draining => {}
        }
    }

    /// Records whether the client accepted bytes.
    pub(super) fn record_write(&self, is_blocked: bool, now: Instant) {
        let mut progress = self.progress.lock();
        if is_blocked {
            progress.blocked_since.get_or_insert(now);
        } else {
            progress.blocked_since = None;
        }
    }

    /// Records that everything was sent that had to be sent so far.
    pub(super) fn record_flush(&self) {
        let mut progress = self.progress.lock();
        let in_handler = matches!(progress.phase, ConnectionPhase::ReceivingBody | ConnectionPhase::Responding);
        progress.is_flushed = !in_handler;
    }

    /// Whether the next bytes to send are the framework's own: all responses of handlers were sent, and none is being
    /// made.
    pub(super) fn is_between_responses(&self) -> bool {
        self.progress.lock().is_flushed
    }

    /// Records that a head has arrived, and whether a body follows.
    pub(super) fn begin_request(&self, has_body: bool) {
        let mut progress = self.progress.lock();
        progress.phase = if has_body { ConnectionPhase::ReceivingBody } else { ConnectionPhase::Responding };
        progress.body_complete = !has_body;
        progress.read_ahead = false;
        progress.is_flushed = false;
    }

    /// Records that nobody waits for the body any more, and whether it has arrived completely.
    pub(super) fn end_body(&self, is_complete: bool) {
        let mut progress = self.progress.lock();
        if progress.phase == ConnectionPhase::ReceivingBody {
            progress.phase = ConnectionPhase::Responding;
        }
        progress.body_complete |= is_complete;
    }

    /// Records that a response was made completely; the last of it may still have to be sent.
    pub(super) fn end_response(&self, now: Instant) {
        let mut progress = self.progress.lock();
        progress.since = now;
        progress.phase = match (progress.body_complete, progress.read_ahead) {
            (false, _) => ConnectionPhase::Draining,
            (true, true) => ConnectionPhase::ReceivingHead,
            (true, false) => ConnectionPhase::Idle,
        };
    }

    /// Since when the connection has waited for the rest of a request; `None` if it does not.
    pub(super) fn incomplete_since(&self) -> Option<Instant> {
        let progress = self.progress.lock();
        let is_incomplete = matches!(
            progress.phase,
            ConnectionPhase::ReceivingHead | ConnectionPhase::ReceivingBody | ConnectionPhase::Draining
        );
        (is_incomplete && !self.is_evicted()).then_some(progress.since)
    }

    /// Since when the connection has waited for its client in any way, and therefore may be closed for another one. A
    /// response that is not accepted comes after all others, because most of it may have arrived.
    pub(super) fn waiting_since(&self, now: Instant) -> Option<(bool, Instant)> {
        let progress = self.progress.lock();
        if self.is_evicted() {
            return None;
        }
        match progress.blocked_since {
            Some(since) => (now.saturating_duration_since(since) >= MIN_BLOCKED_TIME).then_some((true, since)),
            None => (progress.phase != ConnectionPhase::Responding).then_some((false, progress.since)),
        }
    }

    /// Whether the client has taken longer than it may. The framework closes idle connections and answers slow heads
    /// itself, but not always: it does not time the second head of a connection. Bodies have their own limit, because
    /// they are answered (`paced_body`).
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        let progress = self.progress.lock();
        let waited = |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        if progress.blocked_since.is_some_and(|since| waited(since, self.limits.write_timeout)) {
            return true;
        }
        match progress.phase {
            ConnectionPhase::Idle => waited(progress.since, self.limits.idle_timeout + FRAMEWORK_LEAD),
            ConnectionPhase::ReceivingHead => waited(progress.since, self.limits.head_timeout + FRAMEWORK_LEAD),
            ConnectionPhase::Draining => waited(progress.since, self.limits.drain_timeout),
            ConnectionPhase::ReceivingBody | ConnectionPhase::Responding => false,
        }
    }

    /// Lets the thread of the connection close it.
    pub(super) fn evict(&self) {
        self.is_evicted.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Whether the connection is to be closed.
    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::SeqCst)
    }

    /// Lets [`GuardedConnection::evict`] wake the task that waits here. Returns whether that has happened already.
    pub(super) fn register_waker(&self, context: &Context<'_>) -> bool {
        let waker: &Waker = context.waker();
        self.waker.register(waker);
        self.is_evicted()
    }
}
