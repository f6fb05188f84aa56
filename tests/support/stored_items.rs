//! Reads the rows of items around the store, in both forms, and sets the form in which they are written.

use std::collections::HashMap;

use lockstep::store::compaction::CompactionStep;
use serde_json::Value;

use super::TestDatabase;

/// An item as it is stored, whatever its form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct StoredItemRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) is_live: bool,
    /// JSON text, each name beside its value.
    pub(crate) fields: String,
    /// The digest of the fields, in hexadecimal digits.
    pub(crate) hash: String,
    /// The ids of the runs that added it and changed it last.
    pub(crate) added_by: String,
    pub(crate) changed_by: String,
    /// The time at which it was added, as the database has it.
    pub(crate) added_at: String,
}

impl TestDatabase {
    /// The items of a source, removed ones included, in the order of their ids.
    pub(crate) fn stored_items(&self, source_id: i64) -> Vec<StoredItemRow> {
        let (array, text, hash) = if self.is_sqlite() {
            ("json_array", "", "lower(hex(hash))")
        } else {
            ("json_build_array", "::text", "encode(hash, 'hex')")
        };
        let columns = format!(
            "id, key, removed_at IS NULL, fields, {hash}, added_by, changed_by, CAST({} AS TEXT)",
            self.item_time("added_at")
        );
        let rows = self.select_values(&format!(
            "SELECT {array}({columns}){text} AS value FROM items WHERE source_id = {source_id} ORDER BY id"
        ));
        let names = self.select_values(&format!("SELECT {array}(number, columns){text} AS value FROM column_layouts"));
        let layouts: HashMap<i64, Vec<String>> = names
            .iter()
            .map(|row| (row[0].as_i64().expect("a number"), serde_json::from_str(as_text(&row[1])).expect("names")))
            .collect();
        let numbers = self.select_values(&format!("SELECT {array}(number, sync_id){text} AS value FROM run_numbers"));
        let runs: HashMap<String, String> =
            numbers.iter().map(|row| (row[0].to_string(), as_text(&row[1]).to_owned())).collect();
        let run = |value: &Value| runs.get(as_text(value)).cloned().unwrap_or_else(|| as_text(value).to_owned());
        rows.iter()
            .map(|row| StoredItemRow {
                id: row[0].as_i64().expect("an id"),
                key: as_text(&row[1]).to_owned(),
                is_live: row[2] == Value::Bool(true) || row[2] == 1,
                fields: name_values(&layouts, as_text(&row[3])),
                hash: as_text(&row[4]).to_owned(),
                added_by: run(&row[5]),
                changed_by: run(&row[6]),
                added_at: as_text(&row[7]).to_owned(),
            })
            .collect()
    }

    /// The SQL expression of a time of an item.
    pub(crate) fn item_time(&self, column: &str) -> String {
        if !self.is_sqlite() {
            return column.to_owned();
        }
        let text = format!("strftime('%Y-%m-%d %H:%M:%f', {column} / 1000.0, 'unixepoch')");
        // Diesel leaves out zero milliseconds.
        format!("CASE typeof({column}) WHEN 'integer' THEN replace({text}, '.000', '') ELSE {column} END")
    }

    /// The number of items whose run in `column` is the run with this id.
    pub(crate) fn count_items_of_run(&self, column: &str, run: &str) -> i64 {
        let number = format!("SELECT CAST(number AS TEXT) FROM run_numbers WHERE sync_id = '{run}'");
        self.count_rows("items", &format!("{column} = '{run}' OR {column} IN ({number})"))
    }

    /// From now on items are written as the version before the compact form wrote them.
    pub(crate) fn write_named_rows(&self) {
        self.run_sql("UPDATE house_facts SET value = '9000000000000' WHERE name = 'compact_form_from'");
    }

    /// From now on items are written in the compact form, and the rows before are converted step by step.
    pub(crate) fn begin_compaction(&self) {
        self.run_sql(
            "UPDATE house_facts SET value = '0' WHERE name = 'compact_form_from';
             UPDATE house_facts SET value = 'items:0' WHERE name = 'compact_form_progress'",
        );
    }

    /// Converts all rows to the compact form.
    pub(crate) fn finish_compaction(&self) {
        while self.store().convert_next_rows().expect("a step") == CompactionStep::Converted {}
    }

    fn select_values(&self, sql: &str) -> Vec<Value> {
        let texts = self.select_texts(sql).into_iter();
        texts.map(|text| serde_json::from_str(&text.expect("a row")).expect("JSON")).collect()
    }
}

fn as_text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The fields with each name beside its value.
fn name_values(layouts: &HashMap<i64, Vec<String>>, stored: &str) -> String {
    let Some((number, values)) = stored.split_once('[').filter(|(number, _)| !number.is_empty()) else {
        return stored.to_owned();
    };
    let names = &layouts[&number.parse().expect("the number of a layout")];
    let values: Vec<String> = serde_json::from_str(&format!("[{values}")).expect("values");
    assert_eq!(names.len(), values.len(), "a value for each name");
    serde_json::to_string(&names.iter().zip(&values).collect::<Vec<_>>()).expect("JSON")
}
