//! A web page in the place of a feed often names the feed that was meant.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use url::Url;

/// What feeds are called in links (RSS Advisory Board's autodiscovery, JSON Feed 1.1).
const TYPES: [&str; 4] = ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"];

/// How much of a page is looked at, in bytes: links to feeds stand at its beginning, and a tag takes time by the square of
/// how many attributes it has.
const START: usize = 64 * 1024;

/// How long the address of a feed may be, in bytes: people are to copy it out of a sentence.
const ADDRESS: usize = 200;

/// The feed that a page at `base` names first near its beginning; none of an odd address. A page that nobody can read names
/// none.
pub(super) fn feed_of(page: &[u8], base: &Url) -> Option<Url> {
    let start = &page[..page.len().min(START)];
    catch_unwind(AssertUnwindSafe(|| named(start, base))).unwrap_or_default()
}

fn named(page: &[u8], base: &Url) -> Option<Url> {
    let tokenizer = Tokenizer::new(Links::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(&*String::from_utf8_lossy(page)));
    // A script does not run here; what the tokenizer hands back is read on.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    let links = tokenizer.sink.found.borrow();
    let mut addresses = links.iter().filter_map(|link| base.join(link).ok());
    addresses.find(|address| matches!(address.scheme(), "http" | "https") && address.as_str().len() <= ADDRESS)
}

/// Gathers links to feeds.
#[derive(Default)]
struct Links {
    found: RefCell<Vec<String>>,
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(Tag { kind: TagKind::StartTag, name, attrs, .. }) = token else {
            return TokenSinkResult::Continue;
        };
        match &*name {
            "script" => return TokenSinkResult::RawData(ScriptData),
            "style" => return TokenSinkResult::RawData(Rawtext),
            "title" | "textarea" => return TokenSinkResult::RawData(Rcdata),
            "link" => {}
            _ => return TokenSinkResult::Continue,
        }
        let value = |wanted: &str| attrs.iter().find(|attr| &*attr.name.local == wanted).map(|attr| &*attr.value);
        let kind = value("type").unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let alternate =
            value("rel").unwrap_or_default().split_whitespace().any(|rel| rel.eq_ignore_ascii_case("alternate"));
        if alternate
            && TYPES.contains(&kind.as_str())
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

    use super::feed_of;

    #[test]
    fn the_first_feed_that_a_page_names_is_found() {
        let base = Url::parse("https://h.example/blog/").expect("an address");
        let link = |rest: &str| format!("<!doctype html><title><link></title><head><LINK REL='Alternate' {rest}><p>");
        for (page, expected) in [
            (link("type=application/rss+xml href=feed.xml"), Some("https://h.example/blog/feed.xml")),
            (link("type='application/atom+xml; charset=utf-8' href='/a&amp;b'"), Some("https://h.example/a&b")),
            (link("type=application/feed+json href='//f.example/'"), Some("https://f.example/")),
            (link("type=text/html href='/en'"), None),
            (link("type=application/rss+xml"), None),
            (link("type=application/rss+xml href='javascript:x()'"), None),
            ("<script>'<link rel=alternate type=application/rss+xml href=x>'</script>".to_owned(), None),
            ("\0\u{1}<".to_owned(), None),
            (link(&format!("type=application/rss+xml href='/{}'", "a".repeat(5000))), None),
            (format!("{}{}", "<p>x".repeat(20_000), link("type=application/rss+xml href=feed.xml")), None),
        ] {
            assert_eq!(feed_of(page.as_bytes(), &base).as_ref().map(Url::as_str), expected, "{page}");
        }
    }
}
