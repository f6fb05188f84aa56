//! A slow run in the browser: progress, tabs, a hidden page, cancel.

use std::time::{Duration, Instant};

use super::{format_albums, serve_slowly};
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::StubServer;

/// Makes the page believe that it is hidden or shown. A browser without a window always counts the controlled tab as
/// shown.
fn set_hidden(browser: &Browser, hidden: bool) {
    browser.run_script(&format!(
        "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }}); \
         document.dispatchEvent(new Event('visibilitychange'));"
    ));
}

fn read_percent(browser: &Browser) -> u64 {
    browser.find_attribute("#panel-bar", "value").and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[test]
fn progress_is_shown_in_every_tab_survives_a_reload_and_pauses_while_hidden() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_slowly(&stub, "/albums.csv", &format_albums(4000));
    setup.add_url("albums", stub.url("/albums.csv"));
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    let first = browser.current_tab();

    browser.click("#panel-sync");
    browser.wait_for_text("#panel-sync", "Syncing…");
    assert!(browser.find_attribute("#panel-sync", "disabled").is_some());
    browser.wait_for_condition("the fetch has begun", || read_percent(&browser) > 0);
    let first_percent = read_percent(&browser);
    browser.wait_for_condition("the percentage rises", || read_percent(&browser) > first_percent);
    let moved = read_percent(&browser);
    browser.assert_fits_phone();

    let second = browser.open_tab();
    browser.open_page(&proxy.url("/catalog/albums"));
    let sync = browser.find_attribute("#panel", "data-sync");
    assert!(sync.is_some() && read_percent(&browser) >= moved);
    browser.wait_for_text("#panel-sync", "Syncing…");
    browser.close_tab(&first);
    assert_eq!(browser.find_attribute("#panel", "data-sync"), sync, "both tabs show the same run");
    drop(second);

    let shown = read_percent(&browser);
    browser.reload();
    assert_eq!(browser.find_attribute("#panel", "data-sync"), sync, "a reload keeps it");
    assert!(read_percent(&browser) >= shown, "and where it was");

    set_hidden(&browser, true);
    // Requests that were sent before have arrived by then.
    std::thread::sleep(Duration::from_secs(2));
    let hidden = Instant::now();
    std::thread::sleep(Duration::from_millis(4500));
    assert_eq!(proxy.requests_since(hidden, "/sync-"), 0, "a hidden tab asks for nothing");
    let again = Instant::now();
    set_hidden(&browser, false);
    browser.wait_within(Duration::from_secs(1), "it asks at once", || proxy.requests_since(again, "/sync-status") > 0);

    browser.run_script("document.querySelector('#panel-cancel').focus()");
    let focused = Instant::now();
    browser.wait_for_condition("some polls go by", || proxy.requests_since(focused, "/sync-status") >= 2);
    let polls = proxy.requests_since(focused, "/sync-status");
    assert!(polls as u64 <= focused.elapsed().as_secs() / 2 + 2, "{polls} in {:?}", focused.elapsed());
    assert_eq!(proxy.requests_since(focused, "/sync-badge"), 0, "the panel brings the badge along");
    assert_eq!(browser.run_script("return document.activeElement.id"), "panel-cancel", "the focus stays");
    browser.press_enter();
    browser.wait_for_text("#panel-title", "Sync cancelled");
    browser.wait_for_text("#panel-sync", "Sync");
    assert_eq!(browser.run_script("return document.querySelector('#panel').contains(document.activeElement)"), true);
    assert_eq!(server.status(&sync.expect("a run"))["status"], "cancelled");
    assert_eq!(browser.console_problems(), [""; 0]);
}
