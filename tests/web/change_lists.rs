//! The changes of a run: its page, its downloads and its JSON; and the history of an item.

use lockstep::domain::account::Role;
use lockstep::domain::source::Source;
use serde_json::Value;

use super::history::{latest_run, sync_again};
use super::site::{SiteClient, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    changes_are_filtered_and_searched_in_json,
    a_file_of_changes_has_every_change_and_follows_the_filter,
    the_history_of_an_item_is_read_with_an_account_only,
];

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

/// A CSV file of `numbers` of books.
fn format_books(numbers: impl Iterator<Item = usize>, title: &str) -> String {
    let lines: String = numbers.map(|number| format!("b{number},{title} {number}\n")).collect();
    format!("id,title\n{lines}")
}

/// A source whose last run added 120 books, updated 390 and removed 10; the id of that run.
fn fill_books(site: &TestSite) -> (Source, String) {
    let source = site.fill_csv("books", &format_books(1..=400, "Début"));
    let run = sync_again(site, &source, &format_books(11..=520, "Post"));
    (source, run)
}

fn keys(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|entry| entry["key"].as_str().expect("a key")).collect()
}

fn changes_are_filtered_and_searched_in_json(db: &TestDatabase) {
    let site = open_site(db);
    let (_, run) = fill_books(&site);
    let reader = site.add_program("reader", Role::Viewer);
    let get = |query: &str| reader.get(&format!("/api/history/{run}/changes{query}")).json();
    let all = get("?per=500");
    assert_eq!((&all["total"], keys(&all["items"]).len()), (&520.into(), 500));
    let kinds: Vec<&str> = (all["items"].as_array().expect("a list").iter())
        .map(|entry| entry["kind"].as_str().expect("a kind"))
        .collect();
    assert!(kinds[..120].iter().all(|kind| *kind == "added") && kinds[120] == "updated" && kinds[499] == "updated");
    let rest = get("?per=500&page=2");
    let mut removed = keys(&rest["items"])[10..].to_vec();
    removed.sort_unstable();
    assert_eq!(removed, ["b1", "b10", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"]);
    assert_eq!(get("?q=DEBUT")["total"], 400, "390 were called so, and ten still are");
    let found = get("?q=d%C3%A9but%20b77&kind=updated");
    assert_eq!((&found["total"], keys(&found["items"])), (&1.into(), vec!["b77"]));
    assert_eq!(get("?q=debut&kind=added")["total"], 0);
    assert_eq!(get("?q=title")["total"], 0, "the name of a column");
    assert_eq!(get("?kind=removed&q=b4")["items"][0]["after"], Value::Null);
    let reply = reader.get(&format!("/api/history/{run}/changes?kind=changed"));
    assert_eq!((reply.expect_refusal(), &reply.json()["field"]), ((400, "bad_request".to_owned()), &"kind".into()));
}

fn a_file_of_changes_has_every_change_and_follows_the_filter(db: &TestDatabase) {
    let site = open_site(db);
    let (_, run) = fill_books(&site);
    let reader = site.add_program("reader", Role::Viewer);
    let get = |file: &str| reader.get(&format!("/history/{run}/changes.{file}"));
    let csv = get("csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"books-changes-{run}.csv\"");
    assert_eq!(csv.header("content-disposition"), Some(&*disposition));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines[0], "Change,Key,Field,Before,After");
    assert_eq!(lines.len(), 1 + 2 * 120 + 390 + 2 * 10, "a line for each field that differs");
    assert_eq!(lines[1..3], ["added,b401,id,,b401", "added,b401,title,,Post 401"]);
    assert!(lines.contains(&"updated,b399,title,Début 399,Post 399") && lines.contains(&"removed,b10,title,Début 10,"));
    assert_eq!(get("csv?kind=updated&q=B77").body.lines().count(), 2);
    assert_eq!(get("csv?q=nothing").body, "Change,Key,Field,Before,After\n");

    let json: Value = serde_json::from_str(&get("json").body).expect("JSON");
    let listed = |page| reader.get(&format!("/api/history/{run}/changes?per=500&page={page}")).json()["items"].clone();
    let [first, second] = [1, 2].map(listed);
    let all: Vec<&Value> = first.as_array().expect("a list").iter().chain(second.as_array().expect("a list")).collect();
    assert_eq!(json.as_array().expect("a list").iter().collect::<Vec<_>>(), all, "the same objects as in the API");
    assert_eq!(serde_json::from_str::<Value>(&get("json?q=nothing").body).expect("JSON"), serde_json::json!([]));
    assert_eq!(get("json?kind=changed").expect_refusal(), (400, "bad_request".to_owned()));
    for file in ["changes.csv", "changes.json", "changes/value?key=b11&field=title&side=after"] {
        let path = format!("/history/{run}/{file}");
        assert!([303, 401].contains(&site.visitor().get(&path).status), "{path}");
    }
    assert_eq!(site.add_person("bob", Role::Viewer).get(&format!("/history/{run}/changes.csv")).status, 200);
}

/// The path of the item with this key.
fn item_path(client: &SiteClient<'_>, key: &str) -> String {
    let found = client.get(&format!("/api/catalog/books/items?q={key}")).json();
    format!("/catalog/books/items/{}", found["items"][0]["id"].as_str().expect("an id"))
}

fn the_history_of_an_item_is_read_with_an_account_only(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title,note\nb1,One,secret then\nb2,Two,x\n");
    let first = latest_run(&site, &source);
    let second = sync_again(&site, &source, "id,title\nb1,<i>Other</i>\nb2,Two\n");
    let reader = site.add_person("bob", Role::Viewer);
    let path = item_path(&reader, "b1");
    let page = reader.get(&path).body;
    for text in ["&#60;i&#62;Other&#60;/i&#62;", "secret then", "column removed", "Sync by ada", &first, &second] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let visited = site.visitor().get(&path);
    assert!(visited.status == 200 && !visited.body.contains("secret") && !visited.body.contains("id=\"history\""));

    let history = format!("/api{path}/history");
    let program = site.add_program("reader", Role::Viewer);
    let listed = program.get(&history).json();
    let entries = listed["items"].as_array().expect("a list");
    let runs: Vec<_> = entries.iter().map(|entry| (&entry["syncId"], &entry["kind"], &entry["runKind"])).collect();
    let (second, first, sync) = (&Value::from(second), &Value::from(first), &Value::from("sync"));
    assert_eq!(runs, [(second, &"updated".into(), sync), (first, &"added".into(), sync)]);
    assert_eq!((&listed["total"], &entries[0]["before"]["note"]), (&2.into(), &"secret then".into()));
    assert_eq!(entries[0]["requestedBy"], "ada");
    assert_eq!(program.get(&format!("{history}?per=1&page=2")).json()["items"][0]["syncId"], *first);
    assert_eq!(site.visitor().get(&history).expect_refusal(), (401, "sign_in".to_owned()));
    let unknown = program.get("/api/catalog/books/items/999999/history");
    assert_eq!(unknown.expect_refusal(), (404, "not_found".to_owned()));
}

#[test]
fn the_page_shows_kinds_as_tabs_and_keeps_kind_search_and_page_in_its_links() {
    let site = TestSite::new();
    let (_, run) = fill_books(&site);
    let reader = site.add_person("bob", Role::Viewer);
    let get = |query: &str| reader.get(&format!("/history/{run}{query}")).body;
    let page = get("");
    for text in ["520 changes", "120 added", "390 updated", "10 removed", "1–50 of 520"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let page = get("?kind=updated&page=8");
    assert!(page.contains("351–390 of 390") && page.contains(">Before</th>"), "{page}");
    assert_eq!(page.matches("class=\"change-group\"").count(), 40);
    let page = get("?kind=updated&page=99");
    assert!(page.contains("351–390 of 390"), "a page too far is the last: {page}");
    let page = get("?kind=updated&q=post%203&page=2");
    assert!(page.contains(&format!("/history/{run}?kind=updated&#38;q=post+3&#38;page=3#changes")), "{page}");
    assert!(page.contains(&format!("/history/{run}/changes.csv?kind=updated&#38;q=post+3")), "{page}");
    let page = get("?q=b77");
    for text in ["1 change found for “b77”", "0 added", "1 updated", "<del>Début</del> 77", "<ins>Post</ins> 77"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let page = get("?q=%3Cb%3Enothing");
    assert!(page.contains("0 changes found for “&#60;b&#62;nothing”") && page.contains("No matching changes."));
    let page = get("?kind=%3Cb%3Ebogus&utm_source=mail");
    let notice = "The filter “&#60;b&#62;bogus” was not applied. Choose added, updated or removed.";
    assert!(page.contains(notice) && page.contains("1–50 of 520"), "{page}");
    assert!(!get("?utm_source=mail").contains("notice-filter"), "other parameters are passed over");
    let page = get("?kind=removed");
    assert!(
        !page.contains("notice-filter") && page.contains("Former value") && !page.contains("/catalog/books/items/"),
        "they are not in the catalog"
    );
}

#[test]
fn a_preview_counts_what_a_sync_would_do() {
    let site = TestSite::new();
    let source = site.fill_csv("books", &format_books(1..=30, "Old"));
    std::fs::write(site.data_dir().join("books.csv"), format_books(3..=31, "New")).expect("a file");
    let admin = site.add_program("robot", Role::Admin);
    let preview = r#"{"source":"books","options":{"preview":true}}"#;
    let id = admin.post_json("/api/sync", preview).json()["syncId"].as_str().expect("an id").to_owned();
    site.run_queued(&id);
    let reader = site.add_person("bob", Role::Viewer);
    let pages = ["/history".to_owned(), format!("/history/{id}"), format!("/catalog/books/sync-status?sync={id}")];
    for path in pages {
        let page = reader.get(&path).body.replace("</b>", "").replace("<b>", "");
        for text in ["1 to add", "28 to update", "2 to remove"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        for text in ["28 updated", "2 removed", "would be"] {
            assert!(!page.contains(text), "{text}: {page}");
        }
    }
    let csv = reader.get(&format!("/history/{id}/changes.csv?kind=added")).body;
    assert!(csv.contains("to add,b31,title,,New 31"), "{csv}");
    sync_again(&site, &source, &format_books(3..=31, "New"));
    assert!(reader.get(&format!("/history/{id}?kind=added")).body.contains("1 to add"), "it stays what it was");
}

#[test]
fn no_cell_of_a_file_is_a_formula_unless_it_is_raw() {
    let site = TestSite::new();
    let source = site.fill_csv("books", "id,=title\n@a,=1+1\n");
    let run = sync_again(&site, &source, "id,=title\n@a,\"-2+3\"\n+b,-5\n");
    let reader = site.add_program("reader", Role::Viewer);
    let lines = |query: &str| -> Vec<String> {
        let csv = reader.get(&format!("/history/{run}/changes.csv{query}")).body;
        csv.lines().skip(1).map(str::to_owned).collect()
    };
    let safe = ["added,'+b,id,,'+b", "added,'+b,'=title,,-5", "updated,'@a,'=title,'=1+1,'-2+3"];
    assert_eq!(lines(""), safe);
    assert_eq!(lines("?raw=1"), safe.map(|line| line.replace('\'', "")));
}

#[test]
fn a_long_value_is_one_click_away_however_long_it_is() {
    let site = TestSite::new();
    let long = |word: &str, times: usize| format!("{}<b>{word}</b>", "word ".repeat(times));
    let text = |word: &str| format!("id,title,body,tome\na&b,One,{},{}\n", long(word, 200), long(word, 9000));
    let source = site.fill_csv("books", &text("old"));
    let run = sync_again(&site, &source, &text("new"));
    let reader = site.add_person("bob", Role::Viewer);
    let page = reader.get(&format!("/history/{run}")).body;
    assert!(page.contains("<del>&#60;b&#62;old&#60;/b&#62;</del>"), "{page}");
    let whole = long("old", 200).replace('<', "&#60;").replace('>', "&#62;");
    assert!(page.contains(&whole), "the shorter one is in the page: {page}");
    let link = format!("/history/{run}/changes/value?key=a%26b&field=tome&side=");
    assert!(page.contains(&format!("{link}before").replace('&', "&#38;")) && page.len() < 60_000, "{page}");
    for (side, word) in [("before", "old"), ("after", "new")] {
        let value = reader.get(&format!("{link}{side}"));
        assert_eq!((value.status, value.header("content-type")), (200, Some("text/plain; charset=utf-8")));
        assert_eq!(value.body, long(word, 9000));
    }
    for query in ["key=a%26b&field=nothing&side=after", "key=x&field=tome&side=after", "side=before"] {
        assert_eq!(reader.get(&format!("/history/{run}/changes/value?{query}")).status, 404, "{query}");
    }
    for side in ["x", ""] {
        let refused = reader.get(&format!("{link}{side}"));
        assert_eq!(refused.status, 400, "{side:?}");
        assert!(refused.body.contains("“side” must be before or after."), "{}", refused.body);
    }
}

#[test]
fn a_wide_item_lists_some_fields_and_links_to_all_of_them() {
    let site = TestSite::new();
    let text = |rows: usize, value: &str| {
        let header = (2..=700).fold("id".to_owned(), |header, at| format!("{header},c{at}"));
        let row = |row: usize| (2..=700).fold(format!("b{row}"), |cells, at| format!("{cells},{value}{at}"));
        (1..=rows).fold(header, |text, at| format!("{text}\n{}", row(at)))
    };
    let source = site.fill_csv("books", &text(50, "old"));
    let added = latest_run(&site, &source);
    let updated = sync_again(&site, &source, &text(50, "new"));
    let reader = site.add_person("bob", Role::Viewer);
    for (run, unlisted) in [(&added, 650), (&updated, 649)] {
        let page = reader.get(&format!("/history/{run}")).body;
        let link = format!("<a href=\"/history/{run}/changes/item?key=b7\">and {unlisted} more fields</a>");
        assert!(page.contains(&link) && page.len() < 900_000, "{} bytes", page.len());
        assert!(page.contains(">c50<") && !page.contains(">c52<"));
        let item = format!("/history/{run}/changes/item?key=b7");
        let (first, second) = (reader.get(&item).body, reader.get(&format!("{item}&page=2")).body);
        assert!(first.contains("1–500 of ") && first.contains(">c52<") && !first.contains(">c700<"), "{first}");
        assert!(second.contains(">c700<") && first.contains("page=2") && !first.contains("more fields"), "{second}");
    }
    let history = reader.get(&item_path(&site.visitor(), "b7")).body;
    assert!(history.contains("and 649 more fields"), "{history}");
    assert!(!reader.get(&item_path(&site.visitor(), "b7")).body.contains(">c600</th>"), "{history}");
    for path in ["changes/item?key=b99", "changes/item"] {
        assert_eq!(reader.get(&format!("/history/{added}/{path}")).status, 404, "{path}");
    }
    assert_eq!(site.visitor().get(&format!("/history/{added}/changes/item?key=b7")).status, 303);
}
