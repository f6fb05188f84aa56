//! What a run asks of an account: which articles there are, which of them are read and starred, and the contents of those
//! that the catalog has not got.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::row_file::{Facts, RowWriter};
use super::super::{FetchError, FetchProgress, Fetched, Order, Watch};
use super::answers::{self, UNSUPPORTED};
use super::article::{self, COLUMNS, States};
use super::item_id::ItemId;
use super::session::Session;
use super::stream::{self, Listing, Measure, Stream};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::operation::Mode;
use crate::domain::progress::Count;
use crate::domain::row::Row;
use crate::domain::source::{Source, Validators};

/// The articles that are mirrored, the newest: a server keeps years of them.
const MOST: Measure = Measure { most: 10_000, page: 1000 };
/// Those that a look takes.
const GLANCE: Measure = Measure { most: 20, page: 20 };
/// Articles whose contents are asked for at once.
const BATCH: usize = 100;
/// Articles that are looked up in the catalog at once.
const LOOKUP: usize = 500;

/// One run's mirror of an account.
pub(super) struct Mirror<'a> {
    session: Session<'a>,
    source: &'a Source,
    order: &'a Order<'a>,
    watch: &'a dyn Watch,
    total: u64,
    done: u64,
}

/// The sets of what is unread and starred; `None` where the server would not say.
#[derive(Default)]
struct Known {
    unread: Option<HashSet<ItemId>>,
    starred: Option<HashSet<ItemId>>,
}

impl Known {
    fn of(&self, id: ItemId) -> States {
        States {
            read: self.unread.as_ref().map(|unread| !unread.contains(&id)),
            starred: self.starred.as_ref().map(|starred| starred.contains(&id)),
        }
    }
}

impl<'a> Mirror<'a> {
    pub(super) fn new(session: Session<'a>, source: &'a Source, order: &'a Order<'a>, watch: &'a dyn Watch) -> Self {
        Self { session, source, order, watch, total: 0, done: 0 }
    }

    /// Does it.
    pub(super) fn fetch(&mut self) -> Result<Fetched, FetchError> {
        // A look wants to see some articles, and must not use up what the server allows in a day.
        let glance = self.order.sync.is_none();
        let feeds = self.feeds()?;
        let listing = self.list(if glance { GLANCE } else { MOST })?;
        if !glance {
            self.told(&listing);
        }
        self.total = listing.ids.len() as u64;
        let known = if glance || listing.ids.is_empty() { Known::default() } else { self.states()? };
        let mut rows = RowWriter::new(self.session.work_dir())?;
        let wanted = match self.order.mode {
            Mode::Incremental => self.take_known(&listing.ids, &known, &mut rows)?,
            Mode::Full => listing.ids,
        };
        let left = self.contents(&wanted, &feeds, &known, &mut rows)?;
        if self.order.mode == Mode::Full && !left.is_empty() {
            self.take_known(&left, &known, &mut rows)?;
        }
        let content = rows.finish(Facts {
            columns: COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            types: COLUMNS.iter().map(|(_, kind)| Some(*kind)).collect(),
            validators: Validators::default(),
            bytes: self.session.bytes,
            // Articles that a server no longer lists stay.
            whole: false,
        })?;
        Ok(Fetched::Content(Box::new(content)))
    }

    /// Until when the server wants to be left alone, as far as it said so.
    pub(super) fn busy_until(&self) -> Option<DateTime<Utc>> {
        self.session.busy_until()
    }

    /// The names that the account gives its feeds, by their numbers.
    fn feeds(&mut self) -> Result<HashMap<String, String>, FetchError> {
        self.tell(&format!("Fetching the list of {}…", self.source.noun.many), Count::default());
        let answer = self.session.get("/reader/api/0/subscription/list", &[])?;
        let Some(subscriptions) = answer.get("subscriptions").and_then(Value::as_array) else {
            return Err(answers::lacking(self.session.account, "a list of subscriptions"));
        };
        let named = |feed: &Value| {
            let title = feed["title"].as_str().filter(|title| !title.trim().is_empty())?;
            Some((feed["id"].as_str()?.to_owned(), article::name(title)))
        };
        Ok(subscriptions.iter().filter_map(named).collect())
    }

    fn list(&mut self, measure: Measure) -> Result<Listing, FetchError> {
        let listing = stream::list(&mut self.session, Stream::All, measure)?;
        if listing.ids.is_empty() && listing.unreadable > 0 {
            return Err(answers::lacking(self.session.account, "numbers of articles as the others give them"));
        }
        Ok(listing)
    }

    /// Tells of what a list of all articles lacks.
    fn told(&self, listing: &Listing) {
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
        if listing.unreadable > 0 {
            let many = grouped(listing.unreadable);
            self.note(format!("{many} entries of the list of {host} have no number and were left out."));
        }
    }

    /// Which articles are unread and which are starred. What a server cannot say stays as it was.
    fn states(&mut self) -> Result<Known, FetchError> {
        self.tell("Updating read states…", Count::default());
        Ok(Known {
            unread: self.set(Stream::Unread, "which are unread")?,
            starred: self.set(Stream::Starred, "which are starred")?,
        })
    }

