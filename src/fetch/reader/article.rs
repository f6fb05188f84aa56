//! An article, as a server sends it and as the catalog has it.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use url::Url;

use super::item_id::ItemId;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::rows::row::clipped;
use crate::domain::text::html;

/// The columns of a reader's catalog, with what their cells are.
pub(super) const COLUMNS: [(&str, ColumnType); 13] = [
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
    (KEY, ColumnType::Text),
];

/// The column that tells articles apart.
pub(super) const KEY: &str = "id";
const READ: usize = 3;
const STARRED: usize = 4;

/// The most characters of a summary.
const SUMMARY: usize = 280;

/// How many labels of an article are kept.
const LABELS: usize = 100;

/// Whether an article is read and starred, as far as that is known.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct ArticleStates {
    pub(super) read: Option<bool>,
    pub(super) starred: Option<bool>,
}

impl ArticleStates {
    /// Writes what is known into the cells of an article.
    pub(super) fn write(self, cells: &mut [String]) {
        for (at, state) in [(READ, self.read), (STARRED, self.starred)] {
            if let (Some(cell), Some(state)) = (cells.get_mut(at), state) {
                flag(state).clone_into(cell);
            }
        }
    }
}

const fn flag(state: bool) -> &'static str {
    if state { "yes" } else { "no" }
}

/// The cells of an article that the catalog has; `None` if it was stored with other columns.
pub(super) fn stored(fields: &[(String, String)]) -> Option<Vec<String>> {
    let fits = fields.len() == COLUMNS.len() && fields.iter().zip(COLUMNS).all(|((name, _), column)| name == column.0);
    fits.then(|| fields.iter().map(|(_, value)| value.clone()).collect())
}

/// The number and the cells of an article as a server sends it, with the states it says; `None` for something else.
/// `feeds` are the names that the account gives its feeds, as [`name`] has them.
pub(super) fn sent(item: &Value, feeds: &HashMap<String, String>) -> Option<(ItemId, Vec<String>)> {
    let id = ItemId::read(&item["id"])?;
    let link = [&item["canonical"], &item["alternate"]].into_iter().find_map(|links| text(&links[0]["href"]));
    let link = link.unwrap_or_default();
    let base = Url::parse(&link).ok();
    let html = text(&item["content"]["content"]).or_else(|| text(&item["summary"]["content"])).unwrap_or_default();
    let content = html::safe(&html, base.as_ref());
    let categories: Vec<&str> = item["categories"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is = |state: &str| categories.iter().any(|name| name.starts_with("user/") && name.ends_with(state));
    let feed = text(&item["origin"]["streamId"]).and_then(|id| feeds.get(&id).cloned());
    let feed = feed.or_else(|| text(&item["origin"]["title"]).map(|title| name(&title))).unwrap_or_default();
    let enclosure = |image: bool| enclosure(&item["enclosure"], image);
    let cells = [
        line(&text(&item["title"]).unwrap_or_default()),
        feed,
        published(item),
        flag(is("/state/com.google/read")).to_owned(),
        flag(is("/state/com.google/starred")).to_owned(),
        name(&text(&item["author"]).unwrap_or_default()),
        labels(&categories),
        summary(&content),
        link,
        enclosure(true).or_else(|| first_picture(&content)).unwrap_or_default(),
        enclosure(false).unwrap_or_default(),
        content,
        id.to_string(),
    ];
    // No database that we know keeps the character NUL in a text.
    Some((id, cells.map(|cell| if cell.contains('\0') { cell.replace('\0', "") } else { cell }).to_vec()))
}

/// A text that is there and not blank.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A text of one line. Servers write `&amp;` in it, and some do not; what looks like an element is left as it is, as it
/// may be what the article is about.
fn line(text: &str) -> String {
    if text.contains('&') && !text.contains('<') { html::text(text) } else { text.to_owned() }
}

/// What a feed or a person is called.
pub(super) fn name(text: &str) -> String {
    clipped(&line(text))
}

/// When it was published, else when the server found it.
fn published(item: &Value) -> String {
    let number = |name: &str| match &item[name] {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = |name: &str| number(name).filter(|time| *time > 0).and_then(|time| DateTime::from_timestamp(time, 0));
    let found = || number("crawlTimeMsec").filter(|time| *time > 0).and_then(DateTime::from_timestamp_millis);
    let time: Option<DateTime<Utc>> = seconds("published").or_else(|| seconds("updated")).or_else(found);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

/// The labels and folders: `user/-/label/Jazz`, or with the number of the user.
fn labels(categories: &[&str]) -> String {
    let mut names: Vec<&str> = categories
        .iter()
        .filter_map(|name| Some(name.strip_prefix("user/")?.split_once("/label/")?.1.trim()))
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().take(LABELS).map(clipped).collect::<Vec<_>>().join(", ")
}

/// The beginning of what an article says.
fn summary(content: &str) -> String {
    let text = html::text(content);
    match text.char_indices().nth(SUMMARY) {
        None => text,
        Some((end, _)) => {
            let cut = text[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
            format!("{}…", &text[..cut])
        }
    }
}

/// The first thing that goes with an article, a picture or another one.
fn enclosure(list: &Value, image: bool) -> Option<String> {
    list.as_array()?.iter().find_map(|one| {
        let is_image = one["type"].as_str().is_some_and(|kind| kind.starts_with("image/"));
        // Miniflux says `url`, the others `href`.
        if is_image == image { text(&one["href"]).or_else(|| text(&one["url"])) } else { None }
    })
}

/// The first picture in markup that was made safe, where attributes have one form.
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

    use super::{LABELS, name, sent};

    #[test]
    fn what_stands_in_many_articles_is_short_in_each() {
        let long = "n".repeat(10_000);
        let labels: Vec<String> = (0..1000).map(|n| format!("user/-/label/{n}{long}")).collect();
        let origin = json!({"streamId": "feed/1", "title": long});
        let item = json!({"id": "1", "title": "T", "author": long, "categories": labels, "origin": origin});
        for feeds in [HashMap::new(), HashMap::from([("feed/1".to_owned(), name(&long))])] {
            let (_, cells) = sent(&item, &feeds).expect("an article");
            let lengths = [1, 5, 6].map(|at: usize| cells[at].chars().count());
            assert_eq!(lengths, [201, 201, LABELS * 203 - 2], "name, author and labels");
        }
        assert_eq!(name("Ada &amp; Bob"), "Ada & Bob");
    }
}
