//! Links to a Google Sheet in every form people paste them, and the address each tab's CSV is exported at.
//!
//! A part of a link that decides what it shows is obeyed or refused: left out, it would publish what the link leaves
//! out.

mod direct;
mod error;
mod parameters;
mod place;
#[cfg(test)]
mod spelling_tests;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use url::Url;
use url::form_urlencoded::byte_serialize;

use super::cell_range::CellRange;
pub use direct::{DirectLinkError, check_direct_link, is_sheet_address};
pub use error::SheetLinkError;
use parameters::LinkParameters;
use place::{LinkForm, LinkPlace};

/// A Google Sheet, and what of it is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SheetLink {
    document: SheetDocument,
    tab: TabSelector,
    range: Option<CellRange>,
    /// A query in Google's query language.
    query: Option<String>,
    /// How many rows of the tab are the header, where the link is one to Google's query service.
    headers: Option<u32>,
    /// What Google asks for beside the id of some older sheets.
    resource_key: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum SheetDocument {
    /// A sheet by its id.
    Sheet(String),
    /// What is published of a sheet, by the part of its path behind `/spreadsheets/d/`: `ID` or `e/2PACX-…`.
    Published(String),
}

/// Which tab of a sheet is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TabSelector {
    /// The first one.
    First,
    /// The one with this number, which stays when the tab is renamed or moved.
    Gid(u64),
    /// The one with this name.
    Name(String),
}

impl SheetLink {
    /// The id that the Sheets API knows the sheet by. `None` where only an export of Google's gives what the link
    /// shows: a published sheet, a query.
    #[must_use]
    pub fn api_id(&self) -> Option<&str> {
        match &self.document {
            SheetDocument::Sheet(id) if !self.is_query() => Some(id),
            _ => None,
        }
    }

    /// Whether it is the link of what was published with "Publish to web".
    #[must_use]
    pub const fn is_published(&self) -> bool {
        matches!(self.document, SheetDocument::Published(_))
    }

    /// Whether Google computes the table: by a query, or by joining several header rows or none.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.query.is_some() || self.headers.is_some_and(|rows| rows != 1)
    }

    /// Whether it goes to Google's query service for the sole reason that it means a tab by its name.
    #[must_use]
    pub fn is_by_name(&self) -> bool {
        matches!((&self.document, &self.tab), (SheetDocument::Sheet(_), TabSelector::Name(_))) && !self.is_query()
    }

    /// The tab that is meant.
    #[must_use]
    pub const fn tab(&self) -> &TabSelector {
        &self.tab
    }

    /// The part of the tab that is meant, if it is not all of it.
    #[must_use]
    pub const fn range(&self) -> Option<&CellRange> {
        self.range.as_ref()
    }

    /// The same link with the tab of that name.
    #[must_use]
    pub fn with_tab_name(&self, name: &str) -> Self {
        Self { tab: TabSelector::Name(name.to_owned()), ..self.clone() }
    }

    /// The same link with that part of the tab.
    #[must_use]
    pub fn with_range(&self, range: CellRange) -> Self {
        Self { range: Some(range), ..self.clone() }
    }

    /// Path and query of the CSV export, to be joined to the base of Google's addresses.
    #[must_use]
    pub fn export_path(&self) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let (mut path, gid) = match &self.document {
            SheetDocument::Published(path) => (format!("/spreadsheets/d/{path}/pub?output=csv"), "&single=true&gid="),
            SheetDocument::Sheet(id) if self.is_query() || self.is_by_name() => {
                (format!("/spreadsheets/d/{id}/gviz/tq?tqx=out:csv"), "&gid=")
            }
            SheetDocument::Sheet(id) => (format!("/spreadsheets/d/{id}/export?format=csv"), "&gid="),
        };
        let is_gviz = path.contains("/gviz/");
        match &self.tab {
            TabSelector::First => {}
            TabSelector::Gid(number) => path.push_str(&format!("{gid}{number}")),
            TabSelector::Name(name) => path.push_str(&format!("&sheet={}", encoded(name))),
        }
        if let Some(range) = &self.range {
            path.push_str(&format!("&range={}", encoded(&range.to_string())));
        }
        // Without a number Google guesses it, and joins several rows into one header, or takes the header for data
        // (<https://developers.google.com/chart/interactive/docs/spreadsheets>). What a query answers is left as it is.
        let headers = self.headers.or(self.is_by_name().then_some(1));
        if let Some(rows) = headers.filter(|_| is_gviz) {
            path.push_str(&format!("&headers={rows}"));
        }
        if let Some(query) = &self.query {
            path.push_str(&format!("&tq={}", encoded(query)));
        }
        if let Some(key) = &self.resource_key {
            path.push_str(&format!("&resourcekey={}", encoded(key)));
        }
        path
    }

    /// The sheet `id` with its first tab.
    fn of_id(id: &str) -> Self {
        let document = match id.starts_with("2PACX-") {
            true => SheetDocument::Published(format!("e/{id}")),
            false => SheetDocument::Sheet(id.to_owned()),
        };
        Self { document, tab: TabSelector::First, range: None, query: None, headers: None, resource_key: None }
    }
}

