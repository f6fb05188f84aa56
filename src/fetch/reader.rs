//! The kind of source `reader`: an account at a server with the Google Reader API, such as Inoreader, FreshRSS or
//! Miniflux.
//!
//! Google never documented the API and shut its own server down in 2013. This module follows the documentation and the
//! behavior of these three servers:
//!
//! - FreshRSS: `p/api/greader.php` in github.com/FreshRSS/FreshRSS
//! - Miniflux: `internal/googlereader/` in github.com/miniflux/v2
//! - Inoreader: www.inoreader.com/developers (`auth`, `app-auth`, `item-ids`, `rate-limiting`)

mod account;
mod article;
mod contents;
mod item_id;
mod mirror;
mod pause;
mod quota;
mod responses;
mod session;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Utc;
use serde_json::Value;

use super::http::{HttpClient, response_status};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::run_text::run_progress::fetching_message;
use crate::domain::source::{Noun, Source};
use crate::domain::source_form_spec::SourceFormSpec;
use account::ReaderAccount;
use mirror::AccountMirror;
use session::ReaderSession;

/// The kind of source that mirrors the articles of a reader account with their read and starred states.
#[derive(Debug)]
pub(super) struct ReaderKind {
    pub(super) client: Arc<HttpClient>,
}

impl SourceKind for ReaderKind {
    fn name(&self) -> &'static str {
        "reader"
    }

    fn label(&self, _: &SourceLocation) -> &'static str {
        "Reader account"
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        ReaderAccount::from_location(location).map(drop)
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec::READER_FORM
    }

    fn key_column(&self) -> Option<&'static str> {
        Some(article::KEY_COLUMN)
    }

    fn fixed_encoding_reason(&self) -> &'static str {
        "reader servers send JSON, which is always UTF-8"
    }

    fn default_noun(&self) -> Noun {
        Noun { one: "article".to_owned(), many: "articles".to_owned() }
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 80, processing: 15, finalizing: 5 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = ReaderAccount::from_location(&source.location)
            .map_or_else(|_| "the account".to_owned(), |account| account.host());
        fetching_message(&source.noun, &from)
    }

    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let account =
            ReaderAccount::from_location(&source.location).map_err(|wrong| FetchError::failed("bad_address", wrong))?;
        if let Some(until) = pause::paused_until(&account, request, Utc::now()) {
            return Err(response_status::busy_error(&account.host(), until));
        }
        let session = ReaderSession::new(&self.client, &account, request, observer);
        let mut mirror = AccountMirror::new(session, source, request, observer);
        let fetched = mirror.fetch();
        // A probe stores nothing.
        if request.sync_id.is_some() {
            pause::store_pause(&account, mirror.blocked_until(), Utc::now(), observer);
        }
        fetched
    }
}

/// The ids in a page of a list of articles, as keys.
pub(super) fn read_article_ids(page: &Value) -> Vec<String> {
    stream::read_ids(page).flatten().map(|id| id.to_string()).collect()
}

/// The cells of an article of an answer; `None` if it has no id.
pub(super) fn read_article(item: &Value) -> Option<Vec<String>> {
    Some(article::received_cells(item, &HashMap::new())?.1)
}
