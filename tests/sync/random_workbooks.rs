//! Random tables that a library writes as `.xlsx` are the same after a sync, cell by cell.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

use crate::support::seeded_random::SeededRandom;
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

/// How many tables are written.
const TABLE_COUNT: u64 = 25;
const SEED: u64 = 0x5EED_0010;

/// Pieces of texts: characters with a meaning in spreadsheets, XML or CSV, and characters of several bytes.
const PIECES: [&str; 16] = [
    "Blue Train",
    "é",
    "日本",
    "😀",
    "<b>",
    "&amp;",
    "\"",
    "'",
    ",",
    ";",
    "\n",
    "=1+1",
    "_x0041_",
    "007",
    " ",
    "1E+10",
];

on_both_databases![every_cell_written_into_a_workbook_is_read_back];

/// A text of a few pieces with a letter at each end, so that it has no white space around it.
fn random_text(random: &mut SeededRandom) -> String {
    let pieces: String = (0..=random.next_below(5)).map(|_| PIECES[random.next_below(16) as usize]).collect();
    format!("a{pieces}z")
}

/// A number of at most 15 digits, and how it is written plainly.
fn random_number(random: &mut SeededRandom) -> (f64, String) {
    let digits = 10_u64.pow(u32::try_from(random.next_below(15)).expect("few") + 1);
    let (whole, decimals) = (random.next_below(digits), random.next_below(6) as usize);
    let sign = if whole > 0 && random.next_chance(20) { "-" } else { "" };
    let padded = format!("{whole:0>width$}", width = decimals + 1);
    let (integer, fraction) = padded.split_at(padded.len() - decimals);
    let plain = format!("{sign}{integer}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned();
    (plain.parse().expect("a number"), plain)
}

/// Writes a random cell and returns its text.
fn write_cell(sheet: &mut Worksheet, (row, column): (u32, u16), random: &mut SeededRandom) -> String {
    let format = |code: &str| Format::new().set_num_format(code);
    match random.next_below(8) {
        0 => String::new(),
        1 | 2 => {
            let text = random_text(random);
            sheet.write_string(row, column, &text).expect("written");
            text
        }
        3 => {
            let is_true = random.next_chance(50);
            sheet.write_boolean(row, column, is_true).expect("written");
            if is_true { "TRUE" } else { "FALSE" }.to_owned()
        }
        4 => {
            let (year, month, day) =
                (1900 + random.next_below(200), 1 + random.next_below(12), 1 + random.next_below(28));
            let date = format!("{year}-{month:02}-{day:02}");
            let value = ExcelDateTime::parse_from_str(&date).expect("a date");
            sheet.write_datetime_with_format(row, column, &value, &format("dd/mm/yyyy")).expect("written");
            date
        }
        5 => {
            let (value, plain) = random_number(random);
            // A saved value as programs that calculate write it: neither empty nor the 0 of programs that do not.
            let saved = if value == 0.0 { ("1".to_owned(), "1".to_owned()) } else { (plain.clone(), plain) };
            sheet.write_formula(row, column, Formula::new("=1+1").set_result(saved.0)).expect("written");
            saved.1
        }
        6 => {
            let (value, plain) = random_number(random);
            sheet.write_number_with_format(row, column, value, &format("#,##0.00 \"€\"")).expect("written");
            plain
        }
        _ => {
            let (value, plain) = random_number(random);
            sheet.write_number(row, column, value).expect("written");
            plain
        }
    }
}

/// A workbook, and the lines of its catalog.
fn random_book(random: &mut SeededRandom) -> (Vec<u8>, Vec<String>) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let columns = 1 + u16::try_from(random.next_below(6)).expect("few");
    sheet.write_string(0, 0, "id").expect("written");
    for column in 1..=columns {
        sheet
            .write_string(0, column, format!("column {}", random_text(random)) + &column.to_string())
            .expect("written");
    }
    let (mut lines, mut row) = (Vec::new(), 0);
    for key in 1..=1 + random.next_below(30) {
        row += 1 + u32::from(random.next_chance(10));
        sheet.write_string(row, 0, key.to_string()).expect("written");
        let mut cells = vec![key.to_string()];
        cells.extend((1..=columns).map(|column| write_cell(sheet, (row, column), random)));
        lines.push(cells.join("|"));
    }
    (book.save_to_buffer().expect("a workbook"), lines)
}

fn every_cell_written_into_a_workbook_is_read_back(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    for table in 0..TABLE_COUNT {
        let (bytes, lines) = random_book(&mut SeededRandom::new(SEED + table));
        let path = folder.path().join(format!("{table}.xlsx"));
        std::fs::write(&path, bytes).expect("written");
        let source = engine.add_source(&format!("table-{table}"), "excel", SourceLocation::File(path));
        let record = engine.run_request(&source, &full_sync());
        assert_eq!(record.summary.status, Status::Completed, "{table}: {}", record.summary.message);
        assert_eq!(engine.item_lines(&source), lines, "{table}");
        assert_eq!(
            engine.run_request(&source, &full_sync()).summary.stats.unchanged,
            lines.len() as u64,
            "{table}: the same once more"
        );
    }
}
