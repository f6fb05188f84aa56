//! A server that is killed under an open page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::format_albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// The promise: a dead worker's run is interrupted within 30 s, and the page polls every 2 s.
const INTERRUPTION_LIMIT: Duration = Duration::from_secs(34);

fn read_percent(browser: &Browser) -> u64 {
    browser.find_attribute("#panel-bar", "value").and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// The run whose panel is shown.
fn read_shown_run(browser: &Browser) -> String {
    browser.find_attribute("#panel", "data-sync").expect("a run")
}

/// Kills the server, checks that the page reports the lost connection, and starts the server again.
fn kill_and_restart(setup: &ServerSetup, browser: &Browser, mut server: ServerProcess) -> ServerProcess {
    let (run, message) = (read_shown_run(browser), browser.element_text("#panel-message"));
    server.kill();
    browser.wait_for_text("#panel-note", "Connection lost, retrying…");
    browser.wait_for_text("#panel-sync", "Syncing…");
    assert_eq!((read_shown_run(browser), browser.element_text("#panel-message").is_empty()), (run, message.is_empty()));
    let server = setup.start_at("data", server.address().port());
    browser.wait_for_condition("the note disappears", || browser.element_text("#panel-note").is_empty());
    server
}

/// A server with an open page on which Sync was pressed, and the source of the sync.
struct CrashSetup {
    setup: ServerSetup,
    server: ServerProcess,
    proxy: ReverseProxy,
    browser: Browser,
    /// The fetches after the endless ones are answered when this is resumed.
    later_fetches: PausePoint,
    source: StubServer,
}

/// Starts a server whose source never completes its first `endless_fetches` fetches, and presses Sync on an open page.
fn press_sync(endless_fetches: usize) -> CrashSetup {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let (stub, csv) = (StubServer::start(), format_albums(4000));
    let (later_fetches, fetches) = (PausePoint::default(), AtomicUsize::new(0));
    let before_later_fetches = later_fetches.clone();
    stub.reply_with("/albums.csv", move |_| {
        if fetches.fetch_add(1, Ordering::Relaxed) < endless_fetches {
            return StubReply::csv(&csv).hang_at(csv.len() / 2);
        }
        before_later_fetches.pause();
        StubReply::csv(format_albums(60))
    });
    setup.add_url("albums", stub.url("/albums.csv"));
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    browser.run_script("window.sameAsBefore = true");
    browser.click("#panel-sync");
    CrashSetup { setup, server, proxy, browser, later_fetches, source: stub }
}

#[test]
fn an_open_page_follows_a_run_over_a_crash_to_its_end() {
    let CrashSetup { setup, server, proxy, browser, later_fetches, source: _source } = press_sync(1);
    browser.wait_for_condition("the fetch has begun", || read_percent(&browser) >= 2);
    let (first, seen) = (read_shown_run(&browser), read_percent(&browser));
    let server = kill_and_restart(&setup, &browser, server);
    browser.wait_within(INTERRUPTION_LIMIT, "it says what happened", || {
        let (run, now) = (read_shown_run(&browser), read_percent(&browser));
        assert!(run != first || now >= seen, "{now} % after {seen} %");
        browser.element_text("#panel-message").contains("The server restarted at ")
    });
    let (reported, status) = (browser.element_text("#panel-message"), server.status(&first));
    assert_eq!(reported, format!("The server restarted at {} %. Starting again; nothing is lost.", status["progress"]));
    assert!(status["progress"].as_u64() >= Some(seen), "{status}");
    browser.wait_for_text("#panel-sync", "Syncing…");
    browser.wait_for_condition("the panel shows the successor", || read_shown_run(&browser) != first);
    assert_eq!(status["successor"], read_shown_run(&browser).as_str());
    browser.wait_for_text(".panel-meta", "attempt 2");
    later_fetches.resume();
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "60 albums");
    browser.wait_for_condition("the table is new", || browser.count_elements("#table tbody tr") == 50);
    assert_no_more_polls(&browser, &proxy);
    assert_eq!(browser.run_script("return window.sameAsBefore"), true, "the page was not reloaded");
}

#[test]
fn after_a_second_crash_the_open_page_offers_to_try_again() {
    let CrashSetup { setup, server, proxy, browser, later_fetches, source: _source } = press_sync(2);
    browser.wait_for_condition("the fetch has begun", || read_percent(&browser) >= 1);
    let first = read_shown_run(&browser);
    let server = kill_and_restart(&setup, &browser, server);
    browser.wait_within(INTERRUPTION_LIMIT, "the panel shows the successor", || read_shown_run(&browser) != first);
    browser.wait_for_condition("it has begun again", || read_percent(&browser) >= 1);
    let second = read_shown_run(&browser);
    let server = kill_and_restart(&setup, &browser, server);
    browser.wait_within(INTERRUPTION_LIMIT, "it gives up", || {
        browser.element_text("#panel-title").contains("Sync interrupted")
    });
    browser.wait_for_text("#panel-message", "The server stopped at ");
    browser.wait_for_text("#panel-message", "Saved changes are kept. Sync again to finish.");
    browser.wait_for_text("#panel-again", "Try again");
    browser.wait_for_text("#panel-sync", "Sync");
    assert_eq!(read_shown_run(&browser), second);
    assert_eq!(server.status(&second)["successor"], Value::Null);
    assert_no_more_polls(&browser, &proxy);

    later_fetches.resume();
    browser.click("#panel-again");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "60 albums");
    assert_eq!(server.status(&read_shown_run(&browser))["attempt"], 1, "a person's own start");
    assert_eq!(browser.run_script("return window.sameAsBefore"), true, "the page was not reloaded");
}

/// Asserts that the panel has stopped polling.
fn assert_no_more_polls(browser: &Browser, proxy: &ReverseProxy) {
    assert_eq!(browser.find_attribute("#panel", "hx-trigger"), None);
    let ended = Instant::now();
    std::thread::sleep(Duration::from_millis(4500));
    assert_eq!(proxy.requests_since(ended, "/sync-status"), 0, "the panel polls an ended run");
}
