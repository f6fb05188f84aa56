//! Columns that are hidden in a workbook whose catalog is public: left out until an admin allows them.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::store::changes::ChangeFilter;

use crate::support::test_engine::{format_issue, full_sync, incremental_sync, source_draft};
use crate::support::workbook_builder::{XlsxBuilder, text_row};
use crate::support::{StoredItemRow, TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_hidden_column_that_comes_later_is_left_out_of_a_public_catalog,
    a_column_that_is_hidden_later_leaves_a_public_catalog_until_it_is_allowed,
    a_column_that_is_hidden_later_leaves_items_whose_rows_are_refused_and_searches,
    a_column_that_is_hidden_later_leaves_stored_changes_and_their_search,
    a_column_that_is_hidden_later_leaves_items_whose_removal_waits,
    a_column_that_is_hidden_later_does_not_return_with_an_undo,
    a_column_that_is_hidden_later_leaves_all_items_though_a_run_was_interrupted,
    twelve_hundred_columns_that_are_hidden_later_leave_a_public_catalog,
    a_public_catalog_of_an_earlier_version_is_read_once_more_to_leave_hidden_columns_out,
    a_header_that_fails_beside_a_hidden_column_gets_the_name_of_its_own_place,
    a_hidden_key_column_fails_the_sync_of_a_public_catalog,
    a_private_catalog_has_hidden_columns,
    a_formula_without_a_value_keeps_its_column_beside_a_hidden_one,
];

const NOTE: &str = "Column “cost” is hidden in the source, so syncs leave it out of the public catalog. To publish \
                    it, unhide it in the source, or allow it in the settings of this source \
                    (/settings/sources/albums).";

/// A workbook with these rows, whose column number `hidden` (from 1) is hidden.
fn build_book(rows: &[&[&str]], hidden: Option<usize>) -> Vec<u8> {
    let rows = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect::<String>();
    let columns = hidden.map(|at| format!("<cols><col min=\"{at}\" max=\"{at}\" width=\"9\" hidden=\"1\"/></cols>"));
    XlsxBuilder::of_sheet(&format!("{}<sheetData>{rows}</sheetData>", columns.unwrap_or_default())).bytes()
}

/// A source that is a workbook, and its file.
struct HiddenColumnSource<'a> {
    engine: &'a TestEngine,
    folder: tempfile::TempDir,
    source: Source,
}

impl<'a> HiddenColumnSource<'a> {
    fn new(engine: &'a TestEngine, public: bool, content: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("albums.xlsx");
        std::fs::write(&path, content).expect("written");
        let draft = SourceDraft { public, ..source_draft("albums", "excel", SourceLocation::File(path)) };
        let source = engine.store.add_source(&draft, None).expect("a source");
        Self { engine, folder, source }
    }

    fn rewrite_file(&self, content: &[u8]) {
        std::fs::write(self.folder.path().join("albums.xlsx"), content).expect("written");
    }

    /// Syncs it, after a probe that must report the same.
    fn sync_in_full(&self) -> Vec<String> {
        let probe = self.engine.control.probe_source(&self.source).expect("a probe");
        let record = self.engine.run_request(&self.source, &full_sync());
        assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
        let issues = self.engine.list_issues(record.summary.id);
        assert_eq!(probe.issues.kept.into_iter().map(format_issue).collect::<Vec<_>>(), issues);
        issues
    }

    /// The number of items that a search finds.
    fn count_found(&self, search: &str) -> u64 {
        self.engine.search_keys(&self.source, search).len() as u64
    }

    fn list_columns(&self) -> Vec<String> {
        self.engine.store.find_catalog(self.source.id).expect("an answer").expect("a catalog").columns
    }
}

fn a_hidden_column_that_comes_later_is_left_out_of_a_public_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums =
        HiddenColumnSource::new(&engine, true, &build_book(&[&["id", "title"], &["1", "One"], &["2", "Two"]], None));
    assert!(albums.sync_in_full().is_empty());
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "9", "One"], &["3", "8", "Three"]];
    albums.rewrite_file(&build_book(&rows, Some(2)));
    let issues = albums.sync_in_full();
    assert!(issues.contains(&format!("1/cost/noted: {NOTE}")), "{issues:?}");
    assert!(issues.iter().all(|issue| !issue.contains("New column")), "{issues:?}");
    assert_eq!(engine.item_lines(&albums.source), ["1|One", "3|Three"]);
    assert_eq!(albums.list_columns(), ["id", "title"]);
}

