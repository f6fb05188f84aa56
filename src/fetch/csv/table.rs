//! A fetched CSV file as a table: named columns, and rows one at a time.

use std::io::Read;

use super::decoding::Decoding;
use super::delimiter::{Dialect, dialect};
use super::records::{MAX_CELL, MAX_RECORD, Record, Records, Uncut, too_many_columns};
use super::text::{Writing, examine};
use crate::domain::row::{Mend, Row, column_names, shortened};
use crate::domain::source::Validators;
use crate::fetch::http::spool::{Reader, Spooled, disk};
use crate::fetch::{Content, FetchError, Rows, Watch};

/// How much of the text the delimiter is told from.
const START: u64 = 256 * 1024;

/// A table in a temporary file.
#[derive(Debug)]
pub(in crate::fetch) struct Table {
    content: Spooled,
    writing: Writing,
    dialect: Dialect,
    columns: Vec<String>,
    /// The record that is the header; 0 if there is none.
    header: u64,
    validators: Validators,
}

impl Table {
    /// Finds out how `content` is written and reads its header. `charset` is what the server said, if it did.
    ///
    /// # Errors
    /// When it is no table, cannot be read, or `watch` says stop.
    pub(in crate::fetch) fn open(
        content: Spooled,
        charset: Option<&str>,
        validators: Validators,
        watch: &dyn Watch,
    ) -> Result<Self, FetchError> {
        let mut start = Vec::new();
        content.reader(0).take(1024).read_to_end(&mut start).map_err(|error| disk(&error))?;
        no_other_format(&start)?;
        let writing = examine(|| content.reader(0), charset, watch)?;
        start.clear();
        let text = Decoding::new(content.reader(writing.mark), writing.encoding);
        text.take(START).read_to_end(&mut start).map_err(|error| disk(&error))?;
        let dialect = dialect(&start, (start.len() as u64) < START);
        let mut table = Self { content, writing, dialect, columns: Vec::new(), header: 0, validators };
        table.read_header(watch)?;
        Ok(table)
    }

    fn records(&self) -> Records<Decoding<Reader<'_>>> {
        let text = Decoding::new(self.content.reader(self.writing.mark), self.writing.encoding);
        Records::new(text, self.dialect.delimiter)
    }

    /// The header is the first row with anything in it. A file of blank rows is gone through to its end.
    fn read_header(&mut self, watch: &dyn Watch) -> Result<(), FetchError> {
        let mut records = self.records();
        let mut record = Record::default();
        while records.next(&mut record).map_err(|uncut| self.explain(uncut))? {
            if watch.should_stop() {
                return Err(FetchError::Stopped);
            }
            if record.too_wide {
                return Err(FetchError::failed("too_many_columns", too_many_columns("file")));
            }
            let cells: Vec<String> = (0..record.len()).map(|index| text_of(record.cell(index))).collect();
            let blank = cells.iter().all(|cell| cell.chars().all(|c| c == '\0' || c.is_whitespace()));
            if !(blank || self.dialect.declared && record.number == 1) {
                let (columns, header) = (column_names(&cells), record.number);
                (self.columns, self.header) = (columns, header);
                return Ok(());
            }
        }
        Ok(())
    }

    /// A record's number for people: Excel's line `sep=;` is no row.
    fn shown(&self, number: u64) -> u64 {
        number - u64::from(self.dialect.declared)
    }

    fn explain(&self, uncut: Uncut) -> FetchError {
        let place = |row: u64, cell: usize| {
            let column = self
                .columns
                .get(cell)
                .map_or_else(|| format!("column {}", cell + 1), |name| format!("“{}”", shortened(name)));
            format!("Row {}, {column}", self.shown(row))
        };
        match uncut {
            Uncut::Io(error) => disk(&error),
            Uncut::Unclosed { row, cell } => FetchError::failed(
                "unclosed_quote",
                format!(
                    "{}: a quotation mark (\") opens here and is never closed, so everything after it would be one \
                     cell. Close it, or double it if it belongs to the text.",
                    place(row, cell)
                ),
            ),
            Uncut::LongCell { row, cell, quoted } => FetchError::failed(
                "cell_too_large",
                format!(
                    "{}: a cell of more than {} MiB.{}",
                    place(row, cell),
                    MAX_CELL / (1024 * 1024),
                    if quoted { " Most likely a quotation mark (\") opens here and is never closed." } else { "" }
                ),
            ),
            Uncut::LongRecord { row } => FetchError::failed(
                "row_too_large",
                format!("Row {}: more than {} MiB in one row.", self.shown(row), MAX_RECORD / (1024 * 1024)),
            ),
        }
    }

    fn row(&self, record: &Record) -> Row {
        let width = self.columns.len();
        let mut mended = Vec::new();
        let nul = record.has_nul();
        let mut cells = Vec::with_capacity(width);
        for index in 0..width.min(record.len()) {
            let mut cell = text_of(record.cell(index));
            if nul && cell.contains('\0') {
                cell.retain(|c| c != '\0');
                mended.push(Mend::cell(Some(index), "NUL characters were dropped"));
            }
            cells.push(cell);
        }
        cells.resize(width, String::new());
        if self.writing.lossy && cells.iter().any(|cell| cell.contains('\u{FFFD}')) {
            let name = self.writing.encoding.name();
            let what = format!("characters that are not valid {name} were replaced by \u{FFFD}");
            mended.push(Mend::cell(None, what));
        }
        let mut note = |cell: Option<usize>, what: &str| {
            if let Some(cell) = cell {
                mended.push(Mend::cell(Some(cell).filter(|cell| *cell < width), what));
            }
        };
        note(record.loose_end, "text stands after a closing quotation mark; it was kept as it is");
        note(record.late_quote, "a space stands before a quotation mark, so the cell was cut at every delimiter");
        let beyond = (width..record.len()).any(|index| !record.cell(index).trim_ascii().is_empty());
        Row { number: self.shown(record.number), cells, surplus: record.too_wide || beyond, mended, ..Row::default() }
    }
}

