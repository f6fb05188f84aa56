//! Workbooks in the binary format `.xlsb`, made record by record.

use super::super::expect_failure;
use super::{memory_growth, patient_setup, read_bytes, read_with, read_workbook, select_tab};
use crate::support::workbook_builder::{XlsxBuilder, sample_location, zip_archive};

/// A record: its type, the length of its data, its data.
fn build_record(kind: u16, data: &[u8]) -> Vec<u8> {
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

fn encode_text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = u32::try_from(units.len()).expect("short").to_le_bytes().to_vec();
    length.into_iter().chain(units.into_iter().flat_map(u16::to_le_bytes)).collect()
}

fn encode_numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn build_row(number: u32, is_hidden: bool) -> Vec<u8> {
    let flags = [0_u8, 0, 0, if is_hidden { 0x10 } else { 0 }, 0];
    build_record(0, &[encode_numbers(&[number, 0]), flags.to_vec(), encode_numbers(&[0])].concat())
}

/// A cell of this type in `column`, with this style.
fn build_cell(kind: u16, column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    build_record(kind, &[&encode_numbers(&[column, style])[..], value].concat())
}

fn whole_number(column: u32, style: u32, number: i32) -> Vec<u8> {
    build_cell(2, column, style, &((number << 2) | 2).to_le_bytes())
}

