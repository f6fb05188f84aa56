//! Reports 5, 12 and 13: rows that are not entries, and values that a spreadsheet puts into cells.

use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::dates::DateOrder;
use lockstep::domain::columns::numbers::DecimalSign;
use lockstep::domain::issue::IssueKind;

use super::keys::{add_keyed_source, count_changes, list_row_issues, only_note};
use super::read_report;
use crate::support::test_engine::{incremental_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_header_in_the_middle_of_joined_files_is_passed_over,
    errors_of_the_spreadsheet_are_no_keys_and_noted_together,
    a_loading_value_replaces_no_stored_value,
    an_error_in_a_key_cell_withholds_removals,
    rows_with_nothing_but_an_unticked_box_are_one_note,
    rows_with_a_value_and_no_key_are_refused_each,
    one_ticked_box_among_unticked_ones_is_refused_alone,
    an_error_of_the_spreadsheet_leaves_the_type_of_its_column,
    the_same_entries_in_rows_without_a_key_are_refused,
    rows_without_a_key_are_reported_with_their_content,
    rows_without_a_key_of_countless_shapes_are_refused_and_counted,
    an_error_in_the_header_renames_no_column,
    the_name_of_a_deleted_column_goes_to_no_other_column,
    the_name_of_a_deleted_key_column_goes_to_no_other_column,
    a_header_that_is_loading_is_read_again,
    nul_characters_in_many_rows_are_one_note,
];

fn a_header_in_the_middle_of_joined_files_is_passed_over(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_keyed_source(&engine, "joined", "05-joined-files.csv", "id");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [4, 0, 0, 0, 0]);
    assert_eq!(engine.item_lines(&source), ["1|Ana", "2|Bo", "3|Cy", "4|Di"]);
    only_note(&engine, &record, 4, &["Row 4 repeats the header and was skipped"]);
    assert_eq!(count_changes(&engine.sync(&source)), [0, 0, 4, 0, 0]);
}

fn errors_of_the_spreadsheet_are_no_keys_and_noted_together(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", read_report("12-sheet-errors.csv"));
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [2, 0, 0, 0, 2]);
    assert_eq!(engine.item_lines(&source), ["A1|Blue|#REF!", "A2||12"]);
    let all = list_row_issues(&engine, &record);
    let kinds: Vec<_> = all.iter().map(|(row, kind, _)| (*row, *kind)).collect();
    assert_eq!(kinds, [(2, IssueKind::Noted), (4, IssueKind::Refused), (5, IssueKind::Refused)], "{all:?}");
    assert!(all[1].2.contains("“#N/A”") && all[2].2.contains("“#N/A”"), "{all:?}");
    for part in ["“title”, “price”", "#REF!", "Loading...", "first in row 2"] {
        assert!(all[0].2.contains(part), "{part}: {}", all[0].2);
    }
}

fn a_loading_value_replaces_no_stored_value(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title,price\nA1,Blue,9\nA2,Green,12\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title,price\nA1,Loading...,9\nA2,Loading...,13\nA3,Loading...,1\n");
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(count_changes(&record), [1, 1, 1, 0, 0]);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(count_changes(&record), [1, 1, 1, 0, 0]);
    assert_eq!(engine.item_lines(&source), ["A1|Blue|9", "A2|Green|13", "A3||1"]);
    only_note(&engine, &record, 2, &["3 cells in “title” contain", "3 values are still loading"]);
    // No validators of the same content are kept, so the next run reads it again.
    let again = engine.run_request(&source, &incremental_sync());
    assert_eq!(count_changes(&again), [0, 0, 3, 0, 0]);
    assert_eq!(again.issues, 1, "it was read again: {}", again.summary.message);
    engine.rewrite_file(&source, "id,title,price\nA1,Blue,9\nA2,Green,13\nA3,Red,1\n");
    assert_eq!(count_changes(&engine.run_request(&source, &incremental_sync())), [0, 1, 2, 0, 0]);
}

fn an_error_in_a_key_cell_withholds_removals(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\nc,Three\n");
    engine.sync(&source);
    for cell in ["#REF!", "Loading..."] {
        engine.rewrite_file(&source, format!("id,title\na,One\n{cell},Two\nc,Three\n"));
        let record = engine.sync(&source);
        assert_eq!(
            (count_changes(&record), record.withheld_removals),
            ([0, 0, 2, 0, 1], 1),
            "{}",
            record.summary.message
        );
        assert_eq!(engine.item_lines(&source), ["a|One", "b|Two", "c|Three"]);
    }
}

