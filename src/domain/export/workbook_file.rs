//! Writes items into a workbook, row by row, in little memory. All cells are texts, so none is a formula.

use std::io::{self, Seek, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::column_cells::{ColumnCells, FieldSlice};
use super::export_error::ExportError;
use super::workbook_parts::{FIXED_PARTS, HEADER_STYLE, SHEET_PART, SHEET_START, TEXT_STYLE};
use super::workbook_text::{column_letters, is_too_long, needs_preserved_space, push_text};

/// The most items: the rows of a sheet without the one with the columns.
pub const MAX_WORKBOOK_ITEMS: u64 = 1_048_575;
/// The most columns of a sheet.
const MAX_WORKBOOK_COLUMNS: usize = 16_384;
/// The most bytes of a sheet before compression. A larger one would need extensions that not all readers of archives
/// know.
const MAX_SHEET_BYTES: u64 = 4_000_000_000;
/// The bytes of rows that are compressed at a time.
const MAX_PENDING_BYTES: usize = 64 * 1024;
/// The characters of a long name that a message has.
const MAX_QUOTED_CHARS: usize = 50;
/// The level of compression. The default level takes about twice the time for files that are a tenth smaller.
const COMPRESSION_LEVEL: i64 = 3;

/// A workbook that is being written.
pub struct WorkbookFile<W: Write + Seek> {
    archive: ZipWriter<W>,
    cells: ColumnCells,
    /// The letters of the columns.
    letters: Vec<String>,
    /// The number of rows.
    rows: u64,
    /// Rows that are not compressed yet.
    pending: String,
    /// The bytes of the sheet before compression, without those that are pending.
    sheet_bytes: u64,
}

/// Checks that a workbook has room for so many items.
///
/// # Errors
/// [`ExportError::TooManyItems`] when it has not.
pub const fn check_item_count(items: u64) -> Result<(), ExportError> {
    if items > MAX_WORKBOOK_ITEMS { Err(ExportError::TooManyItems { max: MAX_WORKBOOK_ITEMS }) } else { Ok(()) }
}

impl<W: Write + Seek> WorkbookFile<W> {
    /// Begins a workbook with these columns.
    ///
    /// # Errors
    /// [`ExportError::TooManyColumns`] or [`ExportError::LongColumnName`] when the columns do not fit, and
    /// [`ExportError::Storage`] when the file cannot be written.
    pub fn new(file: W, columns: &[String]) -> Result<Self, ExportError> {
        if columns.len() > MAX_WORKBOOK_COLUMNS {
            return Err(ExportError::TooManyColumns { max: MAX_WORKBOOK_COLUMNS as u64 });
        }
        let mut archive = ZipWriter::new(file);
        let options = SimpleFileOptions::default().compression_level(Some(COMPRESSION_LEVEL));
        for (name, content) in FIXED_PARTS {
            archive.start_file(name, options).map_err(io::Error::from)?;
            archive.write_all(content.as_bytes())?;
        }
        archive.start_file(SHEET_PART, options).map_err(io::Error::from)?;
        let mut workbook = Self {
            archive,
            cells: ColumnCells::new(columns),
            letters: (0..columns.len()).map(column_letters).collect(),
            rows: 0,
            pending: SHEET_START.to_owned(),
            sheet_bytes: 0,
        };
        let names = columns.iter().map(|name| (name.as_str(), Some(name.as_str())));
        add_row(&mut workbook.pending, 1, HEADER_STYLE, workbook.letters.iter().zip(names))
            .map_err(|column| ExportError::LongColumnName { start: column.chars().take(MAX_QUOTED_CHARS).collect() })?;
        workbook.rows = 1;
        Ok(workbook)
    }

    /// Adds an item. Fields that are not columns of the file are left out.
    ///
    /// # Errors
    /// [`ExportError::LongCell`], [`ExportError::TooManyItems`] or [`ExportError::TooManyBytes`] when the item does not
    /// fit, and [`ExportError::Storage`] when the file cannot be written.
    pub fn add_item(&mut self, key: &str, fields: &FieldSlice<'_>) -> Result<(), ExportError> {
        check_item_count(self.rows)?;
        self.rows += 1;
        let cells = self.letters.iter().zip(self.cells.find_cells(fields));
        add_row(&mut self.pending, self.rows, TEXT_STYLE, cells)
            .map_err(|column| ExportError::LongCell { key: key.to_owned(), column })?;
        if self.pending.len() >= MAX_PENDING_BYTES { self.write_pending() } else { Ok(()) }
    }

    /// Ends the workbook; returns its file.
    ///
    /// # Errors
    /// [`ExportError::TooManyBytes`] when the sheet is too large, and [`ExportError::Storage`] when the file cannot be
    /// written.
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.pending.push_str("</sheetData>");
        if let Some(last) = self.letters.last() {
            // Otherwise Excel marks each number as one that is stored as text.
            let ignored = format!("<ignoredError sqref=\"A1:{last}{}\" numberStoredAsText=\"1\"/>", self.rows);
            self.pending.push_str(&format!("<ignoredErrors>{ignored}</ignoredErrors>"));
        }
        self.pending.push_str("</worksheet>");
        self.write_pending()?;
        Ok(self.archive.finish().map_err(io::Error::from)?)
    }

    fn write_pending(&mut self) -> Result<(), ExportError> {
        self.sheet_bytes += self.pending.len() as u64;
        if self.sheet_bytes > MAX_SHEET_BYTES {
            return Err(ExportError::TooManyBytes);
        }
        self.archive.write_all(self.pending.as_bytes())?;
        self.pending.clear();
        Ok(())
    }
}

