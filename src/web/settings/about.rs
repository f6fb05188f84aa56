//! `/settings/about`: version, database, disk and health of the installation, for admins. `lockstep doctor` checks
//! more, and says how to repair it.

use std::path::Path;

use super::about_view::AboutPage;
use super::health_line::HealthLine;
use crate::domain::run_text::disk_errors::disk_problem_message;
use crate::domain::text::measures::{format_bytes, format_elapsed, format_error};
use crate::store::compaction::ConversionState;
use crate::store::database_facts::MigrationDiff;
use crate::store::diagnostics::FailedSource;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::{NavSection, counted};

/// Less free space than this is a warning, as in `lockstep doctor`.
const LOW_DISK_BYTES: u64 = 1_000_000_000;

/// `GET /settings/about`.
pub(in crate::web) async fn page(app: AppContext) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let overview = state.store.database_overview()?;
        let queue = state.store.queue_counts()?;
        let catalogs = state.store.list_catalogs()?;
        let server = &state.server;
        let frame = page_frame(state, Some(&actor), "About", NavSection::Settings)?;
        HtmlResponse::render(&AboutPage {
            health: describe_health(state, &overview.failed_sources, frame.stale_sources),
            frame,
            version: env!("CARGO_PKG_VERSION"),
            license: env!("CARGO_PKG_LICENSE"),
            manual: env!("CARGO_PKG_REPOSITORY"),
            uptime: format_elapsed(server.started.elapsed()),
            workers: server.workers as u64,
            running: queue.running,
            waiting: queue.waiting,
            sources: state.store.list_sources()?.len() as u64,
            items: catalogs.iter().map(|(_, catalog)| catalog.item_count).sum(),
            database: overview.facts.version,
            database_address: server.database.clone(),
            database_size: format_bytes(overview.facts.bytes),
            migrations: describe_migrations(&overview.migrations),
            storage: describe_storage(overview.conversion),
            data_dir: server.data_dir.display().to_string(),
            free_space: describe_free_space(&server.data_dir),
            status_store: describe_status_store(state),
        })
    })
    .await
}

/// The state of the installation: that it serves, and which sources need attention.
fn describe_health(state: &AppState, failed: &[FailedSource], stale: u64) -> Vec<HealthLine> {
    let mut lines: Vec<HealthLine> = failed
        .iter()
        .map(|failed| {
            let text = format!("The last sync of {} failed: {}", failed.source, format_error(&failed.message));
            HealthLine::wrong(text).with_link(state.links.run(&failed.id))
        })
        .collect();
    if let Some(problem) = state.store.disk_problem() {
        let time = problem.at.format("%-d %b %Y, %H:%M UTC").to_string();
        lines.push(HealthLine::wrong(disk_problem_message(&problem.reason, &time)));
    }
    if stale > 0 {
        let text = format!("{} stale", counted(&stale, "source is", "sources are"));
        lines.push(HealthLine::warning(text).with_link(state.links.dashboard()));
    }
    if lines.is_empty() {
        lines.push(HealthLine::good("No sync failed and no source is stale"));
    }
    lines.push(HealthLine::good("Ready: pages and the database respond"));
    lines
}

fn describe_migrations(diff: &MigrationDiff) -> HealthLine {
    let (missing, unknown) = (diff.missing.len(), diff.unknown.len());
    if missing > 0 {
        HealthLine::wrong(format!("{missing} missing. Restart the server to apply them"))
    } else if unknown > 0 {
        HealthLine::warning(format!("{unknown} applied by a newer version of Lockstep"))
    } else {
        HealthLine::good(format!("All {} applied", diff.applied))
    }
}

fn describe_storage(state: ConversionState) -> String {
    match state {
        ConversionState::Done => "All items are stored in the compact form".to_owned(),
        ConversionState::Started => "Items are being converted to the compact form".to_owned(),
        ConversionState::Begins(time) => {
            format!("Items are converted to the compact form from {} on", time.format("%-d %b %Y, %H:%M UTC"))
        }
    }
}

fn describe_free_space(folder: &Path) -> HealthLine {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return HealthLine::warning("Unknown") };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} free", format_bytes(free));
    if free < LOW_DISK_BYTES { HealthLine::warning(text) } else { HealthLine::good(text) }
}

fn describe_status_store(state: &AppState) -> HealthLine {
    let name = &state.server.status_store;
    match state.board.check_primary() {
        Ok(()) => HealthLine::good(name),
        Err(error) => HealthLine::wrong(format!(
            "{name}. {} Until it works again, status is read from the database",
            format_error(&error)
        )),
    }
}
