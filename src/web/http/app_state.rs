//! The application state that handlers share, and how they run blocking work on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{rt, web};
use tokio::sync::Semaphore;

use super::error::WebError;
use super::links::LinkBuilder;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::SyncControl;

/// What handlers work with.
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

/// The application state as handlers extract it.
pub(in crate::web) type AppData = web::Data<AppState>;

/// How long a request waits for the database. A frozen database, or a locked table, never responds; the blocking
/// thread that queried it stays occupied.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs `work`, which may wait for the database, on a blocking thread. It is given up after [`DATABASE_TIMEOUT`].
pub(in crate::web) async fn run_blocking<T, F>(app: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    match rt::time::timeout(DATABASE_TIMEOUT, run_slow_blocking(app, work)).await {
        Ok(result) => result,
        Err(_) => Err(WebError::database_away()),
    }
}

/// [`run_blocking`] without the timeout, for work that takes long: fetching a source, removing a big catalog.
pub(in crate::web) async fn run_slow_blocking<T, F>(app: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    let state = app.clone();
    match web::block(move || work(&state)).await {
        Ok(result) => result,
        Err(error) => Err(WebError::internal("a request was dropped", &error)),
    }
}

/// How many passwords are hashed at once: each takes 19 MiB and a whole core.
static HASHING_PERMITS: Semaphore = Semaphore::const_new(2);
/// How long a login waits for a permit.
const HASHING_TIMEOUT: Duration = Duration::from_secs(10);

/// [`run_slow_blocking`] for work that hashes a password. Waiting for a permit occupies no thread.
pub(in crate::web) async fn run_password_hashing<T, F>(app: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    let Ok(Ok(permit)) = rt::time::timeout(HASHING_TIMEOUT, HASHING_PERMITS.acquire()).await else {
        let message = "Too many logins at once. Try again in a few seconds.";
        return Err(WebError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).retry_after(HASHING_TIMEOUT));
    };
    // The permit moves with the work: a browser that disconnects must not let another hash start beside this one.
    run_slow_blocking(app, move |state| {
        let _permit = permit;
        work(state)
    })
    .await
}