/// Appends a row. The error is the column of a cell that is too long.
fn add_row<'a>(
    xml: &mut String,
    row: u64,
    style: u32,
    cells: impl Iterator<Item = (&'a String, (&'a str, Option<&'a str>))>,
) -> Result<(), String> {
    let row = row.to_string();
    xml.push_str("<row r=\"");
    xml.push_str(&row);
    xml.push_str("\">");
    for (letters, (column, cell)) in cells {
        let Some(cell) = cell.filter(|cell| !cell.is_empty()) else { continue };
        if is_too_long(cell) {
            return Err(column.to_owned());
        }
        for part in ["<c r=\"", letters, &row, "\" s=\""] {
            xml.push_str(part);
        }
        xml.push_str(&style.to_string());
        let is_preserved = needs_preserved_space(cell);
        xml.push_str("\" t=\"inlineStr\"><is><t");
        xml.push_str(if is_preserved { " xml:space=\"preserve\">" } else { ">" });
        push_text(xml, cell);
        xml.push_str("</t></is></c>");
    }
    xml.push_str("</row>");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::io::{self, Cursor};

    use calamine::{Data, Reader, Xlsx};

    use super::{ExportError, MAX_WORKBOOK_ITEMS, WorkbookFile, check_item_count};

    fn begin(columns: &[&str]) -> Result<WorkbookFile<Cursor<Vec<u8>>>, ExportError> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        WorkbookFile::new(Cursor::new(Vec::new()), &columns)
    }

    fn read_rows(file: Cursor<Vec<u8>>) -> Vec<Vec<String>> {
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(file).expect("a workbook");
        let sheet = book.worksheet_range("Items").expect("the sheet");
        let text = |cell: &Data| match cell {
            Data::Empty => String::new(),
            Data::String(text) => text.clone(),
            other => panic!("no text: {other:?}"),
        };
        sheet.rows().map(|row| row.iter().map(text).collect()).collect()
    }

    #[test]
    fn a_workbook_holds_all_cells_as_texts() {
        let cells =
            ["=1+1", " spaced ", "-5", "0042", "a\nb\tc", "<&>\"'", "_x0041_", "🎵 é", "1999-01-01", "TRUE", "x\u{1}y"];
        let mut workbook = begin(&["=key", "cell"]).expect("a workbook");
        for (number, &cell) in cells.iter().enumerate() {
            let fields = [("cell", cell), ("gone", "!"), ("=key", &format!("k{number}"))]
                .map(|(name, cell)| (Cow::from(name.to_owned()), Cow::from(cell.to_owned())));
            workbook.add_item("k", &fields).expect("an item");
        }
        let rows = read_rows(workbook.finish().expect("a file"));
        assert_eq!(rows[0], ["=key", "cell"]);
        for (number, &cell) in cells.iter().enumerate() {
            let read = rows[number + 1][1].replace("_x0001_", "\u{1}");
            assert_eq!((rows[number + 1][0].as_str(), read.as_str()), (format!("k{number}").as_str(), cell));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let long = "x".repeat(32_768);
        let mut workbook = begin(&["id", "notes"]).expect("a workbook");
        let fields = [("id", "a1"), ("notes", &long)].map(|(name, cell)| (Cow::from(name), Cow::from(cell.to_owned())));
        let error = workbook.add_item("a1", &fields).expect_err("a long cell");
        let message = "The cell “notes” of “a1” is longer than the 32,767 characters that a workbook holds. Use CSV for \
                       this catalog.";
        assert_eq!((error.to_string().as_str(), error.is_refusal()), (message, true));
        assert!(check_item_count(MAX_WORKBOOK_ITEMS).is_ok() && check_item_count(MAX_WORKBOOK_ITEMS + 1).is_err());
        let columns = vec![String::new(); 16_385];
        let error = WorkbookFile::new(Cursor::new(Vec::new()), &columns).err().expect("too many columns");
        assert!(error.to_string().starts_with("A workbook holds at most 16,384 columns."), "{error}");
        let error = begin(&[&long]).err().expect("a long name");
        assert!(error.to_string().starts_with(&format!("The name of the column “{}…” is", "x".repeat(50))), "{error}");
        assert!(!ExportError::from(io::Error::other("a full disk")).is_refusal());
    }

    #[test]
    fn a_workbook_without_items_has_its_columns() {
        assert_eq!(read_rows(begin(&["a"]).expect("a workbook").finish().expect("a file")), [["a"]]);
        assert!(read_rows(begin(&[]).expect("a workbook").finish().expect("a file")).is_empty());
    }
}
