use proptest::prelude::*;

use super::super::record::{CsvRecord, MAX_CELL_BYTES, MAX_COLUMNS, RecordError};
use super::RecordReader;

/// Rows without text after a closing quotation mark. The csv crate reads the same cells from them.
fn is_loose(text: &[u8]) -> bool {
    let mut records = RecordReader::new(text, b',');
    let mut record = CsvRecord::default();
    while records.next(&mut record).is_ok_and(|more| more) {
        if record.loose_end.is_some() {
            return true;
        }
    }
    false
}

fn cut(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, RecordError> {
    let mut records = RecordReader::new(text, b',');
    let mut record = CsvRecord::default();
    let mut all = Vec::new();
    while records.next(&mut record)? {
        let cells = (0..record.len()).map(|i| String::from_utf8_lossy(record.cell(i)).into_owned()).collect();
        all.push((record.number, cells));
    }
    Ok(all)
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

fn first(text: &str) -> CsvRecord {
    let mut record = CsvRecord::default();
    assert!(RecordReader::new(text.as_bytes(), b',').next(&mut record).expect("a record"));
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
fn a_byte_order_mark_is_not_part_of_the_first_row() {
    let all = cut("id,n\n1,a\n\u{FEFF}\"id\",\"n,m\"\r\n\u{FEFF}2,b\n\u{FEFF}".as_bytes()).expect("whole");
    let cells: Vec<Vec<String>> = all.into_iter().map(|(_, cells)| cells).collect();
    assert_eq!(cells[..4], [vec!["id", "n"], vec!["1", "a"], vec!["id", "n,m"], vec!["2", "b"]]);
    // The result is the same wherever the text is cut into pieces.
    let text = "a\n\u{FEFF}\"b\"\n".as_bytes();
    for size in 1..=text.len() {
        let mut records = RecordReader::new(ShortReads(text, size), b',');
        let mut record = CsvRecord::default();
        assert!(records.next(&mut record).expect("a record") && !record.begins_file);
        assert!(records.next(&mut record).expect("a record") && record.begins_file, "{size}");
        assert_eq!(record.cell(0), b"b", "{size}");
    }
}

/// Returns at most this many bytes per read.
struct ShortReads<'a>(&'a [u8], usize);

impl std::io::Read for ShortReads<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(self.1).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn a_lone_quotation_mark_inside_a_plain_cell_is_data() {
    let record = first("7\" single,a\"b\"");
    assert_eq!((record.cell(0), record.cell(1)), (&b"7\" single"[..], &b"a\"b\""[..]));
    assert_eq!((record.loose_end, record.late_quote), (None, None));
}

#[test]
fn text_beside_quotation_marks_is_reported() {
    let record = first("1,\"a\\\"b\",2");
    assert_eq!((record.cell(1), record.loose_end), (&b"a\\\"b"[..], Some(1)));
    for (written, read) in
        [("\"20\" pipe\"", "20\" pipe"), ("\"\"One\"\"", "\"One\""), ("\"a\"b", "\"a\"b"), ("\"a\" b\"", "a\" b")]
    {
        let record = first(&format!("1,{written},2"));
        assert_eq!((text(record.cell(1)), record.loose_end, record.len()), (read.to_owned(), Some(1), 3), "{written}");
        assert_eq!(text(first(written).cell(0)), read, "at the end: {written}");
    }
    assert_eq!(first("x, \"6,000\"").late_quote, Some(1));
}

#[test]
fn an_unclosed_quotation_mark_is_reported_with_its_row() {
    assert!(matches!(cut(b"a,b\n1,\"x\n2,y\n"), Err(RecordError::Unclosed { row: 2, cell: 1 })));
    let long = format!("a\n\"{}", "x\n".repeat(MAX_CELL_BYTES));
    assert!(matches!(cut(long.as_bytes()), Err(RecordError::LongCell { row: 2, cell: 0, quoted: true })));
}

#[test]
fn a_quotation_mark_that_encloses_rows_is_reported_with_its_row() {
    let text = b"id,a\n1,\"x\n2,y\n3,\"z\"\n";
    assert!(matches!(cut(text), Err(RecordError::Swallowing { row: 2, cell: 1 })));
    // Closed cells with line breaks are valid, and so is a space after them.
    assert_eq!(cut(b"1,\"x\ny\" ,z\n").expect("whole")[0].1, ["1", "x\ny ", "z"]);
    assert!(matches!(cut(b"1,\"x\ny\" z\n"), Err(RecordError::Swallowing { row: 1, cell: 1 })));
}

#[test]
fn quotation_marks_in_plain_cells_and_line_breaks_in_quoted_ones_are_reported() {
    assert_eq!(first("1,7\" single").inner_quote, Some(1));
    assert_eq!(first("1,\"a\"b\"").inner_quote, None);
    let record = first("1,\"a\nb\",\"c\"");
    assert_eq!((record.spans_lines, record.quoted_cells), (true, 2));
    assert!(!first("1,\"a\"\n").spans_lines);
}

#[test]
fn columns_beyond_the_limit_are_dropped_and_reported() {
    let record = first(&"x,".repeat(MAX_COLUMNS + 50));
    assert!(record.too_wide);
    assert_eq!(record.len(), MAX_COLUMNS);
}

proptest! {
    /// The cells are the same as those that the csv crate reads.
    #[test]
    fn cells_are_equal_to_those_that_the_csv_crate_reads(text in "[ab\",\r\n ]{0,40}") {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> =
            reader.records().map(|r| r.expect("memory").iter().map(str::to_owned).collect()).collect();
        // The csv crate changes text after a closing quotation mark, so such rows are not compared.
        prop_assume!(!is_loose(text.as_bytes()));
        if let Ok(all) = cut(text.as_bytes()) {
            // The csv crate leaves out blank lines.
            let blank = |cells: &Vec<String>| cells.len() == 1 && cells[0].is_empty();
            let ours: Vec<Vec<String>> = all.into_iter().map(|(_, cells)| cells).filter(|c| !blank(c)).collect();
            let theirs: Vec<Vec<String>> = theirs.into_iter().filter(|c| !blank(c)).collect();
            prop_assert_eq!(ours, theirs);
        } else {
            // The csv crate accepts an open quotation mark.
            prop_assert!(text.contains('"'));
        }
    }
}
