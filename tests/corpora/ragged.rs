//! Files whose rows are narrower or wider than the header on purpose, and files with joined rows.

use lockstep::domain::operation::Status;

use super::read_report;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_table_without_trailing_cells_still_removes_missing_rows,
    a_single_row_of_another_width_withholds_removals,
    a_name_with_a_comma_in_quotation_marks_is_a_name,
    a_byte_order_mark_in_the_middle_is_no_part_of_a_key,
    a_probe_reports_the_failures_and_issues_of_the_sync,
    numbers_with_narrow_spaces_look_like_numbers,
    two_swapped_cells_are_noted_and_withhold_nothing,
    a_key_that_is_swapped_with_its_neighbour_withholds_removals,
    many_rows_with_swapped_cells_are_one_note,
    a_check_finds_the_same_header_mismatch,
    a_header_that_is_joined_with_the_row_below_fails_the_run,
    a_header_that_is_joined_with_a_row_of_numbers_is_reported,
    a_column_with_a_longer_name_is_not_a_joined_header,
];

fn a_table_without_trailing_cells_still_removes_missing_rows(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows =
        |numbers: &[u32], end: &str| -> String { numbers.iter().map(|n| format!("{n},Title {n}{end}\n")).collect() };
    // All rows short, all with one separator too many, and a few of each width.
    for (slug, header, end) in [("short", "id,title,year", ""), ("long", "id,title", ",")] {
        let source = engine.csv_source(slug, format!("{header}\n{}", rows(&[1, 2, 3, 4, 5, 6], end)));
        assert_eq!(engine.sync(&source).summary.stats.added, 6);
        engine.rewrite_file(&source, format!("{header}\n{}", rows(&[1, 2, 3, 4, 5, 7], end)));
        let record = engine.sync(&source);
        let counts = (record.summary.stats.added, record.summary.stats.removed, record.withheld_removals);
        assert_eq!(counts, (1, 1, 0), "{slug}: {}", record.summary.message);
    }
}

fn a_single_row_of_another_width_withholds_removals(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let clean: String = (1..=8).map(|n| format!("k{n},Title {n},x\n")).collect();
    let source = engine.csv_source("albums", format!("id,title,note\n{clean}"));
    engine.sync(&source);
    engine.rewrite_file(&source, format!("id,title,note\n{}", clean.replace("k4,", "k4")));
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.removed, record.withheld_removals), (0, 1), "{}", record.summary.message);
    assert!(record.summary.message.contains("rows or keys may have been misread"), "{}", record.summary.message);
    // The corrected file is as before, except for the key that was joined with the title.
    engine.rewrite_file(&source, format!("id,title,note\n{clean}"));
    assert_eq!((engine.sync(&source).summary.status, engine.list_items(&source).len()), (Status::Completed, 8));
}

fn two_swapped_cells_are_noted_and_withhold_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let clean: String = (1..=30).map(|n| format!("k{n},Artist of {n},{}\n", 1950 + n)).collect();
    let source = engine.csv_source("albums", format!("id,artist,year\n{clean}"));
    assert_eq!(engine.sync(&source).issues, 0);
    let swapped = clean.replace("k7,Artist of 7,1957", "k7,1957,Artist of 7").replace("k9,Artist of 9,1959\n", "");
    engine.rewrite_file(&source, format!("id,artist,year\n{swapped}"));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.stats.updated, record.summary.stats.removed, record.withheld_removals),
        (1, 1, 0),
        "{}",
        record.summary.message
    );
    let issues = engine.list_issues(record.summary.id);
    let shown_text = "8/artist/noted: “1957” does not look like the other values of “artist”, nor “Artist of 7” like \
                      those of “year”. Are the two cells swapped?";
    assert_eq!(issues, [shown_text]);
}

