//! One entry of a feed written in XML. RSS, Atom and the vocabularies that are used with them name the same things
//! differently, and feeds mix them: whatever says a thing best is taken, and the feed's own words before borrowed ones.

mod best;
mod person;

use chrono::{DateTime, Utc};

use self::best::BestValue;
use self::person::person;

use super::dates;
use super::feed::FeedEntry;
use super::values::{address, folded, html, plain, plain_of};
use super::xml::{XmlElement, XmlVocabulary};

/// How many categories of an entry are kept.
const CATEGORIES: usize = 100;

/// What was found so far of an entry, or of the feed itself.
#[derive(Default)]
pub(super) struct EntryDraft {
    id: BestValue<String>,
    link: BestValue<String>,
    title: BestValue<String>,
    authors: Vec<String>,
    author_rank: u8,
    published: BestValue<DateTime<Utc>>,
    updated: BestValue<DateTime<Utc>>,
    summary: BestValue<String>,
    content: BestValue<String>,
    categories: Vec<String>,
    image: BestValue<String>,
    enclosure: BestValue<String>,
}

impl EntryDraft {
    /// Looks at a child of an entry, or of a feed.
    pub(super) fn look(&mut self, child: &XmlElement) {
        match child.vocabulary {
            XmlVocabulary::Core | XmlVocabulary::Rdf => self.core(child),
            XmlVocabulary::Dublin => self.dublin(child),
            XmlVocabulary::Content if child.name == "encoded" => self.content.offer(3, filled(html(child))),
            XmlVocabulary::Xhtml if matches!(child.name.as_str(), "body" | "div") => {
                self.content.offer(2, filled(html(child)));
            }
            XmlVocabulary::Media => self.media(child),
            XmlVocabulary::Itunes => self.itunes(child),
            XmlVocabulary::Content | XmlVocabulary::Xhtml | XmlVocabulary::Xml | XmlVocabulary::Other => {}
        }
    }

