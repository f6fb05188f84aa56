//! Writes the XML of sitemaps (<https://www.sitemaps.org/protocol.html>).

use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::escape::escape;

/// The namespace of sitemaps and of their index.
const SITEMAP_NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// The kinds of documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SitemapDocument {
    /// A list of pages.
    Pages,
    /// A list of sitemaps.
    Index,
}

impl SitemapDocument {
    const fn elements(self) -> (&'static str, &'static str) {
        match self {
            Self::Pages => ("urlset", "url"),
            Self::Index => ("sitemapindex", "sitemap"),
        }
    }

    /// The beginning of the document.
    pub(super) fn begin(self) -> String {
        let (root, _) = self.elements();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{SITEMAP_NAMESPACE}\">\n")
    }

    /// Adds an entry to `text`: an absolute link, and when what it leads to last changed, if that is known.
    pub(super) fn add_entry(self, text: &mut String, link: &str, changed_at: Option<DateTime<Utc>>) {
        let (_, entry) = self.elements();
        let changed = changed_at.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let changed = changed.map(|time| format!("<lastmod>{time}</lastmod>")).unwrap_or_default();
        text.push_str(&format!("<{entry}><loc>{}</loc>{changed}</{entry}>\n", escape(link)));
    }

    /// The end of the document.
    pub(super) fn end(self) -> String {
        let (root, _) = self.elements();
        format!("</{root}>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::SitemapDocument;

    #[test]
    fn a_link_is_escaped() {
        let mut text = String::new();
        SitemapDocument::Pages.add_entry(&mut text, "https://a.example/?a=1&b=<", None);
        assert_eq!(text, "<url><loc>https://a.example/?a=1&amp;b=&lt;</loc></url>\n");
    }
}
