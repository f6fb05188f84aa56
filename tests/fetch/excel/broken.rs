//! Workbooks that are encrypted, truncated or damaged end with a message, and half a table is never used.

use std::io::{Cursor, Write};

use super::super::expect_failure;
use super::{patient_setup, read_bytes};
use crate::support::workbook_builder::{XlsxBuilder, build_ods_from_content, sample_path, text_row, zip_archive};

fn build_compound_file(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a container");
    for (name, content) in streams {
        file.create_stream(name).expect("a stream").write_all(content).expect("written");
    }
    file.flush().expect("flushed");
    file.into_inner().into_inner()
}

/// A record of the `.xls` format.
fn build_record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("short");
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

#[test]
fn a_password_is_reported_in_every_format() {
    let begin = build_record(0x809, &[0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let old = [begin, build_record(0x2F, &[1, 0, 0, 0]), build_record(0x0A, &[])].concat();
    let entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
    let books = [
        build_compound_file(&[("/EncryptedPackage", b"secret"), ("/EncryptionInfo", b"\x04\0\x04\0")]),
        build_compound_file(&[("/Workbook", &old)]),
        build_ods_from_content(b"\x01\x02\x03".to_vec(), entry),
    ];
    for book in books {
        let (code, message) = expect_failure(read_bytes(&patient_setup(), &book));
        assert_eq!(code, "password_protected");
        assert!(message.contains("protected with a password") && message.contains("without a password"), "{message}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_never_taken() {
    let setup = patient_setup();
    for name in ["albums.xlsx", "albums.ods", "albums.xls"] {
        let whole = std::fs::read(sample_path(name)).expect("a file");
        for tenths in 1..10 {
            let (code, message) = expect_failure(read_bytes(&setup, &whole[..whole.len() * tenths / 10]));
            assert_eq!(code, "corrupt_workbook", "{name} {tenths}: {message}");
            assert!(message.contains("save it again"), "{message}");
        }
    }
}

#[test]
fn one_damaged_byte_is_found_or_changes_nothing() {
    let setup = patient_setup();
    for name in ["albums.xlsx", "albums.ods"] {
        let whole = std::fs::read(sample_path(name)).expect("a file");
        let clean = read_bytes(&setup, &whole).expect("a workbook").list_cells();
        for at in (0..whole.len()).step_by(53) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            match read_bytes(&setup, &damaged) {
                Ok(reading) => assert_eq!(reading.list_cells(), clean, "{name}: byte {at}"),
                Err(error) => assert!(error.to_string().ends_with('.'), "{name}: byte {at}: {error}"),
            }
        }
    }
}

#[test]
fn damage_in_the_old_format_ends_with_a_message() {
    let setup = patient_setup();
    let whole = std::fs::read(sample_path("albums.xls")).expect("a file");
    for at in (0..whole.len()).step_by(29) {
        for damage in [0x01, 0x80, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] ^= damage;
            if let Err(error) = read_bytes(&setup, &damaged) {
                assert!(error.to_string().ends_with('.'), "byte {at}: {error}");
            }
        }
    }
}

#[test]
fn an_archive_without_the_parts_of_a_workbook_is_an_error() {
    let setup = patient_setup();
    let parts = XlsxBuilder::of_rows(&text_row(1, &["id"])).parts();
    for missing in ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"] {
        let rest: Vec<_> = parts.iter().filter(|(name, _)| *name != missing).cloned().collect();
        let (code, _) = expect_failure(read_bytes(&setup, &zip_archive(&rest)));
        assert!(["corrupt_workbook", "not_excel"].contains(&code), "{missing}: {code}");
    }
    let mut cut = XlsxBuilder::of_rows(&text_row(1, &["id"]));
    cut.sheet.truncate(cut.sheet.len() - "</sheetData></worksheet>".len());
    assert_eq!(expect_failure(read_bytes(&setup, &cut.bytes())).0, "corrupt_workbook");
}

#[test]
fn rows_that_are_out_of_order_are_an_error() {
    let rows = text_row(1, &["id"]) + &text_row(9, &["1"]) + &text_row(3, &["2"]);
    let (code, message) = expect_failure(read_bytes(&patient_setup(), &XlsxBuilder::of_rows(&rows).bytes()));
    assert_eq!(code, "corrupt_workbook");
    assert!(message.contains("its rows are not in order"), "{message}");
}

#[test]
fn an_empty_tab_has_no_columns() {
    let reading = read_bytes(&patient_setup(), &XlsxBuilder::of_rows("").bytes()).expect("a workbook");
    assert!(reading.content.columns().is_empty() && reading.list_cells().is_empty());
}
