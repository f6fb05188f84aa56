//! What every handler works with, and the one place that moves blocking work off the threads that answer requests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{rt, web};
use tokio::sync::Semaphore;

use super::error::WebError;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::SyncControl;

/// The rooms behind the front door.
pub struct AppState {
    /// The cellar.
    pub store: Store,
    /// The notice board.
    pub board: Arc<StatusBoard>,
    /// The engine's door.
    pub control: SyncControl,
    /// Where uploaded files go.
    pub uploads_dir: PathBuf,
}

/// The house as handlers get it.
pub(in crate::web) type AppData = web::Data<AppState>;

/// How long whoever asks for a page waits for the database. One that is frozen, or whose tables somebody has locked,
/// says nothing at all; the thread that asked it has to wait on.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `work`, which may wait for the database, on a thread that is there for it.
pub(in crate::web) async fn run<T, F>(rooms: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    match rt::time::timeout(PATIENCE, run_slow(rooms, work)).await {
        Ok(answer) => answer,
        Err(_) => Err(WebError::database_away()),
    }
}

/// [`run`] for work that may take its time: fetching from a place, removing a big catalog.
pub(in crate::web) async fn run_slow<T, F>(rooms: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    let rooms = rooms.clone();
    match web::block(move || work(&rooms)).await {
        Ok(answer) => answer,
        Err(error) => Err(WebError::internal("a request was dropped", &error)),
    }
}

/// How many passwords are hashed at once: each takes 19 MiB and a whole processor.
static HASHING: Semaphore = Semaphore::const_new(2);
/// How long a person waits for a turn.
const TURN: Duration = Duration::from_secs(10);

/// [`run`] for work that hashes a password: only so much of it goes on at once. Who waits for a turn holds no thread.
pub(in crate::web) async fn run_hashing<T, F>(rooms: &AppData, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
{
    let Ok(Ok(turn)) = rt::time::timeout(TURN, HASHING.acquire()).await else {
        let sentence = "Too many people sign in at this moment. Try again in a few seconds.";
        return Err(WebError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", sentence).after(TURN));
    };
    // The turn goes with the work: a browser that went away does not make room for another hash beside this one.
    run_slow(rooms, move |house| {
        let _turn = turn;
        work(house)
    })
    .await
}
