//! Tests of the views of runs, issues and changes.

use super::{change_line, issue_line, shown_progress};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::operation::Status;

#[test]
fn progress_never_goes_back_and_100_is_for_the_completed() {
    assert_eq!(shown_progress(Status::Running, 40, 63), 63);
    assert_eq!(shown_progress(Status::Running, 70, 63), 70);
    assert_eq!(shown_progress(Status::Running, 70, 255), 99);
    assert_eq!(shown_progress(Status::Failed, 12, 100), 99);
    assert_eq!(shown_progress(Status::Completed, 0, 0), 100);
}

#[test]
fn a_change_names_the_item_and_what_differs() {
    let change = Change {
        key: "a1".to_owned(),
        kind: ChangeKind::Updated,
        before: Some(r#"[["id","a1"],["title","Arival"],["mood","calm"],["year","1976"]]"#.to_owned()),
        after: Some(r#"[["id","a1"],["title","Arrival"],["year","1976"],["label","Polar"]]"#.to_owned()),
    };
    let line = change_line(&change, "album");
    assert_eq!(line.key, "Arrival");
    let changed: Vec<_> = line.fields.iter().map(|f| (f.name.as_str(), f.old.as_deref(), f.new.as_deref())).collect();
    assert_eq!(
        changed,
        [("title", Some("Arival"), Some("Arrival")), ("label", None, Some("Polar")), ("mood", Some("calm"), None)]
    );
}

#[test]
fn a_change_that_cannot_be_read_still_has_its_key() {
    let change = Change { key: "a1".to_owned(), kind: ChangeKind::Added, before: None, after: Some("{".to_owned()) };
    assert_eq!(change_line(&change, "album").key, "a1");
}

#[test]
fn the_place_of_an_issue_is_a_row_a_column_or_a_feed() {
    let place = |row: Option<u64>, column: Option<&str>, of_feeds: bool| {
        let column = column.map(str::to_owned);
        issue_line(Issue { row, column, kind: IssueKind::Noted, reason: String::new() }, of_feeds).place
    };
    assert_eq!(place(Some(5), Some("title"), false), "Row 5, title");
    assert_eq!(place(Some(5), None, false), "Row 5");
    assert_eq!(place(None, Some("title"), false), "All rows, title");
    assert_eq!(place(None, None, false), "All rows");
    assert_eq!(place(None, Some("Jazz today"), true), "Jazz today");
    assert_eq!(place(None, None, true), "All feeds");
    assert_eq!(place(Some(5), Some("title"), true), "Row 5, title");
}