fn a_column_that_is_hidden_later_leaves_a_public_catalog_until_it_is_allowed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "9", "One"], &["2", "8", "Two"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    assert!(albums.sync_in_full().is_empty());
    assert_eq!(engine.item_lines(&albums.source), ["1|9|One", "2|8|Two"]);
    albums.rewrite_file(&build_book(&rows, Some(2)));
    let issues = albums.sync_in_full();
    assert!(issues.contains(&format!("1/cost/noted: {NOTE}")), "{issues:?}");
    assert!(issues.iter().all(|issue| !issue.contains("was removed")), "{issues:?}");
    assert_eq!(engine.item_lines(&albums.source), ["1|One", "2|Two"]);

    let published_hidden_columns = vec!["cost".to_owned()];
    let source = &albums.source;
    let allowed = SourceDraft {
        public: true,
        read_options: ReadOptions { published_hidden_columns, ..ReadOptions::default() },
        ..source_draft("albums", "excel", source.location.clone())
    };
    engine.store.change_source(source.id, &allowed, None).expect("changed");
    let record = engine.run_request(source, &incremental_sync());
    assert_eq!(record.summary.stats.updated, 2, "{}", record.summary.message);
    assert_eq!(engine.item_lines(source), ["1|9|One", "2|8|Two"]);
}