impl FromStr for SheetLink {
    type Err = SheetLinkError;

    fn from_str(text: &str) -> Result<Self, SheetLinkError> {
        let text = strip_quotes(text);
        if text.len() >= 20 && is_id(text) {
            return Ok(Self::of_id(text));
        }
        let url = parse_web_address(text).ok_or(SheetLinkError::Other)?;
        let place = LinkPlace::parse(&url)?;
        let parameters = LinkParameters::parse(&url)?;
        parameters.refuse_unsupported()?;
        let text = |value: &str| Ok(value.to_owned());
        let id = match place.id {
            Some(id) => id,
            None => match parameters.single_value("key", text)? {
                Some(key) => key,
                None => parameters.single_value("id", text)?.ok_or(place.without_id)?,
            },
        };
        if !is_id(&id) {
            return Err(SheetLinkError::Other);
        }
        let read_gid = |value: &str| value.parse::<u64>().map_err(|_| SheetLinkError::Gid);
        // A page shows the tab that its fragment names; of an address that is fetched, nobody can say which is meant.
        let gid = if place.is_page {
            parameters.shown_value("gid", read_gid)?
        } else {
            parameters.single_value("gid", read_gid)?
        };
        let tab = match (gid, parameters.single_value("sheet", text)?) {
            (Some(_), Some(_)) => return Err(SheetLinkError::TwoTabs),
            (Some(gid), None) => TabSelector::Gid(gid),
            (None, Some(name)) => TabSelector::Name(name),
            (None, None) => TabSelector::First,
        };
        let read_rows = |value: &str| value.parse::<u32>().map_err(|_| SheetLinkError::Headers);
        let is_query_service = place.form == LinkForm::QueryService;
        let headers = if is_query_service { parameters.single_value("headers", read_rows)? } else { None };
        let query = parameters.single_value("tq", text)?;
        let document = match Self::of_id(&id).document {
            SheetDocument::Sheet(id) if place.has_published_id => SheetDocument::Published(format!("e/{id}")),
            SheetDocument::Sheet(id) if place.form == LinkForm::Published => SheetDocument::Published(id),
            document => document,
        };
        if query.is_some() && matches!(document, SheetDocument::Published(_)) {
            return Err(SheetLinkError::PublishedQuery);
        }
        let range = parameters
            .single_value("range", |value| value.parse().map_err(|error| SheetLinkError::range(value, error)))?;
        let resource_key = parameters.single_value("resourcekey", text)?;
        Ok(Self { document, tab, range, query, headers, resource_key })
    }
}

/// The link in a text that was copied with the quotes around it. Without one in front, a quote at the end is a query's.
fn strip_quotes(text: &str) -> &str {
    let is_quote = |c: char| "<>\"'“”‘’«»".contains(c);
    let text = text.trim();
    if text.starts_with(is_quote) { text.trim_matches(|c: char| c.is_whitespace() || is_quote(c)) } else { text }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A web address, also one whose `https://` was left out.
fn parse_web_address(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}
