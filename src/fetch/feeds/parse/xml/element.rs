//! An XML element with its content in memory.

use std::rc::Rc;

use url::Url;

use super::vocabulary::XmlVocabulary;

/// An element with everything inside it.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct XmlElement {
    pub(in crate::fetch) vocabulary: XmlVocabulary,
    /// The name without its prefix, in lower case.
    pub(in crate::fetch) name: String,
    pub(super) attributes: Vec<XmlAttribute>,
    pub(in crate::fetch) children: Vec<XmlNode>,
    /// What relative links in it are resolved against.
    pub(in crate::fetch) base: Rc<Url>,
}

/// An attribute of an element.
#[derive(Clone, Debug)]
pub(super) struct XmlAttribute {
    pub(super) vocabulary: XmlVocabulary,
    /// The name without its prefix, in lower case.
    pub(super) name: String,
    pub(super) value: String,
}

/// What an element can contain.
#[derive(Clone, Debug)]
pub(in crate::fetch) enum XmlNode {
    Element(XmlElement),
    Text(String),
}

impl XmlElement {
    /// The value of the attribute `name`, unless it belongs to a vocabulary that feeds do not use for attributes.
    pub(in crate::fetch) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| {
            let is_plain =
                matches!(attribute.vocabulary, XmlVocabulary::Core | XmlVocabulary::Rdf | XmlVocabulary::Other);
            attribute.name == name && is_plain
        });
        found.map(|attribute| attribute.value.as_str())
    }

    /// The names and values of all attributes.
    pub(in crate::fetch) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
    }

    /// The elements directly inside it.
    pub(in crate::fetch) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            XmlNode::Element(element) => Some(element),
            XmlNode::Text(_) => None,
        })
    }

    /// The first element directly inside it with that name.
    pub(in crate::fetch) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|child| child.name == name)
    }

    /// All text inside it, at any depth, trimmed.
    pub(in crate::fetch) fn text(&self) -> String {
        let mut text = String::new();
        collect_text(self, &mut text);
        text.trim().to_owned()
    }
}

fn collect_text(element: &XmlElement, text: &mut String) {
    for node in &element.children {
        match node {
            XmlNode::Text(piece) => text.push_str(piece),
            XmlNode::Element(child) => collect_text(child, text),
        }
    }
}
