//! The health of the feeds that a catalog is made of.

use askama::Template;

use crate::web::layout::view::{PageFrame, TimeLabel, counted, grouped};
use crate::web::panel::view::RunView;

/// `GET /catalog/{slug}/feeds`.
#[derive(Debug, Clone, Template)]
#[template(path = "feeds.html")]
pub struct FeedsPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The source, as in the address.
    pub slug: String,
    /// The catalog's name.
    pub name: String,
    /// Its feeds, those in trouble first.
    pub feeds: Vec<FeedLine>,
    /// How many there are.
    pub total: u64,
    /// How many of them failed the last time.
    pub failing: u64,
    /// How many are left alone because their servers asked for it.
    pub waiting: u64,
    /// Whether the reader may ask those that failed once more: an admin, while no run goes on.
    pub may_retry: bool,
    /// Whether a run of the source goes on.
    pub active: bool,
}

/// One feed.
#[derive(Debug, Clone, Default)]
pub struct FeedLine {
    /// Its title, or its address without secrets where it has none.
    pub title: String,
    /// Its address without secrets; empty where that is its title.
    pub address: String,
    /// How it fares.
    pub state: FeedState,
    /// Why it failed the last time.
    pub reason: Option<String>,
    /// When it last answered as it should.
    pub last_success: Option<TimeLabel>,
    /// How many entries it had then.
    pub entries: u64,
}

/// How a feed fares.
#[derive(Debug, Clone, Default)]
pub enum FeedState {
    /// It failed so often in a row, and is asked again then.
    Failing(u32, NextRetry),
    /// Its server asked to be left alone until then: "14:05 UTC".
    Waiting(String),
    /// It answered; by its server's word there is nothing new until then.
    Fresh(String),
    /// It answered.
    Fine,
    /// It was not asked yet.
    #[default]
    Unknown,
}

/// When a feed that failed is asked again.
#[derive(Debug, Clone)]
pub enum NextRetry {
    /// By the next sync, whoever starts it.
    Sync,
    /// By a schedule not before then, by a person at any time.
    Rests(TimeLabel),
    /// By nobody before then, as its server asked to be left alone: "14:05 UTC".
    Silent(String),
}

impl FeedState {
    /// The state in words.
    pub fn word(&self) -> String {
        match self {
            Self::Failing(1, _) => "Failed once".to_owned(),
            Self::Failing(times, _) => format!("Failed {times} times in a row"),
            Self::Waiting(_) => "Left alone".to_owned(),
            Self::Fresh(_) | Self::Fine => "Fine".to_owned(),
            Self::Unknown => "Not asked yet".to_owned(),
        }
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        match self {
            Self::Failing(..) => "warning",
            Self::Waiting(_) => "clock",
            Self::Fresh(_) | Self::Fine => "check",
            Self::Unknown => "dash",
        }
    }

    /// The name of its colour in the stylesheet.
    pub fn tone(&self) -> &'static str {
        match self {
            Self::Failing(..) => "bad",
            Self::Fresh(_) | Self::Fine => "good",
            Self::Waiting(_) | Self::Unknown => "quiet",
        }
    }
}

/// What a run says of feeds and articles.
impl RunView {
    /// How many feeds it asked and what they brought: "22 feeds, 47 articles".
    pub fn feeds_words(&self) -> Option<String> {
        let Some(count) = self.stats.feeds else { return self.articles_words() };
        let feeds = counted(&count.total.max(count.processed), "feed", "feeds");
        Some(self.articles_words().map_or(feeds.clone(), |articles| format!("{feeds}, {articles}")))
    }

    /// How many articles it found, once there are any: "47 articles".
    pub fn articles_words(&self) -> Option<String> {
        let found = self.stats.articles.map(|count| count.total.max(count.processed)).filter(|found| *found > 0);
        found.map(|found| counted(&found, "article", "articles"))
    }

    /// What the list of its issues is called.
    pub fn issues_title(&self) -> &'static str {
        if self.stats.feeds.is_some() { "Feeds and articles in trouble" } else { "Issues" }
    }
}
