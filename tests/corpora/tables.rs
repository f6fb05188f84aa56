//! Reports 1, 2, 4, 8 to 11, 14 and 15: quotes, encodings, separators, headers and counts.

use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use super::read_report;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_stray_quotation_mark_fails_the_run_and_removes_nothing,
    one_wrong_byte_changes_no_other_row,
    rows_that_are_wrapped_in_quotation_marks_as_a_whole_fail_the_run,
    separators_are_detected,
    a_file_of_the_classic_mac_os_is_read_in_its_encoding,
    quotation_marks_inside_quoted_cells_are_kept_and_noted,
    rows_that_all_have_one_cell_more_than_the_header_fail_the_run,
    a_mismatch_that_is_accepted_leaves_the_cells_beyond_the_header_out,
    blank_headers_get_names,
    rows_are_counted_as_people_count_them,
    the_header_row_can_be_set,
    notes_about_the_header_name_the_row_that_was_set,
];

/// Adds a source with the report `name` in it, whose key column is `key`.
fn add_source(engine: &TestEngine, name: &str, key: &str) -> Source {
    engine.csv_source_with("reports", read_report(name), |draft| key.clone_into(&mut draft.key_column))
}

fn expect_failed_run(record: &SyncRecord) -> (&str, &str) {
    assert_eq!(record.summary.status, Status::Failed, "{}", record.summary.message);
    (record.summary.code.as_deref().expect("a code"), record.summary.error.as_deref().expect("a sentence"))
}

fn a_stray_quotation_mark_fails_the_run_and_removes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "01a-stray-quote-before.csv", "id");
    assert_eq!(engine.sync(&source).summary.stats.added, 30);
    let before = db.items_as_written();
    engine.rewrite_file(&source, read_report("01b-stray-quote-after.csv"));
    let record = engine.sync(&source);
    let (code, message) = expect_failed_run(&record);
    assert_eq!(code, "unclosed_quote");
    assert!(message.starts_with("Row 11, “artist”: a quotation mark"), "{message}");
    assert_eq!(db.items_as_written(), before);
    engine.rewrite_file(&source, read_report("01a-stray-quote-before.csv"));
    assert_eq!(engine.sync(&source).summary.stats.unchanged, 30);
}

fn one_wrong_byte_changes_no_other_row(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "02a-utf8.csv", "id");
    let first = engine.sync(&source);
    assert_eq!(first.issues, 0);
    let before = engine.item_lines(&source);
    engine.rewrite_file(&source, read_report("02b-one-row-cp1252.csv"));
    let record = engine.sync(&source);
    let after = engine.item_lines(&source);
    let changed: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(changed, ["15|K\u{FFFD}ln"]);
    assert_eq!((record.summary.stats.updated, record.summary.stats.removed), (1, 0));
    let issues = engine.list_issues(record.summary.id);
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert!(issues[0].starts_with("16/name/noted: Bytes that are not valid UTF-8"), "{issues:?}");
}

fn rows_that_are_wrapped_in_quotation_marks_as_a_whole_fail_the_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "04b-every-line-in-quotes.csv", "id");
    let record = engine.sync(&source);
    let (code, message) = expect_failed_run(&record);
    assert_eq!(code, "wrapped_rows");
    assert!(
        message.contains("Quotation marks enclose whole rows") && message.contains("Export the file again"),
        "{message}"
    );
}

fn separators_are_detected(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (slug, name, key, line) in [
        ("a", "08a-two-columns-decimal-comma.csv", "nome", "Ana|5,58199E+12"),
        ("b", "08b-commas-in-header.csv", "SKU (leer bei neu, Pflicht bei alt)", "1542|Roter Schal|90.0"),
        ("c", "08c-header-one-separator-short.csv", "Nr", "1|Über allen Gipfeln|Köln|laut, schnell, gut"),
        ("d", "08d-lists-with-semicolons.csv", "driver_id", "1202|01/04/2026;02/04/2026;05/04/2026"),
        ("e", "08e-one-row-of-prose.csv", "item_id", "my-1|One, two, three, four, five."),
    ] {
        let source = engine.csv_source_with(slug, read_report(name), |draft| key.clone_into(&mut draft.key_column));
        let record = engine.sync(&source);
        assert_eq!(
            (record.summary.status, record.summary.stats.rejected),
            (Status::Completed, 0),
            "{name}: {}",
            record.summary.message
        );
        assert_eq!(engine.item_lines(&source)[0], line, "{name}");
    }
}

