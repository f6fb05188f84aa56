//! The fields that say how the content of a source is read.

use crate::domain::text::encoding::OFFERED;

/// Which of them a kind of source has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadFields {
    /// The tab.
    pub tab: bool,
    /// The text encoding.
    pub encoding: bool,
    /// The header row.
    pub header_row: bool,
    /// Whether rows that do not fit the header are accepted.
    pub header_mismatch: bool,
}

impl ReadFields {
    /// What stands above them. Feeds, whose rows are not set, are often many files.
    pub fn title(self) -> &'static str {
        if self.header_row { "How the file is read" } else { "How the feeds are read" }
    }

    /// Whether there is any.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// The fields as typed. The names are those of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadForm {
    /// `tab`: the name of a tab; empty for the first.
    pub tab: String,
    /// `encoding`: the name of a text encoding; empty where it is detected.
    pub encoding: String,
    /// `header_row`: a number from 1; empty where it is detected.
    pub header_row: String,
    /// `accept_header_mismatch`.
    pub accept_header_mismatch: bool,
}

impl ReadForm {
    /// Whether anything is set.
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }

    /// The encodings to choose from: name, label, and whether it is the chosen one. One that was set elsewhere is among
    /// them.
    pub fn encodings(&self) -> Vec<(&str, &str, bool)> {
        let mut choices = vec![("", "Detect automatically", self.encoding.is_empty())];
        choices.extend(OFFERED.iter().map(|(name, label)| (*name, *label, *name == self.encoding)));
        if !choices.iter().any(|(.., chosen)| *chosen) {
            choices.push((&self.encoding, &self.encoding, true));
        }
        choices
    }
}

/// What is wrong with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadErrors {
    /// Something that belongs to no field: with these settings the content could not be read.
    pub general: Option<String>,
    /// The tab.
    pub tab: Option<String>,
    /// The text encoding.
    pub encoding: Option<String>,
    /// The header row.
    pub header_row: Option<String>,
}

impl ReadErrors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
