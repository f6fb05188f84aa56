//! Skipped rows: their table, their download, and corrected ones that come back.

use std::time::Duration;

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::SourceDraft;
use lockstep::store::admins::UserChange;

use super::history::latest_run;
use super::site::{PASSWORD, TestSite};
use crate::support::google_server::{GoogleServer, SHEET_ID, SheetTab};
use crate::support::socket_client::SocketClient;
use crate::support::test_engine::source_draft;

const BOOKS: &str = "id,title,Row\r\na,One,1\r\n,\"=Two, \r\nor 2\",2\r\na,Three,3,more\r\nb,\"Four\",4";

/// Rows that are skipped in [`BOOKS`], as they are downloaded without the reasons.
const SKIPPED: [&str; 2] = [",\"'=Two, \r\nor 2\",2,,3,", "a,Three,3,more,4,"];

#[test]
fn skipped_rows_are_downloaded_as_they_were_with_their_numbers_and_reasons() {
    let site = TestSite::new();
    let id = latest_run(&site, &site.upload_csv("books", BOOKS));
    let reader = site.add_program("reader", Role::Viewer);
    let path = format!("/history/{id}/issues.csv");
    let reply = reader.get(&path);
    let disposition = format!("attachment; filename=\"books-skipped-rows-{id}.csv\"");
    assert_eq!(reply.header("content-disposition"), Some(&*disposition));
    let rest = reply.body.strip_prefix("\u{FEFF}id,title,Row,column 4,Row (2),Reason\n").expect("the header");
    assert!(rest.starts_with(SKIPPED[0]) && rest.contains(&format!("\n{}", SKIPPED[1])), "{}", reply.body);
    assert_eq!(csv::Reader::from_reader(reply.body.as_bytes()).records().count(), 2, "{}", reply.body);
    let raw = reader.get(&format!("{path}?raw=1"));
    assert!(raw.body.starts_with("id,title,Row,column 4,Row (2),Reason\n,\"=Two, \r\nor 2\",2,,3,"), "{}", raw.body);
    assert_eq!(site.visitor().get(&path).expect_refusal(), (401, "sign_in".to_owned()));
    let clean = latest_run(&site, &site.fill_csv("clean", "id,title\na,One\n"));
    let nothing = reader.get(&format!("/history/{clean}/issues.csv"));
    assert_eq!(nothing.expect_refusal(), (404, "not_found".to_owned()));
}

#[test]
fn a_download_that_lacks_rows_says_so() {
    let site = TestSite::new();
    let text = format!("id,title\na,One\na,{}\na,Three\n", "x".repeat(20_000));
    let id = latest_run(&site, &site.upload_csv("books", &text));
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get(&format!("/history/{id}")).body;
    assert!(page.contains("The download has 1 of 2 skipped rows.") && page.contains("Not kept"), "{page}");
    let disposition = format!("attachment; filename=\"books-skipped-rows-part-{id}.csv\"");
    let reply = admin.get(&format!("/history/{id}/issues.csv"));
    assert_eq!(reply.header("content-disposition"), Some(&*disposition));
}

#[test]
fn corrected_rows_replace_the_skipped_ones_in_the_file_and_are_imported_by_the_next_sync() {
    let site = TestSite::new();
    let source = site.upload_csv("books", BOOKS);
    let id = latest_run(&site, &source);
    let admin = site.add_person("ada", Role::Admin);
    let page = format!("/history/{id}");
    assert!(admin.get(&page).body.contains("Upload corrected rows"));
    let download = admin.get(&format!("{page}/issues.csv")).body;
    let corrected = download.replace(SKIPPED[0], &format!("c{}", SKIPPED[0])).replace(SKIPPED[1], "d,Three,3,,4,");
    assert_ne!(download, corrected);
    let reply = admin.post_file(&format!("{page}/corrected-rows"), &corrected);
    assert_eq!((reply.status, reply.header("location")), (303, Some(&*format!("{page}?corrected=2#issues"))));
    let expected = "id,title,Row\r\na,One,1\r\nc,\"=Two, \r\nor 2\",2\r\nd,Three,3\r\nb,\"Four\",4";
    assert_eq!(site.uploaded_file(), expected);
    let left: Vec<_> = std::fs::read_dir(site.data_dir().join("uploads")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "only the file of the source is left: {left:?}");
    let done = admin.get(&format!("{page}?corrected=2")).body;
    assert!(done.contains("2 rows were corrected. Sync to import them.") && done.contains("sync-corrected"), "{done}");
    site.sync_source(&source);
    let items = admin.get("/api/catalog/books/items").json();
    assert_eq!(items["total"], 4, "{items}");
    let again = admin.post_file(&format!("{page}/corrected-rows"), &corrected);
    assert!(again.status == 409 && again.body.contains("was replaced or corrected after this sync"), "{}", again.body);
    assert_eq!(site.uploaded_file(), expected);
}

