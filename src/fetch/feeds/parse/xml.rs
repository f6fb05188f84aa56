//! XML as feeds write it: tags that do not match, ampersands that stand alone and the names of HTML's entities are
//! taken as they are meant. Entities that a document declares for itself are refused, and nothing is ever fetched.

mod element;

use std::collections::HashMap;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use url::Url;

pub(super) use element::{XmlElement, XmlNode};

use super::xml_names::{customary, demoronized, refuse_entities, resolved, unescaped, vocabulary};
use crate::domain::rows::row::shortened;
use crate::fetch::FetchError;

/// How deep elements may lie in one another; those that lie deeper count as text of the deepest.
const DEPTH: usize = 200;

/// How many elements are remembered by their names while they are open; of those in them only the number is known.
const OPEN: usize = 1000;

/// How many elements and attributes are read of one element; of what is in it beyond them the text is kept.
const PIECES: usize = 50_000;

/// How many attributes of a tag are read.
const ATTRIBUTES: usize = 100;

/// How long the address may be that links are relative to: it is put before each of them.
pub(super) const ADDRESS: usize = 1024;

/// How much is told of why a document cannot be read on, in characters.
const WHY: usize = 200;

/// How many prefixes may be known at once, and how long they may be: an element that declares one has all of them anew.
const PREFIXES: usize = 100;
const PREFIX: usize = 100;

/// Which vocabulary a name belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum XmlVocabulary {
    /// RSS or Atom of any version, or none said.
    Core,
    /// Dublin Core, terms included.
    Dublin,
    /// `content:encoded`.
    Content,
    Media,
    Itunes,
    Xhtml,
    Rdf,
    /// `xml:base`, `xml:lang`.
    Xml,
    Other,
}

/// One step through a document.
#[derive(Debug)]
pub(super) enum XmlStep {
    /// An element begins; nothing in it is read yet.
    Open(XmlElement),
    /// The element that was opened last ends.
    Close,
    Text(String),
}

/// Where an element that is open changes what prefixes and links mean.
struct OpenScope {
    name: String,
    base: Rc<Url>,
    prefixes: Option<Rc<HashMap<String, XmlVocabulary>>>,
}

/// Reads a document step by step.
pub(super) struct XmlWalker<'a> {
    reader: Reader<&'a [u8]>,
    open: Vec<OpenScope>,
    /// How many more are open in those.
    beyond: usize,
    base: Rc<Url>,
    /// Elements that end before anything else is read.
    closing: usize,
    /// What had to be mended first, for people.
    pub(super) broken: Option<String>,
    /// Whether it could not be read to its end.
    pub(super) is_cut: bool,
}

impl<'a> XmlWalker<'a> {
    /// Walks through `text`, whose links are relative to `base` unless it says otherwise.
    pub(super) fn new(text: &'a str, base: &Url) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let base = Rc::new(base.clone());
        Self { reader, open: Vec::new(), beyond: 0, base, closing: 0, broken: None, is_cut: false }
    }

