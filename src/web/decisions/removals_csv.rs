//! The list of withheld removals as CSV, with all fields of the items.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::removal_list::find_list;
use crate::domain::item::parse_fields;
use crate::domain::sync_id::SyncId;
use crate::domain::text::formula::escape_formula;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};

/// How many items are read at once.
const ITEMS_PER_READ: u64 = 1000;

/// `GET /catalog/{slug}/sync/removals.csv`: the list of the run `sync`; `raw=1` does not escape formulas.
pub(in crate::web) async fn file(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HttpResponse, WebError> {
    let (name, csv) = app
        .run_blocking(move |state, caller| {
            caller.admin()?;
            let source = caller.source(state, &slug)?;
            let list = find_list(state, &source, &trimmed_value(&query, "sync"))?;
            let id = list.id().ok_or_else(|| WebError::not_found("list"))?;
            let columns = state.store.find_catalog(source.id)?.unwrap_or_default().columns;
            let csv = write_csv(state, id, &columns, trimmed_value(&query, "raw") == "1")?;
            Ok((format!("{}-removals-{id}.csv", source.slug), csv))
        })
        .await?;
    let disposition = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header(disposition).body(csv))
}

fn write_csv(state: &AppState, list: SyncId, columns: &[String], is_raw: bool) -> Result<Vec<u8>, WebError> {
    let failed = |error: &dyn std::fmt::Display| WebError::internal("a file could not be written", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let cell = |text: &str| if is_raw { text.to_owned() } else { escape_formula(text).into_owned() };
    writer.write_record(columns.iter().map(|name| cell(name))).map_err(|error| failed(&error))?;
    for page in 1.. {
        let found = state.store.withheld_items(list, "", page, ITEMS_PER_READ)?.removals;
        if found.is_empty() {
            break;
        }
        for change in found {
            let fields = change.before.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
            let value = |column: &String| fields.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text);
            writer.write_record(columns.iter().map(|column| cell(value(column)))).map_err(|error| failed(&error))?;
        }
    }
    writer.into_inner().map_err(|error| failed(&error))
}
