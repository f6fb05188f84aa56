//! Runs parsers of this area that are private, for tests that feed them bytes of any kind.

use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::http::answer_cookies;
use super::reader::{read_article, read_article_ids};
use crate::domain::bounded_json;

/// Returns the ids in a page of a list of articles, as keys.
#[must_use]
pub fn read_reader_ids(answer: &[u8]) -> Vec<String> {
    read_article_ids(&bounded_json::from_reader(answer).unwrap_or_default())
}

/// Returns the cells of the articles in an answer of a reader server.
#[must_use]
pub fn read_reader_articles(answer: &[u8]) -> Vec<Vec<String>> {
    let answer: Value = bounded_json::from_reader(answer).unwrap_or_default();
    answer["items"].as_array().into_iter().flatten().filter_map(read_article).collect()
}

/// Returns what is sent to `url` after it has set these cookies; `None` if it is no address or no cookie is kept.
#[must_use]
pub fn answer_with_cookies(url: &str, set_cookies: &[&[u8]]) -> Option<String> {
    let url: Url = url.parse().ok()?;
    let values = set_cookies.iter().filter_map(|value| HeaderValue::from_bytes(value).ok());
    let headers: HeaderMap = values.map(|value| (header::SET_COOKIE, value)).collect();
    answer_cookies(&url, &headers)?.to_str().ok().map(str::to_owned)
}
