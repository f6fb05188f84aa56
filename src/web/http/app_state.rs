//! The application state that all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web;

use super::error::WebError;
use super::links::LinkBuilder;
use crate::domain::source::{Slug, Source};
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::SyncControl;

/// The state that all handlers share.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// Live status of runs.
    pub board: Arc<StatusBoard>,
    /// Starts and cancels runs, and probes sources.
    pub control: SyncControl,
    /// The folder of uploaded files.
    pub uploads_dir: PathBuf,
    /// Builds links below the public URL.
    pub links: LinkBuilder,
}

impl AppState {
    /// The source with this slug; `None` also for text that is not a slug.
    pub(in crate::web) fn find_source(&self, slug: &str) -> Result<Option<Source>, WebError> {
        match slug.parse::<Slug>() {
            Ok(slug) => Ok(self.store.find_source(&slug)?),
            Err(_) => Ok(None),
        }
    }
}

/// The application state as handlers extract it.
pub(in crate::web) type AppData = web::Data<AppState>;
