//! The parameters of `GET /api/catalog/{slug}/items`.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use super::item_json::FieldFormat;
use super::{ListPage, unknown_parameter};
use crate::catalog_index::ListCursor;
use crate::domain::catalog_query::CatalogQuery;
use crate::store::catalogs::Catalog;
use crate::store::removed_items::{RemovedPlace, RemovedStart};
use crate::web::http::error::WebError;
use crate::web::item_lists::list_address::AddressParameters;
use crate::web::item_lists::parameters::{ListParameters, ParameterProblem, parse_fields};

/// The parameters that say where a page begins, besides its number. Links to the next page have them.
pub(super) const CURSOR_PARAMETER: &str = "after";
pub(super) const REMOVED_CURSOR_PARAMETER: &str = "removedAfter";

/// What is asked of a list, besides its page.
#[derive(Debug, Default)]
pub(super) struct ItemRequest {
    /// What is selected, and in which order.
    pub(super) query: CatalogQuery,
    pub(super) page: ListPage,
    pub(super) format: FieldFormat,
    /// The columns whose values are counted.
    pub(super) facets: Vec<String>,
    /// The time since which changed and removed items are listed.
    pub(super) changed_since: Option<DateTime<Utc>>,
    /// The text of the cursor, which depends on the order.
    after: Option<String>,
    /// The cursor of removed items.
    removed_after: Option<RemovedPlace>,
}

impl ItemRequest {
    /// Parses the parameters of a list.
    ///
    /// # Errors
    /// [`WebError`] with status 400 for the first parameter that is unknown or has a wrong value.
    pub(super) fn parse(parameters: &AddressParameters, catalog: &Catalog) -> Result<Self, WebError> {
        let mut list = ListParameters::parse(parameters, catalog);
        list.check()?;
        let mut request = Self::default();
        let mut page = AddressParameters::new();
        for (name, value) in std::mem::take(&mut list.others) {
            match name.as_str() {
                "page" | "per" => page.push((name, value)),
                "fields" => {
                    let names = parse_fields(&value, catalog)?;
                    request.format.columns.get_or_insert_default().extend(names);
                }
                "facet" if request.facets.contains(&value) => {}
                "facet" if catalog.columns.contains(&value) => request.facets.push(value),
                "facet" => return Err(ParameterProblem::unknown_column("facet", &value).into()),
                "types" => request.format.is_typed = parse_switch("types", &value)?,
                "changedSince" => request.changed_since = Some(parse_time("changedSince", &value)?),
                CURSOR_PARAMETER => request.after = Some(value),
                REMOVED_CURSOR_PARAMETER => {
                    request.removed_after = Some(value.parse().map_err(|_| bad_cursor(REMOVED_CURSOR_PARAMETER))?);
                }
                _ => return Err(unknown_parameter(&name)),
            }
        }
        request.page = ListPage::take_from(page)?;
        if request.removed_after.is_some() && request.changed_since.is_none() {
            let message = format!("“{REMOVED_CURSOR_PARAMETER}” is only for lists with “changedSince”.");
            return Err(WebError::bad_request("bad_request", message).on_field(REMOVED_CURSOR_PARAMETER));
        }
        let changed_since = request.changed_since.map(|time| time.timestamp_millis());
        Ok(Self { query: CatalogQuery { changed_since, ..list.address.to_query() }, ..request })
    }

    /// Whether the items come straight from the database, without a search.
    pub(super) fn is_plain(&self) -> bool {
        self.query.selects_all() && self.query.sort.is_empty() && self.after.is_none() && self.facets.is_empty()
    }

    /// The cursor after which the items begin, if there is one.
    ///
    /// # Errors
    /// [`WebError`] with status 400 for a cursor of a list in another order.
    pub(super) fn cursor(&self) -> Result<Option<ListCursor>, WebError> {
        let parse =
            |text: &String| ListCursor::parse(text, self.query.sort.len()).ok_or_else(|| bad_cursor(CURSOR_PARAMETER));
        self.after.as_ref().map(parse).transpose()
    }

    /// Where the removed items begin.
    pub(super) fn removed_start(&self) -> RemovedStart {
        self.removed_after.map_or(RemovedStart::Offset(self.page.offset()), RemovedStart::After)
    }

    /// The parameters of the next page: `last` is the place of the last item that was listed, `last_removed` that of
    /// the last removed item. Where none was listed, the next page begins at the same place.
    pub(super) fn next_page(&self, last: Option<&ListCursor>, last_removed: Option<RemovedPlace>) -> AddressParameters {
        let after = last.map(ListCursor::to_text).or_else(|| self.after.clone());
        let removed = last_removed.or(self.removed_after).map(|place| place.to_string());
        let pair = |name: &str, value: String| (name.to_owned(), value);
        after
            .map(|value| pair(CURSOR_PARAMETER, value))
            .into_iter()
            .chain(removed.map(|value| pair(REMOVED_CURSOR_PARAMETER, value)))
            .collect()
    }
}

fn bad_cursor(field: &'static str) -> WebError {
    let message = format!("“{field}” must be the cursor of a Link header, with the same order.");
    WebError::bad_request("bad_request", message).on_field(field)
}

fn parse_switch(field: &'static str, value: &str) -> Result<bool, WebError> {
    match value {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(WebError::bad_request("bad_request", format!("“{field}” must be 1 or 0.")).on_field(field)),
    }
}

/// Parses a time as JSON has it, or a day.
fn parse_time(field: &'static str, value: &str) -> Result<DateTime<Utc>, WebError> {
    // A plus sign in an address is a space, unless it is encoded.
    let time = DateTime::parse_from_rfc3339(&value.replace(' ', "+")).map(|time| time.to_utc()).ok();
    let day = || value.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    // Those that PostgreSQL can compare, too.
    time.or_else(day).filter(|time| (0..=9999).contains(&time.year())).ok_or_else(|| {
        let message = format!("“{field}” must be a time such as 2026-11-20T08:00:00Z.");
        WebError::bad_request("bad_request", message).on_field(field)
    })
}
