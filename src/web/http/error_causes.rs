//! Turns the errors of other modules into the errors of requests.

use std::time::Duration;

use actix_web::http::StatusCode;

use super::error::{DATABASE_RETRY_DELAY, WebError, capitalize};
use crate::catalog_index::IndexError;
use crate::domain::export::export_error::ExportError;
use crate::status::StatusError;
use crate::store::{Retryability, StoreError};

/// When to try again while the disk is full.
const DISK_RETRY_DELAY: Duration = Duration::from_secs(60);

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for WebError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Taken { what } => {
                Self::new(StatusCode::CONFLICT, "taken", format!("{} already exists.", capitalize(what)))
            }
            StoreError::CallerGone => Self::sign_in(),
            error if error.is_disk_full() => {
                log::warn!("{error}");
                let message = "The disk of the database is full. Nothing was changed. Free up disk space on the server, \
                               then try again.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk_full", message).retry_after(DISK_RETRY_DELAY)
            }
            StoreError::Busy => {
                log::warn!("{error}");
                let message = "Database busy. Nothing changed; try again.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_busy", message).retry_after(DATABASE_RETRY_DELAY)
            }
            // The engine's health check logs this once, so it is not logged again with every request.
            error if error.retryability() == Retryability::Temporary => {
                log::debug!("{error}");
                Self::database_away()
            }
            other => Self::internal("the database", other),
        }
    }
}

impl From<IndexError> for WebError {
    fn from(error: IndexError) -> Self {
        Self::from(&error)
    }
}

impl From<&IndexError> for WebError {
    fn from(error: &IndexError) -> Self {
        match error {
            IndexError::Store(error) => error.into(),
            IndexError::Build(error) => Self::from(error.as_ref()),
            IndexError::Filter(error) => Self::bad_request("bad_filter", error.to_string()),
            IndexError::UnknownColumn(_) => Self::bad_request("unknown_parameter", error.to_string()),
            IndexError::Storage(_) => {
                let logged = Self::internal("the index of a catalog", error);
                let message = "The catalog could not be searched, because a temporary file could not be written. Plain \
                               pages work. Free space on the disk of the server and try again.";
                Self {
                    log_id: logged.log_id,
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "index_unavailable", message)
                }
            }
        }
    }
}

impl From<ExportError> for WebError {
    fn from(error: ExportError) -> Self {
        if error.is_refusal() {
            return Self::bad_request("does_not_fit", error.to_string());
        }
        Self::internal("an export", &error)
    }
}

impl From<StatusError> for WebError {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Database(error) => error.into(),
            other => Self::internal("the status", &other),
        }
    }
}
