//! Describes what to fetch, and what is known from earlier fetches.

use std::collections::HashMap;
use std::time::Duration;

use super::FetchError;
use crate::domain::feed::FeedRecord;
use crate::domain::operation::Mode;
use crate::domain::source::Validators;
use crate::domain::sync_id::SyncId;

/// How much to fetch, within which time, and what is known from the last run.
#[derive(Clone, Copy)]
pub struct FetchRequest<'a> {
    /// The run that fetches, for the log. `None` for a probe.
    pub sync_id: Option<SyncId>,
    /// Incremental uses [`FetchRequest::validators`]; full fetches everything.
    pub mode: Mode,
    /// ETag, modification time and body hash of the version that was last applied completely.
    pub validators: &'a Validators,
    /// The time limit of one fetch, including redirects and retries. After each wait that a busy server asked for, the
    /// limit starts again.
    pub timeout: Duration,
    /// The time left for the whole run. A server that asks for a longer wait fails the fetch.
    pub total_timeout: Duration,
    /// Whether a person started the run. Then feeds that back off after their own failures are requested anyway, but a
    /// wait that a server asked for still holds.
    pub is_manual: bool,
    /// Whether to fetch only the parts that failed in the last run.
    pub only_failed: bool,
    /// The records of the source's feeds, as last reported to
    /// [`FetchObserver::report_feeds`](super::FetchObserver::report_feeds).
    pub feeds: &'a [FeedRecord],
    /// Looks up items of the catalog.
    pub items: &'a dyn ItemLookup,
}

impl<'a> FetchRequest<'a> {
    /// A request for the complete content of a source that may not be in the database. `timeout` limits the whole
    /// fetch, including waits.
    #[must_use]
    pub fn for_probe(validators: &'a Validators, timeout: Duration) -> Self {
        Self {
            sync_id: None,
            mode: Mode::Full,
            validators,
            timeout,
            total_timeout: timeout,
            is_manual: true,
            only_failed: false,
            feeds: &[],
            items: &EmptyItemLookup,
        }
    }

    /// Whether a body with this SHA-256 is the version that `known` describes, so that it can be skipped as unchanged.
    #[must_use]
    pub fn is_unchanged(&self, known: &Validators, hash: &str) -> bool {
        self.mode == Mode::Incremental && known.body_hash.as_deref() == Some(hash)
    }
}

/// Looks up items of a catalog, for kinds that need not fetch known items again.
pub trait ItemLookup: Sync {
    /// The fields of the items with these `keys` that are in the catalog: from key to names and values, in column
    /// order.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] when the run ended while the database was unavailable.
    fn find_fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError>;
}

/// The lookup of a catalog without items.
#[derive(Debug)]
pub struct EmptyItemLookup;

impl ItemLookup for EmptyItemLookup {
    fn find_fields(&self, _: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        Ok(HashMap::new())
    }
}
