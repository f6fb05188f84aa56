//! `GET /history/{id}/issues.csv`: the skipped rows of a run as they were, or all of its issues.

use std::borrow::Cow;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};

use super::handlers::find_run;
use super::issues::load_skipped_rows;
use crate::domain::issue::{Issue, MAX_KEPT_ISSUES};
use crate::domain::kept_cells::KeptCells;
use crate::domain::record::HistoryRun;
use crate::domain::rows::corrected_rows::SkippedRowsHeader;
use crate::domain::run_summary::RunSummary;
use crate::domain::sync_id::SyncId;
use crate::domain::text::formula::escape_formula;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};

/// The mark by which spreadsheets recognise UTF-8.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// A CSV file that is downloaded.
struct CsvFile {
    name: String,
    content: Vec<u8>,
}

/// How cells are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellForm {
    /// For spreadsheets: no cell is a formula.
    Protected,
    /// As in the source, for programs.
    Raw,
}

impl CellForm {
    fn write_cell(self, cell: &str) -> Cow<'_, str> {
        if self == Self::Protected { escape_formula(cell) } else { Cow::Borrowed(cell) }
    }
}

/// `GET /history/{id}/issues.csv`: the skipped rows of a run with their numbers and the reasons. `all=1` lists all kept
/// issues instead, without the rows. `raw=1` leaves cells that spreadsheets would run as formulas as they are.
pub(in crate::web) async fn issues_csv(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    let CsvFile { name, content } = app
        .run_blocking(move |state, _| {
            let run = find_run(state, &id)?;
            let is_set = |name| trimmed_value(&query, name) == "1";
            let form = if is_set("raw") { CellForm::Raw } else { CellForm::Protected };
            if is_set("all") { write_all_issues(state, &run, form) } else { write_skipped_rows(state, &run, form) }
        })
        .await?;
    let headers = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header(headers).body(content))
}

/// The skipped rows whose cells are kept. The name of the file says if there are others.
fn write_skipped_rows(state: &AppState, run: &HistoryRun, form: CellForm) -> Result<CsvFile, WebError> {
    let RunSummary { id, source, stats, .. } = run.run_summary();
    let issues = state.store.list_skipped_rows(*id)?;
    if issues.is_empty() {
        let message = "No cells of skipped rows are kept for this run. Add ?all=1 to this URL for all of its issues.";
        return Err(WebError::new(StatusCode::NOT_FOUND, "not_found", message));
    }
    let skipped = load_skipped_rows(state, *id, &issues)?;
    let header = SkippedRowsHeader::of_rows(&skipped).names;
    let cells_in_row = header.len() - 2;
    let rows = issues.iter().map(|issue| {
        let mut cells = issue.cells.as_ref().map(KeptCells::to_cells).unwrap_or_default();
        cells.resize(cells_in_row, String::new());
        cells.extend([issue.row.map(|row| row.to_string()).unwrap_or_default(), issue.reason.clone()]);
        cells
    });
    let mark = if form == CellForm::Protected { BYTE_ORDER_MARK } else { "" };
    let content = write_csv(mark, std::iter::once(header).chain(rows), form)?;
    let part = if stats.rejected > issues.len() as u64 { "-part" } else { "" };
    Ok(CsvFile { name: file_name(source.as_str(), &format!("skipped-rows{part}"), *id), content })
}

/// All kept issues.
fn write_all_issues(state: &AppState, run: &HistoryRun, form: CellForm) -> Result<CsvFile, WebError> {
    let RunSummary { id, source, .. } = run.run_summary();
    let row = |issue: Issue| {
        let number = issue.row.map(|row| row.to_string()).unwrap_or_default();
        vec![number, issue.column.unwrap_or_default(), issue.kind.to_string(), issue.reason]
    };
    let issues = state.store.list_issues(*id, 1, MAX_KEPT_ISSUES as u64)?;
    let header = ["row", "column", "kind", "reason"].map(str::to_owned).to_vec();
    let content = write_csv("", std::iter::once(header).chain(issues.into_iter().map(row)), form)?;
    Ok(CsvFile { name: file_name(source.as_str(), "issues", *id), content })
}

fn file_name(source: &str, what: &str, id: SyncId) -> String {
    format!("{source}-{what}-{id}.csv")
}

fn write_csv(start: &str, rows: impl Iterator<Item = Vec<String>>, form: CellForm) -> Result<Vec<u8>, WebError> {
    let failed = |error: &dyn std::fmt::Display| WebError::internal("a file could not be written", error);
    let mut writer = csv::Writer::from_writer(start.as_bytes().to_vec());
    for row in rows {
        let cells = row.iter().map(|cell| form.write_cell(cell).into_owned());
        writer.write_record(cells.collect::<Vec<_>>()).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}