fn rows_with_nothing_but_an_unticked_box_are_one_note(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", read_report("13-checkbox-rows.csv"));
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [2, 0, 0, 0, 0]);
    assert_eq!(engine.item_lines(&source), ["1|Ana|TRUE", "2|Bo|FALSE"]);
    only_note(
        &engine,
        &record,
        4,
        &["998 rows without a key and without a value were skipped (rows 4 to 1001). They contain only “FALSE” in"],
    );
}

fn rows_with_a_value_and_no_key_are_refused_each(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,name,done\n1,Ana,TRUE\n,,FALSE\n,Bo,FALSE\n,,FALSE\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [1, 0, 0, 0, 1]);
    let all = list_row_issues(&engine, &record);
    let kinds: Vec<_> = all.iter().map(|(row, kind, _)| (*row, *kind)).collect();
    assert_eq!(kinds, [(3, IssueKind::Noted), (4, IssueKind::Refused)], "{all:?}");
    assert!(all[0].2.contains("2 rows without a key and without a value were skipped (rows 3 to 5)"), "{all:?}");
}

fn one_ticked_box_among_unticked_ones_is_refused_alone(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (slug, odd) in [("ticked", ",,TRUE"), ("word", ",,done")] {
        let rows = [",,FALSE\n".repeat(24), format!("{odd}\n"), ",,FALSE\n".repeat(26)].concat();
        let source = engine.csv_source(slug, format!("id,name,done\n1,Ana,TRUE\n2,Bo,FALSE\n{rows}"));
        let record = engine.sync(&source);
        assert_eq!(count_changes(&record), [2, 0, 0, 0, 1], "{slug}");
        let all = list_row_issues(&engine, &record);
        let kinds: Vec<_> = all.iter().map(|(row, kind, _)| (*row, *kind)).collect();
        assert_eq!(kinds, [(4, IssueKind::Noted), (28, IssueKind::Refused)], "{all:?}");
        assert!(all[0].2.contains("50 rows without a key and without a value were skipped (rows 4 to 54)"), "{all:?}");
    }
}

fn an_error_of_the_spreadsheet_leaves_the_type_of_its_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = "1,9.50,2025-04-03,https://a.example/1\n2,#REF!,Loading...,#NV\n3,Loading...,#N/A,Cargando...\n\
                4,12,2025-04-05,https://a.example/4\n";
    let source = engine.csv_source("albums", format!("id,price,day,page\n{rows}"));
    engine.sync(&source);
    let types = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").column_types;
    let number = ColumnType::Number(DecimalSign::Point);
    assert_eq!(types, [number, number, ColumnType::Date(DateOrder::YearFirst), ColumnType::Link]);
    // A text that a person entered makes it a column of text, as before.
    engine.rewrite_file(&source, format!("id,price,day,page\n{rows}5,Loading,#1,none\n"));
    engine.sync(&source);
    let types = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").column_types;
    assert_eq!(types, [number, ColumnType::Text, ColumnType::Text, ColumnType::Text]);
}

fn the_same_entries_in_rows_without_a_key_are_refused(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let entries = ",Unknown,yes\n".repeat(12);
    let source = engine.csv_source("albums", format!("id,artist,lent\n1,Ana,no\n2,Bo,yes\n{entries}"));
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [2, 0, 0, 0, 12]);
    let all = list_row_issues(&engine, &record);
    assert!(all.len() == 12 && all.iter().all(|(_, kind, _)| *kind == IssueKind::Refused), "{all:?}");
    // A value that only some rows with a key have is a person's entry too.
    engine.rewrite_file(&source, "id,artist,lent\n1,Ana,yes\n2,Bo,yes\n3,Cy,yes\n4,Di,\n,,yes\n");
    assert_eq!(engine.sync(&source).summary.stats.rejected, 1);
}

fn rows_without_a_key_are_reported_with_their_content(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let filled_down = ",,0.00\n".repeat(10_000);
    let source = engine.csv_source("prices", format!("id,name,total\n1,Ana,9.50\n2,Bo,8.00\n{filled_down}"));
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [2, 0, 0, 0, 0]);
    let text = "10,000 rows without a key and without a value of their own were skipped (rows 4 to 10,003). They \
                contain only “0.00” in “total”.";
    only_note(&engine, &record, 4, &[text]);
    let boxes = "id,name,currency,done\n1,Ana,EUR,TRUE\n2,Bo,EUR,FALSE\n3,Cy,EUR,FALSE\n,,EUR,FALSE\n,,,FALSE\n";
    let record = engine.sync(&engine.csv_source("boxes", boxes));
    assert_eq!(count_changes(&record), [3, 0, 0, 0, 0]);
    let text = "2 rows without a key and without a value of their own were skipped (rows 5 to 6). They contain only \
                “EUR” in “currency”, “FALSE” in “done”.";
    only_note(&engine, &record, 5, &[text]);
}

