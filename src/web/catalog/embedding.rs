//! Pages of a public catalog in a frame of another site: `embed=1`. Browsers show them only where an admin named the
//! site.

use crate::domain::source::Source;
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::LinkBuilder;
use crate::web::http::security_headers::{framed_page_policy, robots_rule};
use crate::web::item_lists::list_address::{AddressParameters, EMBED_PARAMETER};

/// The link from an embedded page to the page itself.
#[derive(Debug, Clone)]
pub(in crate::web) struct EmbedOrigin {
    /// The title of the catalog.
    pub title: String,
    /// The link to the whole page.
    pub href: String,
}

impl EmbedOrigin {
    /// The link to the page of a catalog; `None` for pages that are not embedded.
    pub(super) fn new(links: &LinkBuilder, source: &Source, is_embedded: bool) -> Option<Self> {
        let href = links.catalog(source.slug.as_str());
        is_embedded.then(|| Self { title: source.title().to_owned(), href })
    }
}

/// Whether a page of this catalog is requested for a frame. Pages of private catalogs are never made for one.
pub(super) fn is_embedded(parameters: &AddressParameters, source: &Source) -> bool {
    source.public && parameters.iter().rfind(|(name, _)| name == EMBED_PARAMETER).is_some_and(|(_, value)| value == "1")
}

/// Adds to a page of a catalog what browsers and search engines may do with it. An embedded page is the copy of another
/// one, so it is never listed.
pub(super) fn with_page_rules(response: HtmlResponse, source: &Source, is_embedded: bool) -> HtmlResponse {
    if !is_embedded {
        return response.with_header("x-robots-tag", robots_rule(source));
    }
    match framed_page_policy(&source.page.frame_hosts) {
        Some(policy) => response.with_header("content-security-policy", policy),
        None => response,
    }
}
