//! JSON for programs. Every answer is written on the thread that asked the database, so a request costs one hop.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::http::error::WebError;

pub(super) mod catalog;
pub(super) mod health;
pub(super) mod history;
pub(super) mod sync;

/// An answer in JSON, written and ready to be sent.
#[derive(Debug)]
pub(super) struct JsonResponse {
    status: StatusCode,
    json: Vec<u8>,
}

impl JsonResponse {
    /// Writes an answer.
    pub(super) fn with(status: StatusCode, content: &impl Serialize) -> Result<Self, WebError> {
        let json = serde_json::to_vec(content);
        let json = json.map_err(|error| WebError::internal("an answer could not be written", &error))?;
        Ok(Self { status, json })
    }

    pub(super) fn ok(content: &impl Serialize) -> Result<Self, WebError> {
        Self::with(StatusCode::OK, content)
    }
}

impl Responder for JsonResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(self.status).content_type("application/json").body(self.json)
    }
}

/// One page of a list.
#[derive(Serialize)]
struct JsonList<T> {
    items: Vec<T>,
    page: u64,
    per: u64,
    total: u64,
}

/// A moment, as programs are told it.
fn moment(time: DateTime<Utc>) -> String {
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
    const PER: u64 = 50;
    const MOST: u64 = 500;

    /// Reads a query; what it does not know is ignored, and of a repeated name the last counts.
    fn read(query: &str) -> Result<Self, WebError> {
        let mut asked =
            Self { search: String::new(), sort: String::new(), filter: String::new(), page: 1, per: Self::PER };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => asked.search = value.into_owned(),
                "sort" => asked.sort = value.into_owned(),
                "filter" => asked.filter = value.into_owned(),
                "page" => asked.page = number("page", &value)?,
                "per" => asked.per = number("per", &value)?.min(Self::MOST),
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// A number from 1.
fn number(field: &'static str, text: &str) -> Result<u64, WebError> {
    let number = text.parse::<u64>().ok().filter(|&number| number > 0);
    number.ok_or_else(|| {
        WebError::bad_request("bad_request", format!("“{field}” is a whole number from 1.")).on_field(field)
    })
}

#[cfg(test)]
mod tests {
    use super::ListQuery;

    #[test]
    fn a_list_is_asked_for_in_pages_of_50_up_to_500() {
        let read =
            |query: &str| ListQuery::read(query).map(|asked| (asked.page, asked.per)).map_err(|error| error.field);
        assert_eq!(read(""), Ok((1, 50)));
        assert_eq!(read("page=3&per=7&unknown=1"), Ok((3, 7)));
        assert_eq!(read("per=99999999"), Ok((1, 500)));
        assert_eq!(read("page=0"), Err(Some("page")));
        assert_eq!(read("per=many"), Err(Some("per")));
        assert_eq!(read("page=-1"), Err(Some("page")));
    }
}
