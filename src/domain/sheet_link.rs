//! Links to a Google Sheet in every form people paste them, and the address each tab's CSV is exported at.

use std::str::FromStr;

use url::Url;

/// A Google Sheet and one of its tabs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SheetLink {
    document: Document,
    tab: Tab,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Document {
    /// By the id in its own address.
    Id(String),
    /// By the id of its published form, `2PACX-…`.
    Published(String),
}

/// Which tab of a sheet is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tab {
    /// The first one.
    First,
    /// The one with this number, which stays when the tab is renamed or moved.
    Gid(u64),
    /// The one with this name.
    Name(String),
}

/// A text that is no link to a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASheetLink {
    /// Another of Google's documents.
    #[error("that is a document, not a sheet: {GOOD}")]
    Document,
    /// A presentation.
    #[error("that is a presentation, not a sheet: {GOOD}")]
    Presentation,
    /// A form, whose answers may be in a sheet.
    #[error("that is a form, not a sheet; open the form's answers in Sheets, then {GOOD}")]
    Form,
    /// A file or folder in Drive.
    #[error("that is a file or folder in Google Drive, not a sheet; open it with Google Sheets, then {GOOD}")]
    Drive,
    /// Anything else.
    #[error("that is not a link to a Google Sheet: {GOOD}")]
    Other,
}

const GOOD: &str = "open the sheet's tab in the browser and copy the address, which looks like \
                    https://docs.google.com/spreadsheets/d/…/edit?gid=0";

impl SheetLink {
    /// The id of the sheet; a published link has none that opens it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.document {
            Document::Id(id) => Some(id),
            Document::Published(_) => None,
        }
    }

    /// The tab that is meant.
    #[must_use]
    pub const fn tab(&self) -> &Tab {
        &self.tab
    }

    /// The same sheet's tab of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { document: self.document.clone(), tab: Tab::Name(name.to_owned()) }
    }

    /// Path and query of the CSV export, to be joined to the base of Google's addresses.
    #[must_use]
    pub fn export_path(&self) -> String {
        let gid = |before: &str| match &self.tab {
            Tab::Gid(gid) => format!("{before}gid={gid}"),
            Tab::First | Tab::Name(_) => String::new(),
        };
        match (&self.document, &self.tab) {
            (Document::Id(id), Tab::Name(name)) => {
                let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
                format!("/spreadsheets/d/{id}/gviz/tq?tqx=out:csv&sheet={name}")
            }
            (Document::Id(id), _) => format!("/spreadsheets/d/{id}/export?format=csv{}", gid("&")),
            (Document::Published(id), _) => {
                format!("/spreadsheets/d/e/{id}/pub?output=csv{}", gid("&single=true&"))
            }
        }
    }
}

impl FromStr for SheetLink {
    type Err = NotASheetLink;

    fn from_str(text: &str) -> Result<Self, NotASheetLink> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || "<>\"'“”‘’«»".contains(c));
        if text.len() >= 20 && is_id(text) {
            return Ok(Self { document: by_id(text), tab: Tab::First });
        }
        let url = parse(text).ok_or(NotASheetLink::Other)?;
        let query = |wanted: &str| {
            url.query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
                .filter(|v| !v.is_empty())
        };
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        let id = match url.host_str() {
            Some("docs.google.com" | "spreadsheets.google.com") => in_docs(&parts, query("key"))?,
            Some("drive.google.com") => match parts.last() {
                Some(&"open") => query("id").ok_or(NotASheetLink::Drive)?,
                _ => return Err(NotASheetLink::Drive),
            },
            _ => return Err(NotASheetLink::Other),
        };
        if !is_id(&id) {
            return Err(NotASheetLink::Other);
        }
        // What the browser shows stands in the fragment, so it counts more than the query.
        let fragment = url.fragment().unwrap_or_default();
        let given = |wanted: &str| {
            let shown = url::form_urlencoded::parse(fragment.as_bytes()).find(|(name, _)| name == wanted);
            shown.map(|(_, value)| value.into_owned()).or_else(|| query(wanted))
        };
        let tab = match (given("gid"), given("sheet").filter(|name| !name.is_empty())) {
            (Some(gid), _) => Tab::Gid(gid.trim().parse().map_err(|_| NotASheetLink::Other)?),
            (None, Some(name)) => Tab::Name(name),
            (None, None) => Tab::First,
        };
        Ok(Self { document: by_id(&id), tab })
    }
}

