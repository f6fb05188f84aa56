//! A kind of source that only tests have: lists of headlines at addresses such as `ticker:jazz`. It takes this file and
//! the line that registers the kind.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use chrono::Utc;
use lockstep::domain::feed::FeedRecord;
use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::progress::{ProgressCount, StageWeights};
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::source::{Noun, Source, Validators};
use lockstep::domain::source_form_spec::{AddressInput, SourceFormSpec};
use lockstep::fetch::{
    FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest, FetchedContent, RowReader, SourceKind,
};

/// Headlines, or an error, by address.
type HeadlinesByAddress = BTreeMap<String, Result<Vec<String>, String>>;

/// The kind, with the headlines that a test sets.
#[derive(Clone, Default)]
pub(crate) struct HeadlineKind {
    boards: Arc<Mutex<HeadlinesByAddress>>,
    requested_addresses: Arc<Mutex<Vec<String>>>,
}

impl HeadlineKind {
    /// Sets the headlines, or the error, at `address`.
    pub(crate) fn set_headlines(&self, address: &str, headlines: Result<&[&str], &str>) {
        let owned = headlines.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect());
        self.boards.lock().expect("the boards").insert(address.to_owned(), owned.map_err(str::to_owned));
    }

    /// The addresses that were requested since the last call.
    pub(crate) fn requested_addresses(&self) -> Vec<String> {
        std::mem::take(&mut *self.requested_addresses.lock().expect("the requested addresses"))
    }

    fn read_headlines(&self, address: &str) -> Result<Vec<String>, String> {
        self.requested_addresses.lock().expect("the requested addresses").push(address.to_owned());
        let known = self.boards.lock().expect("the boards").get(address_without_query(address)).cloned();
        known.unwrap_or_else(|| Err("There is no such ticker.".to_owned()))
    }
}

/// An address without its query, which may hold secrets.
fn address_without_query(address: &str) -> &str {
    address.split('?').next().unwrap_or(address)
}

impl SourceKind for HeadlineKind {
    fn name(&self) -> &'static str {
        "ticker"
    }

    fn label(&self, _: &SourceLocation) -> &'static str {
        "News ticker"
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        let addresses = location.addresses();
        match addresses.iter().find(|address| !address.starts_with("ticker:")) {
            None if !addresses.is_empty() => Ok(()),
            _ => Err("the address of a ticker begins with `ticker:`".to_owned()),
        }
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec {
            about: "What is new, line by line",
            asked: AddressInput::Links,
            ..SourceFormSpec::with_link("News tickers")
        }
    }

    fn recognizes_link(&self, link: &str) -> bool {
        link.starts_with("ticker:")
    }

    fn key_column(&self) -> Option<&'static str> {
        Some("headline")
    }

    fn default_noun(&self) -> Noun {
        Noun { one: "headline".to_owned(), many: "headlines".to_owned() }
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 80, processing: 15, finalizing: 5 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        format!("Listening for {}…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let addresses = source.location.addresses();
        let mut known: HashMap<&str, FeedRecord> =
            request.feeds.iter().map(|feed| (feed.address.as_str(), feed.clone())).collect();
        let (mut rows, mut feeds) = (Vec::new(), Vec::new());
        let total = addresses.len() as u64;
        for (at, address) in addresses.iter().enumerate() {
            let mut feed = known.remove(address.as_str()).unwrap_or_else(|| FeedRecord::new(address.clone()));
            report_progress(observer, at as u64 + 1, total, rows.len() as u64);
            if !request.only_failed || feed.has_failed() {
                feed.requested_at = Some(Utc::now());
                match self.read_headlines(address) {
                    Ok(headlines) => {
                        feed.title = format!(
                            "Ticker {}",
                            address_without_query(address).rsplit(['/', ':']).next().unwrap_or_default()
                        );
                        (feed.failures, feed.error, feed.entries) = (0, None, headlines.len() as u64);
                        feed.succeeded_at = feed.requested_at;
                        rows.extend(headlines.into_iter().map(|line| vec![line, feed.title.clone()]));
                    }
                    Err(why) => {
                        feed.failures += 1;
                        feed.error = Some(("silent".to_owned(), why.clone()));
                        let place = if feed.title.is_empty() {
                            address_without_query(address).to_owned()
                        } else {
                            feed.title.clone()
                        };
                        observer.report_issue(Issue::new(None, Some(place), IssueKind::Refused, why));
                    }
                }
            }
            feeds.push(feed);
        }
        report_progress(observer, total, total, rows.len() as u64);
        let silent = feeds.iter().all(FeedRecord::has_failed);
        observer.report_feeds(feeds);
        if silent {
            return Err(FetchError::failed("silent", "None of the tickers says anything. Switch one on."));
        }
        Ok(FetchOutcome::Content(Box::new(HeadlineContent {
            rows,
            columns: ["headline", "ticker"].map(str::to_owned),
        })))
    }
}

fn report_progress(observer: &dyn FetchObserver, processed: u64, total: u64, articles: u64) {
    observer.report_progress(&FetchProgress {
        message: format!("Listening to ticker {processed} of {total}…"),
        feeds: Some(ProgressCount { processed, total }),
        articles: Some(ProgressCount { processed: articles, total: articles }),
        ..FetchProgress::default()
    });
}

/// The fetched headlines.
struct HeadlineContent {
    columns: [String; 2],
    rows: Vec<Vec<String>>,
}

impl FetchedContent for HeadlineContent {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn validators(&self) -> &Validators {
        static NONE: std::sync::LazyLock<Validators> = std::sync::LazyLock::new(Validators::default);
        &NONE
    }

    fn byte_count(&self) -> u64 {
        self.rows.iter().flatten().map(|cell| cell.len() as u64).sum()
    }

    fn line_count(&self) -> u64 {
        self.rows.len() as u64
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let row = |(at, cells): (usize, &Vec<String>)| {
            Ok(TextRow { number: at as u64 + 1, cells: cells.clone(), ..TextRow::default() })
        };
        Ok(Box::new(self.rows.iter().enumerate().map(row)))
    }
}
