//! The text encodings of sources, by the labels of the WHATWG Encoding Standard.

use encoding_rs::{Encoding, REPLACEMENT, X_USER_DEFINED};

/// The encodings offered in forms: the name in the standard, and the label for people.
pub const OFFERED_ENCODINGS: [(&str, &str); 14] = [
    ("UTF-8", "UTF-8"),
    ("windows-1252", "Western (Windows-1252)"),
    ("ISO-8859-2", "Central European (ISO-8859-2)"),
    ("windows-1250", "Central European (Windows-1250)"),
    ("windows-1251", "Cyrillic (Windows-1251)"),
    ("KOI8-R", "Cyrillic (KOI8-R)"),
    ("macintosh", "Western (Mac Roman)"),
    ("Shift_JIS", "Japanese (Shift_JIS)"),
    ("gb18030", "Chinese, simplified (GB18030)"),
    ("Big5", "Chinese, traditional (Big5)"),
    ("EUC-KR", "Korean (EUC-KR)"),
    ("UTF-16LE", "UTF-16, little-endian"),
    ("UTF-16BE", "UTF-16, big-endian"),
    ("windows-1254", "Turkish (Windows-1254)"),
];

/// A label that does not name a text encoding.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("“{label}” is not a known text encoding. Use a name such as utf-8, windows-1252 or shift_jis.")]
pub struct UnknownEncoding {
    /// The label as it was given.
    pub label: String,
}

/// Returns the name of the encoding with this label in the spelling of the standard: `latin1` is `windows-1252`.
///
/// # Errors
/// [`UnknownEncoding`] when the standard has no such label, and for `replacement` and `x-user-defined`, which are not
/// text encodings.
pub fn encoding_name(label: &str) -> Result<&'static str, UnknownEncoding> {
    Encoding::for_label(label.as_bytes())
        .filter(|encoding| *encoding != REPLACEMENT && *encoding != X_USER_DEFINED)
        .map(Encoding::name)
        .ok_or_else(|| UnknownEncoding { label: super::shortening::shorten_text(label) })
}

#[cfg(test)]
mod tests {
    use super::{OFFERED_ENCODINGS, encoding_name};

    #[test]
    fn a_label_is_known_in_every_spelling_of_the_standard() {
        for (label, name) in [("utf8", "UTF-8"), (" Latin1 ", "windows-1252"), ("x-sjis", "Shift_JIS")] {
            assert_eq!(encoding_name(label), Ok(name));
        }
        for label in ["", "nonsense", "replacement", "iso-2022-kr", "x-user-defined"] {
            assert!(encoding_name(label).is_err(), "{label}");
        }
    }

    #[test]
    fn each_offered_encoding_has_its_standard_name() {
        for (name, _) in OFFERED_ENCODINGS {
            assert_eq!(encoding_name(name), Ok(name));
        }
    }
}
