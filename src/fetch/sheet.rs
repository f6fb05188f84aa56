//! The kind `sheet`: a tab of a Google Sheet. It is read through the Sheets API if there is a service account, and
//! through the CSV export otherwise. Published sheets and links with a query always use the export.

mod clock_skew;
pub(super) mod credentials;
pub(super) mod csv_export;
pub(super) mod google_errors;
pub(super) mod rate_limit;
pub(super) mod reading_rules;
pub(super) mod service_account_client;
pub(super) mod sheets_api;
mod spreadsheet_info;
pub(super) mod values_reader;

use std::sync::Arc;

use self::service_account_client::ServiceAccountClient;
use self::sheets_api::SheetsApiFetch;
use super::http::HttpClient;
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::cell_range::CellPlace;
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::ReadSetting;
use crate::domain::run_text::run_progress::fetching_message;
use crate::domain::sheet_link::{SheetLink, SheetLinkError};
use crate::domain::source::Source;
use crate::domain::source_form_spec::SourceFormSpec;
use crate::domain::text::measures::format_error;
use reading_rules::ReadingRules;

/// Mirrors a Google Sheet.
#[derive(Debug)]
pub(super) struct SheetKind {
    pub(super) client: Arc<HttpClient>,
    pub(super) account: Option<Arc<ServiceAccountClient>>,
}

impl SourceKind for SheetKind {
    fn name(&self) -> &'static str {
        "sheet"
    }

    fn label(&self, _: &SourceLocation) -> &'static str {
        "Google Sheet"
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        let link = parse_link(location).map_err(|error| error.to_string())?;
        csv_export::refuse_published_tab_name(&link).map_err(|error| error.to_string())
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec {
            about: "One tab of a sheet",
            label: "Link to the sheet",
            placeholder: "https://docs.google.com/spreadsheets/d/…",
            help: "Any link to the sheet works: from the address bar, from Share, or published. The tab, range and \
                   query in the link are used.",
            shared: true,
            ..SourceFormSpec::with_link("Google Sheet")
        }
    }

    fn recognizes_link(&self, link: &str) -> bool {
        !matches!(link.parse::<SheetLink>(), Err(SheetLinkError::Other)) || is_google_documents_link(link)
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Tab, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn fixed_encoding_reason(&self) -> &'static str {
        "Google sends every sheet in UTF-8"
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        fetching_message(&source.noun, "Google Sheets")
    }

    fn cell_link(&self, source: &Source, place: CellPlace) -> Option<String> {
        let link = parse_link(&source.location).ok()?;
        source.read_options.tab.as_deref().map_or(link.clone(), |name| link.with_tab_name(name)).cell_link(place)
    }

    fn fetch(
        &self,
        source: &Source,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let (link, client) = (parse_link(&source.location)?, &*self.client);
        // A tab in the settings takes precedence over the tab of the link.
        let link = source.read_options.tab.as_deref().map_or(link.clone(), |name| link.with_tab_name(name));
        let rules = ReadingRules::for_range(link.selected_range(), &source.read_options)?;
        match (link.api_id(), self.account.as_deref()) {
            (Some(id), Some(account)) => {
                SheetsApiFetch { client, account, fetch_request, observer }.fetch(id, &link, rules)
            }
            _ => csv_export::fetch_export(client, &link, &source.read_options, fetch_request, observer),
        }
    }
}

/// Whether a link is on a host of Google's documents.
fn is_google_documents_link(link: &str) -> bool {
    let address = if link.contains("://") { link.to_owned() } else { format!("https://{link}") };
    let host = url::Url::parse(&address).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| ["docs.google.com", "spreadsheets.google.com", "drive.google.com"].contains(&&*host))
}

/// The sheet that a location names.
fn parse_link(location: &SourceLocation) -> Result<SheetLink, FetchError> {
    let SourceLocation::Url(link) = location else {
        return Err(FetchError::failed(
            "bad_address",
            "A Google Sheet source needs exactly one link. For a file, choose the type CSV instead (--kind csv).",
        ));
    };
    link.parse().map_err(|error| FetchError::failed("bad_address", format_error(&error)))
}
