//! What the cells of a column are, for display and sorting. What a cell says is never changed for it.

use serde::{Deserialize, Serialize};

use super::dates::{DateEvidence, DateOrder};
use super::links::{is_picture, looks_like_link};
use super::numbers::{DecimalSign, NumberEvidence};

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Anything, and whatever is not certain.
    #[default]
    Text,
    /// Numbers, all written with this decimal sign.
    Number(DecimalSign),
    /// Days, with or without a time, all written in this order.
    Date(DateOrder),
    /// Moments as RFC 3339 has them, in UTC: `2026-11-20T08:00:00Z`.
    Moment,
    /// Addresses of pages.
    Link,
    /// Addresses of pictures.
    Image,
    /// Markup that was made safe when it was fetched.
    Html,
    /// `yes`, or anything else for no.
    Flag,
}

/// What the cells of one column can still be, while they are looked at one after the other. It only gets less, and the
/// same little room serves a million cells.
#[derive(Clone, Debug)]
pub struct ColumnReading {
    any: bool,
    numbers: NumberEvidence,
    dates: DateEvidence,
    addresses: bool,
    pictures: bool,
}

impl Default for ColumnReading {
    fn default() -> Self {
        Self {
            any: false,
            numbers: NumberEvidence::default(),
            dates: DateEvidence::default(),
            addresses: true,
            pictures: true,
        }
    }
}

impl ColumnReading {
    /// Looks at one cell. An empty one says nothing.
    pub fn observe(&mut self, cell: &str) {
        if self.any && self.is_text() {
            return;
        }
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.any = true;
        self.numbers.observe(cell);
        self.dates.observe(cell);
        self.addresses = self.addresses && looks_like_link(cell);
        self.pictures = self.pictures && self.addresses && is_picture(cell);
    }

    fn is_text(&self) -> bool {
        !self.addresses && !self.numbers.is_open() && !self.dates.is_open()
    }

    /// The type that all cells fit; `None` when there was nothing in any of them.
    #[must_use]
    pub fn column_type(&self) -> Option<ColumnType> {
        if !self.any {
            return None;
        }
        Some(match (self.numbers.decimal_sign(), self.dates.date_order()) {
            (Some(decimal), _) => ColumnType::Number(decimal),
            (None, Some(order)) => ColumnType::Date(order),
            (None, None) if self.pictures => ColumnType::Image,
            (None, None) if self.addresses => ColumnType::Link,
            (None, None) => ColumnType::Text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnReading, ColumnType, DateOrder, DecimalSign};

    fn reported(cells: &[&str]) -> Option<ColumnType> {
        let mut reading = ColumnReading::default();
        cells.iter().for_each(|cell| reading.observe(cell));
        reading.column_type()
    }

    #[test]
    fn a_type_is_detected_from_all_cells_not_from_most() {
        assert_eq!(reported(&["1976", "", "1.5"]), Some(ColumnType::Number(DecimalSign::Point)));
        assert_eq!(reported(&["1976", "unknown"]), Some(ColumnType::Text));
        assert_eq!(reported(&["2025-04-03", ""]), Some(ColumnType::Date(DateOrder::YearFirst)));
        assert_eq!(reported(&["2025-04-03", "2025"]), Some(ColumnType::Text));
        assert_eq!(reported(&["", "  "]), None);
        assert_eq!(reported(&["unknown", "1", "2"]), Some(ColumnType::Text));
    }

    #[test]
    fn addresses_are_links_and_pictures_are_recognized_by_their_ending() {
        let page = "https://example.org/a";
        let picture = "https://f4.example.org/img/a0261871031_7.jpg?v=2";
        assert_eq!(reported(&[page, picture]), Some(ColumnType::Link));
        assert_eq!(reported(&[picture, ""]), Some(ColumnType::Image));
        assert_eq!(reported(&[picture, "soon"]), Some(ColumnType::Text));
        assert_eq!(reported(&["javascript:alert(1)"]), Some(ColumnType::Text));
    }

    #[test]
    fn a_type_is_kept_as_a_word_with_what_is_needed_to_read_it() {
        let types = [ColumnType::Text, ColumnType::Number(DecimalSign::Comma), ColumnType::Date(DateOrder::DayFirst)];
        let text = serde_json::to_string(&types).expect("JSON");
        assert_eq!(text, r#"["text",{"number":"comma"},{"date":"dayfirst"}]"#);
        assert_eq!(serde_json::from_str::<[ColumnType; 3]>(&text).expect("types"), types);
    }
}
