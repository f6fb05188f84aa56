//! The view of the read options of a source.

use crate::domain::text::encoding::OFFERED_ENCODINGS;

/// The read options that a kind of source has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::web) struct ReadFields {
    /// The tab.
    pub tab: bool,
    /// The text encoding.
    pub encoding: bool,
    /// The header row.
    pub header_row: bool,
    /// Whether rows that do not match the header are accepted.
    pub header_mismatch: bool,
}

impl ReadFields {
    /// The title of the section.
    pub(in crate::web) fn title(self) -> &'static str {
        if self.header_row { "File options" } else { "Feed options" }
    }

    /// Whether the kind has any read options.
    pub(in crate::web) fn any(self) -> bool {
        self != Self::default()
    }
}

/// The read options as typed. Each doc comment begins with the name of the field in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ReadForm {
    /// `tab`: the name of a tab; empty for the first.
    pub tab: String,
    /// `encoding`: the name of a text encoding; empty to detect it.
    pub encoding: String,
    /// `header_row`: a number from 1; empty to detect it.
    pub header_row: String,
    /// `accept_header_mismatch`: whether rows that do not match the header are accepted.
    pub accept_header_mismatch: bool,
}

impl ReadForm {
    /// Whether anything is set.
    pub(in crate::web) fn is_set(&self) -> bool {
        *self != Self::default()
    }

    /// The encodings to choose from: name, label, and whether it is selected. An encoding that was set on the command
    /// line is included.
    pub(in crate::web) fn encodings(&self) -> Vec<(&str, &str, bool)> {
        let mut choices = vec![("", "Detect automatically", self.encoding.is_empty())];
        choices.extend(OFFERED_ENCODINGS.iter().map(|(name, label)| (*name, *label, *name == self.encoding)));
        if !choices.iter().any(|(.., chosen)| *chosen) {
            choices.push((&self.encoding, &self.encoding, true));
        }
        choices
    }
}

/// The errors of the read options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct ReadErrors {
    /// An error that belongs to no field: the content could not be read with these options.
    pub general: Option<String>,
    /// The tab.
    pub tab: Option<String>,
    /// The text encoding.
    pub encoding: Option<String>,
    /// The header row.
    pub header_row: Option<String>,
}

impl ReadErrors {
    /// Whether there are no errors.
    pub(in crate::web) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
