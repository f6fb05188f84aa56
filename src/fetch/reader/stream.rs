//! The lists of article numbers that a server keeps: all, the unread, the starred.

use std::collections::HashSet;

use serde_json::Value;

use super::super::FetchError;
use super::answers;
use super::item_id::ItemId;
use super::session::ReaderSession;

/// How long what the next page is asked with may be, in bytes; it becomes a part of an address.
const CONTINUATION: usize = 2000;

/// What a list is of, in the words of the API.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArticleStream {
    All,
    Unread,
    Starred,
}

impl ArticleStream {
    const fn query(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::All => &[("s", "user/-/state/com.google/reading-list")],
            Self::Unread => &[("s", "user/-/state/com.google/reading-list"), ("xt", "user/-/state/com.google/read")],
            Self::Starred => &[("s", "user/-/state/com.google/starred")],
        }
    }
}

/// How much of a list to take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListLimit {
    /// Numbers in all.
    pub(super) most: usize,
    /// Numbers a page. Inoreader gives a thousand at most.
    pub(super) page: usize,
}

/// A list as far as it was taken, the newest first.
#[derive(Debug, Default)]
pub(super) struct ArticleList {
    pub(super) ids: Vec<ItemId>,
    /// Whether the server has more than were to be taken.
    pub(super) more: bool,
    /// Whether the server led in circles, so that nobody knows whether this is all.
    pub(super) astray: bool,
    /// Why a page after the first did not come, so that the rest of the list is missing.
    pub(super) cut: Option<String>,
    /// Entries that are no numbers.
    pub(super) unreadable: u64,
}

impl ArticleList {
    /// Whether it is all that the server has, as far as was asked for.
    pub(super) const fn is_whole(&self) -> bool {
        !self.astray && self.cut.is_none() && self.unreadable == 0
    }
}

/// Takes a list page by page. Where a page after the first cannot be read, what came before it is kept.
pub(super) fn list(
    session: &mut ReaderSession<'_>,
    stream: ArticleStream,
    measure: ListLimit,
) -> Result<ArticleList, FetchError> {
    let mut listing = ArticleList::default();
    let mut known = HashSet::new();
    let mut led = HashSet::new();
    let mut next = String::new();
    let count = measure.page.to_string();
    loop {
        let mut query = [stream.query(), &[("n", count.as_str())]].concat();
        if !next.is_empty() {
            query.push(("c", &next));
        }
        let page =
            session.get("/reader/api/0/stream/items/ids", &query).and_then(|answer| match answer.get("itemRefs") {
                Some(Value::Array(_)) => Ok(answer),
                _ => Err(answers::lacking(session.account, "a list of articles (itemRefs)")),
            });
        let answer = match page {
            Err(FetchError::Failed { code, message }) if !listing.ids.is_empty() && answers::is_of_one_answer(code) => {
                listing.cut = Some(message);
                return Ok(listing);
            }
            page => page?,
        };
        let refs = answer["itemRefs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let before = listing.ids.len();
        for entry in refs {
            match ItemId::read(&entry["id"]) {
                // Miniflux counts pages from the newest: an article that comes meanwhile shifts them.
                Some(id) if known.insert(id) => listing.ids.push(id),
                Some(_) => {}
                None => listing.unreadable += 1,
            }
        }
        next = continuation(&answer);
        if listing.ids.len() > measure.most || (listing.ids.len() == measure.most && !next.is_empty()) {
            listing.ids.truncate(measure.most);
            listing.more = true;
            return Ok(listing);
        }
        if next.is_empty() {
            return Ok(listing);
        }
        if listing.ids.len() == before || next.len() > CONTINUATION || !led.insert(next.clone()) {
            listing.astray = true;
            return Ok(listing);
        }
    }
}

/// What to ask the next page with; empty at the end. It is a text or a number.
fn continuation(answer: &Value) -> String {
    match &answer["continuation"] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
