//! The history in the browser.

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_failed_run_is_found_in_the_history_and_retried() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv("id,title\n1,One\n,Two\n"));
    stub.queue_reply("/albums.csv", StubReply::status(404));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync failed");

    browser.click("#panel-details");
    browser.wait_for_text("h1", "Sync failed");
    browser.wait_for_text(".run-outcome", "404");
    browser.wait_for_text(".run-stage-times", "not reached");
    browser.assert_fits_phone();
    serve_half(&stub, "/albums.csv", &format_albums(60));
    browser.click("#run-again");
    browser.wait_for_text("#panel-title", "Syncing");
    assert_eq!(browser.page_path(), "/catalog/albums");

    // The list is updated without a request of its own, by the badge.
    browser.click("nav a[href='/history']");
    browser.wait_for_text("ul.run-list li:first-child .state", "Syncing");
    browser.assert_fits_phone();
    browser.click("ul.run-list li:first-child h2 a");
    browser.wait_for_text("h1", "Syncing");
    browser.click("#run .run-outcome a");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.wait_for_condition("one is left", || browser.count_elements("ul.run-list li") == 1);
    assert!(browser.page_path().contains("status=failed"), "{}", browser.page_path());
    browser.open_page(&server.url("/history?status=completed"));
    browser.click("ul.run-list h2 a");
    browser.wait_for_text(".issue-table", "Missing key");
    browser.wait_for_text("#changes", "One");
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}

/// A server with the source `albums`, whose host sends half of the file and then waits.
pub(super) fn start_with_unfinished_fetch() -> (ServerSetup, ServerProcess, StubServer) {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(60));
    setup.add_url("albums", stub.url("/albums.csv"));
    (setup, server, stub)
}

#[test]
fn an_open_page_of_a_run_shows_its_end() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let id = server.start_sync("albums");
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    browser.wait_for_text("h1", "Syncing");
    let cancelled = server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(cancelled.status, 202, "{}", cancelled.body);
    browser.wait_for_text("h1", "Sync cancelled");
    assert!(
        browser.has_element("#run-again") && !browser.has_element("#run[hx-get]"),
        "the page does not poll any more"
    );
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_open_page_shows_the_state_of_a_preview() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let preview = serde_json::json!({ "source": "albums", "options": { "preview": true } });
    let id = server.post("/api/sync", &preview).json()["syncId"].as_str().expect("an id").to_owned();
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    // When the text has been removed, only the script can write it again, from the badge.
    for path in ["/", "/history", &format!("/history/{id}")] {
        browser.open_page(&server.url(path));
        browser.run_script("document.querySelector('[data-state-of=albums]').textContent = ''");
        browser.wait_for_text("[data-state-of=albums]", "Previewing, ");
    }
    server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn history_is_filtered_and_paged_without_javascript() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let refused: String = (1..=60).map(|number| format!(",Nobody {number}\n")).collect();
    stub.set_reply("/albums.csv", StubReply::csv(format!("id,title\n1,One\n{refused}")));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.click("#narrow button");
    browser.wait_for_text("main", "No matching runs.");
    browser.click("#narrow-status option[value=completed]");
    browser.click("#narrow button");
    browser.click("ul.run-list h2 a");
    browser.wait_for_text("#issues .pager", "1–25 of 60");
    browser.click("#issues a[rel=next]");
    browser.wait_for_text("#issues .pager", "26–50 of 60");
}
