//! What went wrong, for people.

use askama::Template;

use super::view::PageFrame;

/// Any page that could not be shown.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The HTTP status: 403, 404, 500.
    pub status: u16,
    /// What happened, in a few words: "There is no such page".
    pub heading: String,
    /// What it means and what to do, in a sentence or two.
    pub advice: String,
    /// Finds the matching line in the log; none where nothing was logged.
    pub id: Option<String>,
    /// After so many seconds the page is asked for again by itself.
    pub again: Option<u64>,
}
