//! The kind of source `feeds`: RSS, Atom and JSON Feed, by URL or from lists (OPML). The format of each URL is detected
//! from its content.

mod articles;
mod crawl;
pub(super) mod crawl_tally;
mod identity;
mod kept_keys;
mod messages;
pub mod parse;

use std::path::PathBuf;

use url::Url;

use self::articles::{ARTICLE_COLUMNS, FEED_COLUMN, KEY_COLUMN};
use self::crawl::crawler::{CrawlResult, FeedCrawler, ReadLocalFile};
use self::crawl::feed_request::{FeedBody, MAX_FEED_BYTES};
use self::crawl_tally::CrawlTally;
use self::messages::CrawlShortfall;
use super::http::web_address::parse_web_address;
use super::http::{HttpClient, HttpSettings};
use super::local_file::LocalFileReader;
use super::location_label::host_label;
use super::row_file::RowFileSummary;
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::feed_names::feed_names;
use crate::domain::location::{SourceLocation, web_address};
use crate::domain::operation::Mode;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::ReadSetting;
use crate::domain::run_text::run_progress::fetching_message;
use crate::domain::source::{Noun, Source};
use crate::domain::source_form_spec::SourceFormSpec;

/// The kind of source that mirrors feeds.
#[derive(Debug)]
pub(super) struct FeedsKind {
    /// The client, whose size limit is that of one feed.
    client: HttpClient,
    /// The size limit of all feeds together.
    max_total_bytes: u64,
    uploads_dir: PathBuf,
}

impl FeedsKind {
    /// The kind, with requests made by `client`.
    pub(super) fn new(client: &HttpClient, uploads_dir: PathBuf) -> Self {
        let max_total_bytes = client.settings.max_bytes;
        let settings = HttpSettings { max_bytes: max_total_bytes.min(MAX_FEED_BYTES), ..client.settings.clone() };
        Self { client: HttpClient { settings }, max_total_bytes, uploads_dir }
    }

    /// Reads the local file or upload at `location`.
    fn read_local(
        &self,
        location: &SourceLocation,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FeedBody, FetchError> {
        let reader = LocalFileReader {
            client: &self.client,
            uploads_dir: &self.uploads_dir,
            expected: "list of feeds (OPML) or feed",
            fetch_request: request,
            observer,
        };
        let content = match location {
            SourceLocation::File(path) => reader.copy_file(path)?,
            SourceLocation::Upload(name) => reader.copy_upload(name)?,
            SourceLocation::Url(_) | SourceLocation::Urls(_) | SourceLocation::Sample => return Err(no_sample_error()),
        };
        // Relative links must not reveal the path of the file.
        let base = Url::parse("https://feed.invalid/").map_err(|_| no_sample_error())?;
        Ok(FeedBody::from_file(content, base))
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
                    return Err("Enter the URL of a feed or of a list of feeds (OPML).".to_owned());
                }
                location
                    .addresses()
                    .iter()
                    .try_for_each(|address| parse_web_address(address).map(drop))
                    .map_err(|e| e.to_string())
            }
            SourceLocation::File(_) | SourceLocation::Upload(_) => Ok(()),
            SourceLocation::Sample => Err(no_sample_error().to_string()),
        }
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec::FEEDS_FORM
    }

    fn recognizes_link(&self, link: &str) -> bool {
        // Only feed readers use addresses such as `feed:…`.
        !link.trim().is_empty() && link.lines().all(|line| web_address(line).trim() != line.trim())
    }

    fn key_column(&self) -> Option<&'static str> {
        Some(KEY_COLUMN)
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
            [only] => host_label(only),
            many => format!("{} URLs", many.len()),
        };
        fetching_message(&source.noun, &from)
    }

    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let location = &source.location;
        let read_file = |observer: &dyn FetchObserver| self.read_local(location, request, observer);
        let (addresses, read_local): (Vec<String>, Option<&ReadLocalFile<'_>>) = match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => {
                (location.addresses().iter().map(|address| web_address(address).into_owned()).collect(), None)
            }
            SourceLocation::File(_) | SourceLocation::Upload(_) => (vec![location.for_people()], Some(&read_file)),
            SourceLocation::Sample => return Err(no_sample_error()),
        };
        let encoding = source.read_options.encoding.as_deref();
        let addresses = (addresses.as_slice(), read_local);
        let crawler = FeedCrawler::new(&self.client, self.max_total_bytes, *request, observer, addresses, encoding)?;
        let CrawlResult { state, rows, bytes, disk_error } = crawler.run();
        let limit = match request.sync_id {
            _ if bytes >= self.max_total_bytes => CrawlShortfall::Size,
            Some(_) => CrawlShortfall::SyncTime,
            None => CrawlShortfall::ProbeTime,
        };
        let tally = state.tally;
        let (feeds, validators, issues) = state.into_results();
        let no_feed_error = match tally {
            CrawlTally { succeeded: 1.., .. } => None,
            // A run that reached no feed has not succeeded, even if other feeds were skipped for good reasons.
            CrawlTally { not_reached: 1.., .. } => Some(messages::no_feed_reached(tally, limit)),
            CrawlTally { skipped: 0, failing: 1.., .. } => Some(messages::no_feed_readable(tally.failing, &feeds)),
            _ => None,
        };
        issues.into_iter().for_each(|issue| observer.report_issue(issue));
        let names = feeds.iter().map(|feed| feed.address.clone()).zip(feed_names(&feeds)).collect();
        observer.report_feeds(feeds);
        if observer.should_stop() {
            return Err(FetchError::Stopped);
        }
        if let Some(error) = disk_error.or(no_feed_error) {
            return Err(error);
        }
        // Without validators of an earlier version, as in a preview, nothing counts as unchanged.
        if rows.rows() == 0 && request.mode == Mode::Incremental && !request.validators.each.is_empty() {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        let (columns, types) = ARTICLE_COLUMNS.map(|(name, kind)| (name.to_owned(), Some(kind))).into_iter().unzip();
        let summary = RowFileSummary { columns, types, validators, bytes, is_complete: false };
        Ok(FetchOutcome::Content(Box::new(rows.finish(summary)?.with_replaced_cells(FEED_COLUMN, names))))
    }
}

fn no_sample_error() -> FetchError {
    FetchError::failed(
        "bad_address",
        "There is no sample of the type Feeds. Enter the URL of a feed or of a list of feeds (OPML).",
    )
}
