//! `/history/{id}/log`: the log lines of one run on this server, for admins.

use actix_web::web;
use askama::Template;

use super::handlers::find_run;
use super::log_files::{LogPeriod, read_matching_lines};
use super::log_line::LogLine;
use crate::domain::record::HistoryRun;
use crate::domain::run_text::kind_label;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::{NavSection, PageFrame};

/// The most lines of a run that are shown: its newest.
const MAX_LINES: usize = 200;
/// The logs that have lines of runs, in `logs` of the data folder.
const LOG_NAMES: [&str; 2] = ["sync.jsonl", "fetch.jsonl"];

/// The log of a run. A browser with JavaScript takes only the table from it.
#[derive(Debug, Clone, Template)]
#[template(path = "run_log.html")]
pub(in crate::web) struct RunLogPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The run.
    pub sync_id: String,
    /// Its kind: "Sync".
    pub kind: &'static str,
    /// The name or the slug of its source.
    pub source: String,
    /// Its newest lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Whether it has more lines.
    pub has_more: bool,
}

impl RunLogPage {
    /// Whether several processes wrote its lines, so that each line names its process.
    pub(in crate::web) fn has_many_servers(&self) -> bool {
        self.lines.windows(2).any(|pair| pair[0].server != pair[1].server)
    }
}

/// `GET /history/{id}/log`.
pub(in crate::web) async fn page(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let run = find_run(state, &id)?;
        let (source_id, accepted, finished) = match &run {
            HistoryRun::Active(run) => (run.source_id, run.timestamps.created_at, None),
            HistoryRun::Ended(record) => (record.source_id, record.timestamps.created_at, Some(record.finished_at)),
        };
        let summary = run.run_summary();
        let sync_id = summary.id.to_string();
        let folder = state.server.data_dir.join("logs");
        let period = LogPeriod::new(accepted, finished);
        let mut lines = Vec::new();
        for name in LOG_NAMES {
            let found = read_matching_lines(&folder, name, period, &sync_id, MAX_LINES + 1);
            lines.extend(found.iter().filter_map(|line| LogLine::parse(line, &sync_id)));
        }
        lines.sort_by_key(|line| line.millis);
        let surplus = lines.len().saturating_sub(MAX_LINES);
        lines.drain(..surplus);
        let source =
            state.store.source_by_id(source_id)?.map_or_else(|| summary.source.to_string(), |source| source.name);
        let kind = kind_label(summary.kind);
        HtmlResponse::render(&RunLogPage {
            frame: page_frame(
                state,
                Some(&actor),
                format!("{source}: {} log", kind.to_lowercase()),
                NavSection::History,
            )?,
            sync_id,
            kind,
            source,
            lines,
            has_more: surplus > 0,
        })
    })
    .await
}
