//! Reads a cell of an OpenDocument workbook.

use quick_xml::events::BytesStart;

use super::cell_text::{flag_text, is_rounded, iso_duration, iso_moment, number_text};
use super::xml_events::qualified_attribute;

/// A cell whose end tag has not been read.
#[derive(Default)]
pub(super) struct OpenCell {
    pub(super) repeat: u32,
    pub(super) is_covered: bool,
    pub(super) kind: String,
    pub(super) value: Option<String>,
    pub(super) is_error: bool,
    pub(super) has_formula: bool,
    pub(super) text: String,
    pub(super) paragraphs: u32,
    pub(super) is_in_paragraph: bool,
}

impl OpenCell {
    /// The cell that this start tag opens.
    pub(super) fn of(start: &BytesStart<'_>) -> Self {
        let kind = qualified_attribute(start, "office:value-type").unwrap_or_default();
        let value = match kind.as_str() {
            "float" | "percentage" | "currency" => qualified_attribute(start, "office:value"),
            "date" => qualified_attribute(start, "office:date-value"),
            "time" => qualified_attribute(start, "office:time-value"),
            "boolean" => qualified_attribute(start, "office:boolean-value"),
            _ => qualified_attribute(start, "office:string-value").filter(|text| !text.is_empty()),
        };
        let is_error = qualified_attribute(start, "calcext:value-type").is_some_and(|kind| kind == "error");
        let has_formula = qualified_attribute(start, "table:formula").is_some_and(|formula| !formula.trim().is_empty());
        Self { kind, value, is_error, has_formula, ..Self::default() }
    }

    /// Whether it has a formula whose value was never saved. The value of a text formula may be empty.
    pub(super) fn is_unsaved_formula(&self) -> bool {
        self.has_formula && self.value.is_none() && self.text.is_empty() && self.kind != "string"
    }

    /// Whether it is a number that spreadsheets round.
    pub(super) fn is_rounded_number(&self) -> bool {
        let is_number = matches!(self.kind.as_str(), "float" | "percentage" | "currency");
        is_number && self.value.as_ref().and_then(|value| value.parse().ok()).is_some_and(is_rounded)
    }

    /// The text of the cell. Numbers, dates and times are taken from the stored value, which is more exact than the
    /// shown text.
    pub(super) fn finish(self) -> String {
        let Some(value) = self.value.filter(|_| !self.is_error) else { return self.text };
        match self.kind.as_str() {
            "float" | "percentage" | "currency" => value.parse().map_or(self.text, number_text),
            "date" => iso_moment(&value),
            "time" => iso_duration(&value),
            "boolean" => flag_text(value == "true").to_owned(),
            _ => value,
        }
    }
}
