//! Converts an article from the server's JSON to the cells of the catalog.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use url::Url;

use super::item_id::ItemId;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::text::html;
use crate::domain::text::shortening::clip_name;

/// The columns of a reader's catalog with their types.
pub(super) const ARTICLE_COLUMNS: [(&str, ColumnType); 13] = [
    ("title", ColumnType::Text),
    ("feed", ColumnType::Text),
    ("published", ColumnType::Moment),
    ("read", ColumnType::Flag),
    ("starred", ColumnType::Flag),
    ("author", ColumnType::Text),
    ("labels", ColumnType::Text),
    ("summary", ColumnType::Text),
    ("link", ColumnType::Link),
    ("image", ColumnType::Image),
    ("enclosure", ColumnType::Link),
    ("content", ColumnType::Html),
    (KEY_COLUMN, ColumnType::Text),
];

/// The name of the key column.
pub(super) const KEY_COLUMN: &str = "id";
const READ_COLUMN: usize = 3;
const STARRED_COLUMN: usize = 4;

/// The longest summary in characters.
const MAX_SUMMARY_CHARS: usize = 280;

/// How many labels of an article are kept.
const MAX_LABELS: usize = 100;

/// Whether an article is read and starred, as far as that is known.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct ArticleStates {
    pub(super) read: Option<bool>,
    pub(super) starred: Option<bool>,
}

impl ArticleStates {
    /// Writes the known states into the cells of an article.
    pub(super) fn write_to(self, cells: &mut [String]) {
        for (at, state) in [(READ_COLUMN, self.read), (STARRED_COLUMN, self.starred)] {
            if let (Some(cell), Some(state)) = (cells.get_mut(at), state) {
                flag_text(state).clone_into(cell);
            }
        }
    }
}

const fn flag_text(state: bool) -> &'static str {
    if state { "yes" } else { "no" }
}

/// The cells of an article in the catalog. `None` if it was stored with other columns.
pub(super) fn stored_cells(fields: &[(String, String)]) -> Option<Vec<String>> {
    let fits = fields.len() == ARTICLE_COLUMNS.len()
        && fields.iter().zip(ARTICLE_COLUMNS).all(|((name, _), column)| name == column.0);
    fits.then(|| fields.iter().map(|(_, value)| value.clone()).collect())
}

