//! Detects cells that are links to pages or images.

use url::Url;

/// The maximum length of a link.
const MAX_LINK_BYTES: usize = 2000;

/// File extensions of the image formats that browsers display.
const PICTURE_EXTENSIONS: [&str; 9] = ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico"];

/// Returns whether a cell looks like an `http` or `https` URL and nothing else. Must be fast, because it is called for
/// every cell.
#[must_use]
pub fn looks_like_link(cell: &str) -> bool {
    let cell = cell.trim();
    let begins = |scheme: &str| cell.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (begins("http://") || begins("https://"))
        && cell.len() <= MAX_LINK_BYTES
        && (cell.bytes().all(|b| b.is_ascii_graphic()) || !cell.contains(|c: char| c.is_whitespace() || c.is_control()))
}

/// Parses a cell that is an `http` or `https` URL and nothing else. A source may contain any text, and `javascript:`
/// must not become a link.
#[must_use]
pub fn parse_link(cell: &str) -> Option<Url> {
    if !looks_like_link(cell) {
        return None;
    }
    Url::parse(cell.trim()).ok().filter(|url| url.host_str().is_some())
}

/// Returns whether the path of a URL ends in an image extension.
#[must_use]
pub fn is_image_url(address: &str) -> bool {
    let path = address.trim().split(['?', '#']).next().unwrap_or_default();
    let Some((before, ending)) = path.rsplit_once('.') else { return false };
    // The third slash begins the path: `https://example.ico` is only a host.
    before.matches('/').count() >= 3 && PICTURE_EXTENSIONS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::{is_image_url, parse_link};

    #[test]
    fn only_web_addresses_become_links() {
        let found = parse_link(" https://example.com/ä?q=1 ").map(String::from);
        assert_eq!(found.as_deref(), Some("https://example.com/%C3%A4?q=1"));
        for text in ["javascript:alert(1)", "https://", "http:/x", "see https://example.com", "https://a b", "data:,x"]
        {
            assert_eq!(parse_link(text), None, "{text}");
        }
    }

    #[test]
    fn pictures_are_recognized_by_the_end_of_their_path() {
        for picture in
            ["https://a.example/b.JPG", "http://a.example/b/c.d.webp?x=1.html#y", "https://a.example/%20.png"]
        {
            assert!(is_image_url(picture), "{picture}");
        }
        for other in ["https://a.example/b", "https://a.ico", "https://a.example/?b=c.jpg", "https://a.example/b.jpg/c"]
        {
            assert!(!is_image_url(other), "{other}");
        }
    }
}
