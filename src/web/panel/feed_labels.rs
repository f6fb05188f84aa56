//! What the panel and the history show of the feeds and articles of a run.

use super::view::RunView;
use crate::web::layout::view::counted;

impl RunView {
    /// How many feeds the run fetched and how many articles they contained: "22 feeds, 47 articles".
    pub fn feeds_label(&self) -> Option<String> {
        let Some(count) = self.stats.feeds else { return self.articles_label() };
        let feeds = counted(&count.total.max(count.processed), "feed", "feeds");
        Some(self.articles_label().map_or(feeds.clone(), |articles| format!("{feeds}, {articles}")))
    }

    /// How many articles the run found, once there are any: "47 articles".
    pub fn articles_label(&self) -> Option<String> {
        let found = self.stats.articles.map(|count| count.total.max(count.processed)).filter(|found| *found > 0);
        found.map(|found| counted(&found, "article", "articles"))
    }

    /// The title of the list of issues.
    pub fn issues_title(&self) -> &'static str {
        if self.stats.feeds.is_some() { "Feed and article issues" } else { "Issues" }
    }
}