fn a_column_that_is_hidden_later_leaves_items_whose_rows_are_refused_and_searches(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 3] = [&["id", "co\u{200b}st", "title"], &["1", "991", "One"], &["2", "882", "Two"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    albums.sync_in_full();
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two", "and more"]];
    albums.rewrite_file(&build_book(&rows, Some(2)));
    let issues = albums.sync_in_full();
    assert!(issues.iter().any(|issue| issue.starts_with("3/-/refused")), "{issues:?}");
    assert_eq!(engine.item_lines(&albums.source), ["1|One", "2|Two"]);
    assert_eq!((albums.count_found("991"), albums.count_found("882"), albums.count_found("two")), (0, 0, 1));
    // The row is corrected, and then the column is shown again.
    albums.rewrite_file(&build_book(&[&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two"]], Some(2)));
    let record = engine.run_request(&albums.source, &incremental_sync());
    assert_eq!((record.summary.stats.unchanged, record.summary.stats.updated), (2, 0), "{}", record.summary.message);
    albums.rewrite_file(&build_book(&[&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two"]], None));
    albums.sync_in_full();
    assert_eq!(engine.item_lines(&albums.source), ["1|991|One", "2|882|Two"]);
}

fn a_column_that_is_hidden_later_leaves_stored_changes_and_their_search(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    albums.sync_in_full();
    let rows: [&[&str]; 2] = [&["id", "cost", "title"], &["1", "773", "Once"]];
    albums.rewrite_file(&build_book(&rows, None));
    albums.sync_in_full();
    let changed = engine.store.latest_run(albums.source.id, None).expect("an answer").expect("a run");
    let search = |search: &str| {
        let filter = ChangeFilter { kinds: Vec::new(), search: search.to_owned() };
        engine.store.change_page(changed, &filter, 1, 10).expect("changes")
    };
    assert_eq!(["991", "773", "882", "two"].map(|word| search(word).total), [1, 1, 1, 1]);
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "664", "Once"], &["3", "5", "Three"]];
    albums.rewrite_file(&build_book(&rows, Some(2)));
    albums.sync_in_full();
    assert_eq!(["991", "773", "882", "two"].map(|word| search(word).total), [0, 0, 0, 1]);
    let all = search("");
    let stored: Vec<_> = all.changes.iter().flat_map(|change| [&change.before, &change.after]).flatten().collect();
    assert!(stored.len() == 3 && stored.iter().all(|fields| !fields.contains("cost")), "{stored:?}");
    assert_eq!(db.count_rows("item_changes", "before LIKE '%cost%' OR after LIKE '%cost%'"), 0, "of no run");
}

fn a_column_that_is_hidden_later_leaves_items_whose_removal_waits(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let numbers: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
    let rows: Vec<[&str; 3]> = numbers.iter().map(|number| [number.as_str(), "991", "One"]).collect();
    let header: &[&str] = &["id", "cost", "title"];
    let all: Vec<&[&str]> = std::iter::once(header).chain(rows.iter().map(|row| &row[..])).collect();
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&all, None));
    albums.sync_in_full();
    albums.rewrite_file(&build_book(&all[..10], Some(2)));
    let record = engine.sync(&albums.source);
    assert_eq!(
        (record.summary.status, record.withheld_removals),
        (Status::Completed, 31),
        "{}",
        record.summary.message
    );
    assert_eq!(engine.item_lines(&albums.source).len(), 40);
    assert!(engine.item_lines(&albums.source).iter().all(|line| line.ends_with("|One") && !line.contains("991")));
    assert_eq!((albums.count_found("991"), albums.count_found("one")), (0, 40));
}

fn a_column_that_is_hidden_later_does_not_return_with_an_undo(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    albums.sync_in_full();
    let rows: [&[&str]; 2] = [&["id", "cost", "title", "year"], &["1", "991", "One", "1999"]];
    albums.rewrite_file(&build_book(&rows, None));
    let shrunk = engine.sync(&albums.source).summary;
    assert_eq!(shrunk.stats.removed, 1, "{}", shrunk.message);
    albums.rewrite_file(&build_book(&rows, Some(2)));
    let hiding = engine.sync(&albums.source).summary.id;
    assert_eq!(engine.item_lines(&albums.source), ["1|One|1999"], "a removed item stays removed");
    let stored = db.stored_items(albums.source.id.0);
    let has_cost = |item: &&StoredItemRow| item.fields.contains("cost") || item.fields.contains("882");
    assert_eq!(stored.iter().find(has_cost), None, "removed ones included");
    assert_eq!(db.count_rows("column_snapshots", "columns LIKE '%cost%'"), 0, "of no run");
    assert_eq!(db.count_rows("column_layouts", "columns LIKE '%cost%' AND unused_at IS NULL"), 0, "of no items");
    for run in [hiding, shrunk.id] {
        engine.undo_run(run);
        assert!(!albums.list_columns().contains(&"cost".to_owned()), "{:?}", albums.list_columns());
    }
    assert_eq!((albums.count_found("two"), albums.count_found("882")), (1, 0), "the item returned without the column");
}

fn a_column_that_is_hidden_later_leaves_all_items_though_a_run_was_interrupted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 3] = [&["id", "co\u{200b}st", "title"], &["1", "991", "One"], &["2", "882", "Two"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    albums.sync_in_full();
    // The state that a run leaves when it ends after its first batch.
    db.run_sql("UPDATE catalogs SET columns = '[\"id\",\"title\"]'");
    let rows: [&[&str]; 3] = [&["id", "cost", "title"], &["1", "991", "One"], &["2", "882", "Two", "and more"]];
    albums.rewrite_file(&build_book(&rows, Some(2)));
    albums.sync_in_full();
    assert_eq!((albums.count_found("991"), albums.count_found("882"), albums.count_found("two")), (0, 0, 1));
}

fn twelve_hundred_columns_that_are_hidden_later_leave_a_public_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let names: Vec<String> = (1..=1200).map(|number| format!("c{number}")).collect();
    let header: Vec<&str> = ["id", "title"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let row = |id, title, more| [vec![id, title], vec!["991"; 1200], more].concat();
    let (one, two, surplus) = (row("1", "One", vec![]), row("2", "Two", vec![]), row("2", "Two", vec!["more"]));
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&[&header, &one, &two], None));
    albums.sync_in_full();
    assert_eq!(albums.count_found("991"), 2);
    let rows: String = [&header, &one, &surplus].iter().zip(1..).map(|(cells, row)| text_row(row, cells)).collect();
    let hidden = "<cols><col min=\"3\" max=\"1202\" width=\"9\" hidden=\"1\"/></cols>";
    albums.rewrite_file(&XlsxBuilder::of_sheet(&format!("{hidden}<sheetData>{rows}</sheetData>")).bytes());
    let record = engine.run_request(&albums.source, &full_sync());
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    assert_eq!(
        (engine.item_lines(&albums.source), albums.count_found("991")),
        (vec!["1|One".into(), "2|Two".into()], 0)
    );
}

fn a_public_catalog_of_an_earlier_version_is_read_once_more_to_leave_hidden_columns_out(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 2] = [&["id", "cost", "title"], &["1", "9", "One"]];
    let albums = HiddenColumnSource::new(&engine, false, &build_book(&rows, Some(2)));
    engine.sync(&albums.source);
    assert_eq!(engine.item_lines(&albums.source), ["1|9|One"]);
    // An earlier version published hidden columns and stored neither that they are allowed nor that they are not.
    db.run_sql("UPDATE sources SET public = TRUE, read_options = '{}'");
    let known = engine.store.find_catalog(albums.source.id).expect("an answer").expect("a catalog").validators;
    let hash = known.body_hash.expect("the hash of the file");
    db.run_sql(&format!("UPDATE catalogs SET validators = '{{\"body_hash\":\"{hash}\"}}'"));
    engine.run_request(&albums.source, &incremental_sync());
    assert_eq!(engine.item_lines(&albums.source), ["1|One"]);
    let again = engine.run_request(&albums.source, &incremental_sync());
    assert!(again.summary.message.starts_with("Nothing new since the last sync"), "{}", again.summary.message);
}

