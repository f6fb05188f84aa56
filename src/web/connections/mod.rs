//! Keeps slow and idle clients from occupying the server: how long a client may take, how many connections there may
//! be, and which one is closed when there are too many.

mod connection_limits;
mod connection_registry;
mod framework_response;
mod guarded_connection;
mod guarded_stream;
mod paced_body;
mod tracked_response;

pub use connection_limits::ConnectionLimits;
pub(super) use connection_registry::{ConnectionRegistry, close_overdue_connections};
pub(super) use guarded_connection::GuardedConnection;
pub(super) use guarded_stream::GuardedStream;
pub(super) use paced_body::{BodyTimeout, pace_body};
pub(super) use tracked_response::TrackedResponse;
