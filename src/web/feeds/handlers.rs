//! `GET /catalog/{slug}/feeds`: the state of each feed of a catalog, for everyone with an account.

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};

use super::view::{FeedLine, FeedState, FeedsPage, NextRetry};
use crate::domain::account::Role;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::feed_names::feed_names;
use crate::domain::location::without_secrets;
use crate::domain::source::Validators;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::clip_text;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::freshness_mark::find_mark;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The most characters of a title or a reason.
const MAX_TEXT_CHARS: usize = 400;

/// `GET /catalog/{slug}/feeds`.
pub(in crate::web) async fn page(app: AppContext, slug: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.viewer()?;
        let source = caller.source(state, &slug)?;
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let now = Utc::now();
        let known = state.store.feed_records(source.id)?;
        let may_retry = FeedCounts::from_feeds(&known).is_some_and(|counts| counts.may_retry(now));
        let mut feeds: Vec<FeedLine> = known
            .iter()
            .zip(feed_names(&known))
            .map(|(feed, name)| feed_line(feed, &name, &catalog.validators, now))
            .collect();
        // Failing feeds come first; within a state the order stays.
        feeds.sort_by_key(|feed| match feed.state {
            FeedState::Failing(..) => 0,
            FeedState::RateLimited(_) => 1,
            FeedState::Unknown => 2,
            FeedState::Fresh(_) | FeedState::Ok => 3,
        });
        let is_active = state.store.active_run(source.id)?.is_some();
        let count = |is: fn(&FeedState) -> bool| feeds.iter().filter(|feed| is(&feed.state)).count() as u64;
        let failing = count(|state| matches!(state, FeedState::Failing(..)));
        HtmlResponse::render(&FeedsPage {
            frame: page_frame(state, Some(&actor), format!("Feeds of {}", source.name), NavSection::Catalogs)?,
            slug: source.slug.to_string(),
            name: source.name,
            freshness: find_mark(state, source.id, Some(&actor))?,
            total: feeds.len() as u64,
            failing,
            rate_limited: count(|state| matches!(state, FeedState::RateLimited(_))),
            may_retry: may_retry && !is_active && actor.role == Role::Admin,
            is_active,
            feeds,
        })
    })
    .await
}

/// The line of a feed with this name, as of `now`.
fn feed_line(feed: &FeedRecord, name: &str, validators: &Validators, now: DateTime<Utc>) -> FeedLine {
    let address = without_secrets(&feed.address);
    let ahead = |time: Option<DateTime<Utc>>| time.filter(|time| *time > now);
    let fresh = validators.each.get(&feed.address).and_then(|validators| validators.fresh_until);
    let state = if feed.has_failed() {
        let next = match (ahead(feed.rate_limited_until), ahead(feed.backing_off_until)) {
            // A rate limit applies to manual retries too.
            (Some(until), _) => NextRetry::RateLimited(until_label(until, now)),
            (None, Some(until)) => NextRetry::Scheduled(time_label(until)),
            (None, None) => NextRetry::NextSync,
        };
        FeedState::Failing(feed.failures, next)
    } else if let Some(until) = ahead(feed.rate_limited_until) {
        FeedState::RateLimited(until_label(until, now))
    } else if let Some(until) = ahead(fresh) {
        FeedState::Fresh(until_label(until, now))
    } else if feed.succeeded_at.is_some() {
        FeedState::Ok
    } else {
        FeedState::Unknown
    };
    let untitled = feed.title.trim().is_empty();
    let reason = feed.error.as_ref().filter(|_| feed.has_failed() || feed.rate_limited_until > Some(now));
    FeedLine {
        title: clip_text(name, MAX_TEXT_CHARS),
        address: if untitled { String::new() } else { address },
        state,
        reason: reason.map(|(_, message)| clip_text(message, MAX_TEXT_CHARS)),
        last_success: feed.succeeded_at.map(time_label),
        entries: feed.entries,
    }
}

/// A time after `now`: `14:05 UTC`, with its day if that is another one.
fn until_label(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // Rounded up: the feed is not fetched before.
    let time = time + TimeDelta::seconds(59);
    let same_day = time.date_naive() == now.date_naive();
    time.format(if same_day { "%H:%M UTC" } else { "%-d %b %Y, %H:%M UTC" }).to_string()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::feed_names;
    use crate::domain::feed::FeedRecord;
    use crate::domain::source::Validators;
    use crate::web::feeds::view::{FeedLine, FeedState, NextRetry};

    fn line(feed: &FeedRecord, validators: &Validators, now: DateTime<Utc>) -> FeedLine {
        super::feed_line(feed, &feed_names(std::slice::from_ref(feed))[0], validators, now)
    }

    #[test]
    fn a_feed_has_its_state_and_no_secrets() {
        let now: DateTime<Utc> = "2026-11-20T14:00:00Z".parse().expect("a time");
        let later = now + TimeDelta::minutes(5);
        let new = FeedRecord::new("https://me:pw@h.example/feed?token=s3cret");
        let each = Validators { fresh_until: Some(later), ..Validators::default() };
        let fresh = Validators { each: [(new.address.clone(), each)].into(), ..Validators::default() };
        let none = Validators::default();
        let shown = line(&new, &none, now);
        assert_eq!((shown.title.as_str(), shown.address.as_str()), ("https://h.example/feed?…", ""));
        assert!(matches!(shown.state, FeedState::Unknown));
        let fine = FeedRecord { succeeded_at: Some(now), title: "News".to_owned(), ..new.clone() };
        assert!(matches!(line(&fine, &none, now).state, FeedState::Ok));
        assert!(matches!(line(&fine, &fresh, now).state, FeedState::Fresh(_)));
        assert!(matches!(line(&fine, &fresh, later).state, FeedState::Ok), "no longer");
        assert_eq!(line(&fine, &none, now).address, "https://h.example/feed?…");
        let busy = FeedRecord { rate_limited_until: Some(later), ..fine.clone() };
        assert!(matches!(line(&busy, &fresh, now).state, FeedState::RateLimited(_)));
        let error = Some(("gone".to_owned(), "It is gone.".to_owned()));
        let failing = FeedRecord { failures: 3, error, backing_off_until: Some(later), ..fine };
        let shown = line(&failing, &fresh, now);
        assert!(matches!(shown.state, FeedState::Failing(3, NextRetry::Scheduled(_))));
        assert_eq!(shown.reason.as_deref(), Some("It is gone."));
        assert!(matches!(line(&failing, &fresh, later).state, FeedState::Failing(3, NextRetry::NextSync)));
        let silent = FeedRecord { rate_limited_until: Some(now + TimeDelta::minutes(1)), ..failing };
        assert!(matches!(line(&silent, &fresh, now).state, FeedState::Failing(3, NextRetry::RateLimited(_))));
    }
}
