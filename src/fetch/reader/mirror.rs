//! What a run asks of an account: which articles there are, which of them are read and starred, and the contents of
//! those that the catalog has not got.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::row_file::{RowFileSummary, RowWriter};
use super::super::{FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest};
use super::answers;
use super::article::{self, ArticleStates, COLUMNS};
use super::item_id::ItemId;
use super::session::ReaderSession;
use super::stream::{self, ArticleList, ArticleStream, ListLimit};
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::operation::Mode;
use crate::domain::progress::ProgressCount;
use crate::domain::rows::row::TextRow;
use crate::domain::source::{Source, Validators};
use crate::domain::text::counts::grouped;

/// The articles that are mirrored, the newest: a server keeps years of them.
const MOST: ListLimit = ListLimit { most: 10_000, page: 1000 };
/// Those that a look takes.
const GLANCE: ListLimit = ListLimit { most: 20, page: 20 };
/// Articles that are looked up in the catalog at once.
const LOOKUP: usize = 500;

/// One run's mirror of an account.
pub(super) struct AccountMirror<'a> {
    pub(super) session: ReaderSession<'a>,
    pub(super) source: &'a Source,
    pub(super) order: &'a FetchRequest<'a>,
    watch: &'a dyn FetchObserver,
    total: u64,
    pub(super) done: u64,
    /// How many feeds the account has, once that is known.
    subscriptions: u64,
}

/// The sets of what is unread and starred; `None` where the server would not say.
#[derive(Default)]
pub(super) struct KnownStates {
    unread: Option<HashSet<ItemId>>,
    starred: Option<HashSet<ItemId>>,
}

impl KnownStates {
    fn of(&self, id: ItemId) -> ArticleStates {
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
        order: &'a FetchRequest<'a>,
        watch: &'a dyn FetchObserver,
    ) -> Self {
        Self { session, source, order, watch, total: 0, done: 0, subscriptions: 0 }
    }

    /// Does it.
    pub(super) fn fetch(&mut self) -> Result<FetchOutcome, FetchError> {
        // A look wants to see some articles, and must not use up what the server allows in a day.
        let glance = self.order.sync_id.is_none();
        let feeds = self.feeds()?;
        let listing = self.list(if glance { GLANCE } else { MOST })?;
        if !glance {
            self.told(&listing);
        }
        self.total = listing.ids.len() as u64;
        let known = if glance || listing.ids.is_empty() { KnownStates::default() } else { self.states()? };
        let mut rows = RowWriter::new(self.session.work_dir())?;
        let wanted = match self.order.mode {
            Mode::Incremental => self.take_known(&listing.ids, &known, &mut rows)?,
            Mode::Full => listing.ids,
        };
        let left = self.contents(&wanted, &feeds, &known, &mut rows)?;
        if self.order.mode == Mode::Full && !left.is_empty() {
            self.take_known(&left, &known, &mut rows)?;
        }
        let content = rows.finish(RowFileSummary {
            columns: COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            types: COLUMNS.iter().map(|(_, kind)| Some(*kind)).collect(),
            validators: Validators::default(),
            bytes: self.session.bytes,
            // Articles that a server no longer lists stay.
            whole: false,
        })?;
        Ok(FetchOutcome::Content(Box::new(content)))
    }

    /// Until when the server wants to be left alone, as far as it said so.
    pub(super) fn busy_until(&self) -> Option<DateTime<Utc>> {
        self.session.busy_until()
    }

    /// The names that the account gives its feeds, by their numbers.
    fn feeds(&mut self) -> Result<HashMap<String, String>, FetchError> {
        self.tell(&format!("Fetching the list of {}…", self.source.noun.many), ProgressCount::default());
        let answer = self.session.get("/reader/api/0/subscription/list", &[])?;
        let Some(subscriptions) = answer.get("subscriptions").and_then(Value::as_array) else {
            return Err(answers::lacking(self.session.account, "a list of subscriptions"));
        };
        self.subscriptions = subscriptions.len() as u64;
        let named = |feed: &Value| {
            let title = feed["title"].as_str().filter(|title| !title.trim().is_empty())?;
            let id = feed["id"].as_str()?;
            let addresses = [&feed["htmlUrl"], &feed["url"]].into_iter().filter_map(Value::as_str);
            let address = addresses.chain([id.trim_start_matches("feed/")]).find(|address| !address.is_empty())?;
            Some((id.to_owned(), FeedRecord { title: article::name(title), ..FeedRecord::new(address) }))
        };
        let (ids, feeds): (Vec<String>, Vec<FeedRecord>) = subscriptions.iter().filter_map(named).unzip();
        Ok(ids.into_iter().zip(feed_names(&feeds)).collect())
    }

