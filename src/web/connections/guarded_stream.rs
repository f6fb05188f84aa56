//! A TCP stream that reports what its client does, and can be closed from outside.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_registry::RegisteredConnection;
use super::framework_response::with_security_headers;
use super::guarded_connection::GuardedConnection;

/// The stream of a connection. After an eviction every call fails, and the dispatcher of the framework ends.
pub(in crate::web) struct GuardedStream {
    stream: TcpStream,
    registered: RegisteredConnection,
    /// Bytes of the framework's own response that the system has not accepted yet.
    unsent: Vec<u8>,
    /// Whether an eviction can wake the task of the stream, which stays the same.
    has_waker: bool,
}

impl GuardedStream {
    /// The stream of a registered connection.
    pub(in crate::web) fn new(stream: TcpStream, registered: RegisteredConnection) -> Self {
        Self { stream, registered, unsent: Vec::new(), has_waker: false }
    }

    /// Returns what is known of the connection of the stream.
    pub(in crate::web) fn connection(&self) -> &Arc<GuardedConnection> {
        self.registered.connection()
    }

    fn fail_if_evicted(&self) -> io::Result<()> {
        if self.connection().is_evicted() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Lets an eviction wake the task that is about to wait.
    fn wait<T>(&self, context: &Context<'_>) -> Poll<io::Result<T>> {
        if self.connection().register_waker(context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Pending
    }

    fn write_some(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => {
                self.connection().record_write(true, Instant::now());
                self.wait(context)
            }
            written @ Poll::Ready(_) => {
                self.connection().record_write(false, Instant::now());
                written
            }
        }
    }

    fn send_unsent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let bytes = std::mem::take(&mut self.unsent);
            let written = self.write_some(context, &bytes);
            self.unsent = bytes;
            let count = ready!(written)?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.has_waker, true) {
            this.connection().register_waker(context);
        }
        this.fail_if_evicted()?;
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Pending => this.wait(context),
            Poll::Ready(result) => {
                let count = buffer.filled().len() - before;
                if count > 0 {
                    this.connection().record_read(count, Instant::now());
                }
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.fail_if_evicted()?;
        ready!(this.send_unsent(context))?;
        if this.connection().is_between_responses() {
            this.unsent = with_security_headers(bytes);
            // What the system does not accept now is sent by the flush, which follows.
            if let Poll::Ready(Err(error)) = this.send_unsent(context) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        this.write_some(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.fail_if_evicted()?;
        ready!(this.send_unsent(context))?;
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        this.connection().record_flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.fail_if_evicted()?;
        ready!(this.send_unsent(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
