//! What visitors see of a public catalog.

use std::time::Duration;

use lockstep::domain::frame_hosts::FrameHosts;
use lockstep::domain::public_page::PublicPage;

use super::format_albums;
use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};

/// A server with the public catalog `albums` of this many items, which these sites may embed.
pub(super) fn open_server(count: usize, sites: &str) -> (ServerSetup, ServerProcess) {
    open_server_with(&format_albums(count), sites)
}

/// A server with the public catalog `albums` of this CSV file, `albums.csv`, which these sites may embed.
pub(super) fn open_server_with(csv: &str, sites: &str) -> (ServerSetup, ServerProcess) {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    std::fs::write(&file, csv).expect("a file");
    setup.add_file("albums", &file);
    set_sites(&setup, sites);
    let run = server.start_sync("albums");
    server.wait_for_status(&run, "completed");
    (setup, server)
}

/// Sets which sites may embed the catalog.
pub(super) fn set_sites(setup: &ServerSetup, sites: &str) {
    let store = setup.store();
    let source = store.find_source("albums").expect("an answer").expect("a source");
    let page = PublicPage {
        title: Some("The record shelf".to_owned()),
        description: "All our records.\nBorrow one at the desk.".to_owned(),
        is_indexed: true,
        frame_hosts: FrameHosts::parse_list(sites).expect("sites"),
    };
    store.set_public_page(source.id, &page).expect("saved");
}

#[test]
fn visitors_see_a_catalog_and_their_page_asks_for_nothing_by_itself() {
    let (_setup, server) = open_server(60, "");
    let browser = Browser::open();
    browser.open_page(&server.url("/catalog/albums"));
    browser.wait_for_text("#catalog-facts", "60 albums");
    browser.wait_for_text(".text-facts-updated", "updated");
    assert_eq!(browser.element_text(".page-title-description"), "All our records.\nBorrow one at the desk.");
    // The time is relative, and exact for those who point at it.
    assert!(browser.find_attribute(".text-facts-updated relative-time", "title").is_some_and(|at| at.contains(' ')));
    let shown = browser.element_text("body");
    for word in ["Sync", "sync", "History", "Public", "Settings", "Preview"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    let requests = || browser.run_script("return performance.getEntriesByType('resource').length");
    browser.run_script("window.dispatchEvent(new Event('focus'))");
    let before = requests();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(requests(), before, "no request is sent by itself");
    // Search, pages and items work as before.
    browser.click(".pager a[rel=next]");
    browser.wait_for_text(".pager", "51–60 of 60");
    browser.fill_field("#search-field", "Album 7");
    browser.wait_for_text(".search-found", "found");
    browser.click("tbody .cell-lead a");
    browser.wait_for_text("h1", "Album 7");
    assert!(!browser.has_element("#history") && !browser.element_text("main").contains("Key"));
    browser.open_page(&server.url("/"));
    browser.wait_for_text("main", "The record shelf");
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn public_pages_and_their_settings_are_accessible() {
    let (_setup, server) = open_server(60, "https://friend.example");
    let browser = Browser::open();
    browser.open_page(&server.url("/catalog/albums"));
    let item = browser.find_attribute("tbody .cell-lead a", "href").expect("an item");
    let embedded = format!("{item}?embed=1");
    let pages = ["/", "/catalog/albums", "/catalog/albums?q=Album+7", "/catalog/albums?embed=1", &item, &embedded];
    for path in pages {
        browser.assert_accessible(&server.url(path));
        browser.assert_fits_phone();
    }
    browser.log_in(&server.url("/login"));
    browser.assert_accessible(&server.url("/settings/sources/albums/public-page"));
    browser.assert_fits_phone();
    browser.fill_field("#frame_hosts", "friend.example");
    browser.click("form.public-page button[type=submit]");
    browser.wait_for_text("#hosts-error", "Enter https://friend.example.");
    assert_eq!(browser.run_script("return document.querySelector('#frame_hosts').value"), "friend.example");
    browser.fill_field("#frame_hosts", "https://friend.example");
    browser.click("form.public-page button[type=submit]");
    browser.wait_for_text(".notice-done", "Public page saved.");
    let snippet = browser.run_script("return document.querySelector('#snippet').value");
    let expected = format!("<iframe src=\"{}\" title=\"The record shelf\"", server.url("/catalog/albums?embed=1"));
    assert!(snippet.as_str().is_some_and(|snippet| snippet.starts_with(&expected)), "{snippet}");
}
