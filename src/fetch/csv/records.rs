//! Cuts decoded CSV text into records, one at a time.
//!
//! The csv crate reads the same cells (a test holds the two against each other), but it cannot say which rows were
//! blank, whether a quotation mark was never closed, or where text stood beside quotation marks, and it would take a
//! whole file into memory when one was never closed. A catalog must know all of that before it trusts a row.

use std::io::{self, Read};

/// The longest cell in bytes.
pub(in crate::fetch) const MAX_CELL: usize = 1024 * 1024;
/// The most columns.
pub(in crate::fetch) const MAX_COLUMNS: usize = 10_000;

/// That the header of a `tab` or a `file` has more.
pub(in crate::fetch) fn too_many_columns(place: &str) -> String {
    format!(
        "The header has more than {MAX_COLUMNS} columns, which is the most that are taken. Remove those at its end that \
         are empty, or move some of the others to another {place}."
    )
}

/// The longest record in bytes.
pub(in crate::fetch) const MAX_RECORD: usize = 16 * 1024 * 1024;

/// One record: its cells stand one after the other in `text`.
#[derive(Clone, Default, Debug)]
pub(in crate::fetch) struct Record {
    /// Its number, counted from 1 as a spreadsheet does: blank rows count, line breaks inside cells do not.
    pub(in crate::fetch) number: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The cell with text after its closing quotation mark, if any.
    pub(in crate::fetch) loose_end: Option<usize>,
    /// The cell with white space before its opening quotation mark, which therefore is plain text, if any.
    pub(in crate::fetch) late_quote: Option<usize>,
    /// Whether there were more than [`MAX_COLUMNS`] cells; the others are not kept.
    pub(in crate::fetch) too_wide: bool,
}

impl Record {
    /// How many cells there are.
    pub(in crate::fetch) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `index`.
    pub(in crate::fetch) fn cell(&self, index: usize) -> &[u8] {
        let from = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[from..self.ends[index]]
    }

    /// Whether all cells are empty.
    pub(in crate::fetch) fn is_blank(&self) -> bool {
        self.text.is_empty() && !self.too_wide
    }

    /// Whether a NUL character is in it.
    pub(in crate::fetch) fn has_nul(&self) -> bool {
        self.text.contains(&0)
    }

    fn clear(&mut self) {
        let (text, ends) = (std::mem::take(&mut self.text), std::mem::take(&mut self.ends));
        *self = Self { text, ends, ..Self::default() };
        self.text.clear();
        self.ends.clear();
    }
}

/// What cannot be cut.
#[derive(Debug)]
pub(in crate::fetch) enum Uncut {
    /// The text could not be read.
    Io(io::Error),
    /// The quotation mark that opens this cell is never closed.
    Unclosed { row: u64, cell: usize },
    /// The cell is longer than [`MAX_CELL`].
    LongCell { row: u64, cell: usize, quoted: bool },
    /// The record is longer than [`MAX_RECORD`].
    LongRecord { row: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first byte of a cell.
    Start,
    /// After white space that began a cell.
    Space,
    /// In a cell without quotation marks, or after the closing one.
    Plain,
    /// Inside quotation marks.
    Quoted,
    /// After a quotation mark inside quotation marks: it closes, or is doubled.
    Closing,
}

/// Cuts what `input` reads.
pub(in crate::fetch) struct Records<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    number: u64,
    /// Whether the last byte was a carriage return that ended a record: a line feed after it belongs to it.
    returned: bool,
}

