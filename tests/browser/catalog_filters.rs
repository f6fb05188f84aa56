//! Filters, columns and orders of a catalog, as a reader uses them with a mouse.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;

/// Opens the catalog of samples, synced.
fn open_samples(browser: &Browser, setup: &ServerSetup, link: &str) {
    setup.add_admin_and_token();
    browser.log_in(&format!("{link}/login?next=/catalog/sample-albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "209 albums");
    browser.wait_for_condition("the table has its bar", || browser.has_element(".facet-button"));
}

#[test]
fn a_reader_filters_by_values_and_by_a_form_and_takes_filters_back() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::open();
    open_samples(&browser, &setup, &server.url(""));
    let values = "#facet-1 .facet-values";
    browser.click("button[popovertarget=facet-1]");
    browser.wait_for_condition("the values are open", || {
        browser.run_script("return document.querySelector('#facet-1').matches(':popover-open')") == true
    });
    let count = browser.element_text(&format!("{values} li:first-child .text-tally"));
    browser.click(&format!("{values} li:first-child a"));
    browser.wait_for_text(".search-found", &format!("{count} album"));
    assert!(browser.page_path().contains("?filter%5B"), "{}", browser.page_path());
    assert!(browser.has_element(".chip"));
    browser.click(".chip a");
    browser.wait_for_condition("the filter is gone", || !browser.has_element(".chip"));

    browser.click("button[popovertarget=column-2]");
    browser.click("#column-2 .menu-button");
    let chosen = browser.run_script("return document.querySelector('#any-filter select[name=add-column]').value");
    assert_eq!(chosen.as_str(), browser.find_attribute("#column-2 .menu-button", "data-column").as_deref());
    browser.fill_field("#any-filter input[name=add-value]", "blue");
    browser.press_enter();
    browser.wait_for_condition("the list is filtered", || browser.has_element(".chip"));
    assert!(browser.page_path().contains("%5Bcontains%5D=blue"), "{}", browser.page_path());
    assert_eq!(browser.console_problems(), [""; 0]);
    browser.assert_fits_phone();
}

#[test]
fn without_javascript_menus_open_and_filters_and_columns_work() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::without_javascript();
    setup.add_admin_and_token();
    let id = server.start_sync("sample-albums");
    server.wait_for_status(&id, "completed");
    browser.open_page(&server.url("/catalog/sample-albums"));
    browser.click("button[popovertarget=any-filter]");
    browser.fill_field("#any-filter input[name=add-value]", "a");
    browser.click("#any-filter button[type=submit]");
    assert!(browser.has_element(".chip"), "{}", browser.page_path());
    let heads = browser.count_elements("thead th");
    browser.click("button[popovertarget=column-1]");
    browser.click("#column-1 a[href*=hide-column]");
    assert_eq!(browser.count_elements("thead th"), heads - 1);
    assert!(browser.has_element(".chip"), "the filter stays");
    browser.open_page(&server.url("/catalog/sample-albums"));
    assert_eq!(browser.count_elements("thead th"), heads - 1, "the columns are remembered");
}
