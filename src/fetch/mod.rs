//! The road outside: each kind of source fetches its content into a bounded temporary file and reads rows from it.
//!
//! Adding a kind is one new file with a type that implements [`SourceKind`], and one line in [`SourceKinds::built_in`].

mod csv;
mod excel;
pub mod feeds;
mod file_name;
mod file_signature;
mod file_type_names;
mod http;
mod key_search;
mod kinds;
mod local_file;
mod reader;
mod row_file;
mod sheet;
mod sheet_address;
mod source_probe;

pub use http::address_guard::{AllowHosts, NotAllowHosts};
pub use key_search::key_hints;
pub use kinds::{KindSettings, SourceKinds, try_credentials};
pub use sheet::credentials::{NotAServiceAccount, ServiceAccount};
pub use source_probe::{fetch_whole, missing_key, unsaved_source};

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::columns::column_type::ColumnType;
use crate::domain::feed::FeedRecord;
use crate::domain::issue::Issue;
use crate::domain::location::SourceLocation;
use crate::domain::operation::Mode;
use crate::domain::progress::{ProgressCount, StageWeights};
use crate::domain::read_options::ReadSetting;
use crate::domain::rows::row::TextRow;
use crate::domain::source::{Noun, Source, Validators};
use crate::domain::source_form_spec::WayIn;
use crate::domain::sync_id::SyncId;

/// A kind of place outside that can be mirrored.
pub trait SourceKind: Send + Sync {
    /// Its name in the database and on the command line: `sheet`, `csv`.
    fn name(&self) -> &'static str;

    /// What a source of this kind at `location` is, for people: "Google Sheet", "CSV by link".
    fn label(&self, location: &SourceLocation) -> &'static str;

    /// Whether a source of this kind can be at `location`, told without asking anybody.
    ///
    /// # Errors
    /// The sentence for people: what is wrong with it and what it should be.
    fn accepts(&self, location: &SourceLocation) -> Result<(), String>;

    /// What a form asks for who wants to add a source of this kind.
    fn way_in(&self) -> WayIn {
        WayIn::link(self.label(&SourceLocation::Url(String::new())))
    }

    /// Whether `link` can only mean a place of this kind, told by its form alone; that it can be used is for
    /// [`SourceKind::accepts`] to say.
    fn recognises(&self, _link: &str) -> bool {
        false
    }

    /// What is said where something that was given for a source of the kind `kind` turns out to be one for this kind,
    /// and is taken as such; `None` where nothing is.
    fn stands_in_for(&self, _kind: &str) -> Option<&'static str> {
        None
    }

    /// The column that tells entries apart, where the kind knows it by itself: then nobody has to name one.
    fn key_column(&self) -> Option<&'static str> {
        None
    }

    /// The settings of a source's [`ReadOptions`](crate::domain::read_options::ReadOptions) that this kind obeys.
    fn read_settings(&self) -> &'static [ReadSetting] {
        &[]
    }

    /// Why the text encoding of a source of this kind cannot be set, as the end of a sentence. Empty where it can.
    fn fixed_encoding(&self) -> &'static str {
        ""
    }

    /// Whether columns may be hidden where people open a source of this kind ([`FetchedContent::hidden_columns`]).
    fn can_hide_columns(&self) -> bool {
        false
    }

    /// What entries are called unless somebody says otherwise.
    fn noun(&self) -> Noun {
        Noun::default()
    }

    /// What share of a run each stage is.
    fn weights(&self) -> StageWeights;

    /// What is being done while fetching, such as "Fetching albums from Google Sheets…".
    fn fetching_message(&self, source: &Source) -> String;

    /// Brings the source's content here.
    ///
    /// In [`Mode::Incremental`] the validators of the last fully applied run are sent along, and
    /// [`FetchOutcome::Unchanged`] is the answer when nothing is new.
    ///
    /// # Errors
    /// When it cannot be brought whole: a [`FetchError`] says why and what to do. A run ended through
    /// [`FetchObserver::should_stop`] is [`FetchError::Stopped`].
    fn fetch(
        &self,
        source: &Source,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError>;
}

/// How much to fetch.
#[derive(Clone, Copy)]
pub struct FetchRequest<'a> {
    /// The run that asks, for the log; a look at a place that is not synced has none.
    pub sync: Option<SyncId>,
    /// Incremental or full.
    pub mode: Mode,
    /// What the server said about the version that was last applied in full.
    pub validators: &'a Validators,
    /// How long one fetch may take, with its redirects and the tries after a passing trouble. What a busy server asked
    /// to wait is not in it: after such a wait it begins anew.
    pub timeout: Duration,
    /// How long all of it may take: what is left for the whole run. A server that asks to wait longer than what is left
    /// of this is not waited for.
    pub within: Duration,
    /// Whether a person waits for it. Then what rests after failures of its own is asked all the same; what a server
    /// asked for itself still holds.
    pub by_hand: bool,
    /// Only what failed the last time.
    pub only_failed: bool,
    /// What is known of the feeds of the source, as [`FetchObserver::feeds`] was told the last time.
    pub feeds: &'a [FeedRecord],
    /// The items that the catalog has.
    pub shelf: &'a dyn ItemLookup,
}

