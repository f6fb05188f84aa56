//! Finds the feeds that a web page links to (`<link rel="alternate">`).

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use url::Url;

use crate::domain::location::web_address;

/// The media types of links to feeds (RSS Autodiscovery of the RSS Advisory Board, JSON Feed 1.1).
const FEED_MEDIA_TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"];

/// How many bytes of a page are examined. Links to feeds are near its beginning, and html5ever takes quadratic time for
/// a tag with many attributes.
const MAX_EXAMINED_BYTES: usize = 64 * 1024;

/// The longest address of a feed in bytes. People copy it from a message.
const MAX_ADDRESS_BYTES: usize = 200;

/// How many feeds of one page are returned.
const MAX_FEEDS: usize = 10;

/// The addresses of the feeds that the page at `url` links to near its beginning, in the order of the page and without
/// duplicates. Empty if the page cannot be parsed. The addresses may be on any host, so check them before a request.
#[must_use]
pub fn find_feed_links(page: &[u8], url: &Url) -> Vec<Url> {
    let start = &page[..page.len().min(MAX_EXAMINED_BYTES)];
    catch_unwind(AssertUnwindSafe(|| collect_feed_links(start, url))).unwrap_or_default()
}

fn collect_feed_links(page: &[u8], url: &Url) -> Vec<Url> {
    let tokenizer = Tokenizer::new(FeedLinkSink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(&*String::from_utf8_lossy(page)));
    // The tokenizer returns after each script. Scripts are not run, so it continues at once.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    let own = tokenizer.sink.base.borrow();
    let base = own.as_deref().and_then(|base| url.join(base).ok()).unwrap_or_else(|| url.clone());
    let mut feeds: Vec<Url> = Vec::new();
    for address in tokenizer.sink.found.borrow().iter() {
        let Ok(feed) = base.join(&web_address(address)) else { continue };
        let fits = matches!(feed.scheme(), "http" | "https") && feed.as_str().len() <= MAX_ADDRESS_BYTES;
        if fits && !feeds.contains(&feed) && feeds.len() < MAX_FEEDS {
            feeds.push(feed);
        }
    }
    feeds
}

/// Collects links to feeds.
#[derive(Default)]
struct FeedLinkSink {
    found: RefCell<Vec<String>>,
    /// The `href` of the first `<base>`.
    base: RefCell<Option<String>>,
}

impl TokenSink for FeedLinkSink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(Tag { kind: TagKind::StartTag, name, attrs, .. }) = token else {
            return TokenSinkResult::Continue;
        };
        match &*name {
            "script" => return TokenSinkResult::RawData(ScriptData),
            "style" => return TokenSinkResult::RawData(Rawtext),
            "title" | "textarea" => return TokenSinkResult::RawData(Rcdata),
            "link" | "base" => {}
            _ => return TokenSinkResult::Continue,
        }
        let value = |wanted: &str| attrs.iter().find(|attr| &*attr.name.local == wanted).map(|attr| &*attr.value);
        if &*name == "base" {
            // Only the first `<base>` counts.
            if let Some(href) = value("href") {
                self.base.borrow_mut().get_or_insert_with(|| href.trim().to_owned());
            }
            return TokenSinkResult::Continue;
        }
        let kind = value("type").unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let alternate =
            value("rel").unwrap_or_default().split_whitespace().any(|rel| rel.eq_ignore_ascii_case("alternate"));
        if alternate
            && FEED_MEDIA_TYPES.contains(&kind.as_str())
            && let Some(href) = value("href")
        {
            self.found.borrow_mut().push(href.trim().to_owned());
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{MAX_FEEDS, find_feed_links};

    fn found(page: &str) -> Vec<String> {
        let url = Url::parse("https://h.example/blog/").expect("an address");
        find_feed_links(page.as_bytes(), &url).iter().map(Url::to_string).collect()
    }

    #[test]
    fn the_feed_that_a_page_links_to_is_found() {
        let link = |rest: &str| format!("<!doctype html><title><link></title><head><LINK REL='Alternate' {rest}><p>");
        for (page, expected) in [
            (link("type=application/rss+xml href=feed.xml"), Some("https://h.example/blog/feed.xml")),
            (link("type='application/atom+xml; charset=utf-8' href='/a&amp;b'"), Some("https://h.example/a&b")),
            (link("type=application/feed+json href='//f.example/'"), Some("https://f.example/")),
            (link("type=application/rss+xml href='feed:https://f.example/'"), Some("https://f.example/")),
            (link("type=text/html href='/en'"), None),
            (link("type=application/rss+xml"), None),
            (link("type=application/rss+xml href='javascript:x()'"), None),
            ("<script>'<link rel=alternate type=application/rss+xml href=x>'</script>".to_owned(), None),
            ("\0\u{1}<".to_owned(), None),
            (link(&format!("type=application/rss+xml href='/{}'", "a".repeat(5000))), None),
            (format!("{}{}", "<p>x".repeat(20_000), link("type=application/rss+xml href=feed.xml")), None),
        ] {
            assert_eq!(found(&page).first().map(String::as_str), expected, "{page}");
        }
    }

    #[test]
    fn all_feeds_of_a_page_are_found_and_resolved_against_its_base() {
        let link = |href: &str| format!("<link rel=alternate type=application/rss+xml href='{href}'>");
        let page = ["a", "/b", "a", "//c.example/", "?feed=rss2"].map(link).concat();
        let page = format!("<base target=x><base href='/deep/er/'><base href='/no/'>{page}");
        let expected = ["h.example/deep/er/a", "h.example/b", "c.example/", "h.example/deep/er/?feed=rss2"];
        assert_eq!(found(&page), expected.map(|rest| format!("https://{rest}")));
        let many: String = (0..100).map(|number| link(&number.to_string())).collect();
        assert_eq!(found(&many).len(), MAX_FEEDS);
    }
}
