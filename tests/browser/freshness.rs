//! A stale source and a failed run in the browser, on a desktop and a phone.

use super::format_albums;
use crate::support::TestDatabase;
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_stale_catalog_is_marked_until_it_is_synced_and_a_dismissed_failure_keeps_its_reason() {
    let database = TestDatabase::sqlite();
    let setup = ServerSetup::on_database(&database);
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", &format_albums(3));
    setup.add_url("albums", stub.url("/albums.csv"));
    server.wait_for_status(&server.start_sync("albums"), "completed");
    database.run_sql("UPDATE sources SET stale_after = 86400 WHERE slug = 'albums'");
    database.run_sql("UPDATE catalogs SET last_success_at = '2026-01-01 10:00:07' WHERE last_success_at IS NOT NULL");
    database.run_sql("UPDATE sync_records SET finished_at = '2026-01-01 10:00:07'");
    database.run_sql("UPDATE sync_operations SET finished_at = '2026-01-01 10:00:07'");

    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/"));
    browser.wait_for_text("#stale-notice", "1 source is stale");
    browser.wait_for_text("#sources .text-freshness.warn", "Stale since");
    browser.assert_fits_phone();
    browser.open_page(&server.url("/settings/sources"));
    browser.wait_for_text(".source-list .text-freshness.warn", "Stale since");
    browser.assert_fits_phone();
    browser.click("#stale-notice a");
    browser.wait_for_text("h1", "Catalogs");
    browser.open_page(&server.url("/catalog/albums"));
    browser.wait_for_text("#panel-title", "Stale since");
    browser.wait_for_text("#catalog-facts .text-freshness.warn", "Stale since");
    browser.assert_fits_phone();

    stub.set_reply("/albums.csv", StubReply::status(404));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync failed");
    browser.wait_for_text("#panel-edit", "Edit source");
    assert_eq!(browser.find_attribute("#panel-open", "href"), Some(stub.url("/albums.csv")));
    browser.assert_fits_phone();
    browser.click("#panel-dismiss");
    browser.wait_for_text("#panel-title", "Last sync failed");
    browser.wait_for_text(".panel-facts .text-freshness", "Stale since");
    browser.assert_fits_phone();
    browser.reload();
    browser.wait_for_text("#panel-title", "Last sync failed");
    let tab = browser.open_tab();
    browser.switch_to_tab(&tab);
    browser.open_page(&server.url("/catalog/albums"));
    browser.wait_for_text("#panel-title", "Last sync failed");
    browser.click("#panel-why");
    browser.wait_for_text(".run-outcome", "404");

    stub.serve_csv("/albums.csv", &format_albums(3));
    browser.open_page(&server.url("/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_condition("nothing is stale", || !browser.element_text("#catalog-facts").contains("Stale"));
    browser.open_page(&server.url("/"));
    browser.wait_for_text("#sources", "Up to date");
    assert!(!browser.has_element("#sources .text-freshness"));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn a_result_is_dismissed_without_javascript() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::status(404));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync failed");
    browser.click("#panel-dismiss");
    browser.wait_for_text("#panel-title", "Last sync failed");
    browser.click("#panel-why");
    browser.wait_for_text(".run-outcome", "404");
    browser.click("#run-again");
    browser.wait_for_text("#panel-title", "Sync failed");
}
