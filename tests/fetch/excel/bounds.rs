//! Workbooks that would use up memory, disk or time are refused or streamed within limits, with a message.

use std::time::Duration;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::Validators;
use lockstep::fetch::FetchRequest;

use super::super::{expect_failure, source_of_kind};
use super::{WorkbookObserver, memory_growth, patient_setup, read_bytes};
use crate::support::load_clock::LoadClock;
use crate::support::workbook_builder::{XlsxBuilder, build_ods, build_ods_from_content, text_row};

/// Reads a workbook that must be refused; returns the code and the message. Peak memory rises by less than `most` kB.
#[track_caller]
fn expect_refused_workbook(bytes: &[u8], most: u64) -> (&'static str, String) {
    let mut setup = patient_setup();
    setup.settings.max_bytes = 20_000_000;
    let ((code, message), grown) = memory_growth(|| expect_failure(read_bytes(&setup, bytes)));
    assert!(grown < most, "{grown} kB: {message}");
    assert!(message.ends_with('.'), "{message}");
    (code, message)
}

#[test]
fn a_tab_that_claims_a_billion_cells_takes_no_more_memory() {
    let rows =
        text_row(1, &["id"]) + &text_row(2, &["1"]) + "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let book = XlsxBuilder::of_sheet(&format!("<dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData>"));
    let bytes = book.bytes();
    let (reading, grown) = memory_growth(|| read_bytes(&patient_setup(), &bytes).expect("a workbook"));
    assert!(grown < 20_000, "{grown} kB");
    assert_eq!(reading.row_numbers(), [2, 1_048_576]);
}

#[test]
fn rows_of_empty_columns_are_passed_over() {
    let empty: String = (0..16_384).map(|_| "<c s=\"1\"/>").collect();
    let rows: String = (2..22).map(|row| format!("<row r=\"{row}\">{empty}</row>")).collect();
    let book = XlsxBuilder::of_rows(&(text_row(1, &["id"]) + &rows + &text_row(22, &["1"])));
    let bytes = book.bytes();
    let (reading, grown) = memory_growth(|| read_bytes(&patient_setup(), &bytes).expect("a workbook"));
    assert!(grown < 40_000, "{grown} kB");
    assert_eq!(reading.row_numbers(), [22]);
}

#[test]
fn more_columns_than_a_table_may_have_are_refused() {
    let names: Vec<String> = (0..10_001).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (code, message) = expect_refused_workbook(&XlsxBuilder::of_rows(&text_row(1, &names)).bytes(), 60_000);
    assert_eq!(code, "too_many_columns");
    assert!(message.contains("10,000 columns"), "{message}");
}

#[test]
fn a_claim_of_more_shared_texts_than_there_may_be_is_refused() {
    for count in ["4000000000", "18446744073709551615"] {
        let book = XlsxBuilder::of_rows("").with_shared(&format!("uniqueCount=\"{count}\""), "<si><t>a</t></si>");
        let (code, message) = expect_refused_workbook(&book.bytes(), 20_000);
        assert_eq!(code, "too_large", "{message}");
    }
}

#[test]
fn very_many_shared_texts_are_read_within_bounds() {
    let texts: String = (0..100_000).map(|number| format!("<si><t>text {number}</t></si>")).collect();
    let rows = text_row(1, &["id"]) + "<row r=\"2\"><c t=\"s\"><v>99999</v></c></row>";
    let bytes = XlsxBuilder::of_rows(&rows).with_shared("uniqueCount=\"100000\"", &texts).bytes();
    drop(texts);
    let (reading, grown) = memory_growth(|| read_bytes(&patient_setup(), &bytes).expect("a workbook"));
    assert_eq!(reading.list_cells(), [["text 99999"]]);
    assert!(grown < 40_000, "{grown} kB");
}

