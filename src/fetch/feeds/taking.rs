//! What arrived is read: a list names feeds, a feed has articles.

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::Url;

use super::articles::{self, Origin};
use super::ask::Arrived;
use super::document::{self, Document};
use super::gathering::Gathering;
use super::identity;
use super::ledger::Job;
use super::list::{self, List};
use super::sentences;
use super::shape::{Shape, shape};
use super::signpost;
use crate::domain::feed::Identity;
use crate::domain::source::Validators;
use crate::fetch::FetchError;
use crate::fetch::file_signature::{detect_start, refusal};
use crate::fetch::row_file::RowWriter;

/// What a body turned out to be.
enum Read {
    /// A web page, which may name feeds.
    Page(Vec<Url>),
    List(List),
    Feed(Document),
}

impl Gathering<'_> {
    /// Takes what arrived: a list, or a feed.
    pub(super) fn take(&self, job: &Job, arrived: &Arrived) {
        let mut out = self.out.lock();
        if self.watch.should_stop() {
            return;
        }
        let read = arrived.read().and_then(|bytes| match shape(&bytes) {
            Shape::List if job.given => guarded(|| list::addresses(&bytes, arrived.charset.as_deref())).map(Read::List),
            Shape::List => Err(sentences::nested_list()),
            Shape::Page => Ok(Read::Page(signpost::feeds_of(&bytes, &bare(&arrived.url)))),
            Shape::Other if let Some(signature) = detect_start(&bytes) => {
                Err(refusal(signature, "not_a_feed", "a feed or a list of feeds"))
            }
            Shape::Feed | Shape::Other => {
                let base = bare(&arrived.url);
                guarded(|| document::parse(&bytes, arrived.charset.as_deref(), &base)).map(Read::Feed)
            }
        });
        match read {
            Ok(Read::Page(feeds)) => {
                drop(out);
                self.settle(|ledger, now| ledger.found_page(job, &feeds, now));
            }
            Ok(Read::List(list)) => {
                drop(out);
                let validators = if list.is_cut { Validators::default() } else { arrived.validators.clone() };
                self.settle(|ledger, now| ledger.listed(job, validators, list, now));
            }
            Ok(Read::Feed(document)) => {
                let written = self.write(&mut out, job, arrived, document);
                drop(out);
                written.unwrap_or_else(|error| self.fail(job, error));
            }
            Err(error) => {
                drop(out);
                self.fail(job, error);
            }
        }
    }

    fn write(&self, out: &mut RowWriter, job: &Job, arrived: &Arrived, feed: Document) -> Result<(), FetchError> {
        let Document { title, entries, mut notes, is_broken, .. } = feed;
        // Of what was cut off on its way the next sync has to ask for all again.
        let validators = if is_broken { Validators::default() } else { arrived.validators.clone() };
        let known = self.state.lock().ledger.identity(&job.address);
        let identity = known.or_else(|| identity::choose(&entries));
        let title = articles::clipped(&title);
        let (before, count) = (out.rows(), entries.len() as u64);
        let from = Origin { address: &job.address, identity: identity.unwrap_or(Identity::Guid) };
        let repeated = articles::write(out, entries, from)?;
        if repeated > 0 {
            notes.push(sentences::repeated(repeated));
        }
        if arrived.moved {
            notes.push(sentences::moved(arrived.url.as_str()));
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
fn guarded<T>(read: impl FnOnce() -> Result<T, FetchError>) -> Result<T, FetchError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let sentence = "It could not be read because of a mistake in Lockstep. The log of the server says more; please \
                        report it with the address of the feed.";
        Err(FetchError::failed("internal", sentence))
    })
}

/// Where relative links lead from; user name, password and query of the address are in none of them.
pub(super) fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for addresses that cannot carry credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url
}
