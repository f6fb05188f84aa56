//! Fetches lists of article ids: all, unread or starred articles.

use std::collections::HashSet;

use serde_json::Value;

use super::super::FetchError;
use super::item_id::ItemId;
use super::responses;
use super::session::ReaderSession;

/// The longest continuation token in bytes. It becomes part of an address.
const MAX_CONTINUATION_BYTES: usize = 2000;

/// Which articles a list contains.
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

/// How much of a list is fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListLimit {
    /// How many articles in all.
    pub(super) max_articles: usize,
    /// How many articles per page. Inoreader sends at most a thousand.
    pub(super) page_size: usize,
}

/// A list of articles, newest first, as far as it was fetched.
#[derive(Debug, Default)]
pub(super) struct ArticleList {
    pub(super) ids: Vec<ItemId>,
    /// Whether the server has more articles than the limit.
    pub(super) more: bool,
    /// Whether the server repeated pages, so that the list may be incomplete.
    pub(super) is_cyclic: bool,
    /// Why a page after the first failed, so that the rest of the list is missing.
    pub(super) cut_error: Option<String>,
    /// How many entries have no valid id.
    pub(super) unreadable: u64,
}

impl ArticleList {
    /// Whether the list is complete up to the limit.
    pub(super) const fn is_whole(&self) -> bool {
        !self.is_cyclic && self.cut_error.is_none() && self.unreadable == 0
    }
}

/// Fetches a list page by page. If a page after the first fails, the pages before it are kept.
///
/// # Errors
/// The error of the first page, or of a later one that concerns the whole run.
pub(super) fn list_stream(
    session: &mut ReaderSession<'_>,
    stream: ArticleStream,
    limit: ListLimit,
) -> Result<ArticleList, FetchError> {
    let mut listing = ArticleList::default();
    let mut known = HashSet::new();
    let mut used_tokens = HashSet::new();
    let mut token = String::new();
    let count = limit.page_size.to_string();
    loop {
        let mut query = [stream.query(), &[("n", count.as_str())]].concat();
        if !token.is_empty() {
            query.push(("c", &token));
        }
        let page =
            session.get("/reader/api/0/stream/items/ids", &query).and_then(|response| match response.get("itemRefs") {
                Some(Value::Array(_)) => Ok(response),
                _ => Err(responses::missing_part(session.account, "a list of articles (itemRefs)")),
            });
        let response = match page {
            Err(FetchError::Failed { code, message })
                if !listing.ids.is_empty() && responses::concerns_one_response(code) =>
            {
                listing.cut_error = Some(message);
                return Ok(listing);
            }
            page => page?,
        };
        let before = listing.ids.len();
        for id in read_ids(&response) {
            match id {
                // Miniflux counts pages from the newest article, so a new article shifts them.
                Some(id) if known.insert(id) => listing.ids.push(id),
                Some(_) => {}
                None => listing.unreadable += 1,
            }
        }
        token = continuation_token(&response);
        if listing.ids.len() > limit.max_articles || (listing.ids.len() == limit.max_articles && !token.is_empty()) {
            listing.ids.truncate(limit.max_articles);
            listing.more = true;
            return Ok(listing);
        }
        if token.is_empty() {
            return Ok(listing);
        }
        if listing.ids.len() == before || token.len() > MAX_CONTINUATION_BYTES || !used_tokens.insert(token.clone()) {
            listing.is_cyclic = true;
            return Ok(listing);
        }
    }
}

/// The ids in a page of a list; `None` for each that cannot be read.
pub(super) fn read_ids(page: &Value) -> impl Iterator<Item = Option<ItemId>> + '_ {
    page["itemRefs"].as_array().into_iter().flatten().map(|entry| ItemId::from_json(&entry["id"]))
}

/// The token for the next page; empty at the end. Servers send a text or a number.
fn continuation_token(response: &Value) -> String {
    match &response["continuation"] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
