//! Workbooks in the old format `.xls`, made record by record ([MS-XLS] 2.1.4).

use std::io::{Cursor, Write};

use cfb::{CompoundFile, Version};

/// What a cell holds.
#[derive(Clone, Copy)]
pub(crate) enum XlsCell {
    Text(&'static str),
    Number(f64),
    /// A formula with this saved result, in the bytes of the record.
    Formula([u8; 8]),
    /// A formula with this text as its saved result.
    TextFormula(&'static str),
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a record");
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A text of ASCII characters with its length before it.
fn text(text: &str) -> Vec<u8> {
    [&words(&[u16::try_from(text.len()).expect("short")])[..], &[0], text.as_bytes()].concat()
}

fn begin(kind: u16) -> Vec<u8> {
    record(0x809, &words(&[0x600, kind, 0, 0, 0, 0, 0, 0]))
}

fn cell((row, column, cell): &(u16, u16, XlsCell)) -> Vec<u8> {
    let place = words(&[*row, *column, 0]);
    let formula = |result: &[u8]| record(0x06, &[&place[..], result, &[0; 8]].concat());
    match cell {
        XlsCell::Text(value) => record(0x204, &[place, text(value)].concat()),
        XlsCell::Number(value) => record(0x203, &[place, value.to_le_bytes().to_vec()].concat()),
        XlsCell::Formula(result) => formula(result),
        XlsCell::TextFormula(value) => [formula(&[0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), record(0x207, &text(value))].concat(),
    }
}

/// A workbook with these cells (row, column, what it holds) in its only tab. `is_calculated` says whether a program
/// that calculates has left its record.
pub(crate) fn xls(cells: &[(u16, u16, XlsCell)], is_calculated: bool) -> Vec<u8> {
    let calculated = if is_calculated { record(0x1C1, &[0; 8]) } else { Vec::new() };
    let tab = |at: u32| record(0x85, &[&at.to_le_bytes()[..], &[0, 0, 6, 0], b"Albums"].concat());
    let before = begin(5).len() + tab(0).len() + calculated.len() + record(0x0A, &[]).len();
    let mut stream =
        [begin(5), tab(u32::try_from(before).expect("a place")), calculated, record(0x0A, &[]), begin(0x10)].concat();
    stream.extend(cells.iter().flat_map(cell));
    stream.extend(record(0x0A, &[]));
    let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).expect("a file");
    file.create_stream("/Workbook").expect("a stream").write_all(&stream).expect("written");
    file.flush().expect("written");
    file.into_inner().into_inner()
}
