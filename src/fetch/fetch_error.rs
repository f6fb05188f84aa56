//! Why content could not be fetched.

/// Why a fetch or the reading of its rows ended without the complete content.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// [`FetchObserver::should_stop`](super::FetchObserver::should_stop) returned `true`.
    #[error("the fetch was stopped")]
    Stopped,
    /// The content could not be fetched or read.
    #[error("{message}")]
    Failed {
        /// A stable code for programs: `timeout`, `not_found`, `sign_in_page`, `address_refused`, `too_large`,
        /// `truncated`, …
        code: &'static str,
        /// A message for people: what happened, where, and what to do. It holds no secrets.
        message: String,
    },
}

impl FetchError {
    /// A failure with its code for programs and its message for people.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }
}
