//! What other people do: start runs, break sources, write markup into cells.

use std::sync::atomic::{AtomicBool, Ordering};

use super::albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn an_idle_page_learns_of_a_run_started_elsewhere_and_of_how_it_failed() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    // The second fetch is answered only when the page has shown the run.
    let (is_shown, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let before_failure = is_shown.clone();
    outside.reply_with("/albums.csv", move |_| {
        if is_first.swap(false, Ordering::Relaxed) {
            return StubReply::csv(albums(20));
        }
        before_failure.pause();
        StubReply::status(404)
    });
    home.add_url("albums", outside.url("/albums.csv"));
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&front.url("/login?next=/catalog/albums"));
    browser.sees("#panel-title", "Never synced");

    let quick = server.begin("albums");
    server.wait_for_status(&quick, "completed");
    let failing = server.begin("albums");
    browser.js("window.dispatchEvent(new Event('focus'))");
    browser.until("it follows the run", || browser.attr("#panel", "data-sync").as_ref() == Some(&failing));
    browser.sees("#panel-sync", "Syncing…");
    browser.sees(".panel-meta", "started by robot");
    is_shown.resume();
    browser.sees("#panel-title", "Sync failed");
    browser.sees("#panel-message", "404");
    browser.sees("#panel .advice", "The catalog is unchanged.");
    browser.sees("#panel-again", "Try again");
    browser.sees("#catalog-facts .count", "20 albums");
    browser.fits_a_phone();

    browser.click("#panel-dismiss");
    browser.sees(".panel-message.rest", "Last synced");
    browser.reload();
    browser.sees(".panel-message.rest", "Last synced");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn markup_in_a_cell_is_text() {
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let csv = home.path("albums.csv");
    let bad = "<img src=x onerror='window.owned=1'><script>window.owned=1</script>";
    let rows = format!("id,title,<b>note</b>\n1,{bad},{{{{7*7}}}}\n\"\"\"><b>k</b>\",</table>,</template>\n,{bad},\n");
    std::fs::write(&csv, rows).expect("a file");
    home.add_file("albums", &csv);
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&front.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.sees("#table tbody", bad);
    browser.sees("#table tbody", "{{7*7}}");
    browser.sees("#table tbody", "</table>");
    browser.sees("#table thead", "<b>note</b>");
    browser.click("#panel-changes summary");
    browser.sees("#panel-changes .lines", bad);
    browser.click("#panel-issues summary");
    browser.sees("#panel-issues .lines", "Row 4");
    assert_eq!(browser.count("main img, main b + script, main td script, main td b, main th b"), 0);
    browser.click("#table tbody td a");
    browser.sees("h1", bad);
    assert_eq!(browser.js("return window.owned === undefined"), true);
    assert_eq!(browser.complaints(), [""; 0]);
}
