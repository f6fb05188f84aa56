//! Builds the links of what the public sees of catalogs: embedded pages, sitemaps, and their settings.

use super::links::{LinkBuilder, with_query};

impl LinkBuilder {
    /// The page of a catalog for a frame.
    #[must_use]
    pub fn embedded_catalog(&self, slug: &str) -> String {
        with_query(&self.catalog(slug), &[("embed", "1")])
    }

    /// The index of all sitemaps.
    #[must_use]
    pub fn sitemap(&self) -> String {
        self.route("/sitemap.xml")
    }

    /// A part of the sitemap of a catalog: items with ids greater than `after`. It is beside the index, because a
    /// sitemap lists only what is in or below its own folder (<https://www.sitemaps.org/protocol.html#location>).
    #[must_use]
    pub fn sitemap_part(&self, slug: &str, after: i64) -> String {
        self.route(&format!("/sitemap-{slug}-{after}.xml"))
    }

    /// The settings of what the public sees of a catalog.
    #[must_use]
    pub fn public_page_settings(&self, slug: &str) -> String {
        self.route(&format!("/settings/sources/{slug}/public-page"))
    }
}
