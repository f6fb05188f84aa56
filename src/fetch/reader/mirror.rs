//! Mirrors an account in one run: lists its articles with their read and starred states, and fetches the contents that
//! the catalog lacks.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::row_file::{RowFileSummary, RowWriter};
use super::super::{FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest};
use super::article::{self, ARTICLE_COLUMNS, ArticleStates};
use super::item_id::ItemId;
use super::responses;
use super::session::ReaderSession;
use super::stream::{self, ArticleList, ArticleStream, ListLimit};
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::Issue;
use crate::domain::operation::Mode;
use crate::domain::progress::ProgressCount;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::run_progress::{UPDATING_READ_STATES, fetching_list_message};
use crate::domain::source::{Source, Validators};
use crate::domain::text::counts::group_digits;

/// How many of the newest articles are mirrored. Servers keep articles of several years.
const SYNC_LIMIT: ListLimit = ListLimit { max_articles: 10_000, page_size: 1000 };
/// How many articles a probe fetches.
const PROBE_LIMIT: ListLimit = ListLimit { max_articles: 20, page_size: 20 };
/// How many articles are looked up in the catalog at once.
const LOOKUP_BATCH_SIZE: usize = 500;

/// The mirroring of an account in one run.
pub(super) struct AccountMirror<'a> {
    pub(super) session: ReaderSession<'a>,
    pub(super) source: &'a Source,
    pub(super) request: &'a FetchRequest<'a>,
    observer: &'a dyn FetchObserver,
    total_articles: u64,
    written_articles: u64,
    /// How many feeds the account has; 0 until that is known.
    feed_count: u64,
}

/// The unread and the starred articles. `None` if the server did not send them.
#[derive(Default)]
pub(super) struct KnownStates {
    unread: Option<HashSet<ItemId>>,
    starred: Option<HashSet<ItemId>>,
}

impl KnownStates {
    fn states_of(&self, id: ItemId) -> ArticleStates {
        ArticleStates {
            read: self.unread.as_ref().map(|unread| !unread.contains(&id)),
            starred: self.starred.as_ref().map(|starred| starred.contains(&id)),
        }
    }
}

impl<'a> AccountMirror<'a> {
    pub(super) fn new(
        session: ReaderSession<'a>,
        source: &'a Source,
        request: &'a FetchRequest<'a>,
        observer: &'a dyn FetchObserver,
    ) -> Self {
        Self { session, source, request, observer, total_articles: 0, written_articles: 0, feed_count: 0 }
    }

    /// Fetches the account.
    ///
    /// # Errors
    /// The error of the first request that fails and concerns the whole run.
    pub(super) fn fetch(&mut self) -> Result<FetchOutcome, FetchError> {
        // A probe needs few articles and must not use up the daily quota of the server.
        let is_probe = self.request.sync_id.is_none();
        let feeds = self.fetch_feed_names()?;
        let listing = self.list_articles(if is_probe { PROBE_LIMIT } else { SYNC_LIMIT })?;
        if !is_probe {
            self.note_list_defects(&listing);
        }
        self.total_articles = listing.ids.len() as u64;
        let known = if is_probe || listing.ids.is_empty() { KnownStates::default() } else { self.fetch_states()? };
        let mut rows = RowWriter::new(self.session.work_dir())?;
        let wanted = match self.request.mode {
            Mode::Incremental => self.write_known_articles(&listing.ids, &known, &mut rows)?,
            Mode::Full => listing.ids,
        };
        let missing = self.fetch_contents(&wanted, &feeds, &known, &mut rows)?;
        if self.request.mode == Mode::Full && !missing.is_empty() {
            self.write_known_articles(&missing, &known, &mut rows)?;
        }
        let content = rows.finish(RowFileSummary {
            columns: ARTICLE_COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            types: ARTICLE_COLUMNS.iter().map(|(_, kind)| Some(*kind)).collect(),
            validators: Validators::default(),
            bytes: self.session.bytes,
            // Articles that the server no longer lists stay in the catalog.
            is_complete: false,
        })?;
        Ok(FetchOutcome::Content(Box::new(content)))
    }

    /// Until when the server allows no more requests, if it set such a time.
    pub(super) fn blocked_until(&self) -> Option<DateTime<Utc>> {
        self.session.blocked_until()
    }

    /// The names of the account's feeds, by their stream ids.
    fn fetch_feed_names(&mut self) -> Result<HashMap<String, String>, FetchError> {
        self.report(&fetching_list_message(&self.source.noun), ProgressCount::default());
        let response = self.session.get("/reader/api/0/subscription/list", &[])?;
        let Some(subscriptions) = response.get("subscriptions").and_then(Value::as_array) else {
            return Err(responses::missing_part(self.session.account, "a list of subscriptions"));
        };
        self.feed_count = subscriptions.len() as u64;
        let named = |feed: &Value| {
            let title = feed["title"].as_str().filter(|title| !title.trim().is_empty())?;
            let id = feed["id"].as_str()?;
            let addresses = [&feed["htmlUrl"], &feed["url"]].into_iter().filter_map(Value::as_str);
            let address = addresses.chain([id.trim_start_matches("feed/")]).find(|address| !address.is_empty())?;
            Some((id.to_owned(), FeedRecord { title: article::clean_name(title), ..FeedRecord::new(address) }))
        };
        let (ids, feeds): (Vec<String>, Vec<FeedRecord>) = subscriptions.iter().filter_map(named).unzip();
        Ok(ids.into_iter().zip(feed_names(&feeds)).collect())
    }

