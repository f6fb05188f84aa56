//! What the head of a page tells search engines and the previews of links: description, canonical link, Open Graph
//! (<https://ogp.me>).

/// What the head of a page of a public catalog tells others about it.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PageDescription {
    /// The title, without the name of the site.
    pub title: String,
    /// What the page is about, in one line.
    pub summary: String,
    /// The type of the page in Open Graph.
    pub kind: &'static str,
    /// What the page is a part of.
    pub site_name: String,
    /// The absolute link by which the page is known, whatever its address contains besides.
    pub canonical: String,
    /// The absolute link of a picture.
    pub picture: Option<String>,
    /// Whether search engines may list the page.
    pub is_listed: bool,
}

impl PageDescription {
    /// The rule for search engines.
    pub(in crate::web) fn robots(&self) -> &'static str {
        if self.is_listed { "index, follow" } else { "noindex" }
    }
}
