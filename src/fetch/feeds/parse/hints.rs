//! What the caller knows about a feed besides its bytes.

use url::Url;

/// What is known about a feed besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct ParseHints<'a> {
    /// The address of the feed. Relative links are resolved against it.
    pub base: &'a Url,
    /// What is known about the text encoding.
    pub encoding: EncodingHints<'a>,
}

impl<'a> ParseHints<'a> {
    /// Hints for a feed at `base` without any hint about its encoding.
    #[must_use]
    pub const fn at(base: &'a Url) -> Self {
        Self { base, encoding: EncodingHints { configured: None, declared: None } }
    }
}

/// What is known about a text encoding besides the bytes. Encodings are named by labels of the WHATWG Encoding
/// Standard.
#[derive(Clone, Copy, Default, Debug)]
pub struct EncodingHints<'a> {
    /// The encoding that a person chose.
    pub configured: Option<&'a str>,
    /// The encoding that the server declared.
    pub declared: Option<&'a str>,
}
