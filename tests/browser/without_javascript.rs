//! All pages with JavaScript switched off.

use std::sync::atomic::{AtomicBool, Ordering};

use super::format_albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn everything_works_without_javascript() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    // The first fetch is answered only when the page has shown the run, the second one never.
    let (is_shown, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let before_end = is_shown.clone();
    stub.reply_with("/albums.csv", move |_| {
        if is_first.swap(false, Ordering::Relaxed) {
            before_end.pause();
            return StubReply::csv(format_albums(120));
        }
        StubReply::csv(format_albums(120)).hang()
    });
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    assert_eq!(browser.page_path(), "/catalog/albums");

    browser.click("#panel-sync");
    browser.wait_for_text("#panel-sync", "Syncing…");
    browser.wait_for_text(".notice-noscript", "Refresh now");
    is_shown.resume();
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "120 albums");
    assert!(!browser.has_element(".notice-noscript"), "the page does not poll any more");

    browser.click("#panel-sync");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    assert_eq!(browser.count_elements("#table tbody tr"), 50);

    browser.click("a[rel=next]");
    browser.wait_for_text(".pager", "51–100 of 120");
    browser.click("thead th:nth-child(3) a");
    browser.wait_for_text("[aria-sort=ascending]", "year");
    browser.click("thead th:nth-child(3) a");
    browser.wait_for_text("[aria-sort=descending]", "year");
    browser.fill_field("#search-field", "Album 118");
    browser.click("#search button");
    browser.wait_for_text(".search-found", "1 album found");
    assert_eq!(browser.count_elements("#table tbody tr"), 1);

    let file = setup.path("members.csv");
    std::fs::write(&file, "name;nr\nAda;m1\nGrace;m2\n").expect("a file");
    browser.open_page(&server.url("/settings/sources/new"));
    browser.fill_field("#file", &file.display().to_string());
    browser.click("form:has(#file) button[type=submit]");
    browser.wait_for_text(".source-preview tbody", "Grace");
    browser.click("[name=key][value=nr]");
    browser.fill_field("#name", "Members");
    browser.fill_field("#slug", "members");
    browser.fill_field("#noun_one", "member");
    browser.fill_field("#noun_many", "members");
    browser.click(".form-actions button");
    browser.wait_for_text("h1", "Members");
    browser.wait_for_text("#catalog-facts .text-facts-count", "2 members");

    browser.open_page(&server.url("/settings/sources/members"));
    browser.fill_field("#name", "Our members");
    browser.click("#schedule_choice option[value=daily]");
    browser.click(".form-actions button");
    browser.wait_for_text(".notice-done", "Source saved.");
    browser.wait_for_text("main", "Every day at 03:00 (UTC)");
    browser.wait_for_text("main", "Our members");
    browser.click("[aria-label='Remove Our members']");
    browser.wait_for_text("main", "2 members");
    browser.click("button.form-danger");
    browser.wait_for_text(".notice-done", "Source removed.");
    assert!(!browser.element_text("main").contains("Our members"));
    browser.click(".site-menu-button");
    browser.click(".site-logout button");
    browser.wait_for_condition("logged out", || !browser.has_element(".site-logout"));
}