    fn set(&mut self, stream: Stream, what: &str) -> Result<Option<HashSet<ItemId>>, FetchError> {
        let reason = match stream::list(&mut self.session, stream, MOST) {
            // A part of a list would make everything that is not in it read, or not starred.
            Ok(listing) if !listing.astray && listing.unreadable == 0 => {
                return Ok(Some(listing.ids.into_iter().collect()));
            }
            Ok(_) => format!("{} did not give a whole list.", self.session.account.host()),
            Err(FetchError::Failed { code: UNSUPPORTED | "bad_answer" | "no_reader" | "server_error", message }) => {
                message
            }
            Err(error) => return Err(error),
        };
        let nouns = &self.source.noun.many;
        self.note(format!("It could not be found out {what} of the {nouns}, so that stays as it was. {reason}"));
        Ok(None)
    }

    /// Takes the articles that the catalog has out of it, with the states that they have now; answers the others.
    fn take_known(&mut self, ids: &[ItemId], states: &Known, rows: &mut RowWriter) -> Result<Vec<ItemId>, FetchError> {
        let mut missing = Vec::new();
        for some in ids.chunks(LOOKUP) {
            let keys: Vec<String> = some.iter().map(ToString::to_string).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let stored = self.order.shelf.fields(&keys)?;
            for (&id, key) in some.iter().zip(keys) {
                match stored.get(key).and_then(|fields| article::stored(fields)) {
                    Some(cells) => self.take(id, cells, states, rows)?,
                    None => missing.push(id),
                }
            }
        }
        Ok(missing)
    }

    /// Fetches the contents of articles; answers those that did not come.
    fn contents(
        &mut self,
        wanted: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &Known,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let total = wanted.len() as u64;
        let (mut asked, mut absent) = (0, Vec::new());
        for batch in wanted.chunks(BATCH) {
            let done = asked as u64;
            let message = format!("Fetching {} {} of {}…", self.source.noun.many, grouped(done), grouped(total));
            self.tell(&message, Count { processed: done, total });
            let still = grouped(total - done);
            let nouns = &self.source.noun.many;
            // What is here now is worth more than a run that ends without anything.
            if asked > 0 && self.session.left() < self.order.within.mul_f64(RESERVE) {
                self.note(format!("The time of this run was nearly up: {still} {nouns} come with the next sync."));
                break;
            }
            match self.batch(batch, feeds, states, rows) {
                Ok(some) => absent.extend(some),
                Err(FetchError::Failed { code: "rate_limited", message }) if rows.rows() > 0 => {
                    self.note(format!("{message} {still} {nouns} are still to come: they come with the next sync."));
                    break;
                }
                Err(error) => return Err(error),
            }
            asked += batch.len();
        }
        // An incremental run has what the catalog has, and an article may be gone since it was listed.
        let goes_on = self.order.mode == Mode::Incremental && rows.rows() > 0;
        if asked > 0 && absent.len() == asked && !goes_on {
            return Err(answers::lacking(self.session.account, "any of the articles that it lists"));
        }
        if asked == wanted.len() {
            self.tell(&self.finished(total), Count { processed: total.max(1), total: total.max(1) });
        }
        if !absent.is_empty() {
            let (host, many) = (self.session.account.host(), grouped(absent.len() as u64));
            let nouns = self.source.noun.of(absent.len() as u64);
            self.note(format!("{host} lists {many} {nouns} that it did not send. They are asked for again next time."));
        }
        absent.extend(&wanted[asked..]);
        Ok(absent)
    }

    fn finished(&self, total: u64) -> String {
        format!("Fetched {} {}…", grouped(total), self.source.noun.of(total))
    }

    /// Fetches the contents of so many articles; answers those that did not come.
    fn batch(
        &mut self,
        batch: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &Known,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let ids: Vec<String> = batch.iter().map(|id| id.long()).collect();
        let form: Vec<(&str, &str)> = ids.iter().map(|id| ("i", id.as_str())).collect();
        let answer = self.session.post("/reader/api/0/stream/items/contents", &form)?;
        let Some(items) = answer.get("items").and_then(Value::as_array) else {
            return Err(answers::lacking(self.session.account, "the contents of articles (items)"));
        };
        let mut awaited: HashSet<ItemId> = batch.iter().copied().collect();
        for item in items {
            if let Some((id, cells)) = article::sent(item, feeds)
                && awaited.remove(&id)
            {
                self.take(id, cells, states, rows)?;
            }
        }
        Ok(batch.iter().copied().filter(|id| awaited.contains(id)).collect())
    }

    /// Takes one article.
    fn take(
        &mut self,
        id: ItemId,
        mut cells: Vec<String>,
        states: &Known,
        rows: &mut RowWriter,
    ) -> Result<(), FetchError> {
        states.of(id).write(&mut cells);
        self.done += 1;
        // The header is row 1.
        rows.push(&Row { number: rows.rows() + 2, cells, ..Row::default() })
    }

    fn tell(&self, message: &str, share: Count) {
        self.watch.progress(&FetchProgress {
            message: message.to_owned(),
            share,
            bytes: self.session.bytes,
            feeds: None,
            articles: Some(Count { processed: self.done, total: self.total }),
        });
    }

    fn note(&self, reason: String) {
        self.watch.issue(Issue { row: None, column: None, kind: IssueKind::Noted, reason });
    }
}

/// The share of a run's time that is kept for writing what was fetched.
const RESERVE: f64 = 0.4;

/// A number with commas between the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