fn a_file_of_the_classic_mac_os_is_read_in_its_encoding(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "09-macintosh.csv", "id");
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Café del Mar", "A2|Über uns", "A3|Niño"]);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.len() == 1 && issues[0].contains("read as macintosh"), "{issues:?}");
    // With the setting there is no doubt.
    let set = engine.csv_source_with("set", read_report("09-macintosh.csv"), |draft| {
        draft.read_options.encoding = Some("macintosh".to_owned());
    });
    assert_eq!(engine.sync(&set).issues, 0);
    assert_eq!(engine.item_lines(&set)[0], "A1|Café del Mar");
}

fn quotation_marks_inside_quoted_cells_are_kept_and_noted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "10-inner-quotes.csv", "id");
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["1|20\" pipe|new", "2|say \\\"hi\\\" twice|old", "3|ok|ok"]);
    let issues = engine.list_issues(record.summary.id);
    let noted = issues.iter().filter(|issue| issue.contains("/size/noted: Text follows a closing quotation mark"));
    assert_eq!(noted.count(), 2, "{issues:?}");
}

fn rows_that_all_have_one_cell_more_than_the_header_fail_the_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "11-one-cell-too-many.csv", "id");
    let record = engine.sync(&source);
    let (code, message) = expect_failed_run(&record);
    assert_eq!(code, "header_mismatch");
    assert!(message.starts_with("All 2 rows have 4 cells, but the header has 3"), "{message}");
    assert!(engine.item_lines(&source).is_empty());
}

fn a_mismatch_that_is_accepted_leaves_the_cells_beyond_the_header_out(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source_with("reports", read_report("11-one-cell-too-many.csv"), |draft| {
        draft.read_options.accept_header_mismatch = true;
    });
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.rejected),
        (Status::Completed, 0),
        "{}",
        record.summary.message
    );
    assert_eq!(engine.item_lines(&source), ["1|Marco|Silvio", "2|Ana|Maria"]);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.len() == 1 && issues[0].contains("2 rows (rows 2, 3) have cells beyond the last"), "{issues:?}");
}

fn blank_headers_get_names(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "14-blank-headers.csv", "id");
    engine.sync(&source);
    let names: Vec<String> = engine.list_items(&source)[0].fields.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, ["id", "name", "column 3", "column 4"]);
    assert_eq!(engine.item_lines(&source), ["1|Ana||", "2|Bo||call back"]);
}

fn rows_are_counted_as_people_count_them(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_source(&engine, "15-count-rows.csv", "id");
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.stats.items.total, record.summary.stats.added, record.summary.stats.rejected),
        (4, 4, 0)
    );
    assert_eq!(engine.item_lines(&source), ["1|two\nlines", "2|x\n\ny", "3|z", "4|q"]);
}

fn the_header_row_can_be_set(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source_with("reports", read_report("04a-title-rows-above-header.csv"), |draft| {
        "Transaction".clone_into(&mut draft.key_column);
        draft.read_options.header_row = Some(4);
    });
    let record = engine.sync(&source);
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["IT|T-1001|1/1/26|Red lamp", "NO|T-1002|1/2/26|Blue lamp"]);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.iter().any(|issue| issue.starts_with("7/Transaction/refused:")), "{issues:?}");
    for (row, word) in [(99, "has fewer rows"), (2, "no_key_column")] {
        let changed =
            engine.csv_source_with(&format!("row-{row}"), read_report("04a-title-rows-above-header.csv"), |draft| {
                "Transaction".clone_into(&mut draft.key_column);
                draft.read_options.header_row = Some(row);
            });
        let record = engine.sync(&changed);
        let (code, message) = expect_failed_run(&record);
        assert!(code == word || message.contains(word), "{code}: {message}");
    }
}

fn notes_about_the_header_name_the_row_that_was_set(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let with_header =
        |header: &str| format!("Stock list,,\nof 2026,,\n,,\n{header}\n1,Ana,x\n2,Bo,y\n3,Cy,z\n4,Di,w\n");
    let source = engine.csv_source_with("stock", with_header("id,name,place"), |draft| {
        draft.read_options.header_row = Some(4);
    });
    assert_eq!(engine.sync(&source).issues, 0);
    engine.rewrite_file(&source, with_header("id,na\u{200b}me,shelf"));
    let record = engine.sync(&source);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.iter().all(|issue| issue.starts_with("4/")), "{issues:?}");
    let expected_text = |part: &str| issues.iter().any(|issue| issue.contains(part));
    assert!(
        expected_text("Column “place” was renamed to “shelf”") && expected_text("A header is spelled differently"),
        "{issues:?}"
    );
}
