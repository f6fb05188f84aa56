//! What arrived is read: a list names feeds, a feed has articles.

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::Url;

use super::crawler::FeedCrawler;
use super::feed_request::ArrivedBody;
use super::link_base::without_secrets;
use super::state::FeedJob;
use crate::domain::feed::EntryIdentity;
use crate::domain::rows::row::clipped;
use crate::domain::source::Validators;
use crate::fetch::FetchError;
use crate::fetch::feeds::articles;
use crate::fetch::feeds::articles::FeedOrigin;
use crate::fetch::feeds::identity;
use crate::fetch::feeds::kept_keys::kept_keys;
use crate::fetch::feeds::messages;
use crate::fetch::feeds::parse::{
    BodyFormat, EncodingHints, Feed, FeedEntry, FeedList, ParseError, ParseHints, detect_format, find_feed_links,
    parse, parse_feed_list,
};
use crate::fetch::file_signature::{detect_start, refusal};
use crate::fetch::row_file::RowWriter;

/// What a body turned out to be.
enum IngestedBody {
    /// A web page, which may name feeds.
    Page(Vec<Url>),
    List(FeedList),
    /// A feed, and how it would be read without the encoding that is set, where one is.
    Feed(Feed, Option<Feed>),
}

impl FeedCrawler<'_> {
    /// Takes what arrived: a list, or a feed.
    pub(super) fn take(&self, job: &FeedJob, arrived: &ArrivedBody) {
        let mut out = self.out.lock();
        if self.watch.should_stop() {
            return;
        }
        let detected = EncodingHints { configured: None, declared: arrived.charset.as_deref() };
        let hints = EncodingHints { configured: self.encoding, ..detected };
        let read = arrived.read().and_then(|bytes| match detect_format(&bytes) {
            BodyFormat::List if job.given => guarded(|| parse_feed_list(&bytes, hints)).map(IngestedBody::List),
            BodyFormat::List => Err(messages::nested_list()),
            BodyFormat::Page => Ok(IngestedBody::Page(find_feed_links(&bytes, &without_secrets(&arrived.url)))),
            BodyFormat::Other if let Some(signature) = detect_start(&bytes) => {
                Err(refusal(signature, "not_a_feed", "a feed or a list of feeds"))
            }
            BodyFormat::Feed | BodyFormat::Other => {
                let base = without_secrets(&arrived.url);
                let parsed = |hints| guarded(|| parse(&bytes, ParseHints { base: &base, encoding: hints }));
                let without_setting = hints.configured.and_then(|_| parsed(detected).ok());
                parsed(hints).map(|document| IngestedBody::Feed(document, without_setting))
            }
        });
        match read {
            Ok(IngestedBody::Page(feeds)) => {
                drop(out);
                self.settle(|ledger, now| ledger.found_page(job, &feeds, now));
            }
            Ok(IngestedBody::List(list)) => {
                drop(out);
                let validators = if list.is_cut { Validators::default() } else { arrived.validators.clone() };
                self.settle(|ledger, now| ledger.listed(job, validators, list, now));
            }
            Ok(IngestedBody::Feed(document, without_setting)) => {
                let without_setting = without_setting.map(|document| document.entries).unwrap_or_default();
                let written = self.write(&mut out, job, arrived, document, &without_setting);
                drop(out);
                written.unwrap_or_else(|error| self.fail(job, error));
            }
            Err(error) => {
                drop(out);
                self.fail(job, error);
            }
        }
    }

    /// Writes the articles of a feed down. `without_setting` are its entries as they would be read without the
    /// encoding that is set; empty where none is.
    fn write(
        &self,
        out: &mut RowWriter,
        job: &FeedJob,
        arrived: &ArrivedBody,
        feed: Feed,
        without_setting: &[FeedEntry],
    ) -> Result<(), FetchError> {
        let Feed { title, entries, mut notes, is_incomplete, .. } = feed;
        // Of what was cut off on its way the next sync has to ask for all again.
        let validators = if is_incomplete { Validators::default() } else { arrived.validators.clone() };
        let known = self.state.lock().ledger.identity(&job.address);
        let identity = known.or_else(|| identity::choose(&entries));
        let title = clipped(&title);
        let (before, count) = (out.rows(), entries.len() as u64);
        let from = FeedOrigin { address: &job.address, identity: identity.unwrap_or(EntryIdentity::Guid) };
        let kept = kept_keys(&entries, without_setting, from, self.order.items)?;
        let repeated = articles::write(out, entries, from, &kept)?;
        if repeated > 0 {
            notes.push(messages::repeated(repeated));
        }
        if arrived.moved {
            notes.push(messages::moved(arrived.url.as_str()));
        }
        let articles = out.rows() - before;
        self.settle_found(articles, |ledger, now| {
            ledger.read(job, validators, notes, now, |feed| {
                (feed.identity, feed.entries) = (identity, count);
                if !title.is_empty() {
                    feed.title = title;
                }
            });
            Vec::new()
        });
        Ok(())
    }
}

/// Reads what comes from outside; a reader that panics costs the one feed that made it.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParseError>) -> Result<T, FetchError> {
    let read = catch_unwind(AssertUnwindSafe(read));
    read.map(|parsed| parsed.map_err(|error| FetchError::failed(error.kind.code(), error.to_string()))).unwrap_or_else(|_| {
        let sentence = "It could not be read because of a mistake in Lockstep. The log of the server says more; please \
                        report it with the address of the feed.";
        Err(FetchError::failed("internal", sentence))
    })
}
