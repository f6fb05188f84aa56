//! The URL table, on one screen. What is polled comes first: addresses are tried from the top.

use actix_web::guard::{Any, Get, Head};
use actix_web::web::{ServiceConfig, post, resource, route, to};
use actix_web::{HttpResponse, Route};

use super::error::WebError;
use super::{api, assets, badge, catalog, dashboard, item, login, settings, setup, sync_panel};

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
        .service(resource("/api/health").route(read().to(api::health::live)))
        .service(resource("/api/health/sync").route(read().to(api::health::sync)))
        // Catalogs
        .service(resource("/").route(read().to(dashboard::page)))
        .service(resource("/catalog/{slug}").route(read().to(catalog::page)))
        .service(resource("/catalog/{slug}/items/{id}").route(read().to(item::page)))
        .service(resource("/catalog/{slug}/sync").route(post().to(sync_panel::start)))
        .service(resource("/catalog/{slug}/sync/cancel").route(post().to(sync_panel::cancel)))
        // People
        .service(resource("/login").route(read().to(login::page)).route(post().to(login::sign_in)))
        .service(resource("/logout").route(post().to(login::sign_out)))
        .service(resource("/setup").route(read().to(setup::page)).route(post().to(setup::create)))
        // Settings
        .service(resource("/settings").route(read().to(settings::list)))
        .service(resource("/settings/sources").route(read().to(settings::list)).route(post().to(settings::add)))
        .service(resource("/settings/sources/new").route(read().to(settings::place)).route(post().to(settings::look)))
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

/// What there is nowhere else.
async fn nothing() -> Result<HttpResponse, WebError> {
    Err(WebError::not_found("page"))
}