/// The id and the cells of an article from the server's JSON. `None` if that is not an article. `feeds` maps the stream
/// ids of the account's feeds to their names, as [`clean_name`] writes them.
pub(super) fn received_cells(item: &Value, feeds: &HashMap<String, String>) -> Option<(ItemId, Vec<String>)> {
    let id = ItemId::from_json(&item["id"])?;
    let link = [&item["canonical"], &item["alternate"]].into_iter().find_map(|links| non_blank_text(&links[0]["href"]));
    let link = link.unwrap_or_default();
    let base = Url::parse(&link).ok();
    let html = non_blank_text(&item["content"]["content"])
        .or_else(|| non_blank_text(&item["summary"]["content"]))
        .unwrap_or_default();
    let content = html::sanitize_html(&html, base.as_ref());
    let categories: Vec<&str> = item["categories"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let has_state = |state: &str| categories.iter().any(|name| name.starts_with("user/") && name.ends_with(state));
    let feed = non_blank_text(&item["origin"]["streamId"]).and_then(|id| feeds.get(&id).cloned());
    let feed =
        feed.or_else(|| non_blank_text(&item["origin"]["title"]).map(|title| clean_name(&title))).unwrap_or_default();
    let enclosure = |is_image: bool| find_enclosure(&item["enclosure"], is_image);
    let cells = [
        clean_line(&non_blank_text(&item["title"]).unwrap_or_default()),
        feed,
        published_date(item),
        flag_text(has_state("/state/com.google/read")).to_owned(),
        flag_text(has_state("/state/com.google/starred")).to_owned(),
        clean_name(&non_blank_text(&item["author"]).unwrap_or_default()),
        label_names(&categories),
        summarize(&content),
        link,
        enclosure(true).or_else(|| first_picture(&content)).unwrap_or_default(),
        enclosure(false).unwrap_or_default(),
        content,
        id.to_string(),
    ];
    // PostgreSQL stores no NUL characters in text.
    Some((id, cells.map(|cell| if cell.contains('\0') { cell.replace('\0', "") } else { cell }).to_vec()))
}

/// The trimmed text of `value`; `None` if it is blank or not a text.
fn non_blank_text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A single line of text. Some servers write `&` as `&amp;` in it. Text with `<` is not changed, because it may be
/// about markup.
fn clean_line(text: &str) -> String {
    if text.contains('&') && !text.contains('<') { html::html_to_text(text) } else { text.to_owned() }
}

/// The name of a feed or a person, clipped.
pub(super) fn clean_name(text: &str) -> String {
    clip_name(&clean_line(text))
}

/// The time when the article was published, or else when it was updated, or when the server received it.
fn published_date(item: &Value) -> String {
    let number = |name: &str| match &item[name] {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = |name: &str| number(name).filter(|time| *time > 0).and_then(|time| DateTime::from_timestamp(time, 0));
    let crawled = || number("crawlTimeMsec").filter(|time| *time > 0).and_then(DateTime::from_timestamp_millis);
    let time: Option<DateTime<Utc>> = seconds("published").or_else(|| seconds("updated")).or_else(crawled);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

/// The names of labels and folders, which are written `user/-/label/Jazz` or with the user's number.
fn label_names(categories: &[&str]) -> String {
    let mut names: Vec<&str> = categories
        .iter()
        .filter_map(|name| Some(name.strip_prefix("user/")?.split_once("/label/")?.1.trim()))
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().take(MAX_LABELS).map(clip_name).collect::<Vec<_>>().join(", ")
}

/// The beginning of the text of an article.
fn summarize(content: &str) -> String {
    let text = html::html_to_text(content);
    match text.char_indices().nth(MAX_SUMMARY_CHARS) {
        None => text,
        Some((end, _)) => {
            let cut = text[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
            format!("{}…", &text[..cut])
        }
    }
}

/// The address of the first attached picture, or of the first other attached file, as `wants_image` selects.
fn find_enclosure(list: &Value, wants_image: bool) -> Option<String> {
    list.as_array()?.iter().find_map(|enclosure| {
        let is_image = enclosure["type"].as_str().is_some_and(|kind| kind.starts_with("image/"));
        // Miniflux has `url`, the others `href`.
        if is_image == wants_image {
            non_blank_text(&enclosure["href"]).or_else(|| non_blank_text(&enclosure["url"]))
        } else {
            None
        }
    })
}

/// The address of the first picture in sanitised HTML, in which all attributes have the same form.
fn first_picture(content: &str) -> Option<String> {
    content.split("<img").skip(1).find_map(|rest| {
        let element = rest.split('>').next()?;
        let address = element.split(" src=\"").nth(1)?.split('"').next()?;
        (address.starts_with("https://") || address.starts_with("http://")).then(|| address.replace("&amp;", "&"))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::{MAX_LABELS, clean_name, received_cells};

    #[test]
    fn names_and_labels_are_clipped() {
        let long = "n".repeat(10_000);
        let labels: Vec<String> = (0..1000).map(|n| format!("user/-/label/{n}{long}")).collect();
        let origin = json!({"streamId": "feed/1", "title": long});
        let item = json!({"id": "1", "title": "T", "author": long, "categories": labels, "origin": origin});
        for feeds in [HashMap::new(), HashMap::from([("feed/1".to_owned(), clean_name(&long))])] {
            let (_, cells) = received_cells(&item, &feeds).expect("an article");
            let lengths = [1, 5, 6].map(|at: usize| cells[at].chars().count());
            assert_eq!(lengths, [201, 201, MAX_LABELS * 203 - 2], "name, author and labels");
        }
        assert_eq!(clean_name("Ada &amp; Bob"), "Ada & Bob");
    }
}
