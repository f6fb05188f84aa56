//! The version of a list of items, by which a client knows that nothing changed (`ETag` and `If-None-Match`, RFC 9110,
//! section 8.8).

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

use crate::domain::item::content_digest;
use crate::domain::source::Source;
use crate::domain::text::hex::to_hex;
use crate::store::catalog_version::CatalogVersion;
use crate::store::catalogs::Catalog;
use crate::web::http::cross_origin::cross_origin_headers;
use crate::web::http::security_headers::{ROBOTS_HEADER, robots_rule};

/// What a client said about the response that it has.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct KnownVersions(String);

impl KnownVersions {
    /// Reads the versions that a request names.
    pub(in crate::web) fn of(request: &HttpRequest) -> Self {
        let values = request.headers().get_all(header::IF_NONE_MATCH);
        Self(values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(","))
    }

    /// Returns whether the client has this version. Versions are compared weakly, as for GET.
    pub(in crate::web) fn contain(&self, version: &str) -> bool {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.0.trim() == "*" || self.0.split(',').any(|known| bare(known) == bare(version))
    }
}

/// Returns the `ETag` of a list: it changes with the items, the columns and their types, and with what is asked. It is
/// weak, because the bytes depend on the compression.
pub(in crate::web) fn list_version(version: CatalogVersion, catalog: &Catalog, what: &str) -> String {
    let state = format!("{} {:?} {:?} {what}", version.to_text(), catalog.columns, catalog.column_types);
    format!("W/\"{}\"", to_hex(&content_digest(&state)))
}

/// The headers of a list of items: its version, if it has one, who may read and keep it, and whether search engines may
/// list it.
pub(in crate::web) fn list_headers(source: &Source, version: Option<String>) -> Vec<(HeaderName, String)> {
    let mut headers = vec![
        // Kept, but never used without asking.
        (header::CACHE_CONTROL, if source.public { "no-cache" } else { "private, no-cache" }.to_owned()),
        (header::VARY, "Authorization, Cookie".to_owned()),
        (ROBOTS_HEADER, robots_rule(source).to_owned()),
    ];
    headers.extend(version.map(|version| (header::ETAG, version)));
    headers.extend(cross_origin_headers(source));
    headers
}

#[cfg(test)]
mod tests {
    use super::KnownVersions;

    #[test]
    fn versions_are_compared_weakly() {
        let known = |header: &str, version: &str| KnownVersions(header.to_owned()).contain(version);
        assert!(known("W/\"a\"", "W/\"a\"") && known("\"a\"", "W/\"a\"") && known("\"b\", W/\"a\"", "W/\"a\""));
        assert!(known("*", "W/\"a\"") && !known("", "W/\"a\"") && !known("\"b\"", "W/\"a\""));
    }
}
