//! Why a run stops before its last step.

use crate::domain::run_text::stopped_run::database_unavailable_message;
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::fetch::FetchError;
use crate::store::StoreError;
use crate::sync::run_signal::StopReason;

/// Why a run stops before its last step.
#[derive(Debug)]
pub(in crate::sync) enum RunStop {
    /// It was stopped: cancelled, shut down, timed out, or its lease is lost.
    Early(StopReason),
    /// A step failed.
    Failed {
        /// The code for programs.
        code: &'static str,
        /// The message for people.
        message: String,
    },
    /// The source as a whole is implausible. Nothing was written.
    Refused(SyncFailure),
    /// The database refused a step, or was unavailable for too long.
    Database(StoreError),
}

impl RunStop {
    /// Converts the reason to the failure of a fetch that used the database. `log_error` logs an error of the database.
    pub(in crate::sync) fn into_fetch_error(self, log_error: impl FnOnce(StoreError)) -> FetchError {
        match self {
            Self::Early(_) => FetchError::Stopped,
            Self::Failed { code, message } => FetchError::Failed { code, message },
            Self::Refused(failure) => FetchError::failed(failure.code, failure.cause_message()),
            Self::Database(error) => {
                log_error(error);
                FetchError::failed("database", database_unavailable_message())
            }
        }
    }
}

impl From<SyncFailure> for RunStop {
    fn from(failure: SyncFailure) -> Self {
        Self::Refused(failure)
    }
}

impl From<StoreError> for RunStop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Early(StopReason::LeaseLost),
            other => Self::Database(other),
        }
    }
}

impl From<FetchError> for RunStop {
    fn from(error: FetchError) -> Self {
        match error {
            // The signal has the reason and decides the ending.
            FetchError::Stopped => Self::Early(StopReason::Cancelled),
            FetchError::Failed { code, message } => Self::Failed { code, message },
        }
    }
}
