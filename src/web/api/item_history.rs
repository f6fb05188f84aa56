//! `/api/catalog/{slug}/items/{id}/history`: what runs did to one item.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::{JsonList, ListPage, json_time};
use crate::domain::change_entry::ChangeEntry;
use crate::domain::operation::OperationKind;
use crate::domain::sync_id::SyncId;
use crate::store::item_history::ItemHistoryEntry;
use crate::web::changes::change_json::parse_entry;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// What one run did to the item. The kind of the run and who requested it are null if its record was deleted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemHistoryRecord {
    sync_id: SyncId,
    time: String,
    run_kind: Option<OperationKind>,
    requested_by: Option<String>,
    #[serde(flatten)]
    change: ChangeEntry,
}

impl ItemHistoryRecord {
    fn parse(entry: ItemHistoryEntry) -> Result<Self, WebError> {
        let (run_kind, requested_by) = entry.details.map(|run| (run.kind, run.requested_by)).unzip();
        let change = parse_entry(entry.change)?;
        Ok(Self { sync_id: entry.run, time: json_time(entry.at), run_kind, requested_by, change })
    }
}

/// `GET /api/catalog/{slug}/items/{id}/history`: newest first. It needs an account, also for a public catalog: it has
/// values that visitors could never read, such as those of columns that were removed.
pub(in crate::web) async fn list(
    app: AppContext,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = ListPage::parse(request.query_string(), &[]);
    app.run_blocking(move |state, caller| {
        let (slug, id) = path.into_inner();
        let source = caller.source(state, &slug)?;
        let ListPage { page, per } = query?;
        let found = state.store.item_history(source.id, &id, page, per)?.ok_or_else(|| WebError::not_found("item"))?;
        let items: Vec<ItemHistoryRecord> =
            found.entries.into_iter().map(ItemHistoryRecord::parse).collect::<Result<_, _>>()?;
        JsonResponse::ok(&JsonList { items, page, per, total: found.total })
    })
    .await
}