fn rows_without_a_key_of_countless_shapes_are_refused_and_counted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let header: String = (1..=14).map(|column| format!(",c{column}")).collect();
    let row = |number: u32| -> String {
        (0..14).map(|at| if number >> at & 1 == 1 { ",FALSE" } else { "," }).chain(["\n"]).collect()
    };
    let rows: String = (1..1 << 14).map(row).collect();
    let keyed = format!("1{}\n", ",TRUE".repeat(14));
    let source = engine.csv_source("shapes", format!("id{header}\n{keyed}{rows}"));
    let record = engine.sync(&source);
    // 4,096 combinations of columns are distinguished.
    let refused = (1 << 14) - 1 - 4_096;
    assert_eq!(count_changes(&record), [1, 0, 0, 0, refused]);
    assert_eq!(record.issues, refused + 1);
}

fn an_error_in_the_header_renames_no_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = "1,One,1990\n2,Two,1991\n";
    let source = engine.csv_source("albums", format!("id,title,year\n{rows}"));
    engine.sync(&source);
    let before = db.items_as_written();
    for header in ["id,#REF!,year", "#N/A,title,year"] {
        engine.rewrite_file(&source, format!("{header}\n{rows}"));
        let probe = engine.control.probe_source(&source).expect("a probe");
        let record = engine.sync(&source);
        assert_eq!(count_changes(&record), [0, 0, 2, 0, 0], "{header}: {}", record.summary.message);
        assert_eq!(db.items_as_written(), before, "{header}");
        let issues = engine.list_issues(record.summary.id);
        assert!(issues.len() == 1 && issues[0].contains("It was read as “"), "{issues:?}");
        assert_eq!(probe.issues.count, 1, "{:?}", probe.issues);
    }
    // Where the position proves nothing, the row is only noted.
    engine.rewrite_file(&source, "title,id,#REF!\nOne,1,1990\nTwo,2,1991\n");
    let record = engine.sync(&source);
    let issues = engine.list_issues(record.summary.id);
    assert!(
        issues.iter().any(|issue| issue.contains("It was read as “year”")),
        "the last place is still its own: {issues:?}"
    );
    engine.rewrite_file(&source, "title,#REF!,id\nOne,1990,1\nTwo,1991,2\n");
    let record = engine.sync(&source);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.iter().any(|issue| issue.contains("(“#REF!”) instead of a name.")), "{issues:?}");
}

fn the_name_of_a_deleted_column_goes_to_no_other_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("prices", "id,price,price net,year\n1,9,7,1990\n2,8,6,1991\n");
    engine.sync(&source);
    // The header of the next column was a formula that named the removed one.
    engine.rewrite_file(&source, "id,#REF!,year\n1,7,1990\n2,6,1991\n");
    let record = engine.sync(&source);
    let columns = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").columns;
    assert_eq!(columns, ["id", "#REF!", "year"], "{}", record.summary.message);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.iter().any(|issue| issue.contains("(“#REF!”) instead of a name.")), "{issues:?}");
    engine.rewrite_file(&source, "id,price net,year\n1,7,1990\n2,6,1991\n");
    engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["1|7|1990", "2|6|1991"]);
}

fn the_name_of_a_deleted_key_column_goes_to_no_other_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title,year\n1,One,1990\n2,Two,1991\n");
    engine.sync(&source);
    let before = db.items_as_written();
    engine.rewrite_file(&source, "#REF!,year\nOne,1990\nTwo,1991\n");
    let record = engine.sync(&source);
    assert_eq!(record.summary.code.as_deref(), Some("no_key_column"), "{}", record.summary.message);
    assert_eq!(db.items_as_written(), before);
}

fn a_header_that_is_loading_is_read_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,Loading...\n1,One\n");
    let record = engine.run_request(&source, &incremental_sync());
    let issues = engine.list_issues(record.summary.id);
    assert!(
        issues.len() == 1 && issues[0].contains("The header of this column is a spreadsheet message"),
        "{issues:?}"
    );
    let again = engine.run_request(&source, &incremental_sync());
    assert!(!again.summary.message.starts_with("Nothing new"), "{}", again.summary.message);
}

fn nul_characters_in_many_rows_are_one_note(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: String = (1..=20).map(|n| format!("{n},Ti\0tle {n}\n")).collect();
    let source = engine.csv_source("albums", format!("id,title\n{rows}"));
    let record = engine.sync(&source);
    assert_eq!(record.summary.stats.added, 20, "{}", record.summary.message);
    let text = "20 rows (rows 2, 3, 4, 5, 6, …) have the same issue: NUL characters were dropped";
    assert_eq!(engine.list_issues(record.summary.id), [format!("2/title/noted: {text}")]);
}
