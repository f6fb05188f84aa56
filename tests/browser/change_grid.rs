//! The changes of a run and the history of an item in the browser, on a desktop and on a phone.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

/// A CSV file of albums with these numbers.
fn format_titles(numbers: std::ops::RangeInclusive<usize>, title: &str) -> String {
    let lines: String = numbers.map(|number| format!("{number},{title} number {number}\n")).collect();
    format!("id,title\n{lines}")
}

#[test]
fn changes_are_searched_paged_and_followed_to_the_item_on_a_desktop_and_on_a_phone() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv(format_titles(1..=120, "Début")));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    stub.set_reply("/albums.csv", StubReply::csv(format_titles(3..=121, "Post")));
    let preview = serde_json::json!({ "source": "albums", "options": { "preview": true } });
    let id = server.post("/api/sync", &preview).json()["syncId"].as_str().expect("an id").to_owned();
    browser.open_page(&server.url(&format!("/history/{id}")));
    browser.wait_for_text("h1", "preview");
    browser.wait_for_text("#run .counts", "118 to update");
    browser.wait_for_text("#changes-title", "Changes in this preview");
    browser.wait_for_text("#changes .tabs", "1 to add");
    browser.wait_for_text("#changes .tabs", "2 to remove");
    let id = server.start_sync("albums");
    browser.open_page(&server.url(&format!("/history/{id}")));
    browser.wait_for_text("h1", "sync completed");
    browser.wait_for_text("#changes .pager", "1–50 of 121");

    browser.click("#changes .tabs a:nth-child(3)");
    browser.wait_for_text("#changes .pager", "1–50 of 118");
    assert!(browser.page_path().contains("kind=updated"), "{}", browser.page_path());
    browser.click("#changes a[rel=next]");
    browser.wait_for_text("#changes .pager", "51–100 of 118");
    browser.fill_field("#changes-search", "debut 77");
    browser.wait_for_text("#changes .search-found", "1 change found for “debut 77”");
    assert!(browser.page_path().contains("q=debut+77&kind=updated"), "{}", browser.page_path());
    browser.wait_for_text("#changes .change-group del", "Début");
    browser.wait_for_text("#changes .change-group ins", "Post");
    browser.assert_fits_phone();
    browser.click("#changes .change-head a");
    browser.wait_for_text("#history", "Sync by");
    assert_eq!(browser.count_elements("#history .change-group"), 2);
    browser.assert_fits_phone();

    browser.set_narrow(true);
    browser.click("#history .change-head a");
    browser.wait_for_text("#changes .tabs", "118 updated");
    browser.fill_field("#changes-search", "nothing at all");
    browser.wait_for_text("#changes", "No matching changes.");
    browser.click("#changes .text-quiet a");
    browser.wait_for_text("#changes .pager", "1–50 of 121");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn changes_are_searched_and_paged_without_javascript() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv(format_titles(1..=120, "Début")));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.click("#panel-details");
    browser.wait_for_text("#changes .pager", "1–50 of 120");
    browser.click("#changes a[rel=next]");
    browser.wait_for_text("#changes .pager", "51–100 of 120");
    browser.fill_field("#changes-search", "debut 77");
    browser.click("#changes form button");
    browser.wait_for_text("#changes .search-found", "1 change found for “debut 77”");
    browser.wait_for_text("#changes .change-group", "Début number 77");
}
