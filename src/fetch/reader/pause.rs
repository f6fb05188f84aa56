//! Until when an account is left alone: what its server asked for holds for the runs that come after, too. It is kept
//! as feeds keep theirs, in one [`FeedRecord`] that is there as long as the pause is.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::super::{FetchObserver, FetchRequest};
use super::account::ReaderAccount;
use crate::domain::feed::FeedRecord;

/// The longest a server is left alone because it asks for it: longer would be silence for good.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// Until when the account is left alone, as the runs before kept it.
pub(super) fn kept(account: &ReaderAccount, order: &FetchRequest<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let address = address(account);
    let known = order.feeds.iter().find(|feed| feed.address == address);
    known.and_then(|feed| feed.busy_until).filter(|until| *until > now)
}

/// Keeps until when the account is left alone; `None` forgets what was kept.
pub(super) fn keep(
    account: &ReaderAccount,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    watch: &dyn FetchObserver,
) {
    let feed = |until: DateTime<Utc>| FeedRecord {
        title: account.host(),
        busy_until: Some(until.min(now + LONGEST)),
        asked_at: Some(now),
        ..FeedRecord::new(address(account))
    };
    watch.report_feeds(until.filter(|until| *until > now).map(feed).into_iter().collect());
}

/// What the pause is kept under: the server, without anything secret. What is counted is the requests of one account
/// and one application, so a digest tells whose they are; it stands where addresses lose what follows when they are
/// shown.
fn address(account: &ReaderAccount) -> String {
    let app = account.app.as_ref().map_or("", |(id, _)| id);
    let whose = Sha256::digest(format!("{}\n{app}", account.name));
    let whose: String = whose.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    account.address("/", &[]) + "#" + &whose
}
