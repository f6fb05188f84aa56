//! Changes by other people under an open page: runs, broken sources, markup in cells.

use std::sync::atomic::{AtomicBool, Ordering};

use super::format_albums;
use crate::support::PausePoint;
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn an_idle_page_shows_a_run_started_elsewhere_and_its_failure() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    // The second fetch is answered only when the page has shown the run.
    let (is_shown, is_first) = (PausePoint::default(), AtomicBool::new(true));
    let before_failure = is_shown.clone();
    stub.reply_with("/albums.csv", move |_| {
        if is_first.swap(false, Ordering::Relaxed) {
            return StubReply::csv(format_albums(20));
        }
        before_failure.pause();
        StubReply::status(404)
    });
    setup.add_url("albums", stub.url("/albums.csv"));
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    browser.wait_for_text("#panel-title", "Never synced");

    let quick = server.start_sync("albums");
    server.wait_for_status(&quick, "completed");
    let failing = server.start_sync("albums");
    browser.run_script("window.dispatchEvent(new Event('focus'))");
    browser.wait_for_condition("the panel shows the run", || {
        browser.find_attribute("#panel", "data-sync").as_ref() == Some(&failing)
    });
    browser.wait_for_text("#panel-sync", "Syncing…");
    browser.wait_for_text(".panel-meta", "started by robot");
    is_shown.resume();
    browser.wait_for_text("#panel-title", "Sync failed");
    browser.wait_for_text("#panel-message", "404");
    browser.wait_for_text("#panel .panel-advice", "The catalog is unchanged.");
    browser.wait_for_text("#panel-again", "Try again");
    browser.wait_for_text("#catalog-facts .text-facts-count", "20 albums");
    browser.assert_fits_phone();

    browser.click("#panel-dismiss");
    browser.wait_for_text(".panel-facts", "Last synced");
    browser.reload();
    browser.wait_for_text(".panel-facts", "Last synced");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn markup_in_a_cell_is_text() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let csv = setup.path("albums.csv");
    let bad = "<img src=x onerror='window.owned=1'><script>window.owned=1</script>";
    let rows = format!("id,title,<b>note</b>\n1,{bad},{{{{7*7}}}}\n\"\"\"><b>k</b>\",</table>,</template>\n,{bad},\n");
    std::fs::write(&csv, rows).expect("a file");
    setup.add_file("albums", &csv);
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#table tbody", bad);
    browser.wait_for_text("#table tbody", "{{7*7}}");
    browser.wait_for_text("#table tbody", "</table>");
    browser.wait_for_text("#table thead", "<b>note</b>");
    browser.click("#panel-changes summary");
    browser.wait_for_text("#panel-changes .changes-list", bad);
    browser.click("#panel-issues summary");
    browser.wait_for_text("#panel-issues .changes-list", "Row 4");
    assert_eq!(browser.count_elements("main img, main b + script, main td script, main td b, main th b"), 0);
    browser.click("#table tbody td a");
    browser.wait_for_text("h1", bad);
    assert_eq!(browser.run_script("return window.owned === undefined"), true);
    assert_eq!(browser.console_problems(), [""; 0]);
}
