//! The compact form in which the fields of items are stored: the number of a layout, which has the names of the columns
//! once for all items, and the values, as `7["a1","Debut"]`.
//!
//! Elsewhere, and in rows that older versions wrote, each name stands beside its value, as in
//! `[["id","a1"],["title","Debut"]]`. Both forms quote values in the same way, so each can be made from the other
//! without a difference, and the digest of an item, which is that of the second form, stays the same.

use std::borrow::Cow;

use super::item::{BorrowedFields, encode_field_start, parse_borrowed_fields};

/// The first character of the fields after a change, when they are stored as the difference from those before.
const DIFFERENCE_MARK: char = '~';

/// The names of columns with the number under which they are stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredLayout {
    number: i64,
    column_names: Vec<String>,
    /// The text `["name",` for each column.
    openings: Vec<String>,
}

impl StoredLayout {
    /// Creates the layout with this number.
    #[must_use]
    pub fn new(number: i64, column_names: Vec<String>) -> Self {
        let openings = column_names.iter().map(|name| encode_field_start(name)).collect();
        Self { number, column_names, openings }
    }

    /// Returns the number under which the layout is stored.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Returns the names of the columns in their order.
    #[must_use]
    pub fn column_names(&self) -> &[String] {
        &self.column_names
    }

    /// Returns the compact form of fields that have each name beside its value; `None` if these are not the fields of
    /// this layout.
    #[must_use]
    pub fn encode(&self, named: &str) -> Option<String> {
        let mut rest = named.strip_prefix('[')?;
        let mut compact = String::with_capacity(named.len());
        compact.push_str(&self.number.to_string());
        compact.push('[');
        for (position, opening) in self.openings.iter().enumerate() {
            if position > 0 {
                rest = rest.strip_prefix(',')?;
                compact.push(',');
            }
            let (value, after) = split_json_string(rest.strip_prefix(opening.as_str())?)?;
            compact.push_str(value);
            rest = after.strip_prefix(']')?;
        }
        compact.push(']');
        (rest == "]").then_some(compact)
    }

    /// Returns the form with each name beside its value; `None` if `compact` does not have one value for each column.
    #[must_use]
    pub fn decode(&self, compact: &str) -> Option<String> {
        let names: usize = self.openings.iter().map(String::len).sum();
        let mut named = String::with_capacity(compact.len() + names + 2 * self.openings.len());
        named.push('[');
        let mut values = JsonStrings::of_compact(compact)?;
        for (position, opening) in self.openings.iter().enumerate() {
            if position > 0 {
                named.push(',');
            }
            named.push_str(opening);
            named.push_str(values.next()?);
            named.push(']');
        }
        named.push(']');
        values.is_at_end().then_some(named)
    }

    /// Returns the names and values of fields in the compact form; `None` like [`StoredLayout::decode`].
    #[must_use]
    pub fn parse<'a>(&'a self, compact: &'a str) -> Option<BorrowedFields<'a>> {
        let mut values = JsonStrings::of_compact(compact)?;
        let mut fields = Vec::with_capacity(self.column_names.len());
        for name in &self.column_names {
            fields.push((Cow::Borrowed(name.as_str()), unquote(values.next()?)?));
        }
        values.is_at_end().then_some(fields)
    }
}

/// Returns the number of the layout of fields in the compact form; `None` for the other form.
#[must_use]
pub fn layout_number(stored: &str) -> Option<i64> {
    let digits = stored.find('[').filter(|&end| end > 0)?;
    stored[..digits].parse().ok()
}

/// Returns the difference between the fields before and after a change, both in the compact form: the positions and
/// values of those that changed. `None` if the layouts differ or if the difference is not shorter than `after`.
#[must_use]
pub fn encode_difference(before: &str, after: &str) -> Option<String> {
    if layout_number(before)? != layout_number(after)? {
        return None;
    }
    let (mut old, mut new) = (JsonStrings::of_compact(before)?, JsonStrings::of_compact(after)?);
    let mut difference = String::from(DIFFERENCE_MARK);
    let mut position = 0;
    while let Some(value) = new.next() {
        if old.next()? != value {
            difference.push_str(&format!("{position}{value}"));
        }
        position += 1;
    }
    (old.is_at_end() && new.is_at_end() && difference.len() < after.len()).then_some(difference)
}