#[test]
fn corrected_rows_that_arrive_after_the_end_of_the_session_change_nothing() {
    let site = TestSite::new();
    let id = latest_run(&site, &site.upload_csv("books", BOOKS));
    site.add_user("ada", Role::Admin);
    site.add_user("eve", Role::Admin);
    let login = site.visitor().post_form("/login", &[("username", "eve"), ("password", PASSWORD)]);
    let download = site.visitor().with_header("Cookie", &login.cookie().expect("a session"));
    let rows = download.get(&format!("/history/{id}/issues.csv")).body;
    let corrected = rows.replace(SKIPPED[0], &format!("c{}", SKIPPED[0])).replace(SKIPPED[1], "d,Three,3,,4,");
    let body = format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"rows.csv\"\r\n\r\n{corrected}\r\n\
         --frontier--\r\n"
    );
    let mut slow = SocketClient::connect(site.address);
    slow.send(&format!(
        "POST /history/{id}/corrected-rows HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\
         Content-Type: multipart/form-data; boundary=frontier\r\nContent-Length: {}\r\n\r\n{}",
        site.address,
        login.cookie().expect("a session"),
        body.len(),
        &body[..40]
    ));
    // The head has arrived long before the rest.
    std::thread::sleep(Duration::from_millis(500));
    let eve = site.store.user_by_name("eve").expect("readable").expect("the user").0.id;
    assert_eq!(site.store.remove_user(eve).expect("an answer"), UserChange::Done);
    slow.send(&body[40..]);
    let head = slow.read_head();
    assert!(head.contains("/login"), "{head}");
    assert_eq!(site.uploaded_file(), BOOKS);
}

#[test]
fn corrected_rows_that_do_not_fit_change_nothing() {
    let site = TestSite::new();
    let source = site.upload_csv("books", BOOKS);
    let id = latest_run(&site, &source);
    let admin = site.add_person("ada", Role::Admin);
    let path = format!("/history/{id}/corrected-rows");
    for (text, status, message) in [
        ("id,title,Row,Row (2)\nc,x,2,2\n", 422, "Row 2: it is not among the skipped rows of this sync."),
        ("id,title,Row\nc,x,3\n", 422, "the uploaded file has no column “Row (2)”"),
        ("id,title,Row,Row (2)\n<b>,x,3,<b>\n", 422, "“&#60;b&#62;” is no row number"),
        ("<html><body>", 422, "is a web page"),
        ("", 422, "Nothing was changed"),
    ] {
        let reply = admin.post_file(&path, text);
        assert!(reply.status == status && reply.body.contains(message), "{text}: {} {}", reply.status, reply.body);
    }
    let no_file = admin.post_form(&path, &[("file", "")]);
    assert!(no_file.status == 422 && no_file.body.contains("Choose the file"), "{}", no_file.body);
    let waiting = site.begin_sync(&source);
    let busy = admin.post_file(&path, "id,title,Row,Row (2)\nc,x,2,3\n");
    assert!(busy.status == 409 && busy.body.contains("A sync of this source is running"), "{}", busy.body);
    site.run_queued(&waiting.to_string());
    assert_eq!(site.uploaded_file(), BOOKS);
    let left: Vec<_> = std::fs::read_dir(site.data_dir().join("uploads")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "no upload is left: {left:?}");

    let viewer = site.add_person("bob", Role::Viewer);
    assert_eq!(viewer.post_file(&path, "id\n").status, 403);
    let visitor = site.visitor().post_file(&path, "id\n");
    assert!(visitor.header("location").is_some_and(|to| to.starts_with("/login")), "{}", visitor.status);
    assert!(!viewer.get(&format!("/history/{id}")).body.contains("Upload corrected rows"));
    let other = latest_run(&site, &site.fill_csv("films", "id,title\na,One\na,Two\n"));
    assert!(!admin.get(&format!("/history/{other}")).body.contains("Upload corrected rows"), "not an uploaded file");
    let refused = admin.post_file(&format!("/history/{other}/corrected-rows"), "id,title,Row\nb,Two,3\n");
    assert_eq!(refused.status, 422, "{}", refused.body);
}

#[test]
fn an_issue_of_a_google_sheet_links_to_its_cell() {
    let google = GoogleServer::start();
    let rows: [&[&str]; 3] = [&["title", "id"], &["One", "a"], &["Two", "a"]];
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "First", &rows[..1]), SheetTab::new(7, "Albums", &rows)]);
    let site = TestSite::with_fetch_settings(|settings| {
        settings.google_url = google.url().parse().expect("an address");
        settings.service_account = Some(google.key_json().to_string().parse().expect("a key"));
        settings.allow_hosts = "127.0.0.1".parse().expect("a list");
    });
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=7");
    let draft = SourceDraft { public: true, ..source_draft("sheet", "sheet", SourceLocation::Url(link)) };
    let source = site.store.add_source(&draft, None).expect("a source");
    site.sync_source(&source);
    let id = latest_run(&site, &source);
    let admin = site.add_person("ada", Role::Admin);
    let href = format!("href=\"https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=7&#38;range=B3\"");
    let page = admin.get(&format!("/history/{id}")).body;
    assert!(page.contains(&href), "{page}");
    let panel = admin.get(&format!("/catalog/sheet/sync-status?sync={id}")).body;
    assert!(panel.contains(&href) && panel.contains(">Row 3, id</a>"), "{panel}");
    let visited = site.visitor().get(&format!("/catalog/sheet/sync-status?sync={id}")).body;
    assert!(!visited.contains("docs.google.com"), "{visited}");

    // With a service account the number of a tab is known, though the tab is selected by its name.
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit?sheet=Albums");
    let named = source_draft("named", "sheet", SourceLocation::Url(link));
    let named = site.store.add_source(&named, None).expect("a source");
    site.sync_source(&named);
    let page = admin.get(&format!("/history/{}", latest_run(&site, &named))).body;
    assert!(page.contains(&href), "{page}");
}