    fn list(&mut self, measure: ListLimit) -> Result<ArticleList, FetchError> {
        let listing = stream::list(&mut self.session, ArticleStream::All, measure)?;
        if listing.ids.is_empty() && listing.unreadable > 0 {
            return Err(answers::lacking(self.session.account, "numbers of articles as the others give them"));
        }
        Ok(listing)
    }

    /// Tells of what a list of all articles lacks.
    fn told(&self, listing: &ArticleList) {
        let (host, nouns) = (self.session.account.host(), &self.source.noun.many);
        if listing.more {
            let most = grouped(MOST.most as u64);
            self.note(format!("{host} has more than {most} {nouns}; the newest {most} are mirrored."));
        }
        if listing.ids.is_empty() {
            let instead = if listing.astray { ", only where more of them would be" } else { "" };
            self.note(format!("{host} lists no {nouns} in this account{instead}. Those that the catalog has stay."));
        } else if listing.astray {
            self.note(format!(
                "{host} led in circles when it was asked for all {nouns}; the {} it had named until then were taken.",
                grouped(listing.ids.len() as u64)
            ));
        }
        if let Some(why) = &listing.cut {
            let named = grouped(listing.ids.len() as u64);
            self.note(format!(
                "The list of {nouns} broke off after {named}. Those were taken; the others are missing in this sync and \
                 stay as they are in the catalog. The next sync asks for them again. {why}"
            ));
        }
        if listing.unreadable > 0 {
            let many = grouped(listing.unreadable);
            self.note(format!("{many} entries of the list of {host} have no number and were left out."));
        }
    }

    /// Which articles are unread and which are starred. What a server cannot say stays as it was.
    fn states(&mut self) -> Result<KnownStates, FetchError> {
        self.tell("Updating read states…", ProgressCount::default());
        Ok(KnownStates {
            unread: self.set(ArticleStream::Unread, "which are unread")?,
            starred: self.set(ArticleStream::Starred, "which are starred")?,
        })
    }

    fn set(&mut self, stream: ArticleStream, what: &str) -> Result<Option<HashSet<ItemId>>, FetchError> {
        let reason = match stream::list(&mut self.session, stream, MOST) {
            // A part of a list would make everything that is not in it read, or not starred.
            Ok(listing) if listing.is_whole() => return Ok(Some(listing.ids.into_iter().collect())),
            Ok(listing) => {
                let host = self.session.account.host();
                listing.cut.unwrap_or_else(|| format!("{host} did not give a whole list."))
            }
            Err(FetchError::Failed { code, message }) if answers::is_of_one_answer(code) => message,
            Err(error) => return Err(error),
        };
        let nouns = &self.source.noun.many;
        self.note(format!("It could not be found out {what} of the {nouns}, so that stays as it was. {reason}"));
        Ok(None)
    }

    /// Takes the articles that the catalog has out of it, with the states that they have now; answers the others.
    fn take_known(
        &mut self,
        ids: &[ItemId],
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let mut missing = Vec::new();
        for some in ids.chunks(LOOKUP) {
            let keys: Vec<String> = some.iter().map(ToString::to_string).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let stored = self.order.items.find_fields(&keys)?;
            for (&id, key) in some.iter().zip(keys) {
                match stored.get(key).and_then(|fields| article::stored(fields)) {
                    Some(cells) => self.take(id, cells, states, rows)?,
                    None => missing.push(id),
                }
            }
        }
        Ok(missing)
    }

    /// Takes one article.
    pub(super) fn take(
        &mut self,
        id: ItemId,
        mut cells: Vec<String>,
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<(), FetchError> {
        states.of(id).write(&mut cells);
        self.done += 1;
        // The header is row 1.
        rows.push(&TextRow { number: rows.rows() + 2, cells, ..TextRow::default() })
    }

    /// Tells how far it is. The lists of articles are those of all feeds, so all of these count from the moment they
    /// are known.
    pub(super) fn tell(&self, message: &str, share: ProgressCount) {
        let feeds = ProgressCount { processed: self.subscriptions, total: self.subscriptions };
        self.watch.report_progress(&FetchProgress {
            message: message.to_owned(),
            steps: share,
            bytes: self.session.bytes,
            feeds: (feeds.total > 0).then_some(feeds),
            articles: Some(ProgressCount { processed: self.done, total: self.total }),
        });
    }

    pub(super) fn note(&self, reason: String) {
        self.watch.report_issue(Issue { row: None, column: None, kind: IssueKind::Noted, reason });
    }
}