/// Returns whether stored fields are the difference from those before a change.
#[must_use]
pub fn is_difference(stored: &str) -> bool {
    stored.starts_with(DIFFERENCE_MARK)
}

/// Returns the fields after a change in the compact form; `None` if the difference does not fit the fields before.
#[must_use]
pub fn apply_difference(before: &str, difference: &str) -> Option<String> {
    let mut rest = difference.strip_prefix(DIFFERENCE_MARK)?;
    let mut values = JsonStrings::of_compact(before)?;
    let mut after = String::with_capacity(before.len() + rest.len());
    after.push_str(&layout_number(before)?.to_string());
    after.push('[');
    let mut next_change = split_change(&mut rest)?;
    let mut position = 0;
    while let Some(value) = values.next() {
        if position > 0 {
            after.push(',');
        }
        match next_change {
            Some((changed, new)) if changed == position => {
                after.push_str(new);
                next_change = split_change(&mut rest)?;
            }
            _ => after.push_str(value),
        }
        position += 1;
    }
    after.push(']');
    (values.is_at_end() && next_change.is_none()).then_some(after)
}

/// Calls `visit` with each value of stored fields in any form, of a difference with those that changed. `None` if they
/// cannot be read to the end.
#[must_use]
pub fn for_each_value(stored: &str, visit: &mut impl FnMut(Cow<'_, str>)) -> Option<()> {
    if let Some(mut rest) = stored.strip_prefix(DIFFERENCE_MARK) {
        while let Some((_, value)) = split_change(&mut rest)? {
            visit(unquote(value)?);
        }
    } else if layout_number(stored).is_some() {
        let mut values = JsonStrings::of_compact(stored)?;
        while !values.is_at_end() {
            visit(unquote(values.next()?)?);
        }
    } else {
        parse_borrowed_fields(stored).ok()?.into_iter().for_each(|(_, value)| visit(value));
    }
    Some(())
}

/// Returns the values of fields in the compact form as they are quoted, `"a1","Debut"`; `None` for other forms, and if
/// a value is stored with an escape.
#[must_use]
pub fn quoted_values(stored: &str) -> Option<&str> {
    let start = stored.find('[').filter(|&end| end > 0 && !is_difference(stored))?;
    stored[start + 1..].strip_suffix(']').filter(|values| memchr::memchr(b'\\', values.as_bytes()).is_none())
}

/// Takes the next position and value from a difference: `Some(None)` at the end, `None` if it cannot be read.
#[expect(clippy::option_option, reason = "the end and a text that cannot be read are different results")]
fn split_change<'a>(rest: &mut &'a str) -> Option<Option<(usize, &'a str)>> {
    if rest.is_empty() {
        return Some(None);
    }
    let digits = rest.find('"')?;
    let position = rest[..digits].parse().ok()?;
    let (value, after) = split_json_string(&rest[digits..])?;
    *rest = after;
    Some(Some((position, value)))
}

/// The strings of a JSON array of strings, each with its quotes, as far as they can be read.
struct JsonStrings<'a> {
    rest: &'a str,
    is_first: bool,
}

impl<'a> JsonStrings<'a> {
    fn of_compact(compact: &'a str) -> Option<Self> {
        let start = compact.find('[').filter(|&end| end > 0)?;
        Some(Self { rest: &compact[start + 1..], is_first: true })
    }

    fn next(&mut self) -> Option<&'a str> {
        let rest = if self.is_first { self.rest } else { self.rest.strip_prefix(',')? };
        let (value, after) = split_json_string(rest)?;
        (self.rest, self.is_first) = (after, false);
        Some(value)
    }

    fn is_at_end(&self) -> bool {
        self.rest == "]"
    }
}

