//! Tracks the namespace prefixes that are in scope in an element.

use std::collections::HashMap;
use std::rc::Rc;

use super::vocabulary::XmlVocabulary;

/// How many namespace prefixes can be in scope. An element that declares one copies them all.
const MAX_PREFIXES: usize = 100;
/// The longest namespace prefix in bytes.
const MAX_PREFIX_BYTES: usize = 100;

/// The prefixes in scope, in lower case; the empty one is the default namespace. Cloning it is cheap.
#[derive(Clone, Default)]
pub(super) struct PrefixScope(Option<Rc<HashMap<String, XmlVocabulary>>>);

impl PrefixScope {
    /// Adds a declared prefix, unless it is too long or there are too many.
    pub(super) fn declare(&mut self, prefix: &str, vocabulary: XmlVocabulary) {
        let count = self.0.as_ref().map_or(0, |prefixes| prefixes.len());
        if prefix.len() <= MAX_PREFIX_BYTES && count < MAX_PREFIXES {
            self.insert(prefix, vocabulary);
        }
    }

    /// Adds a prefix, or replaces its vocabulary.
    pub(super) fn insert(&mut self, prefix: &str, vocabulary: XmlVocabulary) {
        Rc::make_mut(self.0.get_or_insert_with(Rc::default)).insert(prefix.to_ascii_lowercase(), vocabulary);
    }

    /// The vocabulary of an element: without a prefix, it is that of the default namespace.
    pub(super) fn element_vocabulary(&self, name: &str) -> XmlVocabulary {
        self.vocabulary_of_name(name).unwrap_or_else(|| self.find("").unwrap_or(XmlVocabulary::Core))
    }

    /// The vocabulary of an attribute: without a prefix, it belongs to the core vocabulary.
    pub(super) fn attribute_vocabulary(&self, name: &str) -> XmlVocabulary {
        self.vocabulary_of_name(name).unwrap_or(XmlVocabulary::Core)
    }

    /// The vocabulary that the prefix of `name` stands for; `None` without a prefix.
    fn vocabulary_of_name(&self, name: &str) -> Option<XmlVocabulary> {
        let (prefix, _) = name.split_once(':')?;
        let prefix = prefix.to_ascii_lowercase();
        Some(self.find(&prefix).unwrap_or_else(|| XmlVocabulary::of_undeclared_prefix(&prefix)))
    }

    fn find(&self, prefix: &str) -> Option<XmlVocabulary> {
        self.0.as_ref()?.get(prefix).copied()
    }
}
