//! Reads one entry of a feed written in XML.
//!
//! RSS, Atom and the vocabularies used with them have different names for the same fields, and feeds mix them. Each
//! name has a rank for its field, and the value with the highest rank is used. Names of RSS and Atom rank above others.

mod best_value;
mod person;

use chrono::{DateTime, Utc};

use self::best_value::BestValue;
use self::person::person_name;
use super::dates::parse_date;
use super::feed::FeedEntry;
use super::values::{collapse_whitespace, plain_text, plain_text_of, resolve_address, safe_html};
use super::xml::element::XmlElement;
use super::xml::vocabulary::XmlVocabulary;

/// How many categories, and how many authors, of one entry are kept.
const MAX_NAMES: usize = 100;

/// The fields of an entry, or of the feed itself, while they are read.
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
    /// Adds the value of one element of the entry or feed.
    pub(super) fn add_element(&mut self, child: &XmlElement) {
        match child.vocabulary {
            XmlVocabulary::Core | XmlVocabulary::Rdf => self.add_core(child),
            XmlVocabulary::DublinCore => self.add_dublin_core(child),
            XmlVocabulary::Content if child.name == "encoded" => self.content.offer(3, non_empty(safe_html(child))),
            XmlVocabulary::Xhtml if matches!(child.name.as_str(), "body" | "div") => {
                self.content.offer(2, non_empty(safe_html(child)));
            }
            XmlVocabulary::Media => self.add_media(child),
            XmlVocabulary::Itunes => self.add_itunes(child),
            XmlVocabulary::Content | XmlVocabulary::Xhtml | XmlVocabulary::Xml | XmlVocabulary::Other => {}
        }
    }

    fn add_core(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "id" => self.id.offer(3, non_empty(child.text())),
            "guid" => self.add_guid(child),
            "link" => self.add_link(child),
            "title" => self.title.offer(3, non_empty(plain_text(child))),
            "author" | "managingeditor" => self.add_author(3, person_name(child)),
            "webmaster" => self.add_author(1, person_name(child)),
            "pubdate" | "published" | "issued" => self.published.offer_last(3, parse_date(&child.text())),
            "updated" | "modified" | "lastbuilddate" | "lastmod" => {
                self.updated.offer_last(3, parse_date(&child.text()));
            }
            "created" => self.published.offer_last(2, parse_date(&child.text())),
            "description" | "summary" | "tagline" | "subtitle" | "abstract" => {
                let text = non_empty(safe_html(child));
                // If there are two such elements, the second one is the content.
                if self.summary.rank == 3 {
                    self.content.offer(1, text);
                } else {
                    self.summary.offer(3, text);
                }
            }
            "content" => self.add_atom_content(child),
            "fullitem" | "body" => self.content.offer(2, non_empty(safe_html(child))),
            "category" => {
                let named = [child.attribute("label"), child.attribute("term")];
                let term = named.into_iter().flatten().find(|term| !term.trim().is_empty()).map(plain_text_of);
                self.add_category(&term.unwrap_or_else(|| plain_text(child)));
            }
            "tags" => child.text().split(',').for_each(|word| self.add_category(&collapse_whitespace(word))),
            "enclosure" => {
                let at = child.attribute("url").or_else(|| child.attribute("href"));
                let at = at.and_then(|at| resolve_address(at, &child.base));
                if child.attribute("type").is_some_and(is_image_type) {
                    self.image.offer(3, at.clone());
                }
                self.enclosure.offer(3, at);
            }
            "image" | "logo" => {
                let url = child.child("url").map_or_else(|| child.text(), XmlElement::text);
                self.image.offer(2, resolve_address(&url, &child.base));
            }
            _ => {}
        }
    }

    fn add_guid(&mut self, child: &XmlElement) {
        let id = child.text();
        let permanent = child.attribute("ispermalink").is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"));
        if permanent && (child.attribute("ispermalink").is_some() || id.starts_with("http")) {
            self.link.offer(1, resolve_address(&id, &child.base));
        }
        self.id.offer(3, non_empty(id));
    }

    fn add_link(&mut self, child: &XmlElement) {
        let (href, rel) = (child.attribute("href"), child.attribute("rel"));
        let at = resolve_address(&href.map_or_else(|| child.text(), str::to_owned), &child.base);
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
                if is_image_type(kind) {
                    self.image.offer(3, at.clone());
                }
                self.enclosure.offer(3, at);
            }
            _ => {}
        }
    }

    fn add_atom_content(&mut self, child: &XmlElement) {
        if let Some(src) = child.attribute("src") {
            // The content is at another address, which is not fetched. The entry links to it.
            self.link.offer(1, resolve_address(src, &child.base));
            if child.attribute("type").is_some_and(is_image_type) {
                self.image.offer(1, resolve_address(src, &child.base));
            }
        }
        self.content.offer(4, non_empty(safe_html(child)));
    }

    fn add_dublin_core(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "title" => self.title.offer(2, non_empty(plain_text(child))),
            "creator" | "author" => self.add_author(2, person_name(child)),
            "contributor" | "publisher" => {}
            "date" => {
                let date = parse_date(&child.text());
                self.published.offer_last(1, date);
                self.updated.offer_last(1, date);
            }
            "issued" => self.published.offer_last(2, parse_date(&child.text())),
            "created" => self.published.offer_last(1, parse_date(&child.text())),
            "modified" => self.updated.offer_last(2, parse_date(&child.text())),
            "description" | "abstract" => self.summary.offer(2, non_empty(safe_html(child))),
            "subject" => self.add_category(&plain_text(child)),
            "identifier" => self.id.offer(1, non_empty(child.text())),
            _ => {}
        }
    }

    fn add_media(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "group" => child.elements().for_each(|inner| self.add_element(inner)),
            "title" => self.title.offer(1, non_empty(plain_text(child))),
            "description" => self.summary.offer(1, non_empty(safe_html(child))),
            "category" => {
                let label = child.attribute("label").map(plain_text_of).filter(|label| !label.is_empty());
                self.add_category(&label.unwrap_or_else(|| plain_text(child)));
            }
            "thumbnail" => {
                let at = child.attribute("url").map_or_else(|| child.text(), str::to_owned);
                self.image.offer(4, resolve_address(&at, &child.base));
            }
            "content" => {
                let at = child.attribute("url").and_then(|at| resolve_address(at, &child.base));
                let picture =
                    child.attribute("medium") == Some("image") || child.attribute("type").is_some_and(is_image_type);
                if picture {
                    self.image.offer(3, at);
                } else {
                    self.enclosure.offer(1, at);
                }
                child.elements().for_each(|inner| self.add_element(inner));
            }
            _ => {}
        }
    }

    fn add_itunes(&mut self, child: &XmlElement) {
        match child.name.as_str() {
            "title" => self.title.offer(1, non_empty(plain_text(child))),
            "author" => self.add_author(1, person_name(child)),
            "summary" => self.summary.offer(1, non_empty(safe_html(child))),
            "image" | "link" => {
                if let Some(at) = child.attribute("href").or_else(|| child.attribute("url")) {
                    self.image.offer(2, resolve_address(at, &child.base));
                }
            }
            "keywords" => child.text().split([',', ';']).for_each(|word| self.add_category(&collapse_whitespace(word))),
            "category" => {
                if let Some(term) = child.attribute("text") {
                    self.add_category(&collapse_whitespace(term));
                }
                child.elements().for_each(|inner| self.add_itunes(inner));
            }
            _ => {}
        }
    }

    fn add_author(&mut self, rank: u8, name: String) {
        if name.is_empty() || rank < self.author_rank {
            return;
        }
        if rank > self.author_rank {
            self.authors.clear();
        }
        self.author_rank = rank;
        if self.authors.len() < MAX_NAMES && !self.authors.contains(&name) {
            self.authors.push(name);
        }
    }

    fn add_category(&mut self, term: &str) {
        if !term.is_empty() && self.categories.len() < MAX_NAMES && self.categories.iter().all(|known| known != term) {
            self.categories.push(term.to_owned());
        }
    }

    /// The names of the authors, separated by commas.
    pub(super) fn authors(&self) -> String {
        self.authors.join(", ")
    }

    /// The title and the address of the web page.
    pub(super) fn into_title_and_link(self) -> (String, Option<String>) {
        (self.title.value.unwrap_or_default(), self.link.value)
    }

    /// The first picture in the text, for entries that name no picture. Pictures of one pixel are skipped, because they
    /// track readers.
    fn first_picture(&self) -> Option<String> {
        let texts = [&self.content.value, &self.summary.value];
        let mut pictures = texts.into_iter().flatten().flat_map(|html| html.split("<img ").skip(1));
        pictures.find_map(|tag| {
            let tag = tag.split('>').next().unwrap_or_default();
            let value = |name: &str| Some(tag.split_once(name)?.1.split('"').next().unwrap_or_default());
            let is_dot = |size: Option<&str>| size.is_some_and(|size| matches!(size.trim_end_matches("px"), "0" | "1"));
            let is_tracker = is_dot(value("width=\"")) || is_dot(value("height=\""));
            value("src=\"").filter(|_| !is_tracker).map(|src| src.replace("&amp;", "&"))
        })
    }

    /// The entry.
    fn into_entry(self) -> FeedEntry {
        let image = self.image.value.clone().or_else(|| self.first_picture());
        FeedEntry {
            author: self.authors(),
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

/// Reads the entry in `element`. Its author is empty if the entry names no author.
pub(super) fn read_entry(element: &XmlElement) -> FeedEntry {
    let mut draft = EntryDraft::default();
    for child in element.elements() {
        draft.add_element(child);
    }
    // RSS 1.0 has the link of an entry in `rdf:about`; Microsoft's Channel Definition Format has it in `href`.
    if let Some(about) = element.attribute("about") {
        draft.id.offer(2, non_empty(about.trim().to_owned()));
        draft.link.offer(1, resolve_address(about, &element.base));
    }
    if let Some(href) = element.attribute("href") {
        draft.link.offer(1, resolve_address(href, &element.base));
    }
    draft.updated.offer(1, element.attribute("lastmod").and_then(parse_date));
    draft.into_entry()
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn is_image_type(media_type: &str) -> bool {
    media_type.trim_start().to_ascii_lowercase().starts_with("image/")
}
