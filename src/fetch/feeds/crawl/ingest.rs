//! Reads the body of a response, which is a list of feeds or a feed with articles, and records its content.

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::Url;

use super::crawler::FeedCrawler;
use super::feed_job::FeedJob;
use super::feed_request::FeedBody;
use super::link_base::without_secrets;
use crate::domain::feed::EntryIdentity;
use crate::domain::source::Validators;
use crate::domain::text::shortening::clip_name;
use crate::fetch::FetchError;
use crate::fetch::feeds::articles::{FeedOrigin, write_entries};
use crate::fetch::feeds::identity::choose_identity;
use crate::fetch::feeds::kept_keys::find_kept_keys;
use crate::fetch::feeds::messages;
use crate::fetch::feeds::parse::{
    BodyFormat, EncodingHints, Feed, FeedEntry, FeedList, ParseError, ParseHints, detect_format, find_feed_links,
    parse, parse_feed_list,
};
use crate::fetch::file_signature::{detect_start, refusal};
use crate::fetch::row_file::RowWriter;

/// What a body contains.
enum IngestedBody {
    /// A web page, with the addresses of the feeds it links to.
    WebPage(Vec<Url>),
    /// A list of feeds.
    List(FeedList),
    /// A feed. If an encoding is configured, also the feed as parsed without it.
    Feed { feed: Feed, without_configured: Option<Feed> },
}

impl FeedCrawler<'_> {
    /// Reads `body` and records what it contains.
    pub(super) fn ingest(&self, job: &FeedJob, body: &FeedBody) {
        let mut rows = self.rows.lock();
        if self.observer.should_stop() {
            return;
        }
        match self.read_body(job, body) {
            Ok(IngestedBody::WebPage(feeds)) => {
                drop(rows);
                self.update(|state, now| state.record_web_page(job, &feeds, now));
            }
            Ok(IngestedBody::List(list)) => {
                drop(rows);
                let validators = if list.is_cut { Validators::default() } else { body.validators.clone() };
                self.update(|state, now| state.record_list(job, validators, list, now));
            }
            Ok(IngestedBody::Feed { feed, without_configured }) => {
                let entries_without = without_configured.map(|feed| feed.entries).unwrap_or_default();
                let written = self.write_articles(&mut rows, job, body, feed, &entries_without);
                drop(rows);
                written.unwrap_or_else(|error| self.record_failure(job, error));
            }
            Err(error) => {
                drop(rows);
                self.record_failure(job, error);
            }
        }
    }

    fn read_body(&self, job: &FeedJob, body: &FeedBody) -> Result<IngestedBody, FetchError> {
        let bytes = body.read_bytes()?;
        let declared = EncodingHints { configured: None, declared: body.charset.as_deref() };
        let encoding = EncodingHints { configured: self.encoding, ..declared };
        let base = without_secrets(&body.url);
        match detect_format(&bytes) {
            BodyFormat::List if job.is_source_address => {
                catch_parser_panic(|| parse_feed_list(&bytes, encoding)).map(IngestedBody::List)
            }
            BodyFormat::List => Err(messages::nested_list()),
            BodyFormat::Page => Ok(IngestedBody::WebPage(find_feed_links(&bytes, &base))),
            BodyFormat::Other if let Some(signature) = detect_start(&bytes) => {
                Err(refusal(signature, "not_a_feed", "a feed or a list of feeds"))
            }
            BodyFormat::Feed | BodyFormat::Other => {
                let parse_with = |encoding| catch_parser_panic(|| parse(&bytes, ParseHints { base: &base, encoding }));
                let without_configured = encoding.configured.and_then(|_| parse_with(declared).ok());
                parse_with(encoding).map(|feed| IngestedBody::Feed { feed, without_configured })
            }
        }
    }

    /// Writes the articles of a feed and records it as read. `entries_without` are its entries as parsed without the
    /// configured encoding; empty if none is configured.
    fn write_articles(
        &self,
        rows: &mut RowWriter,
        job: &FeedJob,
        body: &FeedBody,
        feed: Feed,
        entries_without: &[FeedEntry],
    ) -> Result<(), FetchError> {
        let Feed { title, entries, mut notes, is_incomplete, .. } = feed;
        // An incomplete feed has to be fetched again, so its validators are not kept.
        let validators = if is_incomplete { Validators::default() } else { body.validators.clone() };
        let known = self.shared.lock().state.entry_identity(&job.address);
        let identity = known.or_else(|| choose_identity(&entries));
        let title = clip_name(&title);
        let (rows_before, entry_count) = (rows.rows(), entries.len() as u64);
        let origin = FeedOrigin { address: &job.address, identity: identity.unwrap_or(EntryIdentity::Guid) };
        let kept = find_kept_keys(&entries, entries_without, origin, self.request.items)?;
        let repeated = write_entries(rows, entries, origin, &kept)?;
        if repeated > 0 {
            notes.push(messages::repeated_ids(repeated));
        }
        if body.moved_permanently {
            notes.push(messages::moved_permanently(body.url.as_str()));
        }
        let articles = rows.rows() - rows_before;
        self.update_with_articles(articles, |state, now| {
            state.record_feed(job, validators, notes, now, |feed| {
                (feed.identity, feed.entries) = (identity, entry_count);
                if !title.is_empty() {
                    feed.title = title;
                }
            });
            Vec::new()
        });
        Ok(())
    }
}

/// Runs a parser. If it panics, only this feed fails.
fn catch_parser_panic<T>(run: impl FnOnce() -> Result<T, ParseError>) -> Result<T, FetchError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(parsed) => parsed.map_err(|error| FetchError::failed(error.kind.code(), error.to_string())),
        Err(_) => Err(messages::parser_panicked()),
    }
}