fn a_header_that_fails_beside_a_hidden_column_gets_the_name_of_its_own_place(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 2] = [&["id", "title", "cost", "year"], &["1", "One", "9", "1990"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, None));
    assert!(albums.sync_in_full().is_empty());
    let failing: [&[&str]; 2] = [&["id", "title", "cost", "#REF!"], rows[1]];
    for _ in 0..2 {
        albums.rewrite_file(&build_book(&failing, Some(3)));
        let issues = albums.sync_in_full();
        assert!(issues.iter().any(|issue| issue.contains("It was read as “year”")), "{issues:?}");
        assert_eq!(
            (albums.list_columns().join(","), engine.item_lines(&albums.source).join(";")),
            ("id,title,year".into(), "1|One|1990".into())
        );
    }
    // A new column has no position in the catalog yet.
    let more: [&[&str]; 2] = [&["id", "title", "cost", "year", "#REF!"], &["1", "One", "9", "1990", "x"]];
    albums.rewrite_file(&build_book(&more, Some(3)));
    let issues = albums.sync_in_full();
    assert!(issues.iter().any(|issue| issue.contains("(“#REF!”) instead of a name.")), "{issues:?}");
}

fn a_hidden_key_column_fails_the_sync_of_a_public_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 2] = [&["id", "title"], &["1", "One"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, Some(1)));
    let probe = engine.control.probe_source(&albums.source).expect("a probe");
    let record = engine.sync(&albums.source);
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("hidden_key_column")));
    assert!(
        record.summary.message.starts_with("The key column “id” is hidden in the source, but the catalog is public.")
    );
    assert_eq!(probe.failure.map(|failure| failure.message()), Some(record.summary.message));
    assert!(engine.list_items(&albums.source).is_empty());
}

fn a_private_catalog_has_hidden_columns(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = HiddenColumnSource::new(&engine, false, &build_book(&[&["id", "cost"], &["1", "9"]], Some(2)));
    let issues = albums.sync_in_full();
    assert!(issues.len() == 1 && issues[0].contains("is hidden in the workbook"), "{issues:?}");
    assert_eq!(engine.item_lines(&albums.source), ["1|9"]);
}

fn a_formula_without_a_value_keeps_its_column_beside_a_hidden_one(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 2] = [&["id", "cost", "total", "title"], &["1", "5", "9", "One"]];
    let albums = HiddenColumnSource::new(&engine, true, &build_book(&rows, Some(2)));
    albums.sync_in_full();
    assert_eq!(engine.item_lines(&albums.source), ["1|9|One"]);
    let hidden = "<cols><col min=\"2\" max=\"2\" width=\"9\" hidden=\"1\"/></cols>";
    let header = text_row(1, rows[0]);
    let unsaved = "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\"><v>5</v></c><c r=\"C2\"><f>B2*2</f></c></row>";
    let sheet = format!("{hidden}<sheetData>{header}{unsaved}</sheetData>");
    albums.rewrite_file(&XlsxBuilder::of_sheet(&sheet).bytes());
    let issues = albums.sync_in_full();
    assert!(issues.iter().any(|issue| issue.starts_with("2/total/noted")), "{issues:?}");
    assert_eq!(engine.item_lines(&albums.source), ["1|9|"]);
}
