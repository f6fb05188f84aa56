//! What every handler works with, and the one place that moves blocking work off the threads that answer requests.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web;

use super::error::WebError;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::Control;

/// The rooms behind the front door.
pub struct House {
    /// The cellar.
    pub store: Store,
    /// The notice board.
    pub board: Arc<StatusBoard>,
    /// The engine's door.
    pub control: Control,
    /// Where uploaded files go.
    pub uploads_dir: PathBuf,
}

/// The house as handlers get it.
pub(super) type Rooms = web::Data<House>;

/// Runs `work`, which may wait for the database, a disk or a password hash, on a thread that is there for it.
pub(super) async fn run<T, F>(rooms: &Rooms, work: F) -> Result<T, WebError>
where
    T: Send + 'static,
    F: FnOnce(&House) -> Result<T, WebError> + Send + 'static,
{
    let rooms = rooms.clone();
    match web::block(move || work(&rooms)).await {
        Ok(answer) => answer,
        Err(error) => Err(WebError::internal("a request was dropped", &error)),
    }
}
