//! Reads XML step by step, and repairs the errors that are common in feeds.
//!
//! Tags that do not match, bare ampersands and HTML's named entities are accepted. Documents that declare entities are
//! refused, and external entities are never fetched.

pub(super) mod element;
mod prefixes;
pub(super) mod references;
pub(super) mod vocabulary;

use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use url::Url;

use self::element::{XmlAttribute, XmlElement, XmlNode};
use self::prefixes::PrefixScope;
use self::references::{fix_windows_1252, refuse_entities, resolve_reference, resolve_references};
use self::vocabulary::XmlVocabulary;
use super::error::ParseError;
use crate::domain::text::shortening::shorten_text;

/// How deep elements in memory are nested. Only the text of deeper elements is kept.
const MAX_DEPTH: usize = 200;

/// How many open elements are tracked by name. Deeper elements are only counted.
const MAX_OPEN: usize = 1000;

/// How many elements and attributes inside one element are kept. Only the text of further elements is kept.
const MAX_PARTS: usize = 50_000;

/// How many attributes of one tag are kept.
const MAX_ATTRIBUTES: usize = 100;

/// The longest base address in bytes. It is prepended to every relative link.
pub(super) const MAX_BASE_BYTES: usize = 1024;

/// The longest quotation of the XML reader's own error, in characters.
const MAX_DEFECT_CHARS: usize = 200;

/// One step of reading a document.
#[derive(Debug)]
pub(super) enum XmlStep {
    /// An element begins. Its children are not read yet.
    Open(XmlElement),
    /// The innermost open element ends.
    Close,
    /// Text inside the innermost open element.
    Text(String),
}

/// An open element, with the namespace prefixes and the base of relative links inside it.
struct OpenScope {
    name: String,
    base: Rc<Url>,
    prefixes: PrefixScope,
}

/// Reads a document step by step.
pub(super) struct XmlWalker<'a> {
    reader: Reader<&'a [u8]>,
    open: Vec<OpenScope>,
    /// How many further elements are open inside those.
    untracked: usize,
    base: Rc<Url>,
    /// How many elements to close before the next event is read.
    closing: usize,
    /// The first defect of the document, as a part of a message for people.
    pub(super) first_defect: Option<String>,
    /// Whether the document could not be read to its end.
    pub(super) is_cut: bool,
}

impl<'a> XmlWalker<'a> {
    /// Starts to read `text`. Relative links are resolved against `base` unless the document declares another base.
    pub(super) fn new(text: &'a str, base: &Url) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let base = Rc::new(base.clone());
        Self { reader, open: Vec::new(), untracked: 0, base, closing: 0, first_defect: None, is_cut: false }
    }

