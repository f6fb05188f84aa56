//! The error for a feed or a list of feeds that cannot be parsed.

/// Why bytes cannot be parsed as a feed or as a list of feeds.
///
/// Its text is a message for people. It does not name the address, which the caller knows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The kind of problem.
    pub kind: ParseErrorKind,
    message: String,
}

/// The kind of problem with bytes that cannot be parsed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseErrorKind {
    /// The content is not RSS, Atom or JSON Feed.
    NotAFeed,
    /// The content is a feed that cannot be read as far as its first entry.
    MalformedFeed,
    /// The content is not OPML.
    NotAList,
    /// The content is OPML that cannot be read as far as its first feed.
    MalformedList,
    /// The document declares entities, which are never resolved.
    EntitiesDeclared,
}

impl ParseErrorKind {
    /// The code for programs, which is also stored in the database: `not_a_feed`, `bad_feed`, …
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAFeed => "not_a_feed",
            Self::MalformedFeed => "bad_feed",
            Self::NotAList => "not_a_list",
            Self::MalformedList => "bad_list",
            Self::EntitiesDeclared => "entities_declared",
        }
    }
}

impl ParseError {
    /// An error with its message for people.
    pub(super) fn new(kind: ParseErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