#[test]
fn a_part_over_the_limit_is_refused_even_if_the_directory_understates_it() {
    let mut setup = patient_setup();
    setup.settings.max_bytes = 500_000;
    let rows: String =
        (2..80_000).map(|row| format!("<row r=\"{row}\"><c t=\"n\"><v></v></c><c/><c/><c/><c/></row>")).collect();
    let honest = XlsxBuilder::of_rows(&(text_row(1, &["id"]) + &rows));
    let size = u32::try_from(honest.sheet.len()).expect("a size");
    assert!(size > 4_000_000 && size < 100_000_000, "{size}");
    let mut bytes = honest.bytes();
    let (code, message) = expect_failure(read_bytes(&setup, &bytes));
    assert_eq!(code, "too_large");
    assert!(message.contains("LOCKSTEP_MAX_BYTES") && message.contains("4 MB"), "{message}");
    // The directory and the part itself now claim a size of ten bytes.
    let mut lies = 0;
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size.to_le_bytes() {
            bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
            lies += 1;
        }
    }
    assert!(lies >= 2, "{lies}");
    let ((code, message), grown) = memory_growth(|| expect_failure(read_bytes(&setup, &bytes)));
    assert!(code == "too_large" || code == "corrupt_workbook", "{code}: {message}");
    assert!(grown < 20_000, "{grown} kB");
}

#[test]
fn a_bomb_of_one_text_is_refused_wherever_it_lies() {
    let long = "x".repeat(3_000_000);
    let spaces = " ".repeat(3_000_000);
    let books = [
        XlsxBuilder::of_rows(&text_row(1, &[&long])),
        XlsxBuilder::of_sheet(&format!("<sheetData>{spaces}</sheetData>")),
        XlsxBuilder::of_sheet(&format!("<a b=\"{long}\"/><sheetData/>")),
        XlsxBuilder::of_sheet(&format!("<!--{}--><sheetData/>", "<a>".repeat(2_000_000))),
        XlsxBuilder::of_rows("").with_shared("", &format!("<si><t>{long}</t></si>")),
        // Many short pieces of one text.
        XlsxBuilder::of_rows(&format!(
            "<row><c t=\"inlineStr\"><is>{}</is></c></row>",
            "<r><t>abcdefgh</t></r>".repeat(500_000)
        )),
        XlsxBuilder::of_rows("").with_shared("", &format!("<si>{}</si>", "<r><t>abcdefgh</t></r>".repeat(500_000))),
    ];
    let books: Vec<Vec<u8>> = books.into_iter().map(|book| book.bytes()).collect();
    for (number, bytes) in books.iter().enumerate() {
        let (code, message) = expect_refused_workbook(bytes, 30_000);
        assert_eq!(code, "too_large", "{number}: {message}");
        // No setting allows such a workbook, so the message names none.
        assert!(!message.contains("LOCKSTEP_MAX_BYTES"), "{number}: {message}");
        assert!(message.contains("Delete the tabs, rows and columns") && message.contains("as CSV"), "{message}");
    }
}

#[test]
fn a_workbook_that_declares_entities_is_refused() {
    let mut book = XlsxBuilder::of_rows("");
    book.sheet = book.sheet.replace("<worksheet", "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><worksheet");
    assert_eq!(expect_refused_workbook(&book.bytes(), 20_000).0, "too_large");
}

#[test]
fn a_text_shared_by_many_cells_does_not_fill_the_disk() {
    let mut setup = patient_setup();
    setup.settings.max_bytes = 2_000_000;
    let shared = format!("<si><t>id</t></si><si><t>{}</t></si>", "x".repeat(100_000));
    let rows: String =
        (1..3000).map(|row| format!("<row r=\"{row}\"><c t=\"s\"><v>{}</v></c></row>", i32::from(row > 1))).collect();
    let (code, message) =
        expect_failure(read_bytes(&setup, &XlsxBuilder::of_rows(&rows).with_shared("", &shared).bytes()));
    assert_eq!(code, "too_large");
    let shown_text = ["Its rows have more than 2 MB", "or raise LOCKSTEP_MAX_BYTES"];
    assert!(shown_text.iter().all(|shown_text| message.contains(shown_text)), "{message}");
}

#[test]
fn many_columns_with_many_short_rows_do_not_fill_the_disk() {
    let mut setup = patient_setup();
    setup.settings.max_bytes = 2_000_000;
    let names: Vec<String> = (0..9000).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows: String = (2..2000).map(|row| format!("<row r=\"{row}\"><c><v>{row}</v></c></row>")).collect();
    let (code, _) = expect_failure(read_bytes(&setup, &XlsxBuilder::of_rows(&(text_row(1, &names) + &rows)).bytes()));
    assert_eq!(code, "too_large");
}

