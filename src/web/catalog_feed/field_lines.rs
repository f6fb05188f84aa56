//! Writes the fields of a change as the content of an entry, in HTML and as text.

use askama::Template;

use super::xml_characters::{replace_forbidden, to_single_line};
use crate::domain::change_set::ChangeKind;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::links::parse_link;
use crate::domain::field_changes::FieldChange;
use crate::domain::text::html::html_to_text;
use crate::store::catalogs::Catalog;
use crate::web::changes::value_view::{ValueView, WholeValue, show_values};

/// The most fields of an entry.
const MAX_FIELDS: usize = 40;
/// The most characters of a value of an added or removed item.
const MAX_VALUE_CHARS: usize = 1000;

/// The fields of a change.
#[derive(Template)]
#[template(path = "feed_entry.html")]
pub(super) struct FieldLines {
    lines: Vec<FeedFieldLine>,
    /// The number of fields that are not listed.
    more: usize,
}

/// A field with its values before and after.
struct FeedFieldLine {
    label: String,
    /// The value before; `None` for an added item, and for a new column.
    before: Option<FieldValue>,
    /// The value after; `None` for a removed item.
    after: Option<FieldValue>,
}

struct FieldValue {
    text: String,
    /// The address, if the value is one.
    link: Option<String>,
}

impl FieldLines {
    /// Creates the lines of the fields that differ, as far as they are columns of the catalog now. A column that left
    /// it, such as one that is hidden, must not be shown.
    pub(super) fn new(kind: ChangeKind, fields: Vec<FieldChange>, catalog: &Catalog) -> Self {
        let is_column = |name: &str| catalog.columns.iter().any(|column| column == name);
        let is_shown = |field: &FieldChange| {
            let values = [&field.before, &field.after];
            is_column(&field.name)
                && (kind == ChangeKind::Updated || values.into_iter().flatten().any(|value| !value.trim().is_empty()))
        };
        let shown: Vec<FieldChange> = fields.into_iter().filter(is_shown).collect();
        let more = shown.len().saturating_sub(MAX_FIELDS);
        let lines = shown.into_iter().take(MAX_FIELDS).map(|mut field| {
            // The former name is a column that left, and the value before is its value.
            if field.former_name.as_ref().is_some_and(|former| !is_column(former)) {
                field.former_name = None;
                field.before = None;
            }
            FeedFieldLine::new(field, catalog)
        });
        Self { lines: lines.collect(), more }
    }

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the lines as text.
    pub(super) fn to_text(&self) -> String {
        let mut lines: Vec<String> = self.lines.iter().map(FeedFieldLine::to_text).collect();
        if self.more > 0 {
            lines.push(format!("And {} more fields", self.more));
        }
        lines.join("\n")
    }
}

impl FeedFieldLine {
    fn new(field: FieldChange, catalog: &Catalog) -> Self {
        let label = to_single_line(&field.label());
        let is_html = catalog.column_type(&field.name) == ColumnType::Html;
        let plain = |value: Option<String>| match value {
            Some(value) if is_html => Some(html_to_text(&value)),
            value => value,
        };
        match (plain(field.before), plain(field.after)) {
            (Some(before), Some(after)) => {
                // Shortened around the first difference.
                let (old, new) = show_values(Some(&before), Some(&after), |_, _| WholeValue::InPage(String::new()));
                let value = |view: Option<ValueView>, whole: &str| {
                    let parts = view.map(|view| view.parts).unwrap_or_default();
                    let text: String = parts.into_iter().map(|part| part.text).collect();
                    Some(FieldValue::new(&text, whole))
                };
                Self { label, before: value(old, &before), after: value(new, &after) }
            }
            (before, after) => {
                let [before, after] = [before, after].map(|value| value.as_deref().map(FieldValue::clip));
                Self { label, before, after }
            }
        }
    }

    fn to_text(&self) -> String {
        let text = |value: &FieldValue| if value.is_empty() { "(empty)".to_owned() } else { value.text.clone() };
        let values: Vec<String> = [&self.before, &self.after].into_iter().flatten().map(text).collect();
        format!("{}: {}", self.label, values.join(" → "))
    }
}

impl FieldValue {
    fn new(text: &str, whole: &str) -> Self {
        Self { text: replace_forbidden(text), link: parse_link(whole).map(String::from) }
    }

    /// Shortens a value to its beginning.
    fn clip(value: &str) -> Self {
        let text = match value.char_indices().nth(MAX_VALUE_CHARS) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value.to_owned(),
        };
        Self::new(&text, value)
    }

    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }
}