fn a_key_that_is_swapped_with_its_neighbour_withholds_removals(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (slug, header, clean, swapped) in
        [("right", "id,year,artist", "k2,1952,", "1952,k2,"), ("left", "year,id,artist", "1952,k2,", "k2,1952,")]
    {
        let row = |n: u32| clean.replace("k2", &format!("k{n}")).replace("1952", &(1950 + n).to_string());
        let rows: String = (1..=40).map(|n| format!("{}Artist of {n}\n", row(n))).collect();
        let source = engine.csv_source(slug, format!("{header}\n{rows}"));
        assert_eq!(engine.sync(&source).issues, 0);
        engine.rewrite_file(&source, format!("{header}\n{}", rows.replace(clean, swapped)));
        for _ in 0..2 {
            let record = engine.sync(&source);
            assert_eq!(
                (record.summary.stats.removed, record.withheld_removals),
                (0, 1),
                "{slug}: {}",
                record.summary.message
            );
        }
        engine.rewrite_file(&source, format!("{header}\n{rows}"));
        let record = engine.sync(&source);
        assert_eq!(
            (record.summary.stats.removed, record.withheld_removals),
            (1, 0),
            "{slug}: {}",
            record.summary.message
        );
    }
}

fn many_rows_with_swapped_cells_are_one_note(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let row = |n: u32| match n % 25 {
        0 => format!("k{n},{},Artist of {n}\n", 1950 + n),
        _ => format!("k{n},Artist of {n},{}\n", 1950 + n),
    };
    let source = engine.csv_source("albums", format!("id,artist,year\n{}", (1..=100).map(row).collect::<String>()));
    let record = engine.sync(&source);
    let shown_text = "26/artist/noted: 4 rows (rows 26, 51, 76, 101) have cells in “artist” and “year” that each look \
                      like the other column (first “1975” and “Artist of 25”). Are the two cells swapped?";
    assert_eq!(engine.list_issues(record.summary.id), [shown_text]);
}

fn a_name_with_a_comma_in_quotation_marks_is_a_name(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("people", "id,note\n\"Smith, John\"\n\"Doe, Jane\",x\n");
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.rejected),
        (Status::Completed, 0),
        "{:?}",
        engine.list_issues(record.summary.id)
    );
    assert_eq!(engine.item_lines(&source), ["Smith, John|", "Doe, Jane|x"]);
}

fn a_byte_order_mark_in_the_middle_is_no_part_of_a_key(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let text = "\u{FEFF}id,name\n1,Ana\n\u{FEFF}\"id\",\"name\"\n\u{FEFF}\"3\",\"Cy, the third\"\n\u{FEFF}4,Di\n";
    let source = engine.csv_source("joined", text);
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.rejected),
        (Status::Completed, 0),
        "{:?}",
        engine.list_issues(record.summary.id)
    );
    let keys: Vec<String> = engine.list_items(&source).into_iter().map(|item| item.key).collect();
    assert_eq!(keys, ["1", "3", "4"]);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.iter().any(|issue| issue.contains("byte order mark")), "{issues:?}");
}

fn a_probe_reports_the_failures_and_issues_of_the_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("reports", read_report("11-one-cell-too-many.csv"));
    let probe = engine.control.probe_source(&source).expect("a probe");
    let failed = engine.sync(&source).summary.error.expect("a message");
    assert_eq!(probe.failure.map(|failure| failure.message()).as_ref(), Some(&failed));
    let mac = engine.csv_source("mac", read_report("09-macintosh.csv"));
    let probe = engine.control.probe_source(&mac).expect("a probe");
    assert!(
        probe.problems.is_empty() && probe.notes.iter().any(|note| note.contains("macintosh")),
        "{:?}",
        probe.notes
    );
    // An unclosed quotation mark is found at every position.
    let mut text = String::from("id,title\n");
    (0..3000).for_each(|n| text.push_str(&format!("{n},Title {n}\n")));
    let late = engine.csv_source("late", text + "3000,\"open\n");
    let (probe, record) = (engine.control.probe_source(&late), engine.sync(&late));
    let reported = probe.expect_err("it cannot be read").to_string();
    assert!(
        record.summary.error.is_some_and(|error| error.contains(&reported) && reported.contains("Row 3002")),
        "{reported}"
    );
}

