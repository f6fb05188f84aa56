//! The pages at the width of a phone.

use std::time::Duration;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;

/// Records for how many milliseconds an outcome in the badge stays visible, when the page stores the end of that time.
const RECORD_VISIBLE_TIME: &str = "
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, end) {
        if (key.startsWith('lockstep.outcome-until.')) window.visibleMs ??= end - Date.now();
        store.call(this, key, end);
    }";

/// Logs in at the width of a phone and syncs the sample.
fn sync_sample(browser: &Browser, setup: &ServerSetup, link: &str) {
    setup.add_admin_and_token();
    browser.log_in(&format!("{link}/login?next=/catalog/sample-albums"));
    browser.set_narrow(true);
    browser.run_script(RECORD_VISIBLE_TIME);
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "209 albums");
}

#[test]
fn a_phone_sorts_with_a_menu_and_searches_with_a_button() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::open();
    sync_sample(&browser, &setup, &server.url(""));
    let first = || browser.element_text("#table tbody tr td.cell-lead");
    let read_sort = || browser.run_script("return document.querySelector('#search select').value");
    let unsorted = first();
    browser.click("#search select option[value=title]");
    browser.wait_for_condition("it is sorted", || first() != unsorted);
    let ascending = first();
    assert_eq!(browser.page_path(), "/catalog/sample-albums?sort=title&q=");
    browser.click("#search select option[value='-title']");
    browser.wait_for_condition("the order is reversed", || first() != ascending && first() != unsorted);
    browser.fill_field("#search-field", "davis");
    browser.click("#search button");
    browser.wait_for_text(".search-found", "found for “davis”");
    assert_eq!(read_sort(), "-title", "a search keeps the order");

    browser.set_narrow(false);
    browser.click("thead th:first-child a");
    browser.wait_for_condition("the head gives another order", || read_sort() != "-title");
    assert!(
        browser.page_path().ends_with(&format!("sort={}", read_sort().as_str().unwrap_or_default())),
        "{}",
        browser.page_path()
    );
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_outcome_is_hidden_after_eight_seconds() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::open();
    sync_sample(&browser, &setup, &server.url(""));
    browser.wait_for_text("#sync-badge", "Sync completed");
    let seen =
        |browser: &Browser| browser.run_script("return !!document.querySelector('#sync-badge li:not([hidden])')");
    let visible_time = browser.run_script("return window.visibleMs").as_u64();
    assert!(visible_time.is_some_and(|time| (7000..=8000).contains(&time)), "time to read it: {visible_time:?} ms");
    let end = || {
        browser.run_script("return Object.entries(sessionStorage).find(([key]) => key.includes('outcome-until'))[1]")
    };
    let first_end = end();
    browser.wait_for_condition("half of its time has passed", || {
        let state = "return [!!document.querySelector('#sync-badge li:not([hidden])'), arguments[0] - Date.now()]";
        let state = browser.run_script(&state.replace("arguments[0]", first_end.as_str().expect("a time")));
        let left = state[1].as_i64().expect("milliseconds");
        assert!(state[0] == true || left <= 0, "hidden {left} ms too early");
        left < 4000
    });
    browser.open_page(&server.url("/"));
    browser.wait_for_condition("it is hidden", || seen(&browser) == Value::Bool(false));
    assert_eq!(end(), first_end, "the time does not start again on another page");
    browser.run_script("htmx.trigger('#sync-badge', 'every', {}, false)");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(seen(&browser), Value::Bool(false), "nor does it come back with the next answer");
    browser.reload();
    assert_eq!(browser.count_elements("#sync-badge li"), 1, "the server still reports it");
    assert_eq!(seen(&browser), Value::Bool(false), "but this tab has shown it");
    browser.open_tab();
    browser.open_page(&server.url("/"));
    browser.wait_for_text("#sync-badge", "Sync completed");
}
