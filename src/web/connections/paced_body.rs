//! The body of a request, which must arrive at a minimum rate.

use std::cell::Cell;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::rt::time::{Instant, Sleep, sleep};
use actix_web::web::Bytes;
use futures_util::Stream;

use super::guarded_connection::GuardedConnection;

/// Whether a body arrived too slowly.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct BodyTimeout(Rc<Cell<bool>>);

/// A body that ends with an error if it arrives too slowly. Only the time counts in which someone waits for it: a slow
/// disk is not the client's fault.
struct PacedBody {
    payload: Payload,
    connection: Arc<GuardedConnection>,
    timeout: BodyTimeout,
    /// Bytes that are still to come, if the head says how many.
    missing: Option<u64>,
    /// The end of the current period.
    period_end: Option<Pin<Box<Sleep>>>,
    /// Bytes that arrived in the current period.
    received: usize,
}

impl BodyTimeout {
    /// Whether the body arrived too slowly, so that the handler did not get all of it.
    pub(in crate::web) fn has_expired(&self) -> bool {
        self.0.get()
    }
}

/// Records the beginning of a request, and lets its body fail if it arrives too slowly.
pub(in crate::web) fn pace_body(request: &mut ServiceRequest, connection: &Arc<GuardedConnection>) -> BodyTimeout {
    let timeout = BodyTimeout::default();
    let payload = request.take_payload();
    connection.begin_request(!matches!(payload, Payload::None));
    if !matches!(payload, Payload::None) {
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let body = PacedBody {
            payload,
            connection: Arc::clone(connection),
            timeout: timeout.clone(),
            missing: length.and_then(|length| length.trim().parse().ok()),
            period_end: None,
            received: 0,
        };
        request.set_payload(Payload::Stream { payload: Box::pin(body) });
    }
    timeout
}

impl PacedBody {
    fn record_bytes(&mut self, count: usize) {
        self.received += count;
        self.missing = self.missing.map(|missing| missing.saturating_sub(count as u64));
        if self.missing == Some(0) {
            self.connection.end_body(true);
        }
    }

    /// Waits for the end of the period. At its end, returns whether enough has arrived, and begins another.
    fn poll_period(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let limits = self.connection.limits;
        let period_end = self.period_end.get_or_insert_with(|| Box::pin(sleep(limits.body_period)));
        if period_end.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        period_end.as_mut().reset(Instant::now() + limits.body_period);
        Poll::Ready(std::mem::take(&mut self.received) >= limits.min_body_bytes)
    }
}

impl Stream for PacedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.timeout.has_expired() {
            return Poll::Ready(None);
        }
        loop {
            match Pin::new(&mut this.payload).poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => {
                    this.record_bytes(bytes.len());
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(None) => {
                    this.connection.end_body(true);
                    return Poll::Ready(None);
                }
                Poll::Ready(failed) => return Poll::Ready(failed),
                Poll::Pending => match this.poll_period(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(true) => {}
                    Poll::Ready(false) => {
                        this.timeout.0.set(true);
                        return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))));
                    }
                },
            }
        }
    }
}

impl Drop for PacedBody {
    fn drop(&mut self) {
        // Nobody wants the rest, but all of it may have arrived.
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(bytes))) = Pin::new(&mut self.payload).poll_next(&mut context) {
            self.record_bytes(bytes.len());
        }
        self.connection.end_body(false);
    }
}