    /// The next step; `None` at the end, or where nothing more can be made out: then [`XmlWalker::broken`] says so.
    ///
    /// # Errors
    /// When the document declares entities of its own.
    pub(super) fn step(&mut self) -> Result<Option<XmlStep>, FetchError> {
        loop {
            if self.closing > 0 {
                self.closing -= 1;
                if self.shut() {
                    return Ok(Some(XmlStep::Close));
                }
            }
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let why: String = error.to_string().chars().take(WHY).collect();
                    self.mended(|| why.trim_start_matches("syntax error: ").to_owned());
                    self.is_cut = true;
                    self.closing = self.depth();
                    if self.closing == 0 {
                        return Ok(None);
                    }
                    continue;
                }
            };
            match event {
                Event::Start(start) => return Ok(Some(XmlStep::Open(self.opened(&start)))),
                Event::Empty(start) => {
                    let element = self.opened(&start);
                    self.closing = 1;
                    return Ok(Some(XmlStep::Open(element)));
                }
                Event::End(end) => self.close(&local(end.name().as_ref())),
                Event::Text(text) => return Ok(Some(XmlStep::Text(demoronized(text.into_inner())))),
                Event::CData(text) => return Ok(Some(XmlStep::Text(demoronized(text.into_inner())))),
                Event::GeneralRef(reference) => {
                    let name = reference.into_inner();
                    return Ok(Some(XmlStep::Text(resolved(&name).unwrap_or_else(|| format!("&{name};")))));
                }
                Event::DocType(declared) => refuse_entities(&declared.into_inner())?,
                Event::Eof if self.depth() == 0 => return Ok(None),
                Event::Eof => {
                    self.mended(|| "it ends in the middle".to_owned());
                    self.is_cut = true;
                    self.closing = self.depth();
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// Reads what is in `element`, up to its end.
    ///
    /// # Errors
    /// As [`XmlWalker::step`].
    pub(super) fn fill(&mut self, element: XmlElement) -> Result<XmlElement, FetchError> {
        let mut pieces = element.attributes.len();
        let mut stack = vec![element];
        loop {
            match self.step()? {
                Some(XmlStep::Open(element)) if stack.len() < DEPTH && pieces < PIECES => {
                    pieces += 1 + element.attributes.len();
                    stack.push(element);
                }
                Some(XmlStep::Open(element)) => {
                    let end = self.depth();
                    let is_deep = stack.len() >= DEPTH;
                    let name = shortened(&element.name);
                    self.mended(|| match is_deep {
                        true => format!("<{name}> lies too deep"),
                        false => format!("<{name}> comes after more than {PIECES} others in one element"),
                    });
                    while self.depth() >= end {
                        match self.step()? {
                            Some(XmlStep::Text(text)) => push_text(&mut stack, text),
                            Some(_) => {}
                            None => break,
                        }
                    }
                }
                Some(XmlStep::Text(text)) => push_text(&mut stack, text),
                Some(XmlStep::Close) | None => {
                    let Some(done) = stack.pop() else { continue };
                    match stack.last_mut() {
                        Some(parent) => parent.children.push(XmlNode::Element(done)),
                        None => return Ok(done),
                    }
                }
            }
        }
    }

    fn mended(&mut self, why: impl FnOnce() -> String) {
        self.broken.get_or_insert_with(why);
    }

    /// How many elements are open.
    const fn depth(&self) -> usize {
        self.open.len() + self.beyond
    }

    /// Ends the innermost element, if any is open.
    fn shut(&mut self) -> bool {
        if self.beyond == 0 {
            return self.open.pop().is_some();
        }
        self.beyond -= 1;
        true
    }

    /// The end tag of `name`: it ends everything opened after the element it belongs to, or nothing.
    fn close(&mut self, name: &str) {
        if self.beyond > 0 {
            self.closing = 1;
            return;
        }
        match self.open.iter().rev().take(DEPTH).position(|open| open.name == name) {
            Some(inner) => {
                if inner > 0 {
                    let name = shortened(name);
                    self.mended(|| format!("</{name}> ends more than <{name}>"));
                }
                self.closing = inner + 1;
            }
            None => self.mended(|| format!("</{}> ends nothing", shortened(name))),
        }
    }

    fn opened(&mut self, start: &BytesStart<'_>) -> XmlElement {
        let is_beyond = self.open.len() == OPEN;
        let mut raw: Vec<(String, String)> = Vec::new();
        let mut prefixes = self.open.last().and_then(|open| open.prefixes.clone());
        for attribute in start.html_attributes().with_checks(false).take(ATTRIBUTES).flatten() {
            let (name, value) = (attribute.key.as_ref().to_owned(), unescaped(&attribute.value));
            let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix {
                if is_beyond || prefix.len() > PREFIX {
                    continue;
                }
                let map = Rc::make_mut(prefixes.get_or_insert_with(Rc::default));
                if map.len() < PREFIXES {
                    map.insert(prefix.to_ascii_lowercase(), vocabulary(&value));
                }
            } else {
                raw.push((name, value));
            }
        }
        let base = self.open.last().map_or_else(|| Rc::clone(&self.base), |open| Rc::clone(&open.base));
        let own = raw.iter().find(|(name, _)| name.eq_ignore_ascii_case("xml:base"));
        let own = own.map(|(_, value)| value.trim()).filter(|value| !is_beyond && value.len() <= ADDRESS);
        let own = own.and_then(|value| base.join(value).ok());
        let base = own.filter(|own| own.as_str().len() <= ADDRESS).map_or(base, Rc::new);
        let name = local(start.name().as_ref());
        if self.open.is_empty() && name != "rdf" {
            // Whatever a feed calls its own vocabulary: it was written by hand at times, and before there was one.
            let own = start.name().prefix().map(|prefix| prefix.as_ref().to_ascii_lowercase()).unwrap_or_default();
            Rc::make_mut(prefixes.get_or_insert_with(Rc::default)).insert(own, XmlVocabulary::Core);
        }
        let meaning = |name: &str, plain: XmlVocabulary| match name.split_once(':') {
            None => plain,
            Some((prefix, _)) => {
                let prefix = prefix.to_ascii_lowercase();
                prefixes.as_ref().and_then(|map| map.get(&prefix)).copied().unwrap_or_else(|| customary(&prefix))
            }
        };
        let plain = prefixes.as_ref().and_then(|map| map.get("")).copied().unwrap_or(XmlVocabulary::Core);
        let element = XmlElement {
            vocabulary: meaning(start.name().as_ref(), plain),
            attributes: raw
                .into_iter()
                .map(|(name, value)| (meaning(&name, XmlVocabulary::Core), local(&name), value))
                .collect(),
            name: name.clone(),
            children: Vec::new(),
            base: Rc::clone(&base),
        };
        if is_beyond {
            self.beyond += 1;
        } else {
            self.open.push(OpenScope { name, base, prefixes });
        }
        element
    }
}

fn push_text(stack: &mut [XmlElement], text: String) {
    let Some(element) = stack.last_mut() else { return };
    match element.children.last_mut() {
        Some(XmlNode::Text(before)) => before.push_str(&text),
        _ => element.children.push(XmlNode::Text(text)),
    }
}

/// A name without its prefix, in lower case: feeds do not agree on the case.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
