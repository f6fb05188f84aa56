//! The contents of articles, a hundred at a time. What came is kept, whatever the next answer is.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::FetchError;
use super::super::row_file::RowWriter;
use super::item_id::ItemId;
use super::mirror::{AccountMirror, KnownStates};
use super::{answers, article};
use crate::domain::operation::Mode;
use crate::domain::progress::ProgressCount;
use crate::domain::text::counts::grouped;

/// Articles whose contents are asked for at once.
const BATCH: usize = 100;

/// After so many batches in a row that could not be read no more are asked for.
const MAX_FAILED_BATCHES: usize = 3;

/// The share of a run's time that is kept for writing what was fetched.
const RESERVE: f64 = 0.4;

/// What is missing of the contents.
#[derive(Default)]
struct MissingContents {
    /// Articles that an answer left out.
    absent: Vec<ItemId>,
    /// Articles of batches whose answers could not be read.
    failed: Vec<ItemId>,
    /// How many batches failed, one after the other.
    in_a_row: usize,
    /// Why the first one did.
    first: Option<(&'static str, String)>,
}

impl MissingContents {
    /// Notes that the answer for `batch` could not be read. Answers whether to ask for more.
    fn count_failure(&mut self, batch: &[ItemId], code: &'static str, message: String) -> bool {
        self.failed.extend(batch);
        self.in_a_row += 1;
        self.first.get_or_insert((code, message));
        self.in_a_row < MAX_FAILED_BATCHES
    }
}

impl AccountMirror<'_> {
    /// Fetches the contents of articles; answers those that did not come.
    pub(super) fn contents(
        &mut self,
        wanted: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let total = wanted.len() as u64;
        let (mut asked, mut missing) = (0, MissingContents::default());
        for batch in wanted.chunks(BATCH) {
            let done = asked as u64;
            let message = format!("Fetching {} {} of {}…", self.source.noun.many, grouped(done), grouped(total));
            self.tell(&message, ProgressCount { processed: done, total });
            let still = grouped(total - done);
            let nouns = &self.source.noun.many;
            // What is here now is worth more than a run that ends without anything.
            if asked > 0 && self.session.left() < self.order.total_timeout.mul_f64(RESERVE) {
                self.note(format!("The time of this run was nearly up: {still} {nouns} come with the next sync."));
                break;
            }
            match self.batch(batch, feeds, states, rows) {
                Ok(some) => {
                    missing.in_a_row = 0;
                    missing.absent.extend(some);
                }
                Err(FetchError::Failed { code: "rate_limited", message }) if rows.rows() > 0 => {
                    self.note(format!("{message} {still} {nouns} are still to come: they come with the next sync."));
                    break;
                }
                Err(FetchError::Failed { code, message }) if answers::is_of_one_answer(code) => {
                    if !missing.count_failure(batch, code, message) {
                        asked += batch.len();
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
            asked += batch.len();
        }
        self.tell_missing(asked, total, &missing, rows)?;
        if asked == wanted.len() {
            let message = format!("Fetched {} {}…", grouped(total), self.source.noun.of(total));
            self.tell(&message, ProgressCount { processed: total.max(1), total: total.max(1) });
        }
        let MissingContents { mut absent, failed, .. } = missing;
        absent.extend(failed);
        absent.extend(&wanted[asked..]);
        Ok(absent)
    }

    /// Tells what is missing of `asked` articles.
    fn tell_missing(
        &self,
        asked: usize,
        total: u64,
        missing: &MissingContents,
        rows: &RowWriter,
    ) -> Result<(), FetchError> {
        let MissingContents { absent, failed, first, .. } = missing;
        // An incremental run has what the catalog has, and an article may be gone since it was listed. An answer that
        // fails says nothing of the articles.
        let goes_on = self.order.mode == Mode::Incremental && rows.rows() > 0 && first.is_none();
        if asked > 0 && absent.len() + failed.len() == asked && !goes_on {
            return Err(match first {
                Some((code, message)) => FetchError::failed(code, message.clone()),
                None => answers::lacking(self.session.account, "any of the articles that it lists"),
            });
        }
        let (host, noun) = (self.session.account.host(), &self.source.noun);
        if !absent.is_empty() {
            let (many, nouns) = (grouped(absent.len() as u64), noun.of(absent.len() as u64));
            self.note(format!("{host} lists {many} {nouns} that it did not send. They are asked for again next time."));
        }
        if let Some((_, why)) = first {
            let lost =
                if missing.in_a_row == MAX_FAILED_BATCHES { total - asked as u64 } else { 0 } + failed.len() as u64;
            self.note(format!(
                "{host} did not send the contents of {} {}. They are missing in this sync, and asked for again next time. \
                 {why}",
                grouped(lost),
                noun.of(lost)
            ));
        }
        Ok(())
    }

    /// Fetches the contents of so many articles; answers those that did not come.
    fn batch(
        &mut self,
        batch: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &KnownStates,
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
}
