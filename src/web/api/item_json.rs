//! Items as JSON: their cells as texts, or as numbers and flags where that is asked for.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::json_time;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::numbers::parse_number;
use crate::domain::columns::spreadsheet_values::parse_flag;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;

/// An item as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemEntry {
    id: String,
    key: String,
    fields: FieldObject,
    added_at: String,
    changed_at: String,
}

/// The fields of an item, as a JSON object in the order of the columns.
struct FieldObject(Vec<(String, Value)>);

impl Serialize for FieldObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// How the fields of items are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldFormat {
    /// The columns to write; `None` for all.
    pub(super) columns: Option<Vec<String>>,
    /// Whether numbers and flags are JSON numbers and booleans, and blank cells of such columns null.
    pub(super) is_typed: bool,
}

impl ItemEntry {
    /// Creates the entry of an item of a catalog.
    pub(super) fn new(item: Item, catalog: &Catalog, format: &FieldFormat) -> Self {
        let is_wanted = |name: &String| format.columns.as_ref().is_none_or(|columns| columns.contains(name));
        let fields = item.fields.into_iter().filter(|(name, _)| is_wanted(name)).map(|(name, cell)| {
            let column_type = if format.is_typed { catalog.column_type(&name) } else { ColumnType::Text };
            let value = typed_value(cell, column_type);
            (name, value)
        });
        Self {
            id: item.id,
            key: item.key,
            fields: FieldObject(fields.collect()),
            added_at: json_time(item.added_at),
            changed_at: json_time(item.changed_at),
        }
    }
}

/// A cell as a number or a flag, if it is one; a text otherwise.
fn typed_value(cell: String, column_type: ColumnType) -> Value {
    match column_type {
        ColumnType::Number(_) | ColumnType::Flag if cell.trim().is_empty() => Value::Null,
        ColumnType::Number(decimal) => match parse_number(&cell, decimal) {
            // Whole numbers without a fraction, up to those that a floating-point number holds exactly.
            Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Value::from(number as i64),
            Some(number) => Value::from(number),
            None => Value::from(cell),
        },
        ColumnType::Flag => parse_flag(&cell).map_or_else(|| Value::from(cell), Value::from),
        _ => Value::from(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::typed_value;
    use crate::domain::columns::column_type::ColumnType;
    use crate::domain::columns::numbers::DecimalSign;

    #[test]
    fn cells_that_fit_their_type_are_numbers_and_flags() {
        let number = ColumnType::Number(DecimalSign::Comma);
        let json = |cell: &str, column_type| typed_value(cell.to_owned(), column_type).to_string();
        assert_eq!(json("1.999", number), "1999");
        assert_eq!(json("-1,50 €", number), "-1.5");
        assert_eq!((json("", number), json("soon", number)), ("null".to_owned(), "\"soon\"".to_owned()));
        assert_eq!(
            (json("yes", ColumnType::Flag), json("no", ColumnType::Flag)),
            ("true".to_owned(), "false".to_owned())
        );
        assert_eq!(
            (json("TRUE", ColumnType::Flag), json("maybe", ColumnType::Flag)),
            ("true".into(), "\"maybe\"".into())
        );
        assert_eq!((json(" ", ColumnType::Flag), json("1", ColumnType::Text)), ("null".to_owned(), "\"1\"".to_owned()));
    }
}
