//! Fetches the contents of articles in batches. Batches that arrived are kept when a later one fails.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::FetchError;
use super::super::row_file::RowWriter;
use super::item_id::ItemId;
use super::mirror::{AccountMirror, KnownStates};
use super::{article, responses};
use crate::domain::operation::Mode;
use crate::domain::progress::ProgressCount;
use crate::domain::run_text::run_progress::fetching_items_message;
use crate::domain::text::counts::group_digits;

/// How many articles a request fetches.
const BATCH_SIZE: usize = 100;

/// After this many failed batches in a row, no more are requested.
const MAX_FAILED_BATCHES: usize = 3;

/// The share of a run's time that is reserved for writing articles.
const RESERVED_TIME_SHARE: f64 = 0.4;

/// The articles whose contents were not received.
#[derive(Default)]
struct MissingContents {
    /// Articles that a response left out.
    absent: Vec<ItemId>,
    /// Articles of failed batches.
    failed: Vec<ItemId>,
    /// How many batches failed in a row.
    failed_in_a_row: usize,
    /// The error of the first failed batch.
    first_error: Option<(&'static str, String)>,
}

impl MissingContents {
    /// Counts a failed batch. Returns whether to request more.
    fn count_failure(&mut self, batch: &[ItemId], code: &'static str, message: String) -> bool {
        self.failed.extend(batch);
        self.failed_in_a_row += 1;
        self.first_error.get_or_insert((code, message));
        self.failed_in_a_row < MAX_FAILED_BATCHES
    }
}

impl AccountMirror<'_> {
    /// Fetches the contents of the `wanted` articles. Returns those that were not received.
    ///
    /// # Errors
    /// An error that concerns the whole run, or the first error if nothing was received.
    pub(super) fn fetch_contents(
        &mut self,
        wanted: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let total = wanted.len() as u64;
        let (mut requested, mut missing) = (0, MissingContents::default());
        for batch in wanted.chunks(BATCH_SIZE) {
            let done = requested as u64;
            let progress = ProgressCount { processed: done, total };
            self.report(&fetching_items_message(&self.source.noun, progress), progress);
            let remaining = group_digits(total - done);
            let nouns = &self.source.noun.many;
            // Stopping early keeps what was fetched. A timeout would discard it.
            if requested > 0 && self.session.time_left() < self.request.total_timeout.mul_f64(RESERVED_TIME_SHARE) {
                self.note(format!(
                    "The time limit of this sync was almost reached. The next sync fetches the remaining {remaining} {nouns}."
                ));
                break;
            }
            match self.fetch_batch(batch, feeds, states, rows) {
                Ok(absent) => {
                    missing.failed_in_a_row = 0;
                    missing.absent.extend(absent);
                }
                Err(FetchError::Failed { code: "rate_limited", message }) if rows.rows() > 0 => {
                    self.note(format!("{message} The next sync fetches the remaining {remaining} {nouns}."));
                    break;
                }
                Err(FetchError::Failed { code, message }) if responses::concerns_one_response(code) => {
                    if !missing.count_failure(batch, code, message) {
                        requested += batch.len();
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
            requested += batch.len();
        }
        self.report_missing(requested, total, &missing, rows)?;
        if requested == wanted.len() {
            let message = format!("Fetched {} {}…", group_digits(total), self.source.noun.for_count(total));
            self.report(&message, ProgressCount { processed: total.max(1), total: total.max(1) });
        }
        let MissingContents { mut absent, failed, .. } = missing;
        absent.extend(failed);
        absent.extend(&wanted[requested..]);
        Ok(absent)
    }

    /// Notes which of the `requested` articles are missing.
    ///
    /// # Errors
    /// If all are missing: the first error, or [`responses::UNSUPPORTED_CODE`] if there was none.
    fn report_missing(
        &self,
        requested: usize,
        total: u64,
        missing: &MissingContents,
        rows: &RowWriter,
    ) -> Result<(), FetchError> {
        let MissingContents { absent, failed, first_error, .. } = missing;
        // In an incremental run an article may have been deleted since it was listed. A failed batch proves nothing
        // about its articles.
        let is_acceptable = self.request.mode == Mode::Incremental && rows.rows() > 0 && first_error.is_none();
        if requested > 0 && absent.len() + failed.len() == requested && !is_acceptable {
            return Err(match first_error {
                Some((code, message)) => FetchError::failed(code, message.clone()),
                None => responses::missing_part(self.session.account, "any of the articles it lists"),
            });
        }
        let (host, noun) = (self.session.account.host(), &self.source.noun);
        if !absent.is_empty() {
            let (many, nouns) = (group_digits(absent.len() as u64), noun.for_count(absent.len() as u64));
            self.note(format!("{host} did not send {many} {nouns} that it lists. The next sync requests them again."));
        }
        if let Some((_, error)) = first_error {
            let missing_count =
                if missing.failed_in_a_row == MAX_FAILED_BATCHES { total - requested as u64 } else { 0 }
                    + failed.len() as u64;
            self.note(format!(
                "{host} did not send the contents of {} {}. The next sync requests them again. {error}",
                group_digits(missing_count),
                noun.for_count(missing_count)
            ));
        }
        Ok(())
    }

    /// Fetches the contents of one batch. Returns the articles that were not received.
    fn fetch_batch(
        &mut self,
        batch: &[ItemId],
        feeds: &HashMap<String, String>,
        states: &KnownStates,
        rows: &mut RowWriter,
    ) -> Result<Vec<ItemId>, FetchError> {
        let ids: Vec<String> = batch.iter().map(|id| id.long_form()).collect();
        let form: Vec<(&str, &str)> = ids.iter().map(|id| ("i", id.as_str())).collect();
        let response = self.session.post("/reader/api/0/stream/items/contents", &form)?;
        let Some(items) = response.get("items").and_then(Value::as_array) else {
            return Err(responses::missing_part(self.session.account, "the contents of articles (items)"));
        };
        let mut awaited: HashSet<ItemId> = batch.iter().copied().collect();
        for item in items {
            if let Some((id, cells)) = article::received_cells(item, feeds)
                && awaited.remove(&id)
            {
                self.write_article(id, cells, states, rows)?;
            }
        }
        Ok(batch.iter().copied().filter(|id| awaited.contains(id)).collect())
    }
}
