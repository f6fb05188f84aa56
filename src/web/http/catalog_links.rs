//! Builds the links of a catalog: its page, its items, its default view, its feeds.

use super::links::LinkBuilder;

impl LinkBuilder {
    /// The link to a catalog.
    #[must_use]
    pub fn catalog(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}"))
    }

    /// The link that the form with the default view of a catalog is sent to.
    #[must_use]
    pub fn default_view(&self, slug: &str) -> String {
        self.route(&format!("/catalog/{slug}/default-view"))
    }

    /// What is read beside the page of a catalog: its items as `csv`, `json`, `ndjson` or `xlsx`, or what changed as
    /// `atom` or `feed.json`.
    #[must_use]
    pub fn catalog_file(&self, slug: &str, extension: &str) -> String {
        self.route(&format!("/catalog/{slug}.{extension}"))
    }

    /// One item of a catalog.
    #[must_use]
    pub fn item(&self, slug: &str, id: &str) -> String {
        self.route(&format!("/catalog/{slug}/items/{id}"))
    }
}
