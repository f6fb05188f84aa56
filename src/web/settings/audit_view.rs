//! The view of what people and programs did.

use askama::Template;

use crate::web::layout::page_links::PageLinks;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::{PageFrame, grouped};

/// `GET /settings/audit`.
#[derive(Debug, Clone, Template)]
#[template(path = "audit.html")]
pub(in crate::web) struct AuditPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The newest entries first.
    pub entries: Vec<AuditLine>,
    /// The position in the list.
    pub pager: PageLinks,
}

/// One entry in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct AuditLine {
    /// When it was done.
    pub at: TimeLabel,
    /// Who did it.
    pub actor: String,
    /// How the request was made.
    pub channel: String,
    /// The address of the client; `None` on the command line.
    pub address: Option<String>,
    /// What was done, to be followed by the subject.
    pub action: String,
    /// The icon of what it is about.
    pub icon: &'static str,
    /// The slug of the source, or the name of the user or token.
    pub subject: String,
    /// More about it.
    pub detail: Option<String>,
    /// The link to the run that it is about, if the history still has it.
    pub run: Option<String>,
}
