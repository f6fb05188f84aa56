//! The pages at the width of a phone.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;

/// Logs in at the width of a phone and syncs the sample.
fn sync_sample(browser: &Browser, setup: &ServerSetup, link: &str) {
    setup.add_admin_and_token();
    browser.log_in(&format!("{link}/login?next=/catalog/sample-albums"));
    browser.set_narrow(true);
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
