//! The files of the page: embedded in the binary, served under names that change with their content.
//!
//! A browser may keep such a file forever, so a page costs one request after the first visit, and a new version of
//! Lockstep never meets an old stylesheet.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, sync::LazyLock};

use actix_web::{HttpResponse, http::header, web};
use rust_embed::RustEmbed;

/// What the build put in place: the libraries from the lock file and our own `static/`.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/assets"]
struct EmbeddedFiles;

/// One embedded file.
struct AssetFile {
    url: String,
    content_type: &'static str,
    body: Cow<'static, [u8]>,
}

/// The files by their plain name, and the plain name by the hashed one.
struct AssetIndex {
    by_name: HashMap<String, AssetFile>,
    by_hashed: HashMap<String, String>,
}

/// Hashed once: the content cannot change while the program runs.
static SHELF: LazyLock<AssetIndex> = LazyLock::new(|| {
    let mut shelf = AssetIndex { by_name: HashMap::new(), by_hashed: HashMap::new() };
    for name in EmbeddedFiles::iter() {
        let Some(file) = EmbeddedFiles::get(&name) else { continue };
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, "bin"));
        // Four bytes are plenty to tell two versions of one file apart.
        let hash = file.metadata.sha256_hash().iter().take(4).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let hashed = format!("{stem}.{hash}.{extension}");
        let content_type = content_type(extension);
        shelf
            .by_name
            .insert(name.to_string(), AssetFile { url: format!("/static/{hashed}"), content_type, body: file.data });
        shelf.by_hashed.insert(hashed, name.into_owned());
    }
    shelf
});

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// The address of a file by its plain name, for templates: `app.css` becomes `/static/app.3f9c2a1b.css`.
///
/// A name that is not embedded is a mistake in a template; it leads to an address that answers 404.
pub(in crate::web) fn url(name: &str) -> &'static str {
    SHELF.by_name.get(name).map_or("/static/missing", |asset| asset.url.as_str())
}

/// Adds `GET /static/{file}`, and the address where browsers and programs look for an icon by themselves.
pub(in crate::web) fn configure(services: &mut web::ServiceConfig) {
    services.service(web::redirect("/favicon.ico", url("favicon.svg")));
    let file = web::resource("/static/{file}");
    services.service(file.route(web::get().to(serve)).route(web::head().to(serve)));
}

/// `GET /static/{file}`: one embedded file. Only hashed names exist, so that nothing can be cached under a name that
/// changes.
async fn serve(file: web::Path<String>) -> HttpResponse {
    let nosniff = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let Some(asset) = SHELF.by_hashed.get(file.as_str()).and_then(|name| SHELF.by_name.get(name)) else {
        return HttpResponse::NotFound()
            .insert_header(nosniff)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body("There is no such file.\n");
    };
    let answer_body = match &asset.body {
        Cow::Borrowed(bytes) => web::Bytes::from_static(bytes),
        Cow::Owned(bytes) => web::Bytes::copy_from_slice(bytes),
    };
    HttpResponse::Ok()
        .insert_header(nosniff)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(asset.content_type)
        .body(answer_body)
}