impl<'a> FetchRequest<'a> {
    /// An order of everything for a place that is not synced and of which nothing is known: `timeout` is for all of it.
    #[must_use]
    pub fn whole(validators: &'a Validators, timeout: Duration) -> Self {
        Self {
            sync: None,
            mode: Mode::Full,
            validators,
            timeout,
            within: timeout,
            by_hand: true,
            only_failed: false,
            feeds: &[],
            shelf: &EmptyShelf,
        }
    }
}

/// The items that a catalog has, for kinds that need not fetch everything again.
pub trait ItemLookup: Sync {
    /// The fields of those of `keys` that the catalog has, by key, as names and values in column order.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] when they could not be looked up before the run was to end.
    fn fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError>;
}

/// A catalog without items.
#[derive(Debug)]
pub struct EmptyShelf;

impl ItemLookup for EmptyShelf {
    fn fields(&self, _: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        Ok(HashMap::new())
    }
}

/// How far a fetch is whose source has many parts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FetchProgress {
    /// What is being done, such as "Fetching feed 5 of 22…".
    pub message: String,
    /// Done and to do, whatever is counted; a total of 0 is not known yet.
    pub share: ProgressCount,
    /// Bytes so far.
    pub bytes: u64,
    /// Feeds asked, where there are feeds.
    pub feeds: Option<ProgressCount>,
    /// Articles found, where there are articles; those on their way count as not processed.
    pub articles: Option<ProgressCount>,
}

/// How the engine room watches a fetch under way. Called often; must be cheap.
pub trait FetchObserver: Sync {
    /// So much is here, of so much in all if the server said.
    fn received(&self, bytes: u64, total: Option<u64>);

    /// The server asked to wait until then.
    fn waiting(&self, host: &str, until: DateTime<Utc>);

    /// A source of many parts is so far. May be called from several threads, one after the other.
    fn progress(&self, _: &FetchProgress) {}

    /// Something could not be taken, or was mended, and the rest goes on.
    fn issue(&self, _: Issue) {}

    /// What is known of all feeds of the source from now on. It is kept however the run ends.
    fn feeds(&self, _: Vec<FeedRecord>) {}

    /// What the place calls itself: the title of a sheet, the name of a file.
    fn title(&self, _: &str) {}

    /// Whether the fetch must end now, because of a cancel, a stop or a lost lease. Asked at least every 500 ms.
    fn should_stop(&self) -> bool;
}

/// What a fetch brought.
pub enum FetchOutcome {
    /// Nothing is new since the validators were given. Where the server calls the same content by other validators now,
    /// these are to be kept instead.
    Unchanged(Option<Validators>),
    /// The content, whole.
    Content(Box<dyn FetchedContent>),
}

/// Fetched content: it lies in a temporary file that goes when this is dropped.
pub trait FetchedContent: Send {
    /// The columns, named by [`crate::domain::rows::row::column_names`]. Empty if there is no header.
    fn columns(&self) -> &[String];

    /// What to send along the next time.
    fn validators(&self) -> &Validators;

    /// Bytes fetched, after decompression.
    fn bytes(&self) -> u64;

    /// Lines of the content; the last one counts without a line break, too.
    fn lines(&self) -> u64;

    /// Whether it is all there is: then items that are not in it have left the source. Of a feed only the newest
    /// entries are there, and nothing has left.
    fn is_whole(&self) -> bool {
        true
    }

    /// What the cells of the column at `position` are, where the kind knows; otherwise it is told from the cells.
    fn column_type(&self, _position: usize) -> Option<ColumnType> {
        None
    }

    /// The columns that are hidden where people open the source; empty where nothing can be hidden or it is not known.
    fn hidden_columns(&self) -> &[String] {
        &[]
    }

    /// The hidden columns that were left out of it: they are not among [`FetchedContent::columns`].
    fn left_out_columns(&self) -> &[String] {
        &[]
    }

    /// The rows from the first one. It can be asked for more than once and gives the same rows each time, one at a
    /// time: memory does not grow with the source.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    fn rows(&self) -> Result<RowReader<'_>, FetchError>;
}

/// Rows one at a time. An error ends the run: the content cannot be read on.
pub type RowReader<'a> = Box<dyn Iterator<Item = Result<TextRow, FetchError>> + 'a>;

/// Why content could not be brought. The text is for people: what happened, where, what to do. No secrets in it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The watch said stop.
    #[error("the fetch was stopped")]
    Stopped,
    /// Anything else.
    #[error("{message}")]
    Failed {
        /// A word for programs: `timeout`, `not_found`, `sign_in_page`, `address_refused`, `too_large`, `truncated`, …
        code: &'static str,
        /// What happened, where, and what to do.
        message: String,
    },
}

impl FetchError {
    /// A failure with its word and its sentence.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }
}
