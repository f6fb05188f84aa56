//! Workbooks in the binary format `.xlsb`, made record by record.

use super::super::expect_failure;
use super::{memory_growth, patient_road, read, read_bytes, read_with, tab};
use crate::support::workbook_builder::{XlsxBuilder, sample_location, zip_archive};

/// A record: its type, the length of its data, its data.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = if kind < 0x80 {
        vec![kind.to_le_bytes()[0]]
    } else {
        vec![(kind & 0x7F).to_le_bytes()[0] | 0x80, (kind >> 7).to_le_bytes()[0]]
    };
    let mut length = data.len();
    loop {
        let byte = u8::try_from(length & 0x7F).expect("seven bits");
        length >>= 7;
        bytes.push(if length == 0 { byte } else { byte | 0x80 });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(data);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = u32::try_from(units.len()).expect("short").to_le_bytes().to_vec();
    length.into_iter().chain(units.into_iter().flat_map(u16::to_le_bytes)).collect()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn row(number: u32, is_hidden: bool) -> Vec<u8> {
    let flags = [0_u8, 0, 0, if is_hidden { 0x10 } else { 0 }, 0];
    record(0, &[numbers(&[number, 0]), flags.to_vec(), numbers(&[0])].concat())
}

/// A cell of this type in `column`, with this style.
fn cell(kind: u16, column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    record(kind, &[&numbers(&[column, style])[..], value].concat())
}

fn whole_number(column: u32, style: u32, number: i32) -> Vec<u8> {
    cell(2, column, style, &((number << 2) | 2).to_le_bytes())
}

/// The file with these records between the beginning and the end of the cells.
fn book(cells: &[u8], shared_count: u32) -> Vec<u8> {
    let columns = record(0x3C, &[&numbers(&[1, 1, 2560, 0])[..], &[1, 0]].concat());
    let sheet = [
        record(0x81, &[]),
        record(0x94, &numbers(&[0, 9, 0, 9])),
        record(0x186, &[]),
        columns,
        record(0x187, &[]),
        record(0x91, &[]),
        cells.to_vec(),
        record(0x92, &[]),
        record(0xB0, &numbers(&[1, 2, 0, 0])),
        record(0x82, &[]),
    ];
    let tab = record(0x9C, &[numbers(&[0, 1]), text("rId1"), text("Albums")].concat());
    let workbook = [record(0x83, &[]), record(0x99, &numbers(&[0, 0])), tab, record(0x90, &[]), record(0x9D, &[0; 26])];
    let format = |id: u16| record(0x2F, &[[0, 0], id.to_le_bytes(), [0, 0]].concat());
    let custom = record(0x2C, &[&200_u16.to_le_bytes()[..], &text("yyyy\\-mm\\-dd hh:mm")].concat());
    let styles = [
        record(0x267, &numbers(&[1])),
        custom,
        record(0x268, &[]),
        record(0x269, &numbers(&[3])),
        format(0),
        format(14),
        format(200),
        record(0x26A, &[]),
    ];
    let shared = [
        record(0x9F, &numbers(&[1, shared_count])),
        record(0x13, &[&[0][..], &text("id")].concat()),
        record(0xA0, &[]),
    ];
    let mut parts = XlsxBuilder::of_rows("").parts();
    let rename = |content: &[u8]| {
        String::from_utf8_lossy(content)
            .replace("workbook.xml", "workbook.bin")
            .replace("sheet1.xml", "sheet1.bin")
            .replace("styles.xml", "styles.bin")
            .replace("sharedStrings.xml", "sharedStrings.bin")
            .into_bytes()
    };
    parts.retain(|(name, _)| name.ends_with(".rels"));
    let mut all: Vec<(&str, Vec<u8>)> = parts
        .iter()
        .map(|(name, content)| {
            (if *name == "_rels/.rels" { *name } else { "xl/_rels/workbook.bin.rels" }, rename(content))
        })
        .collect();
    all.push(("xl/workbook.bin", workbook.concat()));
    all.push(("xl/styles.bin", styles.concat()));
    all.push(("xl/sharedStrings.bin", shared.concat()));
    all.push(("xl/worksheets/sheet1.bin", sheet.concat()));
    zip_archive(&all)
}

fn header() -> Vec<u8> {
    let name = |column: u32, name: &str| cell(6, column, 0, &text(name));
    [row(0, false), cell(7, 0, 0, &numbers(&[0])), name(1, "price"), name(2, "day"), name(3, "moment"), name(4, "flag")]
        .concat()
}

#[test]
fn cells_are_plain_text_and_whole_numbers_may_be_dates() {
    let cells = [
        header(),
        row(3, true),
        whole_number(0, 0, 1_000_000),
        cell(5, 1, 0, &19.99_f64.to_le_bytes()),
        whole_number(2, 1, 44_931),
        cell(5, 3, 2, &44_931.604_166_666_664_f64.to_le_bytes()),
        cell(4, 4, 0, &[1]),
        row(4, false),
        cell(8, 0, 0, &text("a formula's text")),
        cell(3, 1, 0, &[0x17]),
        cell(1, 2, 1, &[]),
        whole_number(3, 2, 44_931),
    ];
    let reading = read_bytes(&patient_road(), &book(&cells.concat(), 1)).expect("a workbook");
    assert_eq!(reading.content.columns(), ["id", "price", "day", "moment", "flag"]);
    let first = ["1000000", "19.99", "2023-01-05", "2023-01-05 14:30:00", "TRUE"];
    assert_eq!(reading.cells(), [first, ["a formula's text", "#REF!", "", "2023-01-05", ""]]);
    assert_eq!(reading.row_numbers(), [4, 5]);
    assert_eq!(
        reading.reasons,
        [
            "The column is hidden in the workbook.",
            "The row is hidden in the workbook. It was read anyway.",
            "1 area is merged (A2:A3). Only the top left cell of a merged area has its value; the others are empty.",
        ]
    );
}

#[test]
fn errors_of_formulas_are_read_as_such() {
    let error = |column: u32, code: u8| cell(11, column, 0, &[&[code][..], &[0; 6]].concat());
    let cells = [header(), row(1, false), whole_number(0, 0, 1), error(1, 0x17), cell(4, 4, 0, &[1]), row(2, false)];
    let last = [whole_number(0, 0, 2), error(2, 0x2A), error(3, 0xEE)].concat();
    let reading = read_bytes(&patient_road(), &book(&[cells.concat(), last].concat(), 1)).expect("a workbook");
    assert_eq!(reading.cells(), [["1", "#REF!", "", "", "TRUE"], ["2", "", "#N/A", "#UNKNOWN!", ""]]);
}

#[test]
fn cells_in_the_short_form_have_the_column_after_the_one_before() {
    let short = |kind: u16, style: u32, value: &[u8]| record(kind, &[&numbers(&[style])[..], value].concat());
    let rk = |number: i32| ((number << 2) | 2).to_le_bytes();
    let first = [
        cell(6, 0, 0, &text("a")),
        short(16, 0, &19.99_f64.to_le_bytes()),
        short(13, 1, &rk(44_931)),
        short(12, 0, &[]),
        short(15, 0, &[1]),
    ];
    let second = [short(18, 0, &numbers(&[0])), short(14, 0, &[0x2A, 0, 0, 0]), short(17, 0, &text("soon"))];
    let rich = [cell(1, 0, 0, &[]), cell(62, 0, 0, &[&[0][..], &text("rich")].concat()), short(13, 0, &rk(-7))];
    let rows = [row(1, false), first.concat(), row(2, false), second.concat(), row(3, false), rich.concat()];
    let reading = read_bytes(&patient_road(), &book(&[header(), rows.concat()].concat(), 1)).expect("a workbook");
    let expected =
        [["a", "19.99", "2023-01-05", "", "TRUE"], ["id", "#N/A", "soon", "", ""], ["rich", "-7", "", "", ""]];
    assert_eq!(reading.cells(), expected);
}

#[test]
fn a_record_that_claims_a_hundred_million_bytes_is_refused_without_setting_them_aside() {
    let cells = [header(), vec![6, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]].concat();
    let bytes = book(&cells, 1);
    let ((code, message), grown) = memory_growth(|| expect_failure(read_bytes(&patient_road(), &bytes)));
    assert_eq!(code, "corrupt_workbook", "{message}");
    assert!(grown < 12_000, "{grown} kB");
}

#[test]
fn what_its_reader_stumbles_over_ends_in_a_message() {
    let setup = patient_road();
    // A shared text that is not there, and more shared texts than there are.
    let missing = [header(), row(1, false), cell(7, 0, 0, &numbers(&[77]))].concat();
    for bytes in [
        book(&missing, 1),
        book(&header(), 4_000_000_000),
        book(&[header(), row(1, false), record(2, &[1])].concat(), 1),
    ] {
        let (code, message) = expect_failure(read_bytes(&setup, &bytes));
        assert_eq!(code, "corrupt_workbook", "{message}");
    }
}

#[test]
fn a_binary_workbook_of_another_program_brings_the_same_cells_as_the_others() {
    let setup = patient_road();
    let reading = read_with(&setup, &sample_location("albums.xlsb"), tab("Albums")).expect("a workbook");
    let other = read(&setup, &sample_location("albums.xlsx")).expect("a workbook");
    assert_eq!(reading.content.columns(), other.content.columns());
    assert_eq!((reading.cells(), reading.row_numbers()), (other.cells(), other.row_numbers()));
}
