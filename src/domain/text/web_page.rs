//! Detects web pages by their first bytes.

/// Returns whether the first bytes of a body are those of a web page.
#[must_use]
pub fn begins_as_web_page(start: &[u8]) -> bool {
    // Zero bytes are removed so that UTF-16 is recognised too.
    let text: Vec<u8> = start.iter().take(2048).filter(|b| **b != 0).map(u8::to_ascii_lowercase).collect();
    let text = [&[0xEF, 0xBB, 0xBF][..], &[0xFF, 0xFE], &[0xFE, 0xFF]]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(&text)
        .trim_ascii_start();
    let opens = ["<!doctype html", "<html", "<head", "<body", "<script", "<table", "<title", "<meta"];
    let first = |tag: &str| text.windows(tag.len()).position(|part| part == tag.as_bytes());
    // An article in a feed may begin with such a tag; in a page it comes before any tag of a feed.
    let feeds = ["<rss", "<feed", "<rdf", "<opml", ":feed", ":rdf"];
    let begins = |at| feeds.iter().filter_map(|tag| first(tag)).all(|other| at < other);
    opens.iter().any(|tag| text.starts_with(tag.as_bytes()))
        || ((text.starts_with(b"<?xml") || text.starts_with(b"<!--")) && first("<html").is_some_and(begins))
}

#[cfg(test)]
mod tests {
    use super::begins_as_web_page;

    #[test]
    fn a_web_page_is_detected_by_its_first_bytes() {
        for page in [&b"\xEF\xBB\xBF \n<!DOCTYPE HTML>"[..], b"<html lang=en>", b"<\0h\0t\0m\0l\0", b"<!-- x --><html>"]
        {
            assert!(begins_as_web_page(page), "{page:?}");
        }
        let quoting = b"<?xml version='1.0'?><rss><description>&lt;<![CDATA[<html>]]>";
        for data in [&b"id,title\n1,<html>"[..], b"", b"<3,b", b"<?xml version='1.0'?><rss>", quoting] {
            assert!(!begins_as_web_page(data), "{data:?}");
        }
    }
}
