//! The first quarter of an hour with Lockstep.

use std::time::{Duration, Instant};

use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::{ADMIN_LOGIN, ServerSetup};

#[test]
fn from_the_set_up_link_to_a_catalog_in_step_and_then_silence() {
    let home = ServerSetup::new();
    let server = home.start();
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();

    let (_, token) = server.set_up_link().split_once("/setup").expect("a link to the set-up");
    browser.go(&front.url(&format!("/setup{token}")));
    browser.fill("#username", ADMIN_LOGIN.0);
    browser.fill("#password", ADMIN_LOGIN.1);
    browser.click("main button[type=submit]");
    browser.sees(".logout", ADMIN_LOGIN.0);
    assert_eq!(browser.path(), "/");
    browser.fits_a_phone();

    browser.click(".source-name a");
    browser.sees("#table", "No albums yet");
    browser.sees("#catalog-facts", "never synced");
    browser.js("window.sameAsBefore = true");
    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync completed");
    browser.until("the table shows the items", || browser.count("#table tbody tr") == 50);
    browser.sees("#catalog-facts .count", "209 albums");
    browser.sees("#catalog-facts .synced", "last synced");
    assert_eq!(browser.js("return window.sameAsBefore"), true, "the page was loaded anew");
    assert!(browser.text("#panel .counts").contains("209 added"));

    let ended = Instant::now();
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(front.requests_since(ended, "/sync-status"), 0, "it is over, and still asked for");
    assert!(front.requests_since(ended, "/sync-badge") <= 1, "the badge asks every 30 s");

    browser.fits_a_phone();
    for page in ["/", "/settings/sources", "/settings/sources/new", "/settings/sources/sample-albums"] {
        browser.go(&front.url(page));
        browser.fits_a_phone();
    }
    browser.go(&front.url("/catalog/sample-albums?q=davis"));
    browser.sees(".found", "found for “davis”");
    browser.click("#table tbody td a");
    browser.sees(".item", "Miles Davis");
    browser.fits_a_phone();
    assert_eq!(browser.complaints(), [""; 0]);
}
