//! The kind `sheet`: a tab of a Google Sheet. With a service account it comes through the Sheets API, otherwise, and where
//! the link is that of a published sheet, through the CSV export.

pub(in crate::fetch) mod api;
pub(in crate::fetch) mod credentials;
pub(in crate::fetch) mod export;
pub(in crate::fetch) mod refusal;
pub(in crate::fetch) mod robot;
pub(in crate::fetch) mod values;

use std::sync::Arc;

use super::http::Client;
use super::{FetchError, Fetched, Kind, Order, Watch};
use crate::domain::location::Location;
use crate::domain::progress::Weights;
use crate::domain::read_options::ReadSetting;
use crate::domain::sheet_link::{NotASheetLink, SheetLink};
use crate::domain::source::Source;
use crate::domain::way_in::WayIn;
use api::Api;
use robot::Robot;

/// Mirrors a Google Sheet.
#[derive(Debug)]
pub(in crate::fetch) struct Sheet {
    pub(in crate::fetch) client: Arc<Client>,
    pub(in crate::fetch) robot: Option<Arc<Robot>>,
}

impl Kind for Sheet {
    fn name(&self) -> &'static str {
        "sheet"
    }

    fn label(&self, _: &Location) -> &'static str {
        "Google Sheet"
    }

    fn accepts(&self, location: &Location) -> Result<(), String> {
        link(location).map(drop).map_err(|error| error.to_string())
    }

    fn way_in(&self) -> WayIn {
        WayIn {
            about: "One tab of a sheet",
            label: "Link to the sheet",
            placeholder: "https://docs.google.com/spreadsheets/d/…",
            help: "Any link to the sheet will do: the one in the address bar, the share link, a published one. It means \
                   the tab that it was copied from.",
            shared: true,
            ..WayIn::link("Google Sheet")
        }
    }

    fn recognises(&self, link: &str) -> bool {
        !matches!(link.parse::<SheetLink>(), Err(NotASheetLink::Other)) || is_googles(link)
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Tab, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn weights(&self) -> Weights {
        Weights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        format!("Fetching {} from Google Sheets…", source.noun.many)
    }

    fn fetch(&self, source: &Source, order: &Order<'_>, watch: &dyn Watch) -> Result<Fetched, FetchError> {
        let (link, client) = (link(&source.location)?, &*self.client);
        match (link.id(), self.robot.as_deref()) {
            (Some(id), Some(robot)) => Api { client, robot, order, watch }.fetch(id, link.tab()),
            _ => export::fetch(client, &link, &source.read_options, order, watch),
        }
    }
}

/// Whether a link leads to where Google keeps documents.
fn is_googles(link: &str) -> bool {
    let address = if link.contains("://") { link.to_owned() } else { format!("https://{link}") };
    let host = url::Url::parse(&address).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| ["docs.google.com", "spreadsheets.google.com", "drive.google.com"].contains(&&*host))
}

/// The sheet that a location names.
fn link(location: &Location) -> Result<SheetLink, FetchError> {
    let Location::Url(link) = location else {
        return Err(FetchError::failed(
            "bad_address",
            "A Google Sheet is given by its link, one link and no file. For a file choose the kind CSV (--kind csv).",
        ));
    };
    link.parse().map_err(|error| FetchError::failed("bad_address", sentence(&error)))
}

/// An error's text with a capital letter and a full stop.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