/// Decoded text is UTF-8.
fn text_of(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

/// Feeds and other XML under the name of a CSV file. Binary content is told by [`crate::fetch::file_signature`].
fn no_other_format(start: &[u8]) -> Result<(), FetchError> {
    match markup(start) {
        Some(what) => Err(FetchError::failed("not_csv", format!("This is {what}, not a CSV file."))),
        None => Ok(()),
    }
}

/// What content is that begins like a feed or a list of feeds, and not like the header of a table.
fn markup(start: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches(['\u{feff}', '\u{fffd}', '\0']).trim_start();
    let xml = text.starts_with("<?xml");
    let has = |tags: &[&str]| tags.iter().any(|tag| text.starts_with(tag) || (xml && text.contains(tag)));
    if has(&["<opml"]) {
        Some("a list of feeds (OPML)")
    } else if has(&["<rss", "<feed", "<rdf:RDF"]) || (text.starts_with('{') && text.contains("//jsonfeed.org/")) {
        Some("a feed")
    } else {
        xml.then_some("an XML document")
    }
}

impl Content for Table {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn validators(&self) -> &Validators {
        &self.validators
    }

    fn bytes(&self) -> u64 {
        self.content.bytes
    }

    fn lines(&self) -> u64 {
        self.writing.lines
    }

    fn rows(&self) -> Result<Rows<'_>, FetchError> {
        let rows =
            TableRows { table: self, records: self.records(), record: Record::default(), over: self.header == 0 };
        Ok(Box::new(rows))
    }
}

struct TableRows<'a> {
    table: &'a Table,
    records: Records<Decoding<Reader<'a>>>,
    record: Record,
    over: bool,
}

impl Iterator for TableRows<'_> {
    type Item = Result<Row, FetchError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.records.next(&mut self.record) {
                Ok(true) if self.record.number <= self.table.header || self.record.is_blank() => {}
                Ok(true) => return Some(Ok(self.table.row(&self.record))),
                Ok(false) => self.over = true,
                Err(uncut) => {
                    self.over = true;
                    return Some(Err(self.table.explain(uncut)));
                }
            }
        }
        None
    }
}
