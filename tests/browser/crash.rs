//! A server that is killed while somebody watches.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// A dead worker's run is interrupted within half a minute, and the page asks every two seconds.
const INTERRUPTED: Duration = Duration::from_secs(34);

fn percent(browser: &Browser) -> u64 {
    browser.attr("#panel-bar", "value").and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// The run whose panel is shown.
fn shown(browser: &Browser) -> String {
    browser.attr("#panel", "data-sync").expect("a run")
}

/// Kills the server, looks at what the page says of it, and starts the server again.
fn kill(home: &ServerSetup, browser: &Browser, mut server: ServerProcess) -> ServerProcess {
    let (run, message) = (shown(browser), browser.text("#panel-message"));
    server.kill();
    browser.sees("#panel-note", "Connection lost, retrying…");
    browser.sees("#panel-sync", "Syncing…");
    assert_eq!((shown(browser), browser.text("#panel-message").is_empty()), (run, message.is_empty()));
    let server = home.start_at("data", server.address().port());
    browser.until("the note goes", || browser.text("#panel-note").is_empty());
    server
}

/// A server with an open page on which Sync was pressed, and the source of the sync.
struct CrashSetup {
    home: ServerSetup,
    server: ServerProcess,
    front: ReverseProxy,
    browser: Browser,
    /// The fetches after the endless ones are answered when this is resumed.
    later_fetches: PausePoint,
    source: StubServer,
}

/// Starts a server whose source never completes its first `endless_fetches` fetches, and presses Sync on an open page.
fn press_sync(endless_fetches: usize) -> CrashSetup {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let (outside, csv) = (StubServer::start(), albums(4000));
    let (later_fetches, fetches) = (PausePoint::default(), AtomicUsize::new(0));
    let before_later_fetches = later_fetches.clone();
    outside.reply_with("/albums.csv", move |_| {
        if fetches.fetch_add(1, Ordering::Relaxed) < endless_fetches {
            return StubReply::csv(&csv).hang_at(csv.len() / 2);
        }
        before_later_fetches.pause();
        StubReply::csv(albums(60))
    });
    home.add_url("albums", outside.url("/albums.csv"));
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&front.url("/login?next=/catalog/albums"));
    browser.js("window.sameAsBefore = true");
    browser.click("#panel-sync");
    CrashSetup { home, server, front, browser, later_fetches, source: outside }
}

#[test]
fn an_open_page_follows_a_run_over_a_crash_to_its_end() {
    let CrashSetup { home, server, front, browser, later_fetches, source: _source } = press_sync(1);
    browser.until("it has begun", || percent(&browser) >= 2);
    let (first, seen) = (shown(&browser), percent(&browser));
    let server = kill(&home, &browser, server);
    browser.until_within(INTERRUPTED, "it says what happened", || {
        let (run, now) = (shown(&browser), percent(&browser));
        assert!(run != first || now >= seen, "{now} % after {seen} %");
        browser.text("#panel-message").contains("The server restarted at ")
    });
    let (told, status) = (browser.text("#panel-message"), server.status(&first));
    assert_eq!(told, format!("The server restarted at {} %. Starting again; nothing is lost.", status["progress"]));
    assert!(status["progress"].as_u64() >= Some(seen), "{status}");
    browser.sees("#panel-sync", "Syncing…");
    browser.until("it follows", || shown(&browser) != first);
    assert_eq!(status["successor"], shown(&browser).as_str());
    browser.sees(".panel-meta", "attempt 2");
    later_fetches.resume();
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "60 albums");
    browser.until("the table is new", || browser.count("#table tbody tr") == 50);
    is_quiet(&browser, &front);
    assert_eq!(browser.js("return window.sameAsBefore"), true, "nobody pressed reload");
}

#[test]
fn after_a_second_crash_the_open_page_offers_to_try_again() {
    let CrashSetup { home, server, front, browser, later_fetches, source: _source } = press_sync(2);
    browser.until("it has begun", || percent(&browser) >= 1);
    let first = shown(&browser);
    let server = kill(&home, &browser, server);
    browser.until_within(INTERRUPTED, "it follows", || shown(&browser) != first);
    browser.until("it has begun again", || percent(&browser) >= 1);
    let second = shown(&browser);
    let server = kill(&home, &browser, server);
    browser.until_within(INTERRUPTED, "it gives up", || browser.text("#panel-title").contains("Sync interrupted"));
    browser.sees("#panel-message", "The server stopped at ");
    browser.sees("#panel-message", "Nothing is lost");
    browser.sees("#panel-again", "Try again");
    browser.sees("#panel-sync", "Sync");
    assert_eq!(shown(&browser), second);
    assert_eq!(server.status(&second)["successor"], Value::Null);
    is_quiet(&browser, &front);

    later_fetches.resume();
    browser.click("#panel-again");
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "60 albums");
    assert_eq!(server.status(&shown(&browser))["attempt"], 1, "a person's own start");
    assert_eq!(browser.js("return window.sameAsBefore"), true, "nobody pressed reload");
}

/// The panel asks for nothing any more.
fn is_quiet(browser: &Browser, front: &ReverseProxy) {
    assert_eq!(browser.attr("#panel", "hx-trigger"), None);
    let ended = Instant::now();
    std::thread::sleep(Duration::from_millis(4500));
    assert_eq!(front.requests_since(ended, "/sync-status"), 0, "it goes on asking");
}
