//! An element of a document, read whole.

use std::rc::Rc;

use url::Url;

use super::XmlVocabulary;

/// An element with all that is in it.
#[derive(Clone, Debug)]
pub(in crate::fetch::feeds) struct XmlElement {
    pub(in crate::fetch::feeds) vocabulary: XmlVocabulary,
    /// Without prefix, in lower case.
    pub(in crate::fetch::feeds) name: String,
    pub(super) attributes: Vec<(XmlVocabulary, String, String)>,
    pub(in crate::fetch::feeds) children: Vec<XmlNode>,
    /// What links in it are relative to.
    pub(in crate::fetch::feeds) base: Rc<Url>,
}

/// What can be in an element.
#[derive(Clone, Debug)]
pub(in crate::fetch::feeds) enum XmlNode {
    Element(XmlElement),
    Text(String),
}

impl XmlElement {
    /// The value of the attribute `name` of no vocabulary, or of the element's own.
    pub(in crate::fetch::feeds) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(vocabulary, own, _)| {
            own == name && matches!(vocabulary, XmlVocabulary::Core | XmlVocabulary::Rdf | XmlVocabulary::Other)
        });
        found.map(|(_, _, value)| value.as_str())
    }

    pub(in crate::fetch::feeds) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(_, name, value)| (name.as_str(), value.as_str()))
    }

    pub(in crate::fetch::feeds) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            XmlNode::Element(element) => Some(element),
            XmlNode::Text(_) => None,
        })
    }

    /// The first child of that name.
    pub(in crate::fetch::feeds) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|child| child.name == name)
    }

    /// All text in it, without the white space around it.
    pub(in crate::fetch::feeds) fn text(&self) -> String {
        let mut text = String::new();
        gather(self, &mut text);
        text.trim().to_owned()
    }
}

fn gather(element: &XmlElement, text: &mut String) {
    for node in &element.children {
        match node {
            XmlNode::Text(piece) => text.push_str(piece),
            XmlNode::Element(child) => gather(child, text),
        }
    }
}
