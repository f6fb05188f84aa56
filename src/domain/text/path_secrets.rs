//! Redacts what looks like a secret in the path of an address: `/feed/…/rss;token=…`. Private feeds and webhooks have
//! their secret there.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::public_parameters::{REDACTION_MARK, is_public_parameter};

/// Shorter texts are no secrets that somebody generated.
const MIN_SECRET_CHARS: usize = 20;
/// How much of a secret is shown, so that two of them can be told apart.
const SHOWN_CHARS: usize = 4;
/// A longer part of a name is not a word or a number.
const MAX_WORD_CHARS: usize = 18;
/// The longest ending of a file name.
const MAX_EXTENSION_CHARS: usize = 5;
/// What comes after these two parts of a path is the id of a document at Google, which people need to recognise it.
const BEFORE_DOCUMENT_IDS: [[&str; 2]; 4] =
    [["spreadsheets", "d"], ["d", "e"], ["v3", "files"], ["v4", "spreadsheets"]];
/// What comes after these parts of a path is a secret, however it looks.
const SECRET_NAMES: [&str; 6] = ["token", "key", "secret", "apikey", "api_key", "api-key"];
/// What comes after this part of a path is what somebody shares a file by, such as the links of Nextcloud: shorter than
/// other secrets.
const SHARE_MARK: &str = "s";
/// The shortest id of a share, without words and numbers.
const MIN_SHARE_CHARS: usize = 12;
/// A shorter mix of letters and digits is a name, such as `covid19` or `1990s`.
const MIN_MIXED_CHARS: usize = 12;
/// How a UUID is written: the lengths of its parts.
const UUID_PART_LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];

/// Returns a path with its secrets replaced by an ellipsis: the values of `;name=value` and `name=value`, and long
/// parts in which letters and digits are mixed. Words and numbers that are joined by hyphens are no secrets.
#[must_use]
pub fn redact_path(path: &str) -> Cow<'_, str> {
    let mut before = ["", ""];
    let mut has_secret = false;
    let segments: Vec<Cow<'_, str>> = path
        .split('/')
        .map(|segment| {
            let shown = if let Some((credentials, host)) = segment.rsplit_once('@')
                && credentials.contains(':')
            {
                // An address within the address, with a password.
                Cow::Owned(format!("{REDACTION_MARK}@{host}"))
            } else if SECRET_NAMES.contains(&before[1].to_ascii_lowercase().as_str()) && !segment.is_empty() {
                Cow::Borrowed(REDACTION_MARK)
            } else if before[1] == SHARE_MARK && is_share_id(segment) {
                Cow::Owned(format!("{}{REDACTION_MARK}", segment.get(..SHOWN_CHARS).unwrap_or_default()))
            } else {
                redact(segment, BEFORE_DOCUMENT_IDS.contains(&before))
            };
            before = [before[1], segment];
            has_secret |= shown != segment;
            shown
        })
        .collect();
    if has_secret { Cow::Owned(segments.join("/")) } else { Cow::Borrowed(path) }
}

/// Redacts a segment. `is_document` is whether it begins with the id of a document.
fn redact(segment: &str, is_document: bool) -> Cow<'_, str> {
    let parts = segment.split(';').enumerate();
    let shown: Vec<Cow<'_, str>> = parts
        .map(|(at, part)| match at {
            0 if is_document => Cow::Borrowed(part),
            _ => redact_part(part, at > 0),
        })
        .collect();
    if shown.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
        Cow::Borrowed(segment)
    } else {
        Cow::Owned(shown.join(";"))
    }
}

/// Redacts a part of a segment. `is_parameter` is whether it comes after a semicolon.
fn redact_part(part: &str, is_parameter: bool) -> Cow<'_, str> {
    // Base64 is filled up with equals signs.
    match part.trim_end_matches('=').split_once('=') {
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

/// Whether a segment is the id of a share: not a word, and not a name with hyphens.
fn is_share_id(segment: &str) -> bool {
    segment.len() >= MIN_SHARE_CHARS
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && segment.bytes().skip(1).any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn looks_like_secret(text: &str) -> bool {
    let text = percent_decode_str(text).decode_utf8_lossy();
    let is_generated =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.' | b':' | b'+' | b'=');
    if !text.bytes().all(is_generated) {
        return false;
    }
    if text.len() < MIN_SECRET_CHARS {
        return is_short_secret(&text);
    }
    let parts: Vec<&str> = text.split(['-', '_', '~', '.', ':', '=']).collect();
    if parts.iter().map(|part| part.len()).eq(UUID_PART_LENGTHS) {
        return text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    }
    parts.iter().any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let is_mixed = digits > 0 && digits < part.len() && !is_time(part);
        let has_both_cases = part.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
            && part.bytes().any(|byte| byte.is_ascii_lowercase());
        (is_mixed && part.len() >= MIN_MIXED_CHARS) || (part.len() > MAX_WORD_CHARS && (digits > 0 || has_both_cases))
    })
}

/// Whether a shorter text is generated, such as `8aXcDkPqLm3RtYz`: it has both cases, and digits in two places, unlike
/// `iPhone15ProMax`.
fn is_short_secret(text: &str) -> bool {
    let digit_groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    text.len() >= MIN_SHARE_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && digit_groups >= 2
}

/// Whether a part is a time such as `20240501T103000Z`.
fn is_time(part: &str) -> bool {
    let digits = part.trim_end_matches('Z').split('T');
    digits.into_iter().all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
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
            ("/s/kJ8s_2nQvF0aZxLpTq7bw", "/s/kJ8s…"),
            ("/index.php/s/Xy7AbCdEfGh12Jk/download", "/index.php/s/Xy7A…/download"),
            ("/hooks/8aXcDkPqLm3RtYz/rss", "/hooks/8aXc…/rss"),
            ("/x/http:/me:S3CRPW@h.example/a", "/x/http:/…@h.example/a"),
            ("/files/9f86d081884c7d659a2feaa0c55ad015", "/files/9f86…"),
            ("/document/d/x;token=S3CR", "/document/d/x;token=…"),
            ("/spreadsheets/d/1BxiMVs0XRA5nFMdKvBd;token=S3CR/pub", "/spreadsheets/d/1BxiMVs0XRA5nFMdKvBd;token=…/pub"),
            ("/aB3+xY9zQ2w8E7r6T5y4U3i2O1p0/c2VjcmV0OnBhc3N3b3Jk+Zm9vYmFy==", "/aB3+…/c2Vj…"),
            ("/token/short/feed", "/token/…/feed"),
            ("/d/9f86d081884c7d659a2feaa0c55ad015/e", "/d/9f86…/e"),
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
            "/My%20Favourite%20Albums%20of%202024.csv",
            "/top-albums-of-the-1990s/covid19-deaths-by-country/report-20240501T103000Z.csv",
            "/@ada/feed;v=2",
        ] {
            assert_eq!(redact_path(path), path);
        }
    }
}
