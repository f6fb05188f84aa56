//! JSON for programs.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::http::error::WebError;
use super::item_lists::list_address::split_query;
use super::item_lists::parameters::ParameterProblem;

pub(super) mod audit;
pub(super) mod catalog;
pub(super) mod follow_up;
pub(super) mod health;
pub(super) mod history;
pub(super) mod item_history;
mod item_json;
mod item_request;
pub(super) mod items;
pub(super) mod schedules;
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

/// The page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ListPage {
    page: u64,
    per: u64,
}

impl Default for ListPage {
    fn default() -> Self {
        Self { page: 1, per: Self::DEFAULT_PER_PAGE }
    }
}

impl ListPage {
    const DEFAULT_PER_PAGE: u64 = 50;
    const MAX_PER_PAGE: u64 = 500;

    /// Parses `page` and `per`; more than 500 items a page count as 500. If a parameter is repeated, the last one
    /// counts. The names of all other parameters must be among `others`.
    fn parse(query: &str, others: &[&str]) -> Result<Self, WebError> {
        Self::take_from(split_query(query).into_iter().filter(|(name, _)| !others.contains(&name.as_str())))
    }

    /// Parses `page` and `per`, which must be all parameters.
    fn take_from(parameters: impl IntoIterator<Item = (String, String)>) -> Result<Self, WebError> {
        let mut parsed = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "page" => parsed.page = parse_positive("page", &value)?,
                "per" => parsed.per = parse_positive("per", &value)?.min(Self::MAX_PER_PAGE),
                _ => return Err(unknown_parameter(&name)),
            }
        }
        Ok(parsed)
    }

    /// The number of entries before this page.
    const fn offset(self) -> u64 {
        (self.page - 1).saturating_mul(self.per)
    }
}

/// The error for a parameter that is not known.
fn unknown_parameter(name: &str) -> WebError {
    ParameterProblem::unknown(name, format!("“{name}” is not a parameter of this list.")).into()
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
    use super::ListPage;

    #[test]
    fn a_list_is_requested_in_pages_of_50_up_to_500() {
        let parsed = |query: &str| {
            ListPage::parse(query, &["q"]).map(|parsed| (parsed.page, parsed.per)).map_err(|error| error.field)
        };
        assert_eq!(parsed(""), Ok((1, 50)));
        assert_eq!(parsed("page=3&per=7&q=1"), Ok((3, 7)));
        assert_eq!(parsed("per=99999999"), Ok((1, 500)));
        assert_eq!(parsed("page=0"), Err(Some("page".into())));
        assert_eq!(parsed("per=many"), Err(Some("per".into())));
        assert_eq!(parsed("page=-1"), Err(Some("page".into())));
        assert_eq!(parsed("page=1&unknown=1"), Err(Some("unknown".into())));
    }
}