/// Splits `json` after the string with which it begins; `None` if it does not begin with a complete one.
fn split_json_string(json: &str) -> Option<(&str, &str)> {
    let bytes = json.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut position = 1;
    loop {
        match bytes.get(position)? {
            b'"' => return Some(json.split_at(position + 1)),
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
}

/// Returns the text of a JSON string.
fn unquote(quoted: &str) -> Option<Cow<'_, str>> {
    if quoted.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.get(1..quoted.len() - 1).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{StoredLayout, apply_difference, encode_difference, is_difference, layout_number};
    use crate::domain::item::{ColumnLayout, parse_fields};

    fn named(names: &[String], cells: &[String]) -> String {
        ColumnLayout::new(names, 0).build_item(cells).fields
    }

    #[test]
    fn the_compact_form_has_no_names() {
        let layout = StoredLayout::new(7, vec!["id".to_owned(), "title".to_owned()]);
        let fields = r#"[["id","a1"],["title","D\"ebut"]]"#;
        assert_eq!(layout.encode(fields).as_deref(), Some(r#"7["a1","D\"ebut"]"#));
        assert_eq!(layout.encode(r#"[["id","a1"]]"#), None, "another layout");
        assert_eq!(layout.decode(r#"7["a1"]"#), None, "a value is missing");
        assert_eq!(layout.decode(r#"7["a1","b","c"]"#), None, "a value too many");
        assert_eq!((layout_number(fields), layout_number("7[]")), (None, Some(7)));
    }

    proptest! {
        #[test]
        fn all_fields_come_back_from_the_compact_form(
            names in prop::collection::vec(".{0,6}", 0..6), texts in prop::collection::vec(".{0,9}", 6),
        ) {
            let cells = &texts[..names.len()];
            let (layout, fields) = (StoredLayout::new(12, names.clone()), named(&names, cells));
            let compact = layout.encode(&fields).expect("the fields of this layout");
            prop_assert_eq!(layout.decode(&compact), Some(fields.clone()));
            let parsed = layout.parse(&compact).expect("fields");
            let parsed: Vec<_> = parsed.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            prop_assert_eq!(parsed, parse_fields(&fields).expect("fields"));
        }

        #[test]
        fn the_fields_after_a_change_come_back_from_the_difference(
            before in prop::collection::vec("[a\"\\\\é,\\[\\]~0-9]{0,4}", 5), after in prop::collection::vec("[a\"\\\\é]{0,4}", 5),
            kept in prop::collection::vec(any::<bool>(), 5),
        ) {
            let names: Vec<String> = (0..5).map(|n| format!("column {n}")).collect();
            let mixed: Vec<String> =
                (0..5).map(|n| if kept[n] { before[n].clone() } else { after[n].clone() }).collect();
            let layout = StoredLayout::new(3, names.clone());
            let [old, new] = [&before, &mixed].map(|cells| layout.encode(&named(&names, cells)).expect("its fields"));
            if let Some(difference) = encode_difference(&old, &new) {
                prop_assert!(is_difference(&difference) && !is_difference(&new));
                prop_assert_eq!(apply_difference(&old, &difference), Some(new));
            } else {
                prop_assert!(kept.iter().filter(|kept| **kept).count() < 5, "equal fields have the shortest difference");
            }
        }

        #[test]
        fn a_text_that_is_not_in_the_compact_form_is_refused(text in "[0-9~\\[\\]\",\\\\a]{0,12}") {
            let layout = StoredLayout::new(1, vec!["a".to_owned()]);
            if let Some(decoded) = layout.decode(&text) {
                prop_assert!(parse_fields(&decoded).is_ok() || text.contains('\\'), "{}", decoded);
            }
            let _ = (layout.encode(&text), layout.parse(&text), apply_difference("1[\"a\"]", &text));
        }
    }
}
