//! The view of an error page.

use askama::Template;

use crate::web::layout::view::PageFrame;

/// The page of a failed request.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub(in crate::web) struct ErrorPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The HTTP status: 403, 404, 500.
    pub status: u16,
    /// What happened, in a few words: "Page not found".
    pub heading: String,
    /// What it means and what to do, in one or two sentences.
    pub advice: String,
    /// The id of the log line with the cause; `None` if nothing was logged.
    pub log_id: Option<String>,
    /// Seconds after which the browser loads the page again.
    pub reload_after: Option<u64>,
}