    fn list_articles(&mut self, limit: ListLimit) -> Result<ArticleList, FetchError> {
        let listing = stream::list_stream(&mut self.session, ArticleStream::All, limit)?;
        if listing.ids.is_empty() && listing.unreadable > 0 {
            return Err(responses::missing_part(self.session.account, "article ids in a known form"));
        }
        Ok(listing)
    }

    /// Notes what the list of all articles lacks.
    fn note_list_defects(&self, listing: &ArticleList) {
        let (host, nouns) = (self.session.account.host(), &self.source.noun.many);
        if listing.more {
            let max = group_digits(SYNC_LIMIT.max_articles as u64);
            self.note(format!("{host} has more than {max} {nouns}; only the newest {max} are mirrored."));
        }
        if listing.ids.is_empty() {
            let contradiction = if listing.is_cyclic { ", although it refers to further pages" } else { "" };
            self.note(format!(
                "{host} lists no {nouns} in this account{contradiction}. The {nouns} in the catalog are kept."
            ));
        } else if listing.is_cyclic {
            self.note(format!(
                "{host} repeated pages of the list of all {nouns}; the {} listed so far were imported.",
                group_digits(listing.ids.len() as u64)
            ));
        }
        if let Some(error) = &listing.cut_error {
            let listed = group_digits(listing.ids.len() as u64);
            self.note(format!(
                "The list of {nouns} ended early after {listed}, which were imported. The next sync updates the others. \
                 {error}"
            ));
        }
        if listing.unreadable > 0 {
            let count = group_digits(listing.unreadable);
            self.note(format!("{count} entries in the list of {host} have no valid ID and were skipped."));
        }
    }

    /// Fetches which articles are unread and which are starred. States that the server does not send are not changed.
    fn fetch_states(&mut self) -> Result<KnownStates, FetchError> {
        self.report(UPDATING_READ_STATES, ProgressCount::default());
        Ok(KnownStates {
            unread: self.fetch_state_set(ArticleStream::Unread, "read")?,
            starred: self.fetch_state_set(ArticleStream::Starred, "starred")?,
        })
    }

    fn fetch_state_set(&mut self, stream: ArticleStream, state: &str) -> Result<Option<HashSet<ItemId>>, FetchError> {
        let reason = match stream::list_stream(&mut self.session, stream, SYNC_LIMIT) {
            // With a partial list, articles that are missing from it would become read or lose their star.
            Ok(listing) if listing.is_whole() => return Ok(Some(listing.ids.into_iter().collect())),
            Ok(listing) => {
                let host = self.session.account.host();
                listing.cut_error.unwrap_or_else(|| format!("{host} did not send the complete list."))
            }
            Err(FetchError::Failed { code, message }) if responses::concerns_one_response(code) => message,
            Err(error) => return Err(error),
        };
        let nouns = &self.source.noun.many;
        self.note(format!("The {state} states of the {nouns} could not be updated and are unchanged. {reason}"));
        Ok(None)
    }

    /// Writes the articles that the catalog already has, with their current states. Returns the others.
    fn write_known_articles(
        &mut self,
        ids: &[ItemId],
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let mut missing = Vec::new();
        for batch in ids.chunks(LOOKUP_BATCH_SIZE) {
            let keys: Vec<String> = batch.iter().map(ToString::to_string).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let stored = self.request.items.find_fields(&keys)?;
            for (&id, key) in batch.iter().zip(keys) {
                match stored.get(key).and_then(|fields| article::stored_cells(fields)) {
                    Some(cells) => self.write_article(id, cells, states, rows)?,
                    None => missing.push(id),
                }
            }
        }
        Ok(missing)
    }

    /// Writes one article.
    pub(super) fn write_article(
        &mut self,
        id: ItemId,
        mut cells: Vec<String>,
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<(), FetchError> {
        states.states_of(id).write_to(&mut cells);
        self.written_articles += 1;
        // The header is row 1.
        rows.push(&TextRow { number: rows.rows() + 2, cells, ..TextRow::default() })
    }

    /// Reports progress. Lists of articles cover all feeds, so all feeds count as processed once they are known.
    pub(super) fn report(&self, message: &str, share: ProgressCount) {
        let feeds = ProgressCount { processed: self.feed_count, total: self.feed_count };
        self.observer.report_progress(&FetchProgress {
            message: message.to_owned(),
            steps: share,
            bytes: self.session.bytes,
            feeds: (feeds.total > 0).then_some(feeds),
            articles: Some(ProgressCount { processed: self.written_articles, total: self.total_articles }),
        });
    }

    /// Adds a note to the issues of the run.
    pub(super) fn note(&self, reason: String) {
        self.observer.report_issue(Issue::noted(None, None, reason));
    }
}
