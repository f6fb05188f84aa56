//! The URL table, on one screen. What is polled comes first: addresses are tried from the top.

use actix_web::guard::{Any, Get, Head};
use actix_web::http::{Method, header};
use actix_web::web::{ServiceConfig, post, resource, route, to};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::error::WebError;
use super::guard::Caller;
use super::session::path_here;
use super::state::{self, Rooms};
use super::{
    api, assets, badge, catalog, dashboard, feeds, history, item, login, older_clients, settings, settings_add, setup,
    sync_panel,
};

/// Every address there is.
pub(super) fn table(services: &mut ServiceConfig) {
    services
        .service(resource("/api/sync/status/{id}").route(read().to(api::sync::status)))
        .service(resource("/catalog/{slug}/sync-status").route(read().to(sync_panel::status)))
        .service(resource("/sync-badge").route(read().to(badge::fragment)))
        // JSON
        .service(resource("/api/sync").route(post().to(api::sync::start)))
        .service(resource("/api/sync/{id}/cancel").route(post().to(api::sync::cancel)))
        .service(resource("/api/sources").route(read().to(api::catalog::sources)))
        .service(resource("/api/catalog/{slug}/items").route(read().to(api::catalog::items)))
        .service(resource("/api/history").route(read().to(api::history::list)))
        .service(resource("/api/history/{id}").route(read().to(api::history::one)))
        .service(resource("/api/history/{id}/changes").route(read().to(api::history::changes)))
        .service(resource("/api/history/{id}/issues").route(read().to(api::history::issues)))
        .service(resource("/api/health").route(read().to(api::health::live)))
        .service(resource("/api/health/sync").route(read().to(api::health::sync)))
        // Older clients; before the catalogs, among which no slug is called so
        .service(
            resource("/api/sync-sheets-bg")
                .route(post().to(older_clients::start))
                .route(read().to(older_clients::status)),
        )
        .service(resource("/api/sync-sheets").route(post().to(older_clients::start)))
        .service(resource(["/catalog/sync-status", "/catalog/sync-status/"]).route(read().to(older_clients::panel)))
        // Catalogs
        .service(resource("/").route(read().to(dashboard::page)))
        .service(resource("/catalog/{slug}").route(read().to(catalog::page)))
        .service(resource("/catalog/{slug}/items/{id}").route(read().to(item::page)))
        .service(resource("/catalog/{slug}/sync").route(post().to(sync_panel::start)))
        .service(resource("/catalog/{slug}/sync/cancel").route(post().to(sync_panel::cancel)))
        .service(resource("/catalog/{slug}/feeds").route(read().to(feeds::page)))
        // History
        .service(resource("/history").route(read().to(history::list)))
        .service(resource("/history/{id}").route(read().to(history::one)))
        .service(resource("/history/{id}/issues.csv").route(read().to(history::issues_file)))
        // People
        .service(resource("/login").route(read().to(login::page)).route(post().to(login::sign_in)))
        .service(resource("/logout").route(post().to(login::sign_out)))
        .service(resource("/setup").route(read().to(setup::page)).route(post().to(setup::create)))
        // Settings
        .service(resource("/settings").route(read().to(settings::list)))
        .service(resource("/settings/sources").route(read().to(settings::list)).route(post().to(settings_add::add)))
        .service(
            resource("/settings/sources/new")
                .route(read().to(settings_add::place))
                .route(post().to(settings_add::look)),
        )
        .service(
            resource("/settings/sources/{slug}").route(read().to(settings::edit)).route(post().to(settings::change)),
        )
        .service(
            resource("/settings/sources/{slug}/remove")
                .route(read().to(settings::confirm_removal))
                .route(post().to(settings::remove)),
        )
        // The files of the pages, and everything else
        .configure(assets::configure)
        .default_service(to(nothing));
}

/// GET, and HEAD, which is GET without its body.
fn read() -> Route {
    route().guard(Any(Get()).or(Head()))
}

/// What there is nowhere else. A bad token is told so here too, and an address with a slash too many leads on.
async fn nothing(rooms: Rooms, caller: Caller, request: HttpRequest) -> Result<HttpResponse, WebError> {
    state::run(&rooms, move |house| caller.actor(house).map(drop)).await?;
    let without = request.path().trim_end_matches('/');
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || without == request.path() || without.is_empty() {
        return Err(WebError::not_found("page"));
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let there = path_here(&format!("{without}{query}"));
    Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, there)).finish())
}
