//! The errors of links to sheets, with what to do.

use crate::domain::cell_range::CellRangeError;
use crate::domain::text::shortening::shorten_text;

/// How to copy a link that works.
const LINK_ADVICE: &str = "open the tab of the sheet in a browser and copy its URL, which looks like \
                           https://docs.google.com/spreadsheets/d/…/edit?gid=0";

/// Why a text is not a link to a sheet, or why the part of the sheet that it selects is not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetLinkError {
    /// A link to a text document.
    #[error("this is a document, not a sheet: {LINK_ADVICE}")]
    Document,
    /// A link to a presentation.
    #[error("this is a presentation, not a sheet: {LINK_ADVICE}")]
    Presentation,
    /// A link to a form. Its answers may be in a sheet.
    #[error("this is a form, not a sheet; open the form's answers in Sheets, then {LINK_ADVICE}")]
    Form,
    /// A link to a chart of a sheet.
    #[error("this is a chart, not a sheet; open the tab with its data, then {LINK_ADVICE}")]
    Chart,
    /// A link to a file or folder in Drive.
    #[error("this is a file or folder in Google Drive, not a sheet; open it with Google Sheets, then {LINK_ADVICE}")]
    Drive,
    /// Any other text.
    #[error("this is not a link to a Google Sheet: {LINK_ADVICE}")]
    Other,
    /// A parameter has no effect in its place, for example inside another parameter.
    #[error("the end of this link is damaged, so it is unclear what it shows: {LINK_ADVICE}")]
    Damaged,
    /// The number of the tab (`gid=`) is not a number.
    #[error("the tab in this link (gid=) is not a number: {LINK_ADVICE}")]
    Gid,
    /// The number of header rows (`headers=`) is not a number.
    #[error(
        "the number of header rows in this link (headers=) is not a number; correct it, or remove it from the link"
    )]
    Headers,
    /// A parameter has several, different values.
    #[error("this link has “{0}=” more than once, with different values; keep the one you mean")]
    Contradiction(&'static str),
    /// A tab is selected both by its number and by its name.
    #[error("this link names a tab twice, with gid= and with sheet=; keep the one you mean")]
    TwoTabs,
    /// The range is not valid.
    #[error("“{text}” in this link (range=) {error}; correct it, or remove it from the link to take the whole tab")]
    Range {
        /// The text of the range, shortened.
        text: String,
        /// Why it is not valid.
        error: CellRangeError,
    },
    /// A query (`tq=`) to a published sheet.
    #[error(
        "this link sends a query (tq=) to a published sheet, which Google does not support; use the sheet's own link \
         from the address bar with the query, or publish a tab with =QUERY(…) and use its link"
    )]
    PublishedQuery,
    /// A format that does not contain the cells.
    #[error("this link asks for the format “{0}”, which contains no table; use csv instead, or {LINK_ADVICE}")]
    Format(String),
    /// A parameter that has an effect only in the browser.
    #[error("this link has “{part}”: {advice}")]
    UnsupportedParameter {
        /// The parameter.
        part: String,
        /// Why it is not supported, and what to do instead.
        advice: &'static str,
    },
}

impl SheetLinkError {
    /// Returns the error for a `text` that is not a valid range.
    pub(super) fn invalid_range(text: &str, error: CellRangeError) -> Self {
        Self::Range { text: shorten_text(text), error }
    }
}
