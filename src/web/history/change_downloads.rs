//! The changes of a run as CSV and as JSON, and one whole value of a change as text.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::handlers::find_run;
use crate::domain::change_set::Change;
use crate::domain::operation::OperationKind;
use crate::domain::run_text::change_labels::change_label;
use crate::domain::sync_id::SyncId;
use crate::domain::text::formula::escape_formula;
use crate::store::changes::{ChangeCursor, ChangeFilter};
use crate::web::changes::change_json::{parse_change_kind, parse_entry};
use crate::web::changes::kept_changes::{count_changes, file_name_part, find_kept_part};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::streamed_body::{ChunkProducer, stream_chunks};

/// How many changes are read and sent at once.
const CHANGES_PER_CHUNK: u32 = 100;
/// The header with the number of changes of the listed kinds that the run counted, whatever is searched for. Of very
/// many changes a preview keeps the first ones.
const TOTAL_HEADER: &str = "X-Total-Count";

/// The format of a file of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    /// One line for each field that differs. `is_raw` leaves cells that spreadsheets would run as formulas.
    Csv { is_raw: bool },
    /// An array with one object for each changed item.
    Json,
}

/// The changes of a run that match a filter, as a file.
struct ChangeFile {
    run: SyncId,
    run_kind: OperationKind,
    filter: ChangeFilter,
    format: FileFormat,
    /// Where to go on; `None` at the end.
    cursor: Option<ChangeCursor>,
    has_begun: bool,
    has_entries: bool,
}

/// `GET /history/{id}/changes.csv`: the changes that match `kind` and `q`; `raw=1` does not escape formulas.
pub(in crate::web) async fn changes_csv(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    let is_raw = trimmed_value(&query, "raw") == "1";
    send_changes(app, &id, query.into_inner(), FileFormat::Csv { is_raw }).await
}

/// `GET /history/{id}/changes.json`: the changes that match `kind` and `q`, with their fields before and after.
pub(in crate::web) async fn changes_json(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    send_changes(app, &id, query.into_inner(), FileFormat::Json).await
}

async fn send_changes(
    app: AppContext,
    id: &str,
    query: FormValues,
    format: FileFormat,
) -> Result<HttpResponse, WebError> {
    let id = id.to_owned();
    let (name, total, first, file) = app
        .run_blocking(move |state, _| {
            let run = find_run(state, &id)?;
            let kind = trimmed_value(&query, "kind");
            let kind = if kind.is_empty() { None } else { Some(parse_change_kind(&kind)?) };
            let filter = ChangeFilter { kinds: kind.into_iter().collect(), search: trimmed_value(&query, "q") };
            let summary = run.run_summary();
            let is_preview = summary.kind == OperationKind::Preview;
            let total = is_preview.then(|| count_changes(&summary.stats, &filter.kinds));
            let part = file_name_part(find_kept_part(state, summary, &filter.kinds)?);
            let cursor = Some(ChangeCursor::default());
            let mut file = ChangeFile {
                run: summary.id,
                run_kind: summary.kind,
                filter,
                format,
                cursor,
                has_begun: false,
                has_entries: false,
            };
            let first = file.next_chunk(state)?.unwrap_or_default();
            Ok((format!("{}-changes-{}{part}", summary.source, summary.id), total, first, file))
        })
        .await?;
    let (content_type, extension) = match format {
        FileFormat::Csv { .. } => ("text/csv; charset=utf-8", "csv"),
        FileFormat::Json => ("application/json", "json"),
    };
    let disposition = format!("attachment; filename=\"{name}.{extension}\"");
    let mut response = HttpResponse::Ok();
    response.content_type(content_type).insert_header((header::CONTENT_DISPOSITION, disposition));
    if let Some(total) = total {
        response.insert_header((TOTAL_HEADER, total.to_string()));
    }
    Ok(response.streaming(stream_chunks(app.state.clone(), first, file)))
}

impl ChunkProducer for ChangeFile {
    fn next_chunk(&mut self, state: &AppState) -> Result<Option<Vec<u8>>, WebError> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let (changes, next) = state.store.changes_after(self.run, &self.filter, cursor, CHANGES_PER_CHUNK)?;
        self.cursor = next;
        match self.format {
            FileFormat::Csv { is_raw } => self.write_csv(&changes, is_raw),
            FileFormat::Json => self.write_json(changes),
        }
        .map(Some)
    }
}

impl ChangeFile {
    fn write_csv(&mut self, changes: &[Change], is_raw: bool) -> Result<Vec<u8>, WebError> {
        let failed = |error: &dyn std::fmt::Display| WebError::internal("a file could not be written", error);
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !std::mem::replace(&mut self.has_begun, true) {
            writer.write_record(["Change", "Key", "Field", "Before", "After"]).map_err(|error| failed(&error))?;
        }
        let label = |change: &Change| change_label(change.kind, self.run_kind);
        for change in changes {
            let mut lines: Vec<[String; 3]> = change
                .field_changes()
                .into_iter()
                .map(|field| {
                    let label = field.label();
                    [label, field.before.unwrap_or_default(), field.after.unwrap_or_default()]
                })
                .collect();
            if lines.is_empty() {
                lines.push(Default::default());
            }
            for [field, before, after] in &lines {
                let cells = [&change.key, field, before, after];
                let cells = cells.map(|cell| if is_raw { cell.into() } else { escape_formula(cell) });
                let record = std::iter::once(label(change)).chain(cells.iter().map(AsRef::as_ref));
                writer.write_record(record).map_err(|error| failed(&error))?;
            }
        }
        writer.into_inner().map_err(|error| failed(&error))
    }

    fn write_json(&mut self, changes: Vec<Change>) -> Result<Vec<u8>, WebError> {
        let mut json = Vec::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            json.push(b'[');
        }
        for change in changes {
            json.extend_from_slice(if std::mem::replace(&mut self.has_entries, true) { b",\n" } else { b"\n" });
            serde_json::to_writer(&mut json, &parse_entry(change)?)
                .map_err(|error| WebError::internal("a file could not be written", &error))?;
        }
        if self.cursor.is_none() {
            json.extend_from_slice(b"\n]\n");
        }
        Ok(json)
    }
}

/// `GET /history/{id}/changes/value`: the value of the column `field` of the item with this `key`, on the `side`
/// `before` or `after` the change.
///
/// # Errors
/// `bad_request` for another side; `not_found` if the change, or the field on that side, is not known.
pub(in crate::web) async fn change_value(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    let value = app
        .run_blocking(move |state, _| {
            let run = find_run(state, &id)?;
            // Not trimmed: keys and columns are compared as they are stored.
            let asked = |name: &str| query.get(name).map_or("", String::as_str);
            let is_before = match asked("side") {
                "before" => true,
                "after" => false,
                _ => return Err(invalid_side()),
            };
            let change = state.store.find_change(run.run_summary().id, run.source_id(), asked("key"))?;
            let (before, after) = change.map(|change| change.parse_sides()).unwrap_or_default();
            let fields = if is_before { before } else { after };
            let value = fields.into_iter().find(|(name, _)| name == asked("field")).map(|(_, value)| value);
            value.ok_or_else(|| WebError::not_found("value"))
        })
        .await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(value))
}

fn invalid_side() -> WebError {
    WebError::bad_request("bad_request", "“side” must be before or after.").on_field("side")
}
