//! Workbooks in the old format `.xls`, made record by record ([MS-XLS] 2.1.4).

use std::io::{Cursor, Write};

use cfb::{CompoundFile, Version};

/// The content of a cell.
#[derive(Clone, Copy)]
pub(crate) enum XlsCell {
    Text(&'static str),
    Number(f64),
    /// A formula with this saved result, in the bytes of the record.
    Formula([u8; 8]),
    /// A formula with this text as its saved result.
    TextFormula(&'static str),
}

fn biff_record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a record");
    [&kind.to_le_bytes(), &length.to_le_bytes(), data].concat()
}

fn words_to_bytes(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A text of ASCII characters with its length before it.
fn text_bytes(text: &str) -> Vec<u8> {
    [&words_to_bytes(&[u16::try_from(text.len()).expect("short")])[..], &[0], text.as_bytes()].concat()
}

fn begin_record(kind: u16) -> Vec<u8> {
    biff_record(0x809, &words_to_bytes(&[0x600, kind, 0, 0, 0, 0, 0, 0]))
}

fn cell_record((row, column, cell_record): &(u16, u16, XlsCell)) -> Vec<u8> {
    let place = words_to_bytes(&[*row, *column, 0]);
    let formula = |result: &[u8]| biff_record(0x06, &[&place[..], result, &[0; 8]].concat());
    match cell_record {
        XlsCell::Text(value) => biff_record(0x204, &[place, text_bytes(value)].concat()),
        XlsCell::Number(value) => biff_record(0x203, &[place, value.to_le_bytes().to_vec()].concat()),
        XlsCell::Formula(result) => formula(result),
        XlsCell::TextFormula(value) => {
            [formula(&[0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), biff_record(0x207, &text_bytes(value))].concat()
        }
    }
}

/// A workbook with these cells (row, column, content) in its only tab. `is_calculated` adds the record that programs
/// with calculation leave.
pub(crate) fn build_xls(cells: &[(u16, u16, XlsCell)], is_calculated: bool) -> Vec<u8> {
    let calculated = if is_calculated { biff_record(0x1C1, &[0; 8]) } else { Vec::new() };
    let tab = |at: u32| biff_record(0x85, &[&at.to_le_bytes()[..], &[0, 0, 6, 0], b"Albums"].concat());
    let before = begin_record(5).len() + tab(0).len() + calculated.len() + biff_record(0x0A, &[]).len();
    let mut stream = [
        begin_record(5),
        tab(u32::try_from(before).expect("a place")),
        calculated,
        biff_record(0x0A, &[]),
        begin_record(0x10),
    ]
    .concat();
    stream.extend(cells.iter().flat_map(cell_record));
    stream.extend(biff_record(0x0A, &[]));
    let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).expect("a file");
    file.create_stream("/Workbook").expect("a stream").write_all(&stream).expect("written");
    file.flush().expect("written");
    file.into_inner().into_inner()
}