    fn core(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "id" => self.id.offer(3, filled(child.text())),
            "guid" => self.guid(child),
            "link" => self.link(child),
            "title" => self.title.offer(3, filled(plain(child))),
            "author" | "managingeditor" => self.author(3, person(child)),
            "webmaster" => self.author(1, person(child)),
            "pubdate" | "published" | "issued" => self.published.offer_last(3, dates::moment(&child.text())),
            "updated" | "modified" | "lastbuilddate" | "lastmod" => {
                self.updated.offer_last(3, dates::moment(&child.text()));
            }
            "created" => self.published.offer_last(2, dates::moment(&child.text())),
            "description" | "summary" | "tagline" | "subtitle" | "abstract" => {
                let said = filled(html(child));
                // An entry with both has its content in the second.
                if self.summary.rank == 3 {
                    self.content.offer(1, said);
                } else {
                    self.summary.offer(3, said);
                }
            }
            "content" => self.atom_content(child),
            "fullitem" | "body" => self.content.offer(2, filled(html(child))),
            "category" => {
                let named = [child.attribute("label"), child.attribute("term")];
                let term = named.into_iter().flatten().find(|term| !term.trim().is_empty()).map(plain_of);
                self.category(&term.unwrap_or_else(|| plain(child)));
            }
            "tags" => child.text().split(',').for_each(|word| self.category(&folded(word))),
            "enclosure" => {
                let at = child.attribute("url").or_else(|| child.attribute("href"));
                let at = at.and_then(|at| address(at, &child.base));
                if child.attribute("type").is_some_and(is_picture) {
                    self.image.offer(3, at.clone());
                }
                self.enclosure.offer(3, at);
            }
            "image" | "logo" => {
                let url = child.child("url").map_or_else(|| child.text(), XmlElement::text);
                self.image.offer(2, address(&url, &child.base));
            }
            _ => {}
        }
    }

    fn guid(&mut self, child: &XmlElement) {
        let id = child.text();
        let permanent = child.attribute("ispermalink").is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"));
        if permanent && (child.attribute("ispermalink").is_some() || id.starts_with("http")) {
            self.link.offer(1, address(&id, &child.base));
        }
        self.id.offer(3, filled(id));
    }

    fn link(&mut self, child: &XmlElement) {
        let (href, rel) = (child.attribute("href"), child.attribute("rel"));
        let at = address(&href.map_or_else(|| child.text(), str::to_owned), &child.base);
        if href.is_none() && rel.is_none() {
            return self.link.offer(4, at);
        }
        let kind = child.attribute("type").unwrap_or_default();
        match rel.map_or("alternate", str::trim).to_ascii_lowercase().as_str() {
            "alternate" | "http://www.iana.org/assignments/relation/alternate" | "" => {
                let page = kind.is_empty() || kind.contains("html");
                self.link.offer(if page { 3 } else { 2 }, at);
            }
            "enclosure" | "http://www.iana.org/assignments/relation/enclosure" => {
                if is_picture(kind) {
                    self.image.offer(3, at.clone());
                }
                self.enclosure.offer(3, at);
            }
            _ => {}
        }
    }

    fn atom_content(&mut self, child: &XmlElement) {
        if let Some(src) = child.attribute("src") {
            // The content lies elsewhere; it is not fetched, but it can be gone to.
            self.link.offer(1, address(src, &child.base));
            if child.attribute("type").is_some_and(is_picture) {
                self.image.offer(1, address(src, &child.base));
            }
        }
        self.content.offer(4, filled(html(child)));
    }

    fn dublin(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "title" => self.title.offer(2, filled(plain(child))),
            "creator" | "author" => self.author(2, person(child)),
            "contributor" | "publisher" => {}
            "date" => {
                let moment = dates::moment(&child.text());
                self.published.offer_last(1, moment);
                self.updated.offer_last(1, moment);
            }
            "issued" => self.published.offer_last(2, dates::moment(&child.text())),
            "created" => self.published.offer_last(1, dates::moment(&child.text())),
            "modified" => self.updated.offer_last(2, dates::moment(&child.text())),
            "description" | "abstract" => self.summary.offer(2, filled(html(child))),
            "subject" => self.category(&plain(child)),
            "identifier" => self.id.offer(1, filled(child.text())),
            _ => {}
        }
    }

    fn media(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "group" => child.elements().for_each(|inner| self.look(inner)),
            "title" => self.title.offer(1, filled(plain(child))),
            "description" => self.summary.offer(1, filled(html(child))),
            "category" => {
                let label = child.attribute("label").map(plain_of).filter(|label| !label.is_empty());
                self.category(&label.unwrap_or_else(|| plain(child)));
            }
            "thumbnail" => {
                let at = child.attribute("url").map_or_else(|| child.text(), str::to_owned);
                self.image.offer(4, address(&at, &child.base));
            }
            "content" => {
                let at = child.attribute("url").and_then(|at| address(at, &child.base));
                let picture =
                    child.attribute("medium") == Some("image") || child.attribute("type").is_some_and(is_picture);
                if picture {
                    self.image.offer(3, at);
                } else {
                    self.enclosure.offer(1, at);
                }
                child.elements().for_each(|inner| self.look(inner));
            }
            _ => {}
        }
    }

    fn itunes(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "title" => self.title.offer(1, filled(plain(child))),
            "author" => self.author(1, person(child)),
            "summary" => self.summary.offer(1, filled(html(child))),
            "image" | "link" => {
                if let Some(at) = child.attribute("href").or_else(|| child.attribute("url")) {
                    self.image.offer(2, address(at, &child.base));
                }
            }
            "keywords" => child.text().split([',', ';']).for_each(|word| self.category(&folded(word))),
            "category" => {
                if let Some(term) = child.attribute("text") {
                    self.category(&folded(term));
                }
                child.elements().for_each(|inner| self.itunes(inner));
            }
            _ => {}
        }
    }

    fn author(&mut self, rank: u8, name: String) {
        if name.is_empty() || rank < self.author_rank {
            return;
        }
        if rank > self.author_rank {
            self.authors.clear();
        }
        self.author_rank = rank;
        if self.authors.len() < CATEGORIES && !self.authors.contains(&name) {
            self.authors.push(name);
        }
    }

    fn category(&mut self, term: &str) {
        if !term.is_empty() && self.categories.len() < CATEGORIES && self.categories.iter().all(|known| known != term) {
            self.categories.push(term.to_owned());
        }
    }

    /// Who wrote it.
    pub(super) fn authors(&self) -> String {
        self.authors.join(", ")
    }

    /// What it calls itself and where its page is.
    pub(super) fn title_and_link(self) -> (String, Option<String>) {
        (self.title.value.unwrap_or_default(), self.link.value)
    }

    /// The first picture that its text shows, for an entry that names none. One of a single dot only counts readers.
    fn shown(&self) -> Option<String> {
        let texts = [&self.content.value, &self.summary.value];
        let mut pictures = texts.into_iter().flatten().flat_map(|html| html.split("<img ").skip(1));
        pictures.find_map(|tag| {
            let tag = tag.split('>').next().unwrap_or_default();
            let value = |name: &str| Some(tag.split_once(name)?.1.split('"').next().unwrap_or_default());
            let is_dot = |size: Option<&str>| size.is_some_and(|size| matches!(size.trim_end_matches("px"), "0" | "1"));
            let counts = is_dot(value("width=\"")) || is_dot(value("height=\""));
            value("src=\"").filter(|_| !counts).map(|src| src.replace("&amp;", "&"))
        })
    }

    /// The entry; `by` wrote it unless it says otherwise.
    pub(super) fn entry(self, by: &str) -> FeedEntry {
        let image = self.image.value.clone().or_else(|| self.shown());
        FeedEntry {
            author: if self.authors.is_empty() { by.to_owned() } else { self.authors() },
            guid: self.id.value,
            link: self.link.value,
            title: self.title.value.unwrap_or_default(),
            published: self.published.value,
            updated: self.updated.value,
            summary: self.summary.value.unwrap_or_default(),
            content: self.content.value.unwrap_or_default(),
            categories: self.categories,
            image,
            enclosure: self.enclosure.value,
        }
    }
}

/// The entry that `element` is.
pub(super) fn entry(element: &XmlElement, by: &str) -> FeedEntry {
    let mut found = EntryDraft::default();
    for child in element.elements() {
        found.look(child);
    }
    // RSS 1.0 says where an entry is by what it is about; Microsoft's channels have it on the element itself.
    if let Some(about) = element.attribute("about") {
        found.id.offer(2, filled(about.trim().to_owned()));
        found.link.offer(1, address(about, &element.base));
    }
    if let Some(href) = element.attribute("href") {
        found.link.offer(1, address(href, &element.base));
    }
    found.updated.offer(1, element.attribute("lastmod").and_then(dates::moment));
    found.entry(by)
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn is_picture(kind: &str) -> bool {
    kind.trim_start().to_ascii_lowercase().starts_with("image/")
}