fn numbers_with_narrow_spaces_look_like_numbers(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: String = (1..=8).map(|n| format!("{n},{n}\u{202F}014,x\n")).collect();
    let source = engine.csv_source("prices", format!("id,price,note\n{rows}9,9\u{202F}014\n"));
    let record = engine.sync(&source);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.len() == 1 && issues[0].contains("fewer cells than the header"), "{issues:?}");
}

fn a_check_finds_the_same_header_mismatch(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: String = (1..=8).map(|n| format!("{n},Title,{}\n", 1990 + n)).collect();
    let source = engine.csv_source("albums", format!("id,title,year\n{rows}"));
    engine.sync(&source);
    engine.rewrite_file(&source, format!("id,ti,tle,year\n{rows}"));
    let probe = engine.control.probe_source(&source).expect("a probe");
    let record = engine.sync(&source);
    assert_eq!(record.summary.code.as_deref(), Some("header_mismatch"), "{}", record.summary.message);
    let problems: Vec<String> = probe.all_problems().collect();
    assert!(problems.iter().any(|problem| problem.contains("values would be in the wrong columns")), "{problems:?}");
}

fn a_header_that_is_joined_with_the_row_below_fails_the_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source_with("records", "name,genre\nRubycon,Ambient\nMusik,Techno\n", |draft| {
        "name".clone_into(&mut draft.key_column);
    });
    engine.sync(&source);
    // A new row with text only: the stored columns alone reveal the fault.
    for (header, sign) in [
        ("name,genrePhaedra,Ambient", "“genrePhaedra” begins with the name of the column “genre”"),
        ("name,genre,Musik,Techno", "“Musik” is a key in the catalog"),
    ] {
        let rows = if header.contains("Musik") { "Rubycon,Ambient\n" } else { "Rubycon,Ambient\nMusik,Techno\n" };
        engine.rewrite_file(&source, format!("{header}\n{rows}"));
        let probe = engine.control.probe_source(&source).expect("a probe");
        let record = engine.sync(&source);
        assert_eq!(record.summary.code.as_deref(), Some("header_mismatch"), "{}", record.summary.message);
        let shown_text = format!("the header in row 1 seems to be joined with the row below it ({sign})");
        assert!(record.summary.message.contains(&shown_text), "{}", record.summary.message);
        assert_eq!(probe.failure.map(|failure| failure.message()), Some(record.summary.message));
        assert_eq!(engine.item_lines(&source), ["Rubycon|Ambient", "Musik|Techno"], "nothing is written");
    }
}

fn a_header_that_is_joined_with_a_row_of_numbers_is_reported(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: String = (2..=9).map(|n| format!("{n},Title {n},{}\n", 1990 + n)).collect();
    let source = engine.csv_source("albums", format!("id,title,year1,Title 1,1991\n{rows}"));
    let record = engine.sync(&source);
    assert_eq!(record.summary.code.as_deref(), Some("header_mismatch"), "{}", record.summary.message);
    let shown_text = "All 8 rows have 3 cells, but the header has 5: the header in row 1 seems to be joined with the \
                      row below it (“1991” looks like a value, not a column name). Restore the line break between \
                      them and sync again.";
    assert!(record.summary.message.starts_with(shown_text), "{}", record.summary.message);
}

fn a_column_with_a_longer_name_is_not_a_joined_header(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,genre\n1,Ambient\n2,Techno\n");
    engine.sync(&source);
    for header in ["id,genres,label", "id,genre (main),label", "id,genre,label", "id,label,genre"] {
        engine.rewrite_file(&source, format!("{header}\n1,Ambient\n2,Techno\n"));
        let record = engine.sync(&source);
        assert_eq!(record.summary.status, Status::Completed, "{header}: {}", record.summary.message);
        engine.rewrite_file(&source, "id,genre\n1,Ambient\n2,Techno\n");
        engine.sync(&source);
    }
}
