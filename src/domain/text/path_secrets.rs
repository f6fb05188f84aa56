//! Redacts what looks like a secret in the path of an address: `/feed/…/rss;token=…`. Private feeds and webhooks have
//! their secret there.

use std::borrow::Cow;

use super::public_parameters::{REDACTION_MARK, is_public_parameter};

/// Shorter texts are no secrets that somebody generated.
const MIN_SECRET_CHARS: usize = 20;
/// How much of a secret is shown, so that two of them can be told apart.
const SHOWN_CHARS: usize = 4;
/// A longer part of a name is not a word or a number.
const MAX_WORD_CHARS: usize = 18;
/// The longest ending of a file name.
const MAX_EXTENSION_CHARS: usize = 5;
/// What comes after these parts of a path is the id of a document at Google, which people need to recognise it.
const BEFORE_DOCUMENT_IDS: [&str; 4] = ["d", "e", "files", "spreadsheets"];

/// Returns a path with its secrets replaced by an ellipsis: the values of `;name=value` and `name=value`, and long
/// parts in which letters and digits are mixed. Words and numbers that are joined by hyphens are no secrets.
#[must_use]
pub fn redact_path(path: &str) -> Cow<'_, str> {
    let mut before = "";
    let mut has_secret = false;
    let segments: Vec<Cow<'_, str>> = path
        .split('/')
        .map(|segment| {
            let shown = if BEFORE_DOCUMENT_IDS.contains(&before) { Cow::Borrowed(segment) } else { redact(segment) };
            before = segment;
            has_secret |= shown != segment;
            shown
        })
        .collect();
    if has_secret { Cow::Owned(segments.join("/")) } else { Cow::Borrowed(path) }
}

fn redact(segment: &str) -> Cow<'_, str> {
    let shown: Vec<Cow<'_, str>> = segment.split(';').enumerate().map(|(at, part)| redact_part(part, at > 0)).collect();
    if shown.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
        Cow::Borrowed(segment)
    } else {
        Cow::Owned(shown.join(";"))
    }
}

/// Redacts a part of a segment. `is_parameter` is whether it comes after a semicolon.
fn redact_part(part: &str, is_parameter: bool) -> Cow<'_, str> {
    match part.split_once('=') {
        Some((_, value)) if value.is_empty() || value.starts_with(REDACTION_MARK) => Cow::Borrowed(part),
        Some((name, _)) if is_public_parameter(name) => Cow::Borrowed(part),
        Some((name, _)) => Cow::Owned(format!("{name}={REDACTION_MARK}")),
        None if is_parameter && part.chars().count() >= MIN_SECRET_CHARS => Cow::Owned(REDACTION_MARK.to_owned()),
        None => {
            let (stem, extension) = split_extension(part);
            if !looks_like_secret(stem) {
                return Cow::Borrowed(part);
            }
            let begin: String = stem.chars().take(SHOWN_CHARS).collect();
            Cow::Owned(format!("{begin}{REDACTION_MARK}{extension}"))
        }
    }
}

fn split_extension(name: &str) -> (&str, &str) {
    let is_extension = |at: &usize| (2..=MAX_EXTENSION_CHARS + 1).contains(&(name.len() - at));
    name.rfind('.').filter(is_extension).map_or((name, ""), |at| name.split_at(at))
}

fn looks_like_secret(text: &str) -> bool {
    let is_generated =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.' | b'%' | b':');
    if text.len() < MIN_SECRET_CHARS || !text.bytes().all(is_generated) {
        return false;
    }
    text.split(['-', '_', '~', '.', '%', ':']).any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let is_mixed = digits > 0 && digits < part.len();
        let has_both_cases =
            part.bytes().skip(1).any(|b| b.is_ascii_uppercase()) && part.bytes().any(|b| b.is_ascii_lowercase());
        (is_mixed && part.len() > SHOWN_CHARS) || (part.len() > MAX_WORD_CHARS && (digits > 0 || has_both_cases))
    })
}

#[cfg(test)]
mod tests {
    use super::redact_path;

    #[test]
    fn what_looks_like_a_secret_is_redacted() {
        for (path, shown) in [
            ("/feed;token=S3CR", "/feed;token=…"),
            ("/feed;token=S3CR/rss;sid=x;a", "/feed;token=…/rss;sid=…;a"),
            ("/key=S3CR/feed.xml", "/key=…/feed.xml"),
            ("/private/9f86d081884c7d659a2feaa0c55ad015/rss", "/private/9f86…/rss"),
            ("/9f86d081884c7d659a2feaa0c55ad015.csv", "/9f86….csv"),
            ("/services/T00000000/B00000000/XXXXXXXXyyyyyyyyXXXXXXXX", "/services/T00000000/B00000000/XXXX…"),
            ("/u/550e8400-e29b-41d4-a716-446655440000", "/u/550e…"),
            ("/s/kJ8s_2nQ-vF0aZxLpTq7bw", "/s/kJ8s…"),
            ("/a;eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "/a;…"),
        ] {
            assert_eq!(redact_path(path), shown);
            assert_eq!(redact_path(shown), shown, "what is redacted stays so");
        }
    }

    #[test]
    fn names_of_pages_and_documents_stay_as_they_are() {
        for path in [
            "",
            "/",
            "/feed.xml",
            "/blog/2024/05/the-hundred-best-albums-of-1959-and-1960",
            "/the_hundred_best_albums_of_all_times.csv",
            "/page=2/format=csv",
            "/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/export",
            "/spreadsheets/d/e/2PACX-1vQk5AbC7dEfGhIjKlMnOpQrStUvWxYz0123456789/pub",
            "/drive/v3/files/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
            "/v4/spreadsheets/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/values:batchGet",
            "/reader/api/0/stream/contents",
            "/@ada/feed;v=2",
        ] {
            assert_eq!(redact_path(path), path);
        }
    }
}
