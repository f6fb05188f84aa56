//! The view of the page about the installation.

use askama::Template;

use super::health_line::HealthLine;
use crate::web::layout::view::{PageFrame, counted};

/// `GET /settings/about`.
#[derive(Debug, Clone, Template)]
#[template(path = "about.html")]
pub(in crate::web) struct AboutPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The state of the installation, the worst first.
    pub health: Vec<HealthLine>,
    /// The version of this program.
    pub version: &'static str,
    /// The licence of this program; empty if the package names none.
    pub license: &'static str,
    /// The address of the manual; empty if the package names none.
    pub manual: &'static str,
    /// How long this server runs.
    pub uptime: String,
    /// The number of workers of this server.
    pub workers: u64,
    /// The number of running runs, on all servers.
    pub running: u64,
    /// The number of waiting runs, on all servers.
    pub waiting: u64,
    /// The number of sources.
    pub sources: u64,
    /// The number of items in all catalogs.
    pub items: u64,
    /// Name and version of the database.
    pub database: String,
    /// Its address, without a password.
    pub database_address: String,
    /// Its size.
    pub database_size: String,
    /// Which migrations are applied.
    pub migrations: HealthLine,
    /// How items are stored.
    pub storage: String,
    /// The data folder.
    pub data_dir: String,
    /// The free space on its disk.
    pub free_space: HealthLine,
    /// Where live status is kept.
    pub status_store: HealthLine,
}
