//! The badge in the browser: one line about the runs of other catalogs, and a list of them.

use std::time::Duration;

use serde_json::Value;

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

/// Records for how many milliseconds an outcome in the badge stays visible, when the page stores the end of that time.
const RECORD_VISIBLE_TIME: &str = "
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, end) {
        if (key.startsWith('lockstep.outcome-until.')) window.visibleMs ??= end - Date.now();
        store.call(this, key, end);
    }";

fn is_shown(browser: &Browser) -> bool {
    browser.run_script("return !!document.querySelector('#sync-badge:not([hidden]) #badge-pill')") == true
}

#[test]
fn an_outcome_is_hidden_after_eight_seconds() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login"));
    browser.run_script(RECORD_VISIBLE_TIME);
    let run = server.start_sync("sample-albums");
    server.wait_for_status(&run, "completed");
    browser.run_script("htmx.trigger('#sync-badge', 'every', {}, false)");
    browser.wait_for_text("#badge-pill", "Sample albums");
    browser.wait_for_text("#badge-pill", "sync completed");
    let visible_time = browser.run_script("return window.visibleMs").as_u64();
    assert!(visible_time.is_some_and(|time| (7000..=8000).contains(&time)), "time to read it: {visible_time:?} ms");
    let end = || {
        browser.run_script("return Object.entries(sessionStorage).find(([key]) => key.includes('outcome-until'))[1]")
    };
    let first_end = end();
    browser.wait_for_condition("half of its time has passed", || {
        let state = "return [!document.querySelector('#sync-badge').hidden, arguments[0] - Date.now()]";
        let state = browser.run_script(&state.replace("arguments[0]", first_end.as_str().expect("a time")));
        let left = state[1].as_i64().expect("milliseconds");
        assert!(state[0] == true || left <= 0, "hidden {left} ms too early");
        left < 4000
    });
    browser.open_page(&server.url("/"));
    browser.wait_for_condition("it is hidden", || !is_shown(&browser));
    assert_eq!(end(), first_end, "the time does not start again on another page");
    browser.run_script("htmx.trigger('#sync-badge', 'every', {}, false)");
    std::thread::sleep(Duration::from_secs(1));
    assert!(!is_shown(&browser), "nor does it come back with the next answer");
    browser.reload();
    assert_eq!(browser.count_elements("#sync-badge li"), 1, "the server still reports it");
    assert!(!is_shown(&browser), "but this tab has shown it");
    browser.open_tab();
    browser.open_page(&server.url("/"));
    browser.wait_for_text("#badge-pill", "sync completed");
}

#[test]
fn an_outcome_that_the_panel_has_shown_is_not_repeated() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/sample-albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    assert!(!is_shown(&browser), "the panel shows the runs of its catalog");
    browser.open_page(&server.url("/"));
    assert_eq!(browser.count_elements("#sync-badge li"), 1, "the server reports it");
    assert!(!is_shown(&browser), "it was read already");
}

/// The fields and buttons that the badge covers once they have the focus, wherever they are on the page.
const COVERED_CONTROLS: &str = "
    const controls = [...document.querySelectorAll('main :is(button, input, select, textarea, [role=button])')];
    return controls.filter((control) => {
        control.focus();
        const badge = document.querySelector('#badge-pill').getBoundingClientRect();
        const box = control.getBoundingClientRect();
        return box.width > 0 && box.left < badge.right && box.right > badge.left
            && box.top < badge.bottom && box.bottom > badge.top;
    }).map((control) => control.outerHTML);";

#[test]
fn several_runs_are_one_line_with_a_list_that_stays_open_over_polls() {
    let setup = ServerSetup::new().with_setting("LOCKSTEP_WORKERS", "4");
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let other_stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(2000));
    serve_half(&other_stub, "/books.csv", &format_albums(2000));
    let last_stub = StubServer::start();
    last_stub.set_reply("/cars.csv", StubReply::csv("id,title\n1,Beetle\n"));
    setup.add_url("albums", stub.url("/albums.csv"));
    setup.add_url("books", other_stub.url("/books.csv"));
    setup.add_url("cars", last_stub.url("/cars.csv"));
    let albums = server.start_sync("albums");
    let books = server.start_sync("books");
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/cars"));
    for narrow in [false, true] {
        browser.set_narrow(narrow);
        browser.wait_for_text("#badge-pill", "2 syncing");
        assert!(browser.element_text("#badge-pill").contains('%'), "{}", browser.element_text("#badge-pill"));
        for path in ["/", "/catalog/cars", "/history", "/settings/sources/new", "/settings/sources/cars"] {
            browser.open_page(&server.url(path));
            browser.set_narrow(narrow);
            browser.wait_for_text("#badge-pill", "2 syncing");
            assert_eq!(browser.run_script(COVERED_CONTROLS), Value::Array(Vec::new()), "{path}");
            browser.assert_fits_phone();
        }
    }
    browser.set_narrow(false);
    browser.open_page(&server.url("/catalog/albums"));
    browser.wait_for_text("#badge-pill", "books");
    assert!(!browser.element_text("#badge-pill").contains("albums"), "the panel shows it");
    assert_eq!(browser.count_elements("[data-run-on-screen]"), 1);

    browser.open_page(&server.url("/"));
    browser.click("#badge-pill");
    browser.wait_for_text("#badge-list", "Syncing");
    let polls = || {
        browser.run_script(
            "return performance.getEntriesByType('resource').filter((e) => e.name.includes('sync-badge')).length",
        )
    };
    let before = polls().as_u64().expect("a number");
    browser.wait_for_condition("three polls", || polls().as_u64().is_some_and(|now| now >= before + 3));
    assert_eq!(browser.count_elements("#badge-list:popover-open li"), 2, "the list stays open");
    for run in [&albums, &books] {
        server.post(&format!("/api/sync/{run}/cancel"), &serde_json::json!({}));
    }
    browser.wait_for_text("#badge-pill", "2 cancelled");
    assert_eq!(browser.console_problems(), [""; 0]);
}
