//! Writes items as CSV or JSON, part by part.

use std::borrow::Cow;
use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::column_cells::{ColumnCells, FieldSlice};
use crate::domain::text::formula::escape_formula;

/// The format of a text file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextFormat {
    /// One line for each item, below a line with the columns. Unless `is_raw`, no cell is a formula to a spreadsheet.
    Csv {
        /// Whether cells that spreadsheets would run as formulas stay as they are.
        is_raw: bool,
    },
    /// An array with one object for each item, one a line.
    Json,
    /// One object for each item, one a line.
    Ndjson,
}

/// A file of items that is written part by part: add items, take the bytes, and so on until the end.
#[derive(Debug)]
pub struct TextFile {
    format: TextFormat,
    cells: ColumnCells,
    has_items: bool,
    output: TextOutput,
}

#[derive(Debug)]
enum TextOutput {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Json(Vec<u8>),
}

impl TextFile {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// [`io::Error`] when the columns cannot be written as CSV.
    pub fn new(format: TextFormat, columns: &[String]) -> io::Result<Self> {
        let output = match format {
            TextFormat::Csv { .. } => TextOutput::Csv(new_csv_writer()),
            TextFormat::Json => TextOutput::Json(b"[".to_vec()),
            TextFormat::Ndjson => TextOutput::Json(Vec::new()),
        };
        let mut file = Self { format, cells: ColumnCells::new(columns), has_items: false, output };
        if let (TextOutput::Csv(writer), TextFormat::Csv { is_raw }) = (&mut file.output, format) {
            write_csv_line(writer, columns.iter().map(String::as_str), is_raw)?;
        }
        Ok(file)
    }

    /// Adds an item. Fields that are not columns of the file are left out.
    ///
    /// # Errors
    /// [`io::Error`] when the item cannot be written in this format.
    pub fn add_item(&mut self, key: &str, fields: &FieldSlice<'_>) -> io::Result<()> {
        let cells = self.cells.find_cells(fields);
        match &mut self.output {
            TextOutput::Csv(writer) => {
                let is_raw = self.format == TextFormat::Csv { is_raw: true };
                write_csv_line(writer, cells.map(|(_, cell)| cell.unwrap_or_default()), is_raw)?;
            }
            TextOutput::Json(json) => {
                if self.format == TextFormat::Json {
                    json.extend_from_slice(if self.has_items { b",\n" } else { b"\n" });
                }
                let fields = cells.filter_map(|(column, cell)| Some((column, cell?))).collect();
                serde_json::to_writer(&mut *json, &ItemObject { key, fields: FieldCells(fields) })?;
                if self.format == TextFormat::Ndjson {
                    json.push(b'\n');
                }
            }
        }
        self.has_items = true;
        Ok(())
    }

    /// Ends the file. Nothing may be added afterwards.
    pub fn finish(&mut self) {
        if let (TextFormat::Json, TextOutput::Json(json)) = (self.format, &mut self.output) {
            json.extend_from_slice(b"\n]\n");
        }
    }

    /// Takes the bytes that were written since the last call.
    ///
    /// # Errors
    /// [`io::Error`] when the last lines cannot be written as CSV.
    pub fn take_bytes(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.output {
            TextOutput::Csv(writer) => {
                let written = std::mem::replace(writer, new_csv_writer());
                written.into_inner().map_err(csv::IntoInnerError::into_error)
            }
            TextOutput::Json(json) => Ok(std::mem::take(json)),
        }
    }
}

fn new_csv_writer() -> Box<csv::Writer<Vec<u8>>> {
    let mut settings = csv::WriterBuilder::new();
    // Line ends of RFC 4180. A file without columns has no lines.
    settings.terminator(csv::Terminator::CRLF).flexible(true);
    Box::new(settings.from_writer(Vec::new()))
}

