//! Parses host and path of a Google URL: the document and its form.

use url::Url;

use super::error::SheetLinkError;

/// The form in which a link shows a sheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LinkForm {
    /// A page for people, a download, or a link that copies the sheet: all show the sheet itself.
    Sheet,
    /// The query service (`gviz/tq`).
    QueryService,
    /// A sheet published with "Publish to web".
    Published,
}

/// The document that a link leads to.
#[derive(Debug)]
pub(super) struct LinkPlace {
    /// The id in the path; older links have it in their query.
    pub(super) id: Option<String>,
    /// Whether the id is that of a published sheet (`/d/e/ID`), which opens nothing else.
    pub(super) has_published_id: bool,
    pub(super) form: LinkForm,
    /// Whether it is a page for people, which shows the tab in the fragment.
    pub(super) is_page: bool,
    /// The error if the query has no id either.
    pub(super) missing_id_error: SheetLinkError,
}

impl LinkPlace {
    /// Parses host and path of `url`.
    ///
    /// # Errors
    /// [`SheetLinkError`] when the link does not lead to a sheet, or its path contains parameters.
    pub(super) fn parse(url: &Url) -> Result<Self, SheetLinkError> {
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        match url.host_str() {
            Some("docs.google.com") => Self::parse_docs_path(&parts),
            // The oldest links: `/ccc?key=ID`.
            Some("spreadsheets.google.com") => Self::parse_sheet_path(&parts),
            Some("drive.google.com") if parts.last() == Some(&"open") => {
                Self::parse_sheet_path(&[]).map(|place| Self { missing_id_error: SheetLinkError::Drive, ..place })
            }
            Some("drive.google.com") => Err(SheetLinkError::Drive),
            _ => Err(SheetLinkError::Other),
        }
    }

    fn parse_docs_path(parts: &[&str]) -> Result<Self, SheetLinkError> {
        let is_there = |name: &str| parts.contains(&name);
        match parts.iter().position(|part| ["spreadsheets", "spreadsheet"].contains(part)) {
            Some(at) => Self::parse_sheet_path(parts.get(at + 1..).unwrap_or_default()),
            None if is_there("document") => Err(SheetLinkError::Document),
            None if is_there("presentation") => Err(SheetLinkError::Presentation),
            None if is_there("forms") => Err(SheetLinkError::Form),
            None => Err(SheetLinkError::Other),
        }
    }

    /// Parses the parts of the path after `/spreadsheets`: `[u/0/]d/[e/]ID[/ACTION…]`, or an action alone.
    fn parse_sheet_path(parts: &[&str]) -> Result<Self, SheetLinkError> {
        let after_d = parts.iter().position(|part| *part == "d").and_then(|at| parts.get(at + 1..));
        let (has_published_id, id, action) = match after_d {
            Some([] | ["e"]) | None => (false, None, parts),
            Some(["e", id, action @ ..]) => (true, Some((*id).to_owned()), action),
            Some([id, action @ ..]) => (false, Some((*id).to_owned()), action),
        };
        // As in `edit%23gid=7`, where an escaped parameter became a part of the path.
        let is_plain = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if id.is_some() && !action.iter().all(is_plain) {
            return Err(SheetLinkError::Damaged);
        }
        let (form, is_page) = match action.last().copied() {
            Some("tq") => (LinkForm::QueryService, false),
            Some("pub") => (LinkForm::Published, false),
            Some("pubhtml") => (LinkForm::Published, true),
            Some("export") => (LinkForm::Sheet, false),
            Some("pubchart" | "chartiframe" | "oimg") => return Err(SheetLinkError::Chart),
            Some("viewform" | "formResponse" | "embeddedform") => return Err(SheetLinkError::Form),
            _ if has_published_id => (LinkForm::Published, true),
            _ => (LinkForm::Sheet, true),
        };
        Ok(Self { id, has_published_id, form, is_page, missing_id_error: SheetLinkError::Other })
    }
}