/// The file with these records between the beginning and the end of the cells.
fn build_book(cells: &[u8], shared_count: u32) -> Vec<u8> {
    let columns = build_record(0x3C, &[&encode_numbers(&[1, 1, 2560, 0])[..], &[1, 0]].concat());
    let sheet = [
        build_record(0x81, &[]),
        build_record(0x94, &encode_numbers(&[0, 9, 0, 9])),
        build_record(0x186, &[]),
        columns,
        build_record(0x187, &[]),
        build_record(0x91, &[]),
        cells.to_vec(),
        build_record(0x92, &[]),
        build_record(0xB0, &encode_numbers(&[1, 2, 0, 0])),
        build_record(0x82, &[]),
    ];
    let tab = build_record(0x9C, &[encode_numbers(&[0, 1]), encode_text("rId1"), encode_text("Albums")].concat());
    let workbook = [
        build_record(0x83, &[]),
        build_record(0x99, &encode_numbers(&[0, 0])),
        tab,
        build_record(0x90, &[]),
        build_record(0x9D, &[0; 26]),
    ];
    let format = |id: u16| build_record(0x2F, &[[0, 0], id.to_le_bytes(), [0, 0]].concat());
    let custom = build_record(0x2C, &[&200_u16.to_le_bytes()[..], &encode_text("yyyy\\-mm\\-dd hh:mm")].concat());
    let styles = [
        build_record(0x267, &encode_numbers(&[1])),
        custom,
        build_record(0x268, &[]),
        build_record(0x269, &encode_numbers(&[3])),
        format(0),
        format(14),
        format(200),
        build_record(0x26A, &[]),
    ];
    let shared = [
        build_record(0x9F, &encode_numbers(&[1, shared_count])),
        build_record(0x13, &[&[0][..], &encode_text("id")].concat()),
        build_record(0xA0, &[]),
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

fn build_header() -> Vec<u8> {
    let name = |column: u32, name: &str| build_cell(6, column, 0, &encode_text(name));
    [
        build_row(0, false),
        build_cell(7, 0, 0, &encode_numbers(&[0])),
        name(1, "price"),
        name(2, "day"),
        name(3, "moment"),
        name(4, "flag"),
    ]
    .concat()
}

#[test]
fn cells_are_plain_text_and_whole_numbers_may_be_dates() {
    let cells = [
        build_header(),
        build_row(3, true),
        whole_number(0, 0, 1_000_000),
        build_cell(5, 1, 0, &19.99_f64.to_le_bytes()),
        whole_number(2, 1, 44_931),
        build_cell(5, 3, 2, &44_931.604_166_666_664_f64.to_le_bytes()),
        build_cell(4, 4, 0, &[1]),
        build_row(4, false),
        build_cell(8, 0, 0, &encode_text("a formula's text")),
        build_cell(3, 1, 0, &[0x17]),
        build_cell(1, 2, 1, &[]),
        whole_number(3, 2, 44_931),
    ];
    let reading = read_bytes(&patient_setup(), &build_book(&cells.concat(), 1)).expect("a workbook");
    assert_eq!(reading.content.columns(), ["id", "price", "day", "moment", "flag"]);
    let first = ["1000000", "19.99", "2023-01-05", "2023-01-05 14:30:00", "TRUE"];
    assert_eq!(reading.list_cells(), [first, ["a formula's text", "#REF!", "", "2023-01-05", ""]]);
    assert_eq!(reading.row_numbers(), [4, 5]);
    assert_eq!(
        reading.issue_reasons,
        [
            "The column is hidden in the workbook.",
            "The row is hidden in the workbook. It was read anyway.",
            "1 area is merged (A2:A3). Only the top left cell of a merged area has its value; the others are empty.",
        ]
    );
}

#[test]
fn errors_of_formulas_are_read_as_such() {
    let error = |column: u32, code: u8| build_cell(11, column, 0, &[&[code][..], &[0; 6]].concat());
    let cells = [
        build_header(),
        build_row(1, false),
        whole_number(0, 0, 1),
        error(1, 0x17),
        build_cell(4, 4, 0, &[1]),
        build_row(2, false),
    ];
    let last = [whole_number(0, 0, 2), error(2, 0x2A), error(3, 0xEE)].concat();
    let reading = read_bytes(&patient_setup(), &build_book(&[cells.concat(), last].concat(), 1)).expect("a workbook");
    assert_eq!(reading.list_cells(), [["1", "#REF!", "", "", "TRUE"], ["2", "", "#N/A", "#UNKNOWN!", ""]]);
}

#[test]
fn cells_in_the_short_form_have_the_column_after_the_one_before() {
    let short =
        |kind: u16, style: u32, value: &[u8]| build_record(kind, &[&encode_numbers(&[style])[..], value].concat());
    let rk = |number: i32| ((number << 2) | 2).to_le_bytes();
    let first = [
        build_cell(6, 0, 0, &encode_text("a")),
        short(16, 0, &19.99_f64.to_le_bytes()),
        short(13, 1, &rk(44_931)),
        short(12, 0, &[]),
        short(15, 0, &[1]),
    ];
    let second =
        [short(18, 0, &encode_numbers(&[0])), short(14, 0, &[0x2A, 0, 0, 0]), short(17, 0, &encode_text("soon"))];
    let rich = [
        build_cell(1, 0, 0, &[]),
        build_cell(62, 0, 0, &[&[0][..], &encode_text("rich")].concat()),
        short(13, 0, &rk(-7)),
    ];
    let rows =
        [build_row(1, false), first.concat(), build_row(2, false), second.concat(), build_row(3, false), rich.concat()];
    let reading =
        read_bytes(&patient_setup(), &build_book(&[build_header(), rows.concat()].concat(), 1)).expect("a workbook");
    let expected =
        [["a", "19.99", "2023-01-05", "", "TRUE"], ["id", "#N/A", "soon", "", ""], ["rich", "-7", "", "", ""]];
    assert_eq!(reading.list_cells(), expected);
}

#[test]
fn a_record_that_claims_a_hundred_million_bytes_is_refused_without_setting_them_aside() {
    let cells = [build_header(), vec![6, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]].concat();
    let bytes = build_book(&cells, 1);
    let ((code, message), grown) = memory_growth(|| expect_failure(read_bytes(&patient_setup(), &bytes)));
    assert_eq!(code, "corrupt_workbook", "{message}");
    assert!(grown < 12_000, "{grown} kB");
}

#[test]
fn unreadable_records_end_with_a_message() {
    let setup = patient_setup();
    // A shared text that is not there, and more shared texts than there are.
    let missing = [build_header(), build_row(1, false), build_cell(7, 0, 0, &encode_numbers(&[77]))].concat();
    for bytes in [
        build_book(&missing, 1),
        build_book(&build_header(), 4_000_000_000),
        build_book(&[build_header(), build_row(1, false), build_record(2, &[1])].concat(), 1),
    ] {
        let (code, message) = expect_failure(read_bytes(&setup, &bytes));
        assert_eq!(code, "corrupt_workbook", "{message}");
    }
}

#[test]
fn a_binary_workbook_of_another_program_brings_the_same_cells_as_the_others() {
    let setup = patient_setup();
    let reading = read_with(&setup, &sample_location("albums.xlsb"), select_tab("Albums")).expect("a workbook");
    let other = read_workbook(&setup, &sample_location("albums.xlsx")).expect("a workbook");
    assert_eq!(reading.content.columns(), other.content.columns());
    assert_eq!((reading.list_cells(), reading.row_numbers()), (other.list_cells(), other.row_numbers()));
}