fn by_id(id: &str) -> Document {
    if id.starts_with("2PACX-") { Document::Published(id.to_owned()) } else { Document::Id(id.to_owned()) }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A web address, also one whose `https://` was left out.
fn parse(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The id in a path of Google Docs: `…/spreadsheets[/u/0]/d/[e/]ID/…`, or `key=ID` of the oldest links.
fn in_docs(parts: &[&str], key: Option<String>) -> Result<String, NotASheetLink> {
    let has = |name: &str| parts.contains(&name);
    if !has("spreadsheets") && !has("spreadsheet") {
        return Err(if has("document") {
            NotASheetLink::Document
        } else if has("presentation") {
            NotASheetLink::Presentation
        } else if has("forms") {
            NotASheetLink::Form
        } else {
            NotASheetLink::Other
        });
    }
    let after_d = parts.iter().position(|part| *part == "d").and_then(|at| match parts.get(at + 1) {
        Some(&"e") => parts.get(at + 2),
        other => other,
    });
    after_d.map(|id| (*id).to_owned()).or(key).ok_or(NotASheetLink::Other)
}

#[cfg(test)]
mod tests {
    use super::{NotASheetLink, SheetLink, Tab};

    const ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";

    fn path(link: &str) -> String {
        link.replace("ID", ID).parse::<SheetLink>().unwrap_or_else(|error| panic!("{link}: {error}")).export_path()
    }

    #[test]
    fn every_form_people_paste_leads_to_the_export_of_its_tab() {
        let plain = format!("/spreadsheets/d/{ID}/export?format=csv");
        let tab = format!("{plain}&gid=42");
        for first in [
            "ID",
            "  <https://docs.google.com/spreadsheets/d/ID/edit?usp=sharing> ",
            "\"https://docs.google.com/spreadsheets/d/ID\"",
            "docs.google.com/spreadsheets/d/ID/edit",
            "https://docs.google.com/spreadsheets/u/0/d/ID/edit",
            "https://docs.google.com/a/example.com/spreadsheets/d/ID/edit#",
            "https://drive.google.com/open?id=ID",
            "https://docs.google.com/spreadsheet/ccc?key=ID",
            "https://docs.google.com/spreadsheets/d/ID/export?format=xlsx",
        ] {
            assert_eq!(path(first), plain, "{first}");
        }
        for second in [
            "https://docs.google.com/spreadsheets/d/ID/edit#gid=42",
            "https://docs.google.com/spreadsheets/d/ID/edit?gid=42#gid=42",
            "https://docs.google.com/spreadsheets/d/ID/edit?gid=0#gid=42&range=A1",
            "https://docs.google.com/spreadsheets/u/1/d/ID/edit?gid=42",
            "https://docs.google.com/spreadsheets/d/ID/export?format=csv&gid=42",
            "https://docs.google.com/spreadsheets/d/ID/gviz/tq?tqx=out:csv&gid=42",
            "https://docs.google.com/spreadsheets/d/ID/htmlview?gid=42",
        ] {
            assert_eq!(path(second), tab, "{second}");
        }
    }

    #[test]
    fn a_published_link_leads_to_its_published_csv() {
        let published = "/spreadsheets/d/e/2PACX-1vQx_y/pub?output=csv";
        assert_eq!(path("https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pubhtml"), published);
        assert_eq!(
            path("https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pubhtml?gid=7&single=true"),
            format!("{published}&single=true&gid=7")
        );
        assert_eq!(path("https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pub?output=csv"), published);
    }

    #[test]
    fn a_tab_by_name_keeps_its_name() {
        assert_eq!(
            path("https://docs.google.com/spreadsheets/d/ID/gviz/tq?tqx=out:csv&sheet=New%20Wave"),
            format!("/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv&sheet=New+Wave")
        );
        for link in ["/edit?sheet=New%20Wave", "/edit#sheet=New%20Wave", "/gviz/tq?tqx=out:csv&sheet=New+Wave"] {
            let link: SheetLink = format!("https://docs.google.com/spreadsheets/d/{ID}{link}").parse().expect(link);
            assert_eq!((link.id(), link.tab()), (Some(ID), &Tab::Name("New Wave".to_owned())));
        }
    }

    #[test]
    fn anything_else_is_told_what_a_good_link_looks_like() {
        let cases = [
            ("https://docs.google.com/document/d/ID/edit", NotASheetLink::Document),
            ("https://docs.google.com/presentation/d/ID/edit", NotASheetLink::Presentation),
            ("https://docs.google.com/forms/d/ID/edit", NotASheetLink::Form),
            ("https://drive.google.com/file/d/ID/view", NotASheetLink::Drive),
            ("https://drive.google.com/drive/folders/ID", NotASheetLink::Drive),
            ("https://example.com/spreadsheets/d/ID/edit", NotASheetLink::Other),
            ("https://docs.google.com.evil.example/spreadsheets/d/ID/edit", NotASheetLink::Other),
            ("https://docs.google.com/spreadsheets/d/a%2Fb/edit", NotASheetLink::Other),
            ("https://docs.google.com/spreadsheets/d/ID/edit#gid=x", NotASheetLink::Other),
            ("https://docs.google.com/spreadsheets/u/0/", NotASheetLink::Other),
            ("albums", NotASheetLink::Other),
            ("", NotASheetLink::Other),
        ];
        for (link, expected) in cases {
            let error = link.replace("ID", ID).parse::<SheetLink>().expect_err(link);
            assert_eq!(error, expected, "{link}");
            assert!(error.to_string().contains("docs.google.com/spreadsheets/d/"), "{error}");
        }
    }
}
