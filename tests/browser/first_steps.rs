//! The first steps of a new admin: set-up, first sync, search.

use std::time::{Duration, Instant};

use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::{ADMIN_LOGIN, ServerSetup};

#[test]
fn a_new_admin_syncs_the_sample_and_polling_ends() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();

    let (_, token) = server.set_up_link().split_once("/setup").expect("a link to the set-up");
    browser.open_page(&proxy.url(&format!("/setup{token}")));
    browser.fill_field("#username", ADMIN_LOGIN.0);
    browser.fill_field("#password", ADMIN_LOGIN.1);
    browser.click("main button[type=submit]");
    browser.wait_for_text(".site-user", ADMIN_LOGIN.0);
    assert_eq!(browser.page_path(), "/");
    browser.assert_fits_phone();

    browser.click(".source-list-name a");
    browser.wait_for_text("#table", "No albums yet");
    browser.wait_for_text("#panel", "Never synced");
    browser.run_script("window.sameAsBefore = true");
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_condition("the table shows the items", || browser.count_elements("#table tbody tr") == 50);
    browser.wait_for_text("#catalog-facts .text-facts-count", "209 albums");
    browser.wait_for_text("#panel", "last synced");
    assert_eq!(browser.run_script("return window.sameAsBefore"), true, "the page was loaded anew");
    assert!(browser.element_text("#panel .counts").contains("209 added"));

    let ended = Instant::now();
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(proxy.requests_since(ended, "/sync-status"), 0, "the page polls an ended run");
    assert!(proxy.requests_since(ended, "/sync-badge") <= 1, "the badge asks every 30 s");

    browser.assert_fits_phone();
    for page in ["/", "/settings/sources", "/settings/sources/new", "/settings/sources/sample-albums"] {
        browser.open_page(&proxy.url(page));
        browser.assert_fits_phone();
    }
    browser.open_page(&proxy.url("/catalog/sample-albums?q=davis"));
    browser.wait_for_text(".search-found", "found for “davis”");
    browser.click("#table tbody td a");
    browser.wait_for_text(".item-fields", "Miles Davis");
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}