fn write_csv_line<'a>(
    writer: &mut csv::Writer<Vec<u8>>,
    cells: impl Iterator<Item = &'a str>,
    is_raw: bool,
) -> io::Result<()> {
    let mut cells = cells.map(|cell| if is_raw { Cow::Borrowed(cell) } else { escape_formula(cell) }).peekable();
    if cells.peek().is_none() {
        return Ok(());
    }
    for cell in cells {
        writer.write_field(cell.as_bytes())?;
    }
    Ok(writer.write_record(None::<&[u8]>)?)
}

#[derive(serde::Serialize)]
struct ItemObject<'a> {
    key: &'a str,
    fields: FieldCells<'a>,
}

/// The cells of an item with their columns, serialized as a JSON object in their order.
struct FieldCells<'a>(Vec<(&'a str, &'a str)>);

impl Serialize for FieldCells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in &self.0 {
            object.serialize_entry(column, cell)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{TextFile, TextFormat};

    fn write_items(format: TextFormat, columns: &[&str], items: &[&[(&str, &str)]]) -> String {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        let mut file = TextFile::new(format, &columns).expect("a file");
        let mut bytes = Vec::new();
        for (number, fields) in items.iter().enumerate() {
            let fields: Vec<_> = fields.iter().map(|&(name, cell)| (Cow::from(name), Cow::from(cell))).collect();
            file.add_item(&format!("k{number}"), &fields).expect("an item");
            bytes.extend(file.take_bytes().expect("bytes"));
        }
        file.finish();
        bytes.extend(file.take_bytes().expect("bytes"));
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn cells_stand_below_their_columns_whatever_fields_an_item_has() {
        let items: [&[(&str, &str)]; 3] =
            [&[("b", "1"), ("a", "x")], &[("gone", "!"), ("a", "y")], &[("a", "\"q\",\r\n"), ("b", "")]];
        let csv = write_items(TextFormat::Csv { is_raw: false }, &["a", "b"], &items);
        assert_eq!(csv, "a,b\r\nx,1\r\ny,\r\n\"\"\"q\"\",\r\n\",\r\n");
        let json = write_items(TextFormat::Json, &["a", "b"], &items);
        assert_eq!(
            json,
            "[\n{\"key\":\"k0\",\"fields\":{\"a\":\"x\",\"b\":\"1\"}},\n{\"key\":\"k1\",\"fields\":{\"a\":\"y\"}},\n\
             {\"key\":\"k2\",\"fields\":{\"a\":\"\\\"q\\\",\\r\\n\",\"b\":\"\"}}\n]\n"
        );
        let lines = write_items(TextFormat::Ndjson, &["b"], &items[..1]);
        assert_eq!(lines, "{\"key\":\"k0\",\"fields\":{\"b\":\"1\"}}\n");
    }

    #[test]
    fn files_without_items_and_without_columns_are_whole_too() {
        let csv = TextFormat::Csv { is_raw: false };
        assert_eq!(write_items(csv, &["=a", "b"], &[]), "'=a,b\r\n");
        assert_eq!((write_items(csv, &[], &[]), write_items(csv, &[], &[&[("a", "1")]])), Default::default());
        assert_eq!(write_items(TextFormat::Json, &["a"], &[]), "[\n]\n");
        assert_eq!(write_items(TextFormat::Ndjson, &["a"], &[]), "");
        assert_eq!(write_items(csv, &["a"], &[&[("a", "")]]), "a\r\n\"\"\r\n", "an empty line would be no record");
    }

    #[test]
    fn a_raw_file_has_formulas_as_they_are() {
        let items: [&[(&str, &str)]; 1] = [&[("+a", "=1+1"), ("b", "-5")]];
        let write = |is_raw| write_items(TextFormat::Csv { is_raw }, &["+a", "b"], &items);
        assert_eq!(write(false), "'+a,b\r\n'=1+1,-5\r\n");
        assert_eq!(write(true), "+a,b\r\n=1+1,-5\r\n");
    }
}
