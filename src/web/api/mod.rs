//! JSON for programs.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::http::error::WebError;

pub(super) mod catalog;
pub(super) mod follow_up;
pub(super) mod health;
pub(super) mod history;
pub(super) mod item_history;
pub(super) mod sync;

/// One page of a list.
#[derive(Serialize)]
struct JsonList<T> {
    items: Vec<T>,
    page: u64,
    per: u64,
    total: u64,
}

/// Formats a point in time for JSON: RFC 3339 in UTC, to the second.
fn json_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The query of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListQuery {
    search: String,
    sort: String,
    filter: String,
    page: u64,
    per: u64,
}

impl ListQuery {
    const DEFAULT_PER_PAGE: u64 = 50;
    const MAX_PER_PAGE: u64 = 500;

    /// Parses a query. Unknown parameters are ignored; if one is repeated, the last counts.
    fn parse(query: &str) -> Result<Self, WebError> {
        let mut parsed = Self {
            search: String::new(),
            sort: String::new(),
            filter: String::new(),
            page: 1,
            per: Self::DEFAULT_PER_PAGE,
        };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => parsed.search = value.into_owned(),
                "sort" => parsed.sort = value.into_owned(),
                "filter" => parsed.filter = value.into_owned(),
                "page" => parsed.page = parse_positive("page", &value)?,
                "per" => parsed.per = parse_positive("per", &value)?.min(Self::MAX_PER_PAGE),
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// Parses a whole number from 1.
fn parse_positive(field: &'static str, text: &str) -> Result<u64, WebError> {
    let number = text.parse::<u64>().ok().filter(|&number| number > 0);
    number.ok_or_else(|| {
        WebError::bad_request("bad_request", format!("“{field}” must be a whole number from 1.")).on_field(field)
    })
}

#[cfg(test)]
mod tests {
    use super::ListQuery;

    #[test]
    fn a_list_is_requested_in_pages_of_50_up_to_500() {
        let parsed =
            |query: &str| ListQuery::parse(query).map(|parsed| (parsed.page, parsed.per)).map_err(|error| error.field);
        assert_eq!(parsed(""), Ok((1, 50)));
        assert_eq!(parsed("page=3&per=7&unknown=1"), Ok((3, 7)));
        assert_eq!(parsed("per=99999999"), Ok((1, 500)));
        assert_eq!(parsed("page=0"), Err(Some("page")));
        assert_eq!(parsed("per=many"), Err(Some("per")));
        assert_eq!(parsed("page=-1"), Err(Some("page")));
    }
}
