//! The kind `reader`: an account at a server that speaks the Google Reader API, as Inoreader, FreshRSS and Miniflux do.
//!
//! Google never documented it, and its own server is gone since 2013. What stands here is what the three say and do:
//!
//! - FreshRSS: `p/api/greader.php` in github.com/FreshRSS/FreshRSS
//! - Miniflux: `internal/googlereader/` in github.com/miniflux/v2
//! - Inoreader: www.inoreader.com/developers (`auth`, `app-auth`, `item-ids`, `rate-limiting`)

mod account;
mod answers;
mod article;
mod contents;
mod item_id;
mod mirror;
mod pause;
mod quota;
mod session;
mod stream;

use std::sync::Arc;

use chrono::Utc;

use super::http::{HttpClient, response_status};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::source::{Noun, Source};
use crate::domain::source_form_spec::WayIn;
use account::ReaderAccount;
use mirror::AccountMirror;
use session::ReaderSession;

/// Mirrors the articles of a reader account, and which of them are read and starred.
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
        ReaderAccount::at(location).map(drop)
    }

    fn form_spec(&self) -> WayIn {
        WayIn::READER
    }

    fn key_column(&self) -> Option<&'static str> {
        Some(article::KEY)
    }

    fn fixed_encoding_reason(&self) -> &'static str {
        "its server answers in JSON, which is always UTF-8"
    }

    fn default_noun(&self) -> Noun {
        Noun { one: "article".to_owned(), many: "articles".to_owned() }
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 80, processing: 15, finalizing: 5 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from =
            ReaderAccount::at(&source.location).map_or_else(|_| "the account".to_owned(), |account| account.host());
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let account = ReaderAccount::at(&source.location).map_err(|wrong| FetchError::failed("bad_address", wrong))?;
        if let Some(until) = pause::kept(&account, order, Utc::now()) {
            return Err(response_status::busy_error(&account.host(), until));
        }
        let session = ReaderSession::new(&self.client, &account, order, watch);
        let mut mirror = AccountMirror::new(session, source, order, watch);
        let fetched = mirror.fetch();
        // A look keeps nothing.
        if order.sync_id.is_some() {
            pause::keep(&account, mirror.busy_until(), Utc::now(), watch);
        }
        fetched
    }
}
