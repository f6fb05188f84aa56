//! The view of the feeds of a catalog.

use askama::Template;

use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, counted, grouped};

/// `GET /catalog/{slug}/feeds`.
#[derive(Debug, Clone, Template)]
#[template(path = "feeds.html")]
pub(in crate::web) struct FeedsPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The slug of the source.
    pub slug: String,
    /// The catalog's name.
    pub name: String,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// Its feeds, failing ones first.
    pub feeds: Vec<FeedLine>,
    /// The number of feeds.
    pub total: u64,
    /// How many feeds failed when they were last fetched.
    pub failing: u64,
    /// How many feeds are rate-limited by their servers.
    pub rate_limited: u64,
    /// Whether the reader may retry the failed feeds: an admin, while no run is active.
    pub may_retry: bool,
    /// Whether a run of the source is active.
    pub is_active: bool,
}

/// A feed in the list.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct FeedLine {
    /// Its title, or else its address without secrets.
    pub title: String,
    /// Its address without secrets; empty if that is its title.
    pub address: String,
    /// Its state.
    pub state: FeedState,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was last fetched successfully.
    pub last_success: Option<TimeLabel>,
    /// How many entries it had then.
    pub entries: u64,
}

/// The state of a feed.
#[derive(Debug, Clone, Default)]
pub(in crate::web) enum FeedState {
    /// The number of failures in a row, and when it is fetched again.
    Failing(u32, NextRetry),
    /// Its server limits requests until then: "14:05 UTC".
    RateLimited(String),
    /// It was fetched; according to its server nothing is new until then: "14:05 UTC".
    Fresh(String),
    /// It was fetched.
    Ok,
    /// It was not fetched yet.
    #[default]
    Unknown,
}

/// When a failed feed is fetched again.
#[derive(Debug, Clone)]
pub(in crate::web) enum NextRetry {
    /// By the next sync.
    NextSync,
    /// By a scheduled sync not before then, by a manual sync at any time.
    Scheduled(TimeLabel),
    /// Not before its rate limit ends: "14:05 UTC".
    RateLimited(String),
}

impl FeedState {
    /// The label: "Failed 3 times in a row".
    pub(in crate::web) fn label(&self) -> String {
        match self {
            Self::Failing(1, _) => "Failed once".to_owned(),
            Self::Failing(times, _) => format!("Failed {times} times in a row"),
            Self::RateLimited(_) => "Rate-limited".to_owned(),
            Self::Fresh(_) | Self::Ok => "OK".to_owned(),
            Self::Unknown => "Not fetched".to_owned(),
        }
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        match self {
            Self::Failing(..) => "warning",
            Self::RateLimited(_) => "clock",
            Self::Fresh(_) | Self::Ok => "check",
            Self::Unknown => "dash",
        }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        match self {
            Self::Failing(..) => "bad",
            Self::Fresh(_) | Self::Ok => "good",
            Self::RateLimited(_) | Self::Unknown => "quiet",
        }
    }
}
