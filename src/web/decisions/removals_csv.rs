//! The list of withheld removals as CSV, with all fields of the items.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::removal_list::find_list;
use crate::domain::change_set::Change;
use crate::domain::item::parse_fields;
use crate::domain::sync_id::SyncId;
use crate::domain::text::formula::escape_formula;
use crate::web::changes::kept_changes::file_name_part;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::streamed_body::{ChunkProducer, stream_chunks};

/// How many items are read and sent at once.
const ITEMS_PER_CHUNK: i64 = 1000;

/// `GET /catalog/{slug}/sync/removals.csv`: the list of the run `sync`; `raw=1` does not escape formulas.
pub(in crate::web) async fn file(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    let is_raw = trimmed_value(&query, "raw") == "1";
    let (name, first, file) = app
        .run_blocking(move |state, caller| {
            let source = caller.source(state, &slug)?;
            let list = find_list(state, &source, &trimmed_value(&query, "sync"))?;
            let id = list.id().ok_or_else(|| WebError::not_found("list"))?;
            let columns = state.store.find_catalog(source.id)?.unwrap_or_default().columns;
            let mut file = RemovalFile { list: id, columns, is_raw, after: Some(String::new()) };
            let first = file.next_chunk(state)?.unwrap_or_default();
            let part = file_name_part(list.kept_part());
            Ok((format!("{}-removals-{id}{part}.csv", source.slug), first, file))
        })
        .await?;
    let disposition = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8").insert_header(disposition);
    Ok(response.streaming(stream_chunks(app.state.clone(), first, file)))
}

/// A list of withheld removals as a file.
struct RemovalFile {
    list: SyncId,
    /// The columns of the catalog. Other fields of an item are not shown.
    columns: Vec<String>,
    is_raw: bool,
    /// The key of the last item that was written; `None` at the end.
    after: Option<String>,
}

impl ChunkProducer for RemovalFile {
    fn next_chunk(&mut self, state: &AppState) -> Result<Option<Vec<u8>>, WebError> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let found = state.store.withheld_items_after(self.list, &after, ITEMS_PER_CHUNK)?;
        self.after = found.last().map(|item| item.key.clone());
        self.write_csv(&found, after.is_empty()).map(Some)
    }
}

impl RemovalFile {
    fn write_csv(&self, removals: &[Change], has_header: bool) -> Result<Vec<u8>, WebError> {
        let failed = |error: &dyn std::fmt::Display| WebError::internal("a file could not be written", error);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let cell = |text: &str| if self.is_raw { text.to_owned() } else { escape_formula(text).into_owned() };
        if has_header {
            writer.write_record(self.columns.iter().map(|name| cell(name))).map_err(|error| failed(&error))?;
        }
        for change in removals {
            let fields = change.before.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
            let value = |column: &String| fields.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text);
            let cells = self.columns.iter().map(|column| cell(value(column)));
            writer.write_record(cells).map_err(|error| failed(&error))?;
        }
        writer.into_inner().map_err(|error| failed(&error))
    }
}
