//! Serves the static files of the pages. They are embedded in the binary.
//!
//! Their URLs contain a hash of all of them, so browsers may cache them forever, and pages of a new version of Lockstep
//! never use an old stylesheet. The hash is a folder of the URL: scripts import each other by relative paths.

use actix_web::{HttpResponse, http::header, web};

/// One embedded file.
struct EmbeddedAsset {
    name: &'static str,
    url: &'static str,
    body: &'static [u8],
}

// `VERSION` and `ASSETS`, written by build.rs.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The route of a file by its name: `app.css` becomes `/static/3f9c2a1b7d40e586/app.css`.
///
/// A name that is not embedded is a mistake in a template. Its route responds with 404.
pub(super) fn asset_route(name: &str) -> &'static str {
    find_asset(name).map_or("/static/missing", |asset| asset.url)
}

/// Adds `GET /static/{version}/{name}`.
pub(in crate::web) fn configure(services: &mut web::ServiceConfig) {
    let assets = web::resource("/static/{version}/{name:.+}");
    services.service(assets.route(web::get().to(serve_asset)).route(web::head().to(serve_asset)));
}

/// `GET /static/{version}/{name}`: one embedded file. Other versions respond with 404, so that no file is cached under
/// the wrong version.
async fn serve_asset(path: web::Path<(String, String)>) -> HttpResponse {
    let (version, name) = path.into_inner();
    let nosniff = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let Some(asset) = find_asset(&name).filter(|_| version == VERSION) else {
        return HttpResponse::NotFound()
            .insert_header(nosniff)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body("File not found.\n");
    };
    HttpResponse::Ok()
        .insert_header(nosniff)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(content_type(asset.name))
        .body(web::Bytes::from_static(asset.body))
}

fn find_asset(name: &str) -> Option<&'static EmbeddedAsset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
