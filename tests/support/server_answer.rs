//! The response of a server to a request of a test.

use serde_json::Value;

/// The response of a server.
#[derive(Debug)]
pub(crate) struct ServerAnswer {
    pub(crate) status: u16,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// The header `ETag`. A list that lags behind a run has none.
    pub(crate) etag: Option<String>,
    pub(crate) body: String,
}

impl ServerAnswer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}
