//! Parses links to Google Sheets in all common forms, and builds the URL of the CSV export.
//!
//! A parameter that selects a part of the sheet is either applied or refused: ignoring it would publish more than the
//! link shows.

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

use super::cell_range::{CellPlace, CellRange, column_letters};
pub use direct::{DirectLinkError, check_direct_link, is_sheet_address};
pub use error::SheetLinkError;
use parameters::LinkParameters;
use place::{LinkForm, LinkPlace};

/// A Google Sheet, and the selected part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SheetLink {
    document: SheetDocument,
    tab: TabSelector,
    range: Option<CellRange>,
    /// A query in Google's query language.
    query: Option<String>,
    /// The number of header rows, in a link to Google's query service.
    headers: Option<u32>,
    /// The resource key that some older sheets require in addition to the id.
    resource_key: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum SheetDocument {
    /// A sheet by its id.
    Sheet(String),
    /// A published sheet, by the part of its path after `/spreadsheets/d/`: `ID` or `e/2PACX-…`.
    Published(String),
}

/// Selects a tab of a sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TabSelector {
    /// The first tab.
    First,
    /// The tab with this number, which stays the same when the tab is renamed or moved.
    Gid(u64),
    /// The tab with this name.
    Name(String),
}

impl SheetLink {
    /// Returns the id of the sheet in the Sheets API. `None` if only a CSV export shows the selected content: for
    /// published sheets and queries.
    #[must_use]
    pub fn api_id(&self) -> Option<&str> {
        match &self.document {
            SheetDocument::Sheet(id) if !self.is_query() => Some(id),
            _ => None,
        }
    }

    /// Returns whether the link was created with "Publish to web".
    #[must_use]
    pub const fn is_published(&self) -> bool {
        matches!(self.document, SheetDocument::Published(_))
    }

    /// Returns whether Google computes the table: by a query, or by joining several header rows or none.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.query.is_some() || self.headers.is_some_and(|rows| rows != 1)
    }

    /// Returns whether the query service is used only because the tab is selected by its name.
    #[must_use]
    pub fn is_by_name(&self) -> bool {
        matches!((&self.document, &self.tab), (SheetDocument::Sheet(_), TabSelector::Name(_))) && !self.is_query()
    }

    /// Returns the selected tab.
    #[must_use]
    pub const fn selected_tab(&self) -> &TabSelector {
        &self.tab
    }

    /// Returns the selected range of the tab, unless it is the whole tab.
    #[must_use]
    pub const fn selected_range(&self) -> Option<&CellRange> {
        self.range.as_ref()
    }

    /// Returns the link with the tab of this name.
    #[must_use]
    pub fn with_tab_name(&self, name: &str) -> Self {
        Self { tab: TabSelector::Name(name.to_owned()), ..self.clone() }
    }

    /// Returns the link with this range of the tab.
    #[must_use]
    pub fn with_range(&self, range: CellRange) -> Self {
        Self { range: Some(range), ..self.clone() }
    }

    /// Returns path and query of the CSV export, to be joined to the base URL of Google.
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
        // Without this parameter Google guesses the number of header rows, joins several rows into one header, or takes
        // the header for data (<https://developers.google.com/chart/interactive/docs/spreadsheets>). The result of a
        // query is left as it is.
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

    /// Returns the link to the page of the sheet for people, at the selected tab if its number is known. The resource
    /// key is left out, because it is a secret.
    #[must_use]
    pub fn page_link(&self) -> String {
        let gid = match &self.tab {
            TabSelector::Gid(number) => Some(number),
            TabSelector::First | TabSelector::Name(_) => None,
        };
        match &self.document {
            SheetDocument::Sheet(id) => {
                let tab = gid.map(|number| format!("#gid={number}")).unwrap_or_default();
                format!("https://docs.google.com/spreadsheets/d/{id}/edit{tab}")
            }
            SheetDocument::Published(path) => {
                let tab = gid.map(|number| format!("?gid={number}&single=true")).unwrap_or_default();
                format!("https://docs.google.com/spreadsheets/d/{path}/pubhtml{tab}")
            }
        }
    }

    /// Returns the link that opens the sheet at a cell of the selected range. `None` for published sheets and queries,
    /// whose rows have no place in a sheet, and if a tab is selected by its name and its number is not known. The
    /// resource key is left out, because it is a secret.
    #[must_use]
    pub fn cell_link(&self, place: CellPlace) -> Option<String> {
        let (id, CellPlace { tab, column, row }) = (self.api_id()?, place);
        let number = match &self.tab {
            TabSelector::Gid(number) => Some(*number),
            TabSelector::First => tab,
            TabSelector::Name(_) => Some(tab?),
        };
        let gid = number.map(|number| format!("gid={number}&")).unwrap_or_default();
        let first = self.range.as_ref().map_or(0, CellRange::first_column);
        let cell = match column {
            Some(column) => format!("{}{row}", column_letters(first + column)),
            None => format!("{row}:{row}"),
        };
        Some(format!("https://docs.google.com/spreadsheets/d/{id}/edit#{gid}range={cell}"))
    }

    /// Returns the link to the first tab of the sheet `id`.
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
                None => parameters.single_value("id", text)?.ok_or(place.missing_id_error)?,
            },
        };
        if !is_id(&id) {
            return Err(SheetLinkError::Other);
        }
        let read_gid = |value: &str| value.parse::<u64>().map_err(|_| SheetLinkError::Gid);
        // A page shows the tab in its fragment. In a URL that is fetched directly, different values are a
        // contradiction.
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
        let range = parameters.single_value("range", |value| {
            value.parse().map_err(|error| SheetLinkError::invalid_range(value, error))
        })?;
        let resource_key = parameters.single_value("resourcekey", text)?;
        Ok(Self { document, tab, range, query, headers, resource_key })
    }
}

/// Removes the quotes around a copied link. Without an opening quote, a quote at the end belongs to a query.
fn strip_quotes(text: &str) -> &str {
    let is_quote = |c: char| "<>\"'“”‘’«»".contains(c);
    let text = text.trim();
    if text.starts_with(is_quote) { text.trim_matches(|c: char| c.is_whitespace() || is_quote(c)) } else { text }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Parses a URL; `https://` may be missing.
fn parse_web_address(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}