impl<R: Read> Records<R> {
    /// Cuts at `delimiter`.
    pub(in crate::fetch) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, buffer: vec![0; 64 * 1024], at: 0, end: 0, number: 0, returned: false }
    }

    fn fill(&mut self) -> io::Result<bool> {
        while self.at == self.end {
            (self.at, self.end) = (0, 0);
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end = count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads the next record into `record`, blank ones too; `false` at the end.
    pub(in crate::fetch) fn next(&mut self, record: &mut Record) -> Result<bool, Uncut> {
        record.clear();
        let mut at = At::Start;
        let mut cell_start = 0;
        let mut begun = false;
        self.number += 1;
        record.number = self.number;
        while self.fill().map_err(Uncut::Io)? {
            if self.returned && self.buffer[self.at] == b'\n' {
                self.at += 1;
                self.returned = false;
                continue;
            }
            self.returned = false;
            begun = true;
            let mut from = self.at;
            let mut ended = false;
            while self.at < self.end {
                let byte = self.buffer[self.at];
                let inside = at == At::Quoted;
                if byte == b'"' && at != At::Plain {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = match at {
                        At::Start => At::Quoted,
                        At::Quoted => At::Closing,
                        At::Closing => {
                            record.text.push(b'"');
                            At::Quoted
                        }
                        At::Space | At::Plain => {
                            record.late_quote.get_or_insert(record.ends.len());
                            record.text.push(b'"');
                            At::Plain
                        }
                    };
                } else if !inside && (byte == self.delimiter || byte == b'\n' || byte == b'\r') {
                    record.text.extend_from_slice(&self.buffer[from..self.at]);
                    from = self.at + 1;
                    at = At::Start;
                    ended = byte != self.delimiter;
                    self.returned = byte == b'\r';
                    // A break right at the beginning is a blank row: one empty cell, like any other.
                    close(record, cell_start, self.number, false)?;
                    cell_start = record.text.len();
                    if ended {
                        self.at += 1;
                        break;
                    }
                } else if at == At::Closing {
                    record.loose_end.get_or_insert(record.ends.len());
                    at = At::Plain;
                } else if at == At::Start && byte == b' ' {
                    at = At::Space;
                } else if !inside && (at == At::Start || byte != b' ') {
                    at = At::Plain;
                }
                self.at += 1;
            }
            if ended {
                return Ok(true);
            }
            record.text.extend_from_slice(&self.buffer[from..self.end]);
            if record.text.len() - cell_start > MAX_CELL {
                let quoted = at == At::Quoted;
                return Err(Uncut::LongCell { row: self.number, cell: record.ends.len(), quoted });
            }
        }
        if at == At::Quoted {
            return Err(Uncut::Unclosed { row: self.number, cell: record.ends.len() });
        }
        if begun {
            close(record, cell_start, self.number, at == At::Closing)?;
        }
        Ok(begun)
    }
}

fn close(record: &mut Record, cell_start: usize, row: u64, quoted: bool) -> Result<(), Uncut> {
    let length = record.text.len() - cell_start;
    if length > MAX_CELL {
        return Err(Uncut::LongCell { row, cell: record.ends.len(), quoted });
    }
    if record.text.len() > MAX_RECORD {
        return Err(Uncut::LongRecord { row });
    }
    if record.ends.len() < MAX_COLUMNS {
        record.ends.push(record.text.len());
    } else {
        record.text.truncate(cell_start);
        record.too_wide |= length > 0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_CELL, MAX_COLUMNS, Record, Records, Uncut};

    fn cut(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Uncut> {
        let mut records = Records::new(text, b',');
        let mut record = Record::default();
        let mut all = Vec::new();
        while records.next(&mut record)? {
            let cells = (0..record.len()).map(|i| String::from_utf8_lossy(record.cell(i)).into_owned()).collect();
            all.push((record.number, cells));
        }
        Ok(all)
    }

    fn first(text: &str) -> Record {
        let mut record = Record::default();
        assert!(Records::new(text.as_bytes(), b',').next(&mut record).expect("a record"));
        record
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_does() {
        let all = cut(b"a,b\r\n\r\n\"1\n2\",x\n\n\n3,\"y\"").expect("whole");
        let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        assert_eq!(all[2].1, ["1\n2", "x"]);
        assert_eq!(all[5].1, ["3", "y"]);
        assert_eq!(cut(b"a\rb\r").expect("whole").len(), 2);
    }

    #[test]
    fn a_lone_quotation_mark_inside_a_plain_cell_is_data() {
        let record = first("7\" single,a\"b\"");
        assert_eq!((record.cell(0), record.cell(1)), (&b"7\" single"[..], &b"a\"b\""[..]));
        assert_eq!((record.loose_end, record.late_quote), (None, None));
    }

    #[test]
    fn text_beside_quotation_marks_is_told() {
        let record = first("1,\"a\\\"b\",2");
        assert_eq!((record.cell(1), record.loose_end), (&b"a\\b\""[..], Some(1)));
        assert_eq!(first("x, \"6,000\"").late_quote, Some(1));
    }

    #[test]
    fn an_unclosed_quotation_mark_is_told_with_its_row() {
        assert!(matches!(cut(b"a,b\n1,\"x\n2,y\n"), Err(Uncut::Unclosed { row: 2, cell: 1 })));
        let long = format!("a\n\"{}", "x\n".repeat(MAX_CELL));
        assert!(matches!(cut(long.as_bytes()), Err(Uncut::LongCell { row: 2, cell: 0, quoted: true })));
    }

    #[test]
    fn columns_beyond_the_limit_are_dropped_and_told() {
        let record = first(&"x,".repeat(MAX_COLUMNS + 50));
        assert!(record.too_wide);
        assert_eq!(record.len(), MAX_COLUMNS);
    }

    proptest! {
        /// The cells are those that the csv crate reads.
        #[test]
        fn cells_are_those_the_csv_crate_reads(text in "[ab\",\r\n ]{0,40}") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|r| r.expect("memory").iter().map(str::to_owned).collect()).collect();
            if let Ok(all) = cut(text.as_bytes()) {
                // It leaves out blank lines.
                let blank = |cells: &Vec<String>| cells.len() == 1 && cells[0].is_empty();
                let ours: Vec<Vec<String>> = all.into_iter().map(|(_, cells)| cells).filter(|c| !blank(c)).collect();
                let theirs: Vec<Vec<String>> = theirs.into_iter().filter(|c| !blank(c)).collect();
                prop_assert_eq!(ours, theirs);
            } else {
                // An open quotation mark is no error to it.
                prop_assert!(text.contains('"'));
            }
        }
    }
}
