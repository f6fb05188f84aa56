//! The kind `feeds`: RSS, Atom and JSON Feed, by address or by list (OPML), told by what is there.

mod articles;
mod crawl;
mod identity;
mod kept_keys;
mod messages;
mod parse;

use std::path::PathBuf;

use url::Url;

use self::articles::{COLUMNS, FEED, KEY};
use self::crawl::crawler::{Gathered, Gathering};
use self::crawl::feed_request::{Arrived, FEED_BYTES};
use self::crawl::state::Tally;
use self::messages::Short;
use super::http::Client;
use super::http::address::parse;
use super::http::response_status;
use super::local_file;
use super::local_file::Wanted;
use super::row_file::Facts;
use super::{FetchError, Fetched, Kind, Order, Watch};
use crate::domain::feed_names::feed_names;
use crate::domain::location::{Location, web_address};
use crate::domain::operation::Mode;
use crate::domain::progress::Weights;
use crate::domain::read_options::ReadSetting;
use crate::domain::source::{Noun, Source, Validators};
use crate::domain::source_form_spec::WayIn;

/// What a file on this machine should be.
const FEED_FILE: Wanted = Wanted("list of feeds (OPML) or feed");

/// Mirrors feeds.
#[derive(Debug)]
pub(super) struct Feeds {
    /// Takes no more of one feed than is good.
    client: Client,
    /// The most bytes of all feeds together.
    most_bytes: u64,
    uploads_dir: PathBuf,
}

impl Feeds {
    /// Feeds that are asked like all that `client` asks.
    pub(super) fn new(client: &Client, uploads_dir: PathBuf) -> Self {
        let bounded = Client {
            max_bytes: client.max_bytes.min(FEED_BYTES),
            allow: client.allow.clone(),
            work_dir: client.work_dir.clone(),
            google_base: client.google_base.clone(),
        };
        Self { client: bounded, most_bytes: client.max_bytes, uploads_dir }
    }

    /// Reads the file that the source is, if it is one.
    fn read_local(&self, location: &Location, order: &Order<'_>, watch: &dyn Watch) -> Result<Arrived, FetchError> {
        let content = match location {
            Location::File(path) => local_file::file(&self.client, path, FEED_FILE, order, watch)?,
            Location::Upload(name) => {
                local_file::upload(&self.client, &self.uploads_dir, name, FEED_FILE, order, watch)?
            }
            Location::Url(_) | Location::Urls(_) | Location::Sample => return Err(no_sample()),
        };
        // Links in it that are relative lead nowhere, and tell nobody where it lies.
        let nowhere = Url::parse("https://feed.invalid/").map_err(|_| no_sample())?;
        Ok(Arrived::from_file(content, nowhere))
    }
}

impl Kind for Feeds {
    fn name(&self) -> &'static str {
        "feeds"
    }

    fn label(&self, location: &Location) -> &'static str {
        match location {
            Location::Url(_) | Location::Urls(_) => "Feeds",
            Location::File(_) => "Feeds from a file on the server",
            Location::Upload(_) => "Feeds from an uploaded file",
            Location::Sample => "Sample",
        }
    }

    fn accepts(&self, location: &Location) -> Result<(), String> {
        match location {
            Location::Url(_) | Location::Urls(_) => {
                if location.addresses().is_empty() {
                    return Err("Give the address of a feed or of a list of feeds (OPML).".to_owned());
                }
                location.addresses().iter().try_for_each(|address| parse(address).map(drop)).map_err(|e| e.to_string())
            }
            Location::File(_) | Location::Upload(_) => Ok(()),
            Location::Sample => Err(no_sample().to_string()),
        }
    }

    fn way_in(&self) -> WayIn {
        WayIn::FEEDS
    }

    fn recognises(&self, link: &str) -> bool {
        // What no other program than a reader of feeds has a use for.
        !link.trim().is_empty() && link.lines().all(|line| web_address(line).trim() != line.trim())
    }

    fn key_column(&self) -> Option<&'static str> {
        Some(KEY)
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Encoding]
    }

    fn noun(&self) -> Noun {
        Noun { one: "article".to_owned(), many: "articles".to_owned() }
    }

    fn weights(&self) -> Weights {
        Weights { fetching: 80, processing: 15, finalizing: 5 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = match source.location.addresses() {
            [] => source.location.for_people(),
            [only] => parse(only).map_or_else(|_| "its address".to_owned(), |url| response_status::host_of(&url)),
            many => format!("{} addresses", many.len()),
        };
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(&self, source: &Source, order: &Order<'_>, watch: &dyn Watch) -> Result<Fetched, FetchError> {
        let location = &source.location;
        let read = |ear: &dyn Watch| self.read_local(location, order, ear);
        let (addresses, local): (Vec<String>, Option<&crawl::crawler::ReadLocal<'_>>) = match location {
            Location::Url(_) | Location::Urls(_) => {
                (location.addresses().iter().map(|address| web_address(address).into_owned()).collect(), None)
            }
            Location::File(_) | Location::Upload(_) => (vec![location.for_people()], Some(&read)),
            Location::Sample => return Err(no_sample()),
        };
        let encoding = source.read_options.encoding.as_deref();
        let gathering = Gathering::new(&self.client, self.most_bytes, *order, watch, (&addresses, local), encoding)?;
        let Gathered { ledger, out, bytes, broken } = gathering.run();
        let short = match order.sync {
            _ if bytes >= self.most_bytes => Short::Room,
            Some(_) => Short::Time,
            None => Short::Patience,
        };
        let tally = ledger.tally;
        let (feeds, validators, issues) = ledger.close();
        let none = match tally {
            Tally { answered: 1.., .. } => None,
            // To have come to none of them is no success, whatever is left alone for good reasons.
            Tally { not_reached: 1.., .. } => Some(messages::none_reached(tally, short)),
            Tally { left_alone: 0, failing: 1.., .. } => Some(messages::none_at_all(tally.failing, &feeds)),
            _ => None,
        };
        issues.into_iter().for_each(|issue| watch.issue(issue));
        let names = feeds.iter().map(|feed| feed.address.clone()).zip(feed_names(&feeds)).collect();
        watch.feeds(feeds);
        if watch.should_stop() {
            return Err(FetchError::Stopped);
        }
        if let Some(error) = broken.or(none) {
            return Err(error);
        }
        // Where nothing is known of an earlier version, as in a preview, nothing can be said to be as it was.
        if out.rows() == 0 && order.mode == Mode::Incremental && !order.validators.each.is_empty() {
            return Ok(Fetched::Unchanged(Some(validators)));
        }
        let (columns, types) = COLUMNS.map(|(name, kind)| (name.to_owned(), Some(kind))).into_iter().unzip();
        let facts = Facts { columns, types, validators, bytes, whole: false };
        Ok(Fetched::Content(Box::new(out.finish(facts)?.with_names(FEED, names))))
    }
}

impl Order<'_> {
    /// Whether a body with this SHA-256 brings nothing new.
    fn is_same(&self, known: &Validators, hash: &str) -> bool {
        self.mode == Mode::Incremental && known.body_hash.as_deref() == Some(hash)
    }
}

fn no_sample() -> FetchError {
    FetchError::failed("bad_address", "There is no sample of feeds. Give the address of a feed or of a list of feeds.")
}
