//! Decides which vocabulary an XML name belongs to, by its namespace or by its customary prefix.

/// The vocabulary of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fetch) enum XmlVocabulary {
    /// RSS or Atom of any version, or no vocabulary declared.
    Core,
    /// Dublin Core, including its terms.
    DublinCore,
    /// The content module of RSS 1.0 (`content:encoded`).
    Content,
    /// Media RSS.
    Media,
    /// Apple's podcast tags.
    Itunes,
    /// Elements of XHTML.
    Xhtml,
    /// Elements of RDF.
    Rdf,
    /// `xml:base`, `xml:lang`.
    Xml,
    /// Any other.
    Other,
}

/// The beginnings of the namespaces of RSS and Atom, all versions ever published.
const CORE_NAMESPACES: [&str; 12] = [
    "w3.org/2005/atom",
    "purl.org/atom",
    "purl.org/rss/1.0",
    "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9",
    "my.netscape.com/publish/formats/rss-0.91.dtd",
    "purl.org/net/rss1.1",
    "backend.userland.com/rss",
    "blogs.law.harvard.edu/tech/rss",
    "cyber.law.harvard.edu/rss",
    "rssboard.org/rss",
    "example.com/newformat",
];

impl XmlVocabulary {
    /// The vocabulary with the address `namespace`.
    pub(super) fn of_namespace(namespace: &str) -> Self {
        let namespace = namespace.trim().to_ascii_lowercase();
        let namespace =
            namespace.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
        let namespace = namespace.trim_end_matches('/');
        match namespace {
            "" => Self::Core,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "w3.org/1999/xhtml" => Self::Xhtml,
            "w3.org/1999/02/22-rdf-syntax-ns#" => Self::Rdf,
            "w3.org/xml/1998/namespace" => Self::Xml,
            _ if namespace.starts_with("purl.org/dc/") => Self::DublinCore,
            _ if namespace.contains("mrss") => Self::Media,
            _ if namespace.starts_with("itunes.com/") || namespace.starts_with("example.com/dtds/podcast") => {
                Self::Itunes
            }
            _ if CORE_NAMESPACES.iter().any(|core| namespace.starts_with(core)) => Self::Core,
            _ => Self::Other,
        }
    }

    /// The vocabulary that `prefix` customarily means, for feeds that do not declare it.
    pub(super) fn of_undeclared_prefix(prefix: &str) -> Self {
        match prefix {
            "dc" | "dcterms" => Self::DublinCore,
            "content" => Self::Content,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "xhtml" => Self::Xhtml,
            "rdf" => Self::Rdf,
            "xml" => Self::Xml,
            "atom" | "rss" => Self::Core,
            _ => Self::Other,
        }
    }
}
