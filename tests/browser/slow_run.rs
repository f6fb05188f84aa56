//! A run that takes its time.

use std::time::{Duration, Instant};

use super::{albums, serve_slowly};
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::StubServer;

/// Makes the page think that it is hidden, or shown again. The tab that is led always counts as shown in a browser
/// without a window, whatever is on top of it.
fn hide(browser: &Browser, hidden: bool) {
    browser.js(&format!(
        "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }}); \
         document.dispatchEvent(new Event('visibilitychange'));"
    ));
}

fn percent(browser: &Browser) -> u64 {
    browser.attr("#panel-bar", "value").and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[test]
fn progress_moves_in_every_tab_survives_a_reload_rests_while_hidden_and_ends_by_cancel() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    serve_slowly(&outside, "/albums.csv", &albums(4000));
    home.add_url("albums", outside.url("/albums.csv"));
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&front.url("/login?next=/catalog/albums"));
    let first = browser.tab();

    browser.click("#panel-sync");
    browser.sees("#panel-sync", "Syncing…");
    assert!(browser.attr("#panel-sync", "disabled").is_some());
    browser.until("it has begun", || percent(&browser) > 0);
    let begun = percent(&browser);
    browser.until("it moves", || percent(&browser) > begun);
    let moved = percent(&browser);
    browser.fits_a_phone();

    let second = browser.open_tab();
    browser.go(&front.url("/catalog/albums"));
    let sync = browser.attr("#panel", "data-sync");
    assert!(sync.is_some() && percent(&browser) >= moved);
    browser.sees("#panel-sync", "Syncing…");
    browser.close_tab(&first);
    assert_eq!(browser.attr("#panel", "data-sync"), sync, "both tabs show the same run");
    drop(second);

    let shown = percent(&browser);
    browser.reload();
    assert_eq!(browser.attr("#panel", "data-sync"), sync, "a reload keeps it");
    assert!(percent(&browser) >= shown, "and where it was");

    hide(&browser, true);
    // Requests that were sent before have arrived by then.
    std::thread::sleep(Duration::from_secs(2));
    let hidden = Instant::now();
    std::thread::sleep(Duration::from_millis(4500));
    assert_eq!(front.requests_since(hidden, "/sync-"), 0, "a hidden tab asks for nothing");
    let again = Instant::now();
    hide(&browser, false);
    browser.until_within(Duration::from_secs(1), "it asks at once", || front.requests_since(again, "/sync-status") > 0);

    browser.js("document.querySelector('#panel-cancel').focus()");
    let focused = Instant::now();
    browser.until("some polls go by", || front.requests_since(focused, "/sync-status") >= 2);
    let polls = front.requests_since(focused, "/sync-status");
    assert!(polls as u64 <= focused.elapsed().as_secs() / 2 + 2, "{polls} in {:?}", focused.elapsed());
    assert_eq!(front.requests_since(focused, "/sync-badge"), 0, "the panel asks for both");
    assert_eq!(browser.js("return document.activeElement.id"), "panel-cancel", "the focus stays");
    browser.press_enter();
    browser.sees("#panel-title", "Sync cancelled");
    browser.sees("#panel-sync", "Sync");
    assert_eq!(browser.js("return document.querySelector('#panel').contains(document.activeElement)"), true);
    assert_eq!(server.status(&sync.expect("a run"))["status"], "cancelled");
    assert_eq!(browser.complaints(), [""; 0]);
}
