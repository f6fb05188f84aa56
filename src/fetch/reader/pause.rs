//! Stores until when a server asked for no more requests, so that later runs obey it. The pause is stored as a
//! [`FeedRecord`], like the rate limits of feeds, and removed when it has ended.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::super::{FetchObserver, FetchRequest};
use super::account::ReaderAccount;
use crate::domain::feed::FeedRecord;
use crate::domain::text::hex::to_hex;

/// The longest pause that is obeyed; a longer one would disable the source.
const MAX_PAUSE: TimeDelta = TimeDelta::days(7);

/// Until when the account is paused, if an earlier run stored a pause that has not ended.
pub(super) fn paused_until(
    account: &ReaderAccount,
    request: &FetchRequest<'_>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let address = pause_address(account);
    let known = request.feeds.iter().find(|feed| feed.address == address);
    known.and_then(|feed| feed.rate_limited_until).filter(|until| *until > now)
}

/// Stores until when the account is paused. `None` removes a stored pause.
pub(super) fn store_pause(
    account: &ReaderAccount,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    observer: &dyn FetchObserver,
) {
    let feed = |until: DateTime<Utc>| FeedRecord {
        title: account.host(),
        rate_limited_until: Some(until.min(now + MAX_PAUSE)),
        requested_at: Some(now),
        ..FeedRecord::new(pause_address(account))
    };
    observer.report_feeds(until.filter(|until| *until > now).map(feed).into_iter().collect());
}

/// The address under which the pause is stored: that of the server, without secrets. Servers count requests per account
/// and application, so a digest of both follows as the fragment, which is never shown.
fn pause_address(account: &ReaderAccount) -> String {
    let app = account.app.as_ref().map_or("", |(id, _)| id);
    let digest = Sha256::digest(format!("{}\n{app}", account.name));
    account.address("/", &[]) + "#" + &to_hex(&digest[..8])
}
