//! The view of the settings of what the public sees of a catalog.

use askama::Template;

use crate::domain::public_page::{MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS};
use crate::web::layout::view::PageFrame;

/// `GET /settings/sources/{slug}/public-page`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "source_public_page.html")]
pub(in crate::web) struct PublicPageSettings {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The slug of the source.
    pub slug: String,
    /// The name of the source, which is the title if none is set.
    pub name: String,
    /// The title of the catalog now.
    pub title: String,
    /// Whether visitors without an account may read the catalog.
    pub public: bool,
    /// Whether sites are named that may embed it.
    pub has_frame_hosts: bool,
    /// The link to the page for a frame.
    pub embedded_link: String,
    /// The same link with scheme and host.
    pub embedded_url: String,
    /// The fields.
    pub form: PublicPageForm,
    /// Their errors.
    pub errors: PublicPageErrors,
    /// Whether the settings were just saved.
    pub is_saved: bool,
}

impl PublicPageSettings {
    /// The most characters of a title.
    pub(in crate::web) fn max_title(&self) -> usize {
        MAX_TITLE_CHARS
    }

    /// The most characters of a description.
    pub(in crate::web) fn max_description(&self) -> usize {
        MAX_DESCRIPTION_CHARS
    }

    /// The HTML that shows the catalog on another page.
    pub(in crate::web) fn snippet(&self) -> String {
        format!(
            "<iframe src=\"{}\" title=\"{}\"\n  width=\"100%\" height=\"600\" loading=\"lazy\" style=\"border: 0\"></iframe>",
            escape_attribute(&self.embedded_url),
            escape_attribute(&self.title)
        )
    }
}

/// The fields as typed. Each doc comment begins with the name of the field in the form.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PublicPageForm {
    /// `title`: empty for the name of the source.
    pub title: String,
    /// `description`: plain text.
    pub description: String,
    /// `search_engines`: `index` or `noindex`.
    pub is_indexed: bool,
    /// `frame_hosts`: the sites that may embed the catalog.
    pub frame_hosts: String,
}

/// The errors of the form, field by field.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PublicPageErrors {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The sites.
    pub frame_hosts: Option<String>,
}

/// A text as the value of an attribute.
fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::PublicPageSettings;

    #[test]
    fn the_snippet_is_safe_to_paste() {
        let settings = PublicPageSettings {
            title: "\"><script>alert(1)</script>".to_owned(),
            embedded_url: "https://a.example/catalog/albums?embed=1".to_owned(),
            ..PublicPageSettings::default()
        };
        let snippet = settings.snippet();
        assert!(
            snippet.starts_with("<iframe src=\"https://a.example/catalog/albums?embed=1\" title=\"&quot;&gt;&lt;s")
        );
        assert_eq!(snippet.matches('<').count(), 2, "{snippet}");
    }
}
