//! Why a link is not taken for a sheet, and what to do.

use crate::domain::cell_range::CellRangeError;
use crate::domain::text::shortening::shorten;

/// What a good link looks like.
const LINK_ADVICE: &str = "open the tab of the sheet in a browser and copy its URL, which looks like \
                           https://docs.google.com/spreadsheets/d/…/edit?gid=0";

/// A text that is no link to a sheet, or one to a part of it that cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetLinkError {
    /// Another of Google's documents.
    #[error("this is a document, not a sheet: {LINK_ADVICE}")]
    Document,
    /// A presentation.
    #[error("this is a presentation, not a sheet: {LINK_ADVICE}")]
    Presentation,
    /// A form, whose answers may be in a sheet.
    #[error("this is a form, not a sheet; open the form's answers in Sheets, then {LINK_ADVICE}")]
    Form,
    /// A chart of a sheet.
    #[error("this is a chart, not a sheet; open the tab with its data, then {LINK_ADVICE}")]
    Chart,
    /// A file or folder in Drive.
    #[error("this is a file or folder in Google Drive, not a sheet; open it with Google Sheets, then {LINK_ADVICE}")]
    Drive,
    /// Anything else.
    #[error("this is not a link to a Google Sheet: {LINK_ADVICE}")]
    Other,
    /// A parameter stands where it has no effect, such as inside another one.
    #[error("the end of this link is damaged, so it is unclear what it shows: {LINK_ADVICE}")]
    Garbled,
    /// The number of the tab is none.
    #[error("the tab in this link (gid=) is not a number: {LINK_ADVICE}")]
    Gid,
    /// The number of header rows is none.
    #[error(
        "the number of header rows in this link (headers=) is not a number; correct it, or remove it from the link"
    )]
    Headers,
    /// Different values of one parameter.
    #[error("this link has “{0}=” more than once, with different values; keep the one you mean")]
    Contradiction(&'static str),
    /// A tab by its number and by its name.
    #[error("this link names a tab twice, with gid= and with sheet=; keep the one you mean")]
    TwoTabs,
    /// A range that is none.
    #[error("“{text}” in this link (range=) {error}; correct it, or remove it from the link to take the whole tab")]
    Range {
        /// What was given.
        text: String,
        /// Why it is none.
        error: CellRangeError,
    },
    /// A query of what is published.
    #[error(
        "this link sends a query (tq=) to a published sheet, which Google does not support; use the sheet's own link \
         from the address bar with the query, or publish a tab with =QUERY(…) and use its link"
    )]
    PublishedQuery,
    /// A format that holds something else than the cells.
    #[error("this link asks for the format “{0}”, which contains no table; use csv instead, or {LINK_ADVICE}")]
    Format(String),
    /// A parameter that Google obeys in the browser alone.
    #[error("this link has “{part}”: {advice}")]
    Unobeyable {
        /// The parameter.
        part: String,
        /// Why it cannot be obeyed, and what to do instead.
        advice: &'static str,
    },
}

impl SheetLinkError {
    /// That the range `text` is none.
    pub(super) fn range(text: &str, error: CellRangeError) -> Self {
        Self::Range { text: shorten(text), error }
    }
}