#[test]
fn repetitions_of_opendocument_stay_within_bounds() {
    let cell = |attributes: &str, text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\" {attributes}><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row = |attributes: &str, cells: &str| format!("<table:table-row {attributes}>{cells}</table:table-row>");
    let head = row("", &cell("", "id"));
    let long = "x".repeat(1_000_000);
    let tables = [
        head.clone() + &row("table:number-rows-repeated=\"1048570\"", &cell("", &"y".repeat(1000))),
        head.clone() + &row("", &cell("table:number-columns-repeated=\"16000\"", &long)),
        head.clone() + &row("", &cell("", "<text:s text:c=\"4000000000\"/>")),
        head + &row("", &cell("table:number-columns-repeated=\"99999999999\"", "z")),
    ];
    for (number, table) in tables.iter().enumerate() {
        let (code, message) = expect_refused_workbook(&build_ods(table), 60_000);
        let expected = ["too_large", "row_too_large", "cell_too_large", "corrupt_workbook"];
        assert_eq!(code, expected[number], "{message}");
    }
    let large = build_ods_from_content(vec![b' '; 10_000_000], "");
    assert_eq!(expect_refused_workbook(&large, 40_000).0, "too_large");
}

#[test]
fn a_long_workbook_is_streamed_with_flat_memory() {
    let rows: String = (2..40_000)
        .map(|row| {
            format!(
                "<row r=\"{row}\"><c><v>{row}</v></c><c t=\"inlineStr\"><is><t>Album number {row}</t></is></c></row>"
            )
        })
        .collect();
    let bytes = XlsxBuilder::of_rows(&(text_row(1, &["id", "title"]) + &rows)).bytes();
    drop(rows);
    let (reading, grown) = memory_growth(|| read_bytes(&patient_setup(), &bytes).expect("a workbook"));
    assert_eq!(reading.content.line_count(), 39_998);
    assert!(grown < 20_000, "{grown} kB");
}

/// Reads a workbook and cancels after a number of checks.
fn cancel_reading(bytes: &[u8], questions: u64) -> (&'static str, Duration) {
    let setup = patient_setup();
    let path = setup.folder.path().join("a.workbook");
    std::fs::write(&path, bytes).expect("written");
    let (nothing, observer) = (Validators::default(), WorkbookObserver::stopping_after(questions));
    let request = FetchRequest::for_probe(&nothing, setup.timeout);
    let clock = LoadClock::start();
    let kinds = setup.source_kinds();
    let fetched = kinds.get("excel").expect("the kind").fetch(
        &source_of_kind("excel", SourceLocation::File(path)),
        &request,
        &observer,
    );
    (expect_failure(fetched).0, clock.elapsed())
}

#[test]
fn a_cancel_ends_the_reading_wherever_it_is() {
    let rows: String = (2..20_000).map(|row| text_row(row, &["1", "Blue"])).collect();
    let xlsx = XlsxBuilder::of_rows(&(text_row(1, &["id", "title"]) + &rows)).bytes();
    let row = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>a</text:p></table:table-cell>\
               </table:table-row>";
    let ods = build_ods(&row.repeat(20_000));
    for bytes in [&xlsx, &ods] {
        for questions in [10, 15, 20, 25, 30, 40] {
            let (code, took) = cancel_reading(bytes, questions);
            assert_eq!(code, "stopped", "after {questions}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
    }
}

#[test]
fn the_time_limit_of_the_run_ends_the_reading() {
    let setup = patient_setup().with_run_limit(Duration::from_millis(1));
    let rows: String = (2..20_000).map(|row| text_row(row, &["1", "Blue"])).collect();
    let bytes = XlsxBuilder::of_rows(&(text_row(1, &["id", "title"]) + &rows)).bytes();
    let (code, message) = expect_failure(read_bytes(&setup, &bytes));
    assert_eq!(code, "timeout", "{message}");
}
