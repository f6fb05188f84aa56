//! What a server knows of itself: plain values, because pages do not read the settings.

use std::path::PathBuf;
use std::time::Instant;

/// Where a server runs, with what, and since when.
#[derive(Clone, Debug)]
pub struct ServerInfo {
    /// The address of the database, without a password.
    pub database: String,
    /// The folder with the data.
    pub data_dir: PathBuf,
    /// Where live status is kept: "Redis at redis://cache:6379".
    pub status_store: String,
    /// The number of workers.
    pub workers: usize,
    /// When the server started.
    pub started: Instant,
}
