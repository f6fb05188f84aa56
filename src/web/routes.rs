//! The table of all routes. Polled routes come first, because routes are matched from the top.

use actix_web::guard::{Any, Get, Head};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, post, resource, route, to};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::accounts::{login, setup};
use super::catalog::item;
use super::history::change_downloads;
use super::http::app_context::AppContext;
use super::http::app_state::AppData;
use super::http::assets;
use super::http::error::WebError;
use super::http::poll_middleware::answer_repeated_polls;
use super::http::return_path::normalized_path;
use super::layout::badge;
use super::search_engines::{robots, sitemap_index, sitemap_part};
use super::settings::{about, account, audit, tokens, user, user_removal, users};
use super::sources::{add, public_page};
use super::{
    api, catalog, catalog_feed, dashboard, decisions, exports, feeds, history, legacy_api, openapi, panel, sources,
};

/// Registers every route.
pub(super) fn add_routes(services: &mut ServiceConfig) {
    services
        .service(resource("/api/sync/status/{id}").route(read().to(api::sync::status)))
        .service(resource("/catalog/{slug}/sync-status").route(read().to(panel::handlers::status)))
        .service(resource("/sync-badge").route(read().to(badge::fragment)))
        // JSON
        .service(resource("/api/sync").route(post().to(api::sync::start)))
        .service(resource("/api/sync/{id}/cancel").route(post().to(api::sync::cancel)))
        .service(
            resource("/api/sync/{id}/undo")
                .route(read().to(api::follow_up::undo_forecast))
                .route(post().to(api::follow_up::undo)),
        )
        .service(resource("/api/sync/{id}/removals").route(post().to(api::follow_up::remove_withheld)))
        .service(resource("/api/sync/{id}/removals/keep").route(post().to(api::follow_up::keep_withheld)))
        .service(resource("/api/sources/{slug}/pause").route(post().to(api::schedules::pause_schedule)))
        .service(resource("/api/sources/{slug}/resume").route(post().to(api::schedules::resume_schedule)))
        .service(resource("/api/sources").route(read().to(api::catalog::sources)))
        .service(
            resource("/api/catalog/{slug}/items")
                .route(read().to(api::items::list))
                .route(route().method(Method::OPTIONS).to(api::items::options))
                .wrap(from_fn(answer_repeated_polls)),
        )
        .service(resource("/api/catalog/{slug}/items/{id}/history").route(read().to(api::item_history::list)))
        .service(resource("/api/audit").route(read().to(api::audit::list)))
        .service(resource("/api/history").route(read().to(api::history::list)))
        .service(resource("/api/history/{id}").route(read().to(api::history::one)))
        .service(resource("/api/history/{id}/changes").route(read().to(api::history::changes)))
        .service(resource("/api/history/{id}/issues").route(read().to(api::history::issues)))
        .service(resource("/api/health").route(read().to(api::health::live)))
        .service(resource("/api/health/sync").route(read().to(api::health::sync)))
        .service(resource("/api/openapi.json").route(read().to(openapi::handlers::document)))
        // Older clients. They come before the catalogs, whose slugs cannot be `sync-status`
        .service(
            resource("/api/sync-sheets-bg").route(post().to(legacy_api::start)).route(read().to(legacy_api::status)),
        )
        .service(resource("/api/sync-sheets").route(post().to(legacy_api::start)))
        .service(resource(["/catalog/sync-status", "/catalog/sync-status/"]).route(read().to(legacy_api::panel)))
        // Catalogs
        .service(resource("/").route(read().to(dashboard::handlers::page)))
        .service(resource("/syncs").route(post().to(dashboard::start_syncs::start_syncs)))
        // Before the page, whose slug could be any text without a slash; `.feed.json` before `.json`.
        .service(
            resource("/catalog/{slug}.feed.json")
                .route(read().to(catalog_feed::handlers::json))
                .route(route().method(Method::OPTIONS).to(api::items::options))
                .wrap(from_fn(answer_repeated_polls)),
        )
        .service(
            resource("/catalog/{slug}.atom")
                .route(read().to(catalog_feed::handlers::atom))
                .route(route().method(Method::OPTIONS).to(api::items::options))
                .wrap(from_fn(answer_repeated_polls)),
        )
        .service(
            resource("/catalog/{slug}.{extension:csv|json|ndjson|xlsx}")
                .route(read().to(exports::handlers::download))
                .route(route().method(Method::OPTIONS).to(exports::handlers::options))
                .wrap(from_fn(answer_repeated_polls)),
        )
        .service(resource("/catalog/{slug}").route(read().to(catalog::handlers::page)))
        .service(resource("/catalog/{slug}/items/{id}").route(read().to(item::page)))
        .service(resource("/catalog/{slug}/default-view").route(post().to(catalog::default_view::save)))
        .service(resource("/catalog/{slug}/sync").route(post().to(panel::handlers::start)))
        .service(resource("/catalog/{slug}/sync/cancel").route(post().to(panel::handlers::cancel)))
        .service(resource("/catalog/{slug}/sync/dismiss").route(post().to(panel::handlers::dismiss)))
        .service(resource("/catalog/{slug}/sync/apply").route(read().to(decisions::apply::page)))
        .service(
            resource("/catalog/{slug}/sync/removals")
                .route(read().to(decisions::removals::page))
                .route(post().to(decisions::removals::decide)),
        )
        .service(resource("/catalog/{slug}/sync/removals.csv").route(read().to(decisions::removals_csv::file)))
        .service(resource("/catalog/{slug}/schedule/pause").route(post().to(decisions::schedule::pause)))
        .service(resource("/catalog/{slug}/schedule/resume").route(post().to(decisions::schedule::resume)))
        .service(resource("/catalog/{slug}/feeds").route(read().to(feeds::handlers::page)))
        // History
        .service(resource("/history").route(read().to(history::handlers::list)))
        .service(resource("/history/{id}").route(read().to(history::handlers::run_page)))
        .service(resource("/history/{id}/sync-status").route(read().to(history::handlers::run_page)))
        .service(resource("/history/{id}/changes.csv").route(read().to(change_downloads::changes_csv)))
        .service(resource("/history/{id}/changes.json").route(read().to(change_downloads::changes_json)))
        .service(resource("/history/{id}/changes/item").route(read().to(history::item_change::page)))
        .service(resource("/history/{id}/changes/value").route(read().to(change_downloads::change_value)))
        .service(resource("/history/{id}/issues.csv").route(read().to(history::issues_csv::issues_csv)))
        .service(resource("/history/{id}/log").route(read().to(history::run_log::page)))
        .service(resource("/history/{id}/corrected-rows").route(post().to(history::corrections::upload)))
        .service(
            resource("/history/{id}/undo")
                .route(read().to(decisions::undo::page))
                .route(post().to(decisions::undo::undo)),
        )
        // People
        .service(resource("/login").route(read().to(login::page)).route(post().to(login::sign_in)))
        .service(resource("/logout").route(post().to(login::sign_out)))
        .service(resource("/setup").route(read().to(setup::page)).route(post().to(setup::create)))
        // Settings
        .service(resource("/settings").route(read().to(sources::handlers::list_sources)))
        .service(resource("/settings/users").route(read().to(users::list_page)).route(post().to(users::add_user)))
        .service(resource("/settings/users/new").route(read().to(users::new_page)))
        .service(resource("/settings/users/{id}").route(read().to(user::page)))
        .service(resource("/settings/users/{id}/role").route(post().to(user::change_role)))
        .service(resource("/settings/users/{id}/password").route(post().to(user::reset_password)))
        .service(
            resource("/settings/users/{id}/remove")
                .route(read().to(user_removal::page))
                .route(post().to(user_removal::remove)),
        )
        .service(
            resource("/settings/tokens").route(read().to(tokens::list_page)).route(post().to(tokens::create_token)),
        )
        .service(resource("/settings/tokens/new").route(read().to(tokens::new_page)))
        .service(
            resource("/settings/tokens/{id}/revoke")
                .route(read().to(tokens::revoke_page))
                .route(post().to(tokens::revoke_token)),
        )
        .service(resource("/settings/account").route(read().to(account::page)))
        .service(resource("/settings/account/password").route(post().to(account::change_password)))
        .service(resource("/settings/account/sessions").route(post().to(account::end_sessions)))
        .service(resource("/settings/audit").route(read().to(audit::page)))
        .service(resource("/settings/about").route(read().to(about::page)))
        .service(
            resource("/settings/sources")
                .route(read().to(sources::handlers::list_sources))
                .route(post().to(add::add_source)),
        )
        .service(
            resource("/settings/sources/new").route(read().to(add::connect_page)).route(post().to(add::review_page)),
        )
        .service(
            resource("/settings/sources/{slug}")
                .route(read().to(sources::handlers::edit_page))
                .route(post().to(sources::handlers::change_source)),
        )
        .service(
            resource("/settings/sources/{slug}/remove")
                .route(read().to(sources::handlers::removal_confirmation))
                .route(post().to(sources::handlers::remove_source)),
        )
        .service(
            resource("/settings/sources/{slug}/public-page")
                .route(read().to(public_page::page))
                .route(post().to(public_page::save)),
        )
        .service(resource("/settings/schedule-preview").route(read().to(sources::schedule_form::preview_schedule)))
        // Search engines
        .service(resource("/robots.txt").route(read().to(robots::file)))
        .service(resource("/sitemap.xml").route(read().to(sitemap_index::file)))
        .service(resource("/sitemap-{slug:[a-z0-9-]+}-{after:[0-9]+}.xml").route(read().to(sitemap_part::file)))
        // Assets, and everything else
        .service(resource("/favicon.ico").route(read().to(favicon)))
        .configure(assets::configure)
        .default_service(to(unknown_path));
}

/// A route for GET, and for HEAD, whose response is that of GET without the body.
fn read() -> Route {
    route().guard(Any(Get()).or(Head()))
}

/// `GET /favicon.ico`: the icon that browsers request by default.
async fn favicon(app: AppData) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, app.links.asset("favicon.svg"))).finish()
}

/// Any other path: a redirect if it ends with an extra slash, 401 for a bad token, and 404 otherwise.
async fn unknown_path(app: AppContext, request: HttpRequest) -> Result<HttpResponse, WebError> {
    // Looks up the caller, so that a bad token is refused here too.
    app.run_blocking(|_, _| Ok(())).await?;
    let trimmed = request.path().trim_end_matches('/');
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || trimmed == request.path() || trimmed.is_empty() {
        return Err(WebError::not_found("page"));
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = normalized_path(&format!("{trimmed}{query}")).unwrap_or_else(|| "/".to_owned());
    Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, app.state.links.route(&path))).finish())
}
