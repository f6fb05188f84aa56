//! The body of a response, which reports its end to the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::guarded_connection::GuardedConnection;

/// The body of a response. The framework drops it once all of it is in its buffer.
pub(in crate::web) struct TrackedResponse {
    body: BoxBody,
    _end: ResponseEnd,
}

/// Reports the end of a response when it is dropped.
struct ResponseEnd(Option<Arc<GuardedConnection>>);

impl TrackedResponse {
    /// The body of a response of this connection.
    pub(in crate::web) fn new(body: BoxBody, connection: Option<Arc<GuardedConnection>>) -> Self {
        Self { body, _end: ResponseEnd(connection) }
    }
}

impl Drop for ResponseEnd {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.end_response(Instant::now());
        }
    }
}

impl MessageBody for TrackedResponse {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}
