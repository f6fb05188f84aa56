//! With JavaScript off.

use std::sync::atomic::{AtomicBool, Ordering};

use super::albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn everything_works_without_javascript() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    // The first fetch is answered only when the page has shown the run, the second one never.
    let (is_shown, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let before_end = is_shown.clone();
    outside.reply_with("/albums.csv", move |_| {
        if is_first.swap(false, Ordering::Relaxed) {
            before_end.pause();
            return StubReply::csv(albums(120));
        }
        StubReply::csv(albums(120)).hang()
    });
    home.add_url("albums", outside.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    assert_eq!(browser.path(), "/catalog/albums");

    browser.click("#panel-sync");
    browser.sees("#panel-sync", "Syncing…");
    browser.sees(".noscript", "Refresh now");
    is_shown.resume();
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "120 albums");
    assert!(!browser.has(".noscript"), "it looks no more");

    browser.click("#panel-sync");
    browser.click("#panel-cancel");
    browser.sees("#panel-title", "Sync cancelled");
    assert_eq!(browser.count("#table tbody tr"), 50);

    browser.click("a[rel=next]");
    browser.sees(".pager", "51–100 of 120");
    browser.click("thead th:nth-child(3) a");
    browser.sees("[aria-sort=ascending]", "year");
    browser.click("thead th:nth-child(3) a");
    browser.sees("[aria-sort=descending]", "year");
    browser.fill("#search-field", "Album 118");
    browser.click("#search button");
    browser.sees(".found", "1 album found");
    assert_eq!(browser.count("#table tbody tr"), 1);

    let file = home.path("members.csv");
    std::fs::write(&file, "name;nr\nAda;m1\nGrace;m2\n").expect("a file");
    browser.go(&server.url("/settings/sources/new"));
    browser.fill("#file", &file.display().to_string());
    browser.click("form:has(#file) button[type=submit]");
    browser.sees(".preview tbody", "Grace");
    browser.click("[name=key][value=nr]");
    browser.fill("#name", "Members");
    browser.fill("#slug", "members");
    browser.fill("#noun_one", "member");
    browser.fill("#noun_many", "members");
    browser.click(".form-actions button");
    browser.sees("h1", "Members");
    browser.click("#panel-sync");
    browser.sees("#catalog-facts .count", "2 members");

    browser.go(&server.url("/settings/sources/members"));
    browser.fill("#name", "Our members");
    browser.fill("#schedule", "0 6 * * *");
    browser.click(".form-actions button");
    browser.sees(".done", "Source saved.");
    browser.sees("main", "Our members");
    browser.click("[aria-label='Remove Our members']");
    browser.sees("main", "2 members");
    browser.click("button.danger");
    browser.sees(".done", "Source removed.");
    assert!(!browser.text("main").contains("Our members"));
    browser.click(".logout button");
    browser.until("logged out", || !browser.has(".logout"));
}
