//! Serves the static files of the pages. They are embedded in the binary.
//!
//! Their URLs contain a hash of all of them, so browsers may cache them forever, and pages of a new version of Lockstep
//! never use an old stylesheet. The hash is a folder of the URL: scripts import each other by relative paths.

use std::io::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{self, AcceptEncoding, Encoding};
use actix_web::{HttpResponse, web};
use flate2::Compression;
use flate2::write::GzEncoder;

/// One embedded file.
struct EmbeddedAsset {
    name: &'static str,
    url: &'static str,
    body: &'static [u8],
}

// `VERSION` and `ASSETS`, written by build.rs.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The files as gzip, in the order of `ASSETS`. They are compressed once and as well as gzip can: what compresses the
/// other responses has to be fast, and leaves them half as large again.
static PACKED_ASSETS: LazyLock<Vec<web::Bytes>> = LazyLock::new(|| ASSETS.iter().map(pack_asset).collect());

/// The route of a file by its name: `app.css` becomes `/static/3f9c2a1b7d40e586/app.css`.
///
/// A name that is not embedded is a mistake in a template. Its route responds with 404.
pub(super) fn asset_route(name: &str) -> &'static str {
    find_position(name).map_or("/static/missing", |position| ASSETS[position].url)
}

/// Adds `GET /static/{version}/{name}`.
pub(in crate::web) fn configure(services: &mut web::ServiceConfig) {
    let assets = web::resource("/static/{version}/{name:.+}");
    services.service(assets.route(web::get().to(serve_asset)).route(web::head().to(serve_asset)));
}

/// `GET /static/{version}/{name}`: one embedded file. Other versions respond with 404, so that no file is cached under
/// the wrong version.
async fn serve_asset(path: web::Path<(String, String)>, accepted: Option<web::Header<AcceptEncoding>>) -> HttpResponse {
    let (version, name) = path.into_inner();
    let nosniff = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let Some(position) = find_position(&name).filter(|_| version == VERSION) else {
        return HttpResponse::NotFound()
            .insert_header(nosniff)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body("File not found.\n");
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header(nosniff)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"))
        .content_type(content_type(&name));
    let encodings = [Encoding::gzip(), Encoding::identity()];
    match accepted.and_then(|accepted| accepted.negotiate(encodings.iter())) {
        Some(encoding) if encoding == Encoding::gzip() => {
            response.insert_header((header::CONTENT_ENCODING, "gzip")).body(PACKED_ASSETS[position].clone())
        }
        _ => response.body(web::Bytes::from_static(ASSETS[position].body)),
    }
}

fn find_position(name: &str) -> Option<usize> {
    ASSETS.iter().position(|asset| asset.name == name)
}

fn pack_asset(asset: &EmbeddedAsset) -> web::Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(asset.body.len() / 2), Compression::best());
    let packed = encoder.write_all(asset.body).and_then(|()| encoder.finish());
    packed.expect("memory can be written to").into()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
