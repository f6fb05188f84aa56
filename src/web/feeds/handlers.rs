//! `GET /catalog/{slug}/feeds`: how each feed of a catalog fares. For everybody with an account: what fails, and where,
//! is nothing for visitors.

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};

use super::view::{FeedLine, FeedState, FeedsPage, NextRetry};
use crate::domain::account::Role;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::feed_names::feed_names;
use crate::domain::location::without_secrets;
use crate::domain::source::Validators;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::clipped;
use crate::web::layout::page::{RenderedHtml, chrome, when};
use crate::web::layout::view::NavSection;

/// The most characters of a title or a reason.
const LONGEST: usize = 400;

/// `GET /catalog/{slug}/feeds`.
pub(in crate::web) async fn page(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.viewer(house)?;
        let (source, _) = caller.source(house, &slug)?;
        let Some(catalog) = house.store.catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let now = Utc::now();
        let known = house.store.feeds(source.id)?;
        let may_retry = FeedCounts::of(&known).is_some_and(|counts| counts.may_retry(now));
        let mut feeds: Vec<FeedLine> = known
            .iter()
            .zip(feed_names(&known))
            .map(|(feed, name)| line(feed, &name, &catalog.validators, now))
            .collect();
        // Those in trouble come first; within each state their order stays.
        feeds.sort_by_key(|feed| match feed.state {
            FeedState::Failing(..) => 0,
            FeedState::Waiting(_) => 1,
            FeedState::Unknown => 2,
            FeedState::Fresh(_) | FeedState::Fine => 3,
        });
        let active = house.store.active_run(source.id)?.is_some();
        let count = |is: fn(&FeedState) -> bool| feeds.iter().filter(|feed| is(&feed.state)).count() as u64;
        let failing = count(|state| matches!(state, FeedState::Failing(..)));
        RenderedHtml::draw(&FeedsPage {
            chrome: chrome(house, Some(&actor), format!("Feeds of {}", source.name), NavSection::Catalogs)?,
            slug: source.slug.to_string(),
            name: source.name,
            total: feeds.len() as u64,
            failing,
            waiting: count(|state| matches!(state, FeedState::Waiting(_))),
            may_retry: may_retry && !active && actor.role == Role::Admin,
            active,
            feeds,
        })
    })
    .await
}

/// A feed as it stands at `now`, which is called `name`.
fn line(feed: &FeedRecord, name: &str, validators: &Validators, now: DateTime<Utc>) -> FeedLine {
    let address = without_secrets(&feed.address);
    let ahead = |time: Option<DateTime<Utc>>| time.filter(|time| *time > now);
    let fresh = validators.each.get(&feed.address).and_then(|validators| validators.fresh_until);
    let state = if feed.has_failed() {
        let next = match (ahead(feed.busy_until), ahead(feed.resting_until)) {
            // What a server asked for holds for people, too.
            (Some(until), _) => NextRetry::Silent(moment(until, now)),
            (None, Some(until)) => NextRetry::Rests(when(until)),
            (None, None) => NextRetry::Sync,
        };
        FeedState::Failing(feed.failures, next)
    } else if let Some(until) = ahead(feed.busy_until) {
        FeedState::Waiting(moment(until, now))
    } else if let Some(until) = ahead(fresh) {
        FeedState::Fresh(moment(until, now))
    } else if feed.succeeded_at.is_some() {
        FeedState::Fine
    } else {
        FeedState::Unknown
    };
    let untitled = feed.title.trim().is_empty();
    let reason = feed.error.as_ref().filter(|_| feed.has_failed() || feed.busy_until > Some(now));
    FeedLine {
        title: clipped(name, LONGEST),
        address: if untitled { String::new() } else { address },
        state,
        reason: reason.map(|(_, sentence)| clipped(sentence, LONGEST)),
        last_success: feed.succeeded_at.map(when),
        entries: feed.entries,
    }
}

/// A moment after `now`: `14:05 UTC`, and with its day where that is another one.
fn moment(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // It is not asked before, so the minute is rounded up.
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
        super::line(feed, &feed_names(std::slice::from_ref(feed))[0], validators, now)
    }

    #[test]
    fn a_feed_is_told_as_it_stands_and_without_secrets() {
        let now: DateTime<Utc> = "2026-11-20T14:00:00Z".parse().expect("a time");
        let later = now + TimeDelta::minutes(5);
        let new = FeedRecord::new("https://me:pw@h.example/feed?token=s3cret");
        let each = Validators { fresh_until: Some(later), ..Validators::default() };
        let fresh = Validators { each: [(new.address.clone(), each)].into(), ..Validators::default() };
        let none = Validators::default();
        let told = line(&new, &none, now);
        assert_eq!((told.title.as_str(), told.address.as_str()), ("https://h.example/feed?…", ""));
        assert!(matches!(told.state, FeedState::Unknown));
        let fine = FeedRecord { succeeded_at: Some(now), title: "News".to_owned(), ..new.clone() };
        assert!(matches!(line(&fine, &none, now).state, FeedState::Fine));
        assert!(matches!(line(&fine, &fresh, now).state, FeedState::Fresh(_)));
        assert!(matches!(line(&fine, &fresh, later).state, FeedState::Fine), "no longer");
        assert_eq!(line(&fine, &none, now).address, "https://h.example/feed?…");
        let busy = FeedRecord { busy_until: Some(later), ..fine.clone() };
        assert!(matches!(line(&busy, &fresh, now).state, FeedState::Waiting(_)));
        let error = Some(("gone".to_owned(), "It is gone.".to_owned()));
        let failing = FeedRecord { failures: 3, error, resting_until: Some(later), ..fine };
        let told = line(&failing, &fresh, now);
        assert!(matches!(told.state, FeedState::Failing(3, NextRetry::Rests(_))));
        assert_eq!(told.reason.as_deref(), Some("It is gone."));
        assert!(matches!(line(&failing, &fresh, later).state, FeedState::Failing(3, NextRetry::Sync)));
        let silent = FeedRecord { busy_until: Some(now + TimeDelta::minutes(1)), ..failing };
        assert!(matches!(line(&silent, &fresh, now).state, FeedState::Failing(3, NextRetry::Silent(_))));
    }
}
