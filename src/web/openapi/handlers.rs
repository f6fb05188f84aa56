//! The request for the description.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::api_document::build_document;
use crate::domain::item::content_digest;
use crate::domain::text::hex::to_hex;
use crate::web::http::app_context::AppContext;
use crate::web::http::cross_origin::public_headers;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;
use crate::web::item_lists::list_version::KnownVersions;

/// `GET /api/openapi.json`. The address of the server is that of `LOCKSTEP_PUBLIC_URL`, or else relative.
pub(in crate::web) async fn document(app: AppContext, request: HttpRequest) -> Result<JsonResponse, WebError> {
    let known = KnownVersions::of(&request);
    app.run_blocking(move |state, _| {
        let address = state.links.absolute(&state.links.route(""));
        let document = build_document(if address.is_empty() { "/" } else { &address });
        let digest = content_digest(&document.to_string());
        let version = format!("W/\"{}\"", to_hex(&digest));
        let response =
            if known.contain(&version) { JsonResponse::not_modified() } else { JsonResponse::ok(&document)? };
        let headers = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, version)];
        Ok(response.with_headers(headers).with_headers(public_headers()))
    })
    .await
}
