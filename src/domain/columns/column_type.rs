//! Detects the types of columns, which are used for display and sorting. Cells are never changed to fit a type.

use serde::{Deserialize, Serialize};

use super::dates::{DateEvidence, DateOrder};
use super::links::{is_image_url, looks_like_link};
use super::numbers::{DecimalSign, NumberEvidence};
use super::spreadsheet_values::parse_checkbox;

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Any text; also used when the type is not certain.
    #[default]
    Text,
    /// Numbers, all written with this decimal separator.
    Number(DecimalSign),
    /// Dates, with or without a time, all written in this order.
    Date(DateOrder),
    /// Times in UTC as defined by RFC 3339: `2026-11-20T08:00:00Z`.
    Moment,
    /// Links to pages.
    Link,
    /// Links to images.
    Image,
    /// HTML that was sanitized when it was fetched.
    Html,
    /// `TRUE` and `FALSE` in any case, or `yes` and `no`. Anything else is sorted like false.
    Flag,
}

/// Detects the type of a column by looking at its cells one after the other. Each cell rules out types; memory is
/// constant.
#[derive(Clone, Debug)]
pub struct ColumnTypeDetector {
    has_values: bool,
    numbers: NumberEvidence,
    dates: DateEvidence,
    all_links: bool,
    all_images: bool,
    all_checkboxes: bool,
}

impl Default for ColumnTypeDetector {
    fn default() -> Self {
        Self {
            has_values: false,
            numbers: NumberEvidence::default(),
            dates: DateEvidence::default(),
            all_links: true,
            all_images: true,
            all_checkboxes: true,
        }
    }
}

impl ColumnTypeDetector {
    /// Rules out the types that do not fit this cell. Empty cells fit every type.
    pub fn observe_cell(&mut self, cell: &str) {
        if self.has_values && self.is_text() {
            return;
        }
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.has_values = true;
        self.numbers.observe_cell(cell);
        self.dates.observe_cell(cell);
        self.all_links = self.all_links && looks_like_link(cell);
        self.all_images = self.all_images && self.all_links && is_image_url(cell);
        self.all_checkboxes = self.all_checkboxes && parse_checkbox(cell).is_some();
    }

    fn is_text(&self) -> bool {
        !self.all_links && !self.all_checkboxes && !self.numbers.is_possible() && !self.dates.is_possible()
    }

    /// Returns the type that fits all cells; `None` if all of them were empty.
    #[must_use]
    pub fn column_type(&self) -> Option<ColumnType> {
        if !self.has_values {
            return None;
        }
        Some(match (self.numbers.decimal_sign(), self.dates.date_order()) {
            (Some(decimal), _) => ColumnType::Number(decimal),
            (None, Some(order)) => ColumnType::Date(order),
            (None, None) if self.all_images => ColumnType::Image,
            (None, None) if self.all_links => ColumnType::Link,
            (None, None) if self.all_checkboxes => ColumnType::Flag,
            (None, None) => ColumnType::Text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnType, ColumnTypeDetector, DateOrder, DecimalSign};

    fn reported(cells: &[&str]) -> Option<ColumnType> {
        let mut reading = ColumnTypeDetector::default();
        cells.iter().for_each(|cell| reading.observe_cell(cell));
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
        assert_eq!(reported(&["TRUE", "", "false"]), Some(ColumnType::Flag));
        assert_eq!(reported(&["TRUE", "perhaps"]), Some(ColumnType::Text));
        assert_eq!(reported(&["yes", "no"]), Some(ColumnType::Text), "words that people write");
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