    /// The next step. `None` at the end, or if the rest cannot be read ([`XmlWalker::is_cut`]).
    ///
    /// # Errors
    /// [`super::error::ParseErrorKind::EntitiesDeclared`] when the document declares entities.
    pub(super) fn next_step(&mut self) -> Result<Option<XmlStep>, ParseError> {
        loop {
            if self.closing > 0 {
                self.closing -= 1;
                if self.close_innermost() {
                    return Ok(Some(XmlStep::Close));
                }
            }
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let defect: String = error.to_string().chars().take(MAX_DEFECT_CHARS).collect();
                    self.note_defect(|| defect.trim_start_matches("syntax error: ").to_owned());
                    self.is_cut = true;
                    self.closing = self.depth();
                    if self.closing == 0 {
                        return Ok(None);
                    }
                    continue;
                }
            };
            match event {
                Event::Start(start) => return Ok(Some(XmlStep::Open(self.open_element(&start)))),
                Event::Empty(start) => {
                    let element = self.open_element(&start);
                    self.closing = 1;
                    return Ok(Some(XmlStep::Open(element)));
                }
                Event::End(end) => self.close_element(&local_name(end.name().as_ref())),
                Event::Text(text) => return Ok(Some(XmlStep::Text(fix_windows_1252(text.into_inner())))),
                Event::CData(text) => return Ok(Some(XmlStep::Text(fix_windows_1252(text.into_inner())))),
                Event::GeneralRef(reference) => {
                    let name = reference.into_inner();
                    return Ok(Some(XmlStep::Text(resolve_reference(&name).unwrap_or_else(|| format!("&{name};")))));
                }
                Event::DocType(declared) => refuse_entities(&declared.into_inner())?,
                Event::Eof if self.depth() == 0 => return Ok(None),
                Event::Eof => {
                    self.note_defect(|| "the document is cut off".to_owned());
                    self.is_cut = true;
                    self.closing = self.depth();
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// Reads everything inside `element`, which was just opened, up to its end.
    ///
    /// # Errors
    /// As [`XmlWalker::next_step`].
    pub(super) fn read_element(&mut self, element: XmlElement) -> Result<XmlElement, ParseError> {
        let mut parts = element.attributes.len();
        let mut stack = vec![element];
        loop {
            match self.next_step()? {
                Some(XmlStep::Open(element)) if stack.len() < MAX_DEPTH && parts < MAX_PARTS => {
                    parts += 1 + element.attributes.len();
                    stack.push(element);
                }
                Some(XmlStep::Open(element)) => {
                    let end = self.depth();
                    let is_deep = stack.len() >= MAX_DEPTH;
                    let name = shorten_text(&element.name);
                    self.note_defect(|| match is_deep {
                        true => format!("<{name}> is nested too deeply"),
                        false => format!("<{name}> is one of more than {MAX_PARTS} parts of one element"),
                    });
                    while self.depth() >= end {
                        match self.next_step()? {
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

    fn note_defect(&mut self, defect: impl FnOnce() -> String) {
        self.first_defect.get_or_insert_with(defect);
    }

    /// How many elements are open.
    const fn depth(&self) -> usize {
        self.open.len() + self.untracked
    }

    /// Closes the innermost element. Returns whether one was open.
    fn close_innermost(&mut self) -> bool {
        if self.untracked == 0 {
            return self.open.pop().is_some();
        }
        self.untracked -= 1;
        true
    }

    /// Handles the end tag of `name`, which closes its element and everything inside it. Without such an element it is
    /// ignored.
    fn close_element(&mut self, name: &str) {
        if self.untracked > 0 {
            self.closing = 1;
            return;
        }
        match self.open.iter().rev().take(MAX_DEPTH).position(|open| open.name == name) {
            Some(inner) => {
                if inner > 0 {
                    let name = shorten_text(name);
                    self.note_defect(|| format!("</{name}> closes elements that have no end tag"));
                }
                self.closing = inner + 1;
            }
            None => self.note_defect(|| format!("</{}> has no start tag", shorten_text(name))),
        }
    }

    /// Handles a start tag. Returns the element without its children.
    fn open_element(&mut self, start: &BytesStart<'_>) -> XmlElement {
        let is_untracked = self.open.len() == MAX_OPEN;
        let mut prefixes = self.open.last().map(|open| open.prefixes.clone()).unwrap_or_default();
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in start.html_attributes().with_checks(false).take(MAX_ATTRIBUTES).flatten() {
            let (name, value) = (attribute.key.as_ref().to_owned(), resolve_references(&attribute.value));
            match declared_prefix(&name) {
                None => attributes.push((name, value)),
                Some(_) if is_untracked => {}
                Some(prefix) => prefixes.declare(prefix, XmlVocabulary::of_namespace(&value)),
            }
        }
        let base = self.inner_base(&attributes, is_untracked);
        let name = local_name(start.name().as_ref());
        if self.open.is_empty() && name != "rdf" {
            // The root's own prefix always means the core vocabulary: old and hand-written feeds misspell its
            // namespace.
            let prefix = start.name().prefix().map(|prefix| prefix.as_ref().to_owned()).unwrap_or_default();
            prefixes.insert(&prefix, XmlVocabulary::Core);
        }
        let attributes = attributes.into_iter().map(|(name, value)| XmlAttribute {
            vocabulary: prefixes.attribute_vocabulary(&name),
            name: local_name(&name),
            value,
        });
        let element = XmlElement {
            vocabulary: prefixes.element_vocabulary(start.name().as_ref()),
            attributes: attributes.collect(),
            name: name.clone(),
            children: Vec::new(),
            base: Rc::clone(&base),
        };
        if is_untracked {
            self.untracked += 1;
        } else {
            self.open.push(OpenScope { name, base, prefixes });
        }
        element
    }

    /// The base of relative links inside an element with these attributes: its `xml:base`, or that of its parent.
    fn inner_base(&self, attributes: &[(String, String)], is_untracked: bool) -> Rc<Url> {
        let outer = self.open.last().map_or(&self.base, |open| &open.base);
        let declared = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("xml:base"));
        let declared = declared.map(|(_, value)| value.trim());
        let declared = declared.filter(|value| !is_untracked && value.len() <= MAX_BASE_BYTES);
        let base = declared.and_then(|value| outer.join(value).ok());
        base.filter(|base| base.as_str().len() <= MAX_BASE_BYTES).map_or_else(|| Rc::clone(outer), Rc::new)
    }
}

/// The namespace prefix that the attribute called `name` declares; empty for the default namespace.
fn declared_prefix(name: &str) -> Option<&str> {
    if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") }
}

fn push_text(stack: &mut [XmlElement], text: String) {
    let Some(element) = stack.last_mut() else { return };
    match element.children.last_mut() {
        Some(XmlNode::Text(before)) => before.push_str(&text),
        _ => element.children.push(XmlNode::Text(text)),
    }
}

/// A name without its prefix, in lower case, because feeds differ in the case of names.
fn local_name(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
