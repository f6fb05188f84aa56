//! `/api/audit`: who did what, and from where.

use actix_web::HttpRequest;
use serde::Serialize;

use super::{JsonList, ListPage, json_time};
use crate::domain::audit::AuditEntry;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// An entry as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditItem {
    at: String,
    actor: String,
    channel: String,
    address: Option<String>,
    action: String,
    subject: String,
    detail: Option<String>,
    sync_id: Option<String>,
}

impl From<AuditEntry> for AuditItem {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: json_time(entry.at),
            actor: entry.actor,
            channel: entry.channel,
            address: entry.address,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            sync_id: entry.sync_id,
        }
    }
}

/// `GET /api/audit`: the entries, newest first.
pub(in crate::web) async fn list(app: AppContext, request: HttpRequest) -> Result<JsonResponse, WebError> {
    let query = request.query_string().to_owned();
    app.run_blocking(move |state, _| {
        let asked = ListPage::parse(&query, &[])?;
        let (entries, total) = state.store.list_audit_entries(asked.offset(), asked.per)?;
        let items: Vec<AuditItem> = entries.into_iter().map(AuditItem::from).collect();
        JsonResponse::ok(&JsonList { items, page: asked.page, per: asked.per, total })
    })
    .await
}
