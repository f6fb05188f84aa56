//! The kind `feeds`: RSS, Atom and JSON Feed, by address or by list (OPML), told by what is there.

mod articles;
mod crawl;
mod identity;
mod kept_keys;
mod messages;
pub mod parse;

use std::path::PathBuf;

use url::Url;

use self::articles::{COLUMNS, FEED, KEY};
use self::crawl::crawler::{CrawlResult, FeedCrawler};
use self::crawl::feed_request::{ArrivedBody, FEED_BYTES};
use self::crawl::tally::CrawlTally;
use self::messages::CrawlShortfall;
use super::http::response_status;
use super::http::web_address::parse_web_address;
use super::http::{HttpClient, HttpSettings};
use super::local_file;
use super::local_file::ExpectedFile;
use super::row_file::RowFileSummary;
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::feed_names::feed_names;
use crate::domain::location::{SourceLocation, web_address};
use crate::domain::operation::Mode;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::ReadSetting;
use crate::domain::source::{Noun, Source, Validators};
use crate::domain::source_form_spec::WayIn;

/// What a file on this machine should be.
const FEED_FILE: ExpectedFile = ExpectedFile("list of feeds (OPML) or feed");

/// Mirrors feeds.
#[derive(Debug)]
pub(super) struct FeedsKind {
    /// Takes no more of one feed than is good.
    client: HttpClient,
    /// The most bytes of all feeds together.
    most_bytes: u64,
    uploads_dir: PathBuf,
}

impl FeedsKind {
    /// Feeds that are asked like all that `client` asks.
    pub(super) fn new(client: &HttpClient, uploads_dir: PathBuf) -> Self {
        let most_bytes = client.settings.max_bytes;
        let settings = HttpSettings { max_bytes: most_bytes.min(FEED_BYTES), ..client.settings.clone() };
        Self { client: HttpClient { settings }, most_bytes, uploads_dir }
    }

    /// Reads the file that the source is, if it is one.
    fn read_local(
        &self,
        location: &SourceLocation,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<ArrivedBody, FetchError> {
        let content = match location {
            SourceLocation::File(path) => local_file::read_file(&self.client, path, FEED_FILE, order, watch)?,
            SourceLocation::Upload(name) => {
                local_file::read_upload(&self.client, &self.uploads_dir, name, FEED_FILE, order, watch)?
            }
            SourceLocation::Url(_) | SourceLocation::Urls(_) | SourceLocation::Sample => return Err(no_sample()),
        };
        // Links in it that are relative lead nowhere, and tell nobody where it lies.
        let nowhere = Url::parse("https://feed.invalid/").map_err(|_| no_sample())?;
        Ok(ArrivedBody::from_file(content, nowhere))
    }
}

impl SourceKind for FeedsKind {
    fn name(&self) -> &'static str {
        "feeds"
    }

    fn label(&self, location: &SourceLocation) -> &'static str {
        match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => "Feeds",
            SourceLocation::File(_) => "Feeds from a file on the server",
            SourceLocation::Upload(_) => "Feeds from an uploaded file",
            SourceLocation::Sample => "Sample",
        }
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => {
                if location.addresses().is_empty() {
                    return Err("Give the address of a feed or of a list of feeds (OPML).".to_owned());
                }
                location
                    .addresses()
                    .iter()
                    .try_for_each(|address| parse_web_address(address).map(drop))
                    .map_err(|e| e.to_string())
            }
            SourceLocation::File(_) | SourceLocation::Upload(_) => Ok(()),
            SourceLocation::Sample => Err(no_sample().to_string()),
        }
    }

    fn form_spec(&self) -> WayIn {
        WayIn::FEEDS
    }

    fn recognizes_link(&self, link: &str) -> bool {
        // What no other program than a reader of feeds has a use for.
        !link.trim().is_empty() && link.lines().all(|line| web_address(line).trim() != line.trim())
    }

    fn key_column(&self) -> Option<&'static str> {
        Some(KEY)
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Encoding]
    }

    fn default_noun(&self) -> Noun {
        Noun { one: "article".to_owned(), many: "articles".to_owned() }
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 80, processing: 15, finalizing: 5 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = match source.location.addresses() {
            [] => source.location.for_people(),
            [only] => parse_web_address(only)
                .map_or_else(|_| "its address".to_owned(), |url| response_status::display_host(&url)),
            many => format!("{} addresses", many.len()),
        };
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let location = &source.location;
        let read = |ear: &dyn FetchObserver| self.read_local(location, order, ear);
        let (addresses, local): (Vec<String>, Option<&crawl::crawler::ReadLocal<'_>>) = match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => {
                (location.addresses().iter().map(|address| web_address(address).into_owned()).collect(), None)
            }
            SourceLocation::File(_) | SourceLocation::Upload(_) => (vec![location.for_people()], Some(&read)),
            SourceLocation::Sample => return Err(no_sample()),
        };
        let encoding = source.read_options.encoding.as_deref();
        let gathering = FeedCrawler::new(&self.client, self.most_bytes, *order, watch, (&addresses, local), encoding)?;
        let CrawlResult { ledger, out, bytes, broken } = gathering.run();
        let short = match order.sync_id {
            _ if bytes >= self.most_bytes => CrawlShortfall::Room,
            Some(_) => CrawlShortfall::Time,
            None => CrawlShortfall::Patience,
        };
        let tally = ledger.tally;
        let (feeds, validators, issues) = ledger.close();
        let none = match tally {
            CrawlTally { answered: 1.., .. } => None,
            // To have come to none of them is no success, whatever is left alone for good reasons.
            CrawlTally { not_reached: 1.., .. } => Some(messages::none_reached(tally, short)),
            CrawlTally { left_alone: 0, failing: 1.., .. } => Some(messages::none_at_all(tally.failing, &feeds)),
            _ => None,
        };
        issues.into_iter().for_each(|issue| watch.report_issue(issue));
        let names = feeds.iter().map(|feed| feed.address.clone()).zip(feed_names(&feeds)).collect();
        watch.report_feeds(feeds);
        if watch.should_stop() {
            return Err(FetchError::Stopped);
        }
        if let Some(error) = broken.or(none) {
            return Err(error);
        }
        // Where nothing is known of an earlier version, as in a preview, nothing can be said to be as it was.
        if out.rows() == 0 && order.mode == Mode::Incremental && !order.validators.each.is_empty() {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        let (columns, types) = COLUMNS.map(|(name, kind)| (name.to_owned(), Some(kind))).into_iter().unzip();
        let facts = RowFileSummary { columns, types, validators, bytes, whole: false };
        Ok(FetchOutcome::Content(Box::new(out.finish(facts)?.with_replaced_cells(FEED, names))))
    }
}

impl FetchRequest<'_> {
    /// Whether a body with this SHA-256 brings nothing new.
    fn is_same(&self, known: &Validators, hash: &str) -> bool {
        self.mode == Mode::Incremental && known.body_hash.as_deref() == Some(hash)
    }
}

fn no_sample() -> FetchError {
    FetchError::failed("bad_address", "There is no sample of feeds. Give the address of a feed or of a list of feeds.")
}
