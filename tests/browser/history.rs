//! Past runs, in a real browser.

use super::{albums, serve_half};
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_failure_is_looked_up_tried_again_and_followed_to_its_end() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    outside.set("/albums.csv", StubReply::csv("id,title\n1,One\n,Two\n"));
    outside.then("/albums.csv", StubReply::status(404));
    home.add_url("albums", outside.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync completed");
    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync failed");

    browser.click("#panel-details");
    browser.sees("h1", "Sync failed");
    browser.sees(".outcome", "404");
    browser.sees(".stage-lengths", "not reached");
    browser.fits_a_phone();
    serve_half(&outside, "/albums.csv", &albums(60));
    browser.click("#run-again");
    browser.sees("#panel-title", "Syncing");
    assert_eq!(browser.path(), "/catalog/albums");

    // The list follows what goes on without a request of its own: the badge tells it.
    browser.click("nav a[href='/history']");
    browser.sees("ul.runs li:first-child .state", "Syncing");
    browser.fits_a_phone();
    browser.click("ul.runs li:first-child h2 a");
    browser.sees("h1", "Syncing");
    browser.click("#run .outcome a");
    browser.click("#panel-cancel");
    browser.sees("#panel-title", "Sync cancelled");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.until("one is left", || browser.count("ul.runs li") == 1);
    assert!(browser.path().contains("status=failed"), "{}", browser.path());
    browser.go(&server.url("/history?status=completed"));
    browser.click("ul.runs h2 a");
    browser.sees("#issues", "Row 3, id");
    browser.sees("#changes", "One");
    browser.fits_a_phone();
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_open_page_of_a_run_learns_of_its_end() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    serve_half(&outside, "/albums.csv", &albums(60));
    home.add_url("albums", outside.url("/albums.csv"));
    let id = server.begin("albums");
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    browser.sees("h1", "Syncing");
    let cancelled = server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(cancelled.status, 202, "{}", cancelled.body);
    browser.sees("h1", "Sync cancelled");
    assert!(browser.has("#run-again") && !browser.has("#run[hx-get]"), "it looks no more");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_open_page_says_what_is_done_also_of_a_preview() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    serve_half(&outside, "/albums.csv", &albums(60));
    home.add_url("albums", outside.url("/albums.csv"));
    let preview = serde_json::json!({ "source": "albums", "options": { "preview": true } });
    let id = server.post("/api/sync", &preview).json()["syncId"].as_str().expect("an id").to_owned();
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    // Once it is gone it is the script that writes it, as the badge has it.
    for path in ["/", "/history", &format!("/history/{id}")] {
        browser.go(&server.url(path));
        browser.js("document.querySelector('[data-state-of=albums]').textContent = ''");
        browser.sees("[data-state-of=albums]", "Previewing, ");
    }
    server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn history_is_chosen_and_turned_without_javascript() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    let refused: String = (1..=60).map(|number| format!(",Nobody {number}\n")).collect();
    outside.set("/albums.csv", StubReply::csv(format!("id,title\n1,One\n{refused}")));
    home.add_url("albums", outside.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync completed");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.click("#narrow button");
    browser.sees("main", "No matching runs.");
    browser.click("#narrow-status option[value=completed]");
    browser.click("#narrow button");
    browser.click("ul.runs h2 a");
    browser.sees("#issues .pager", "1–25 of 60");
    browser.click("#issues a[rel=next]");
    browser.sees("#issues .pager", "26–50 of 60");
}
