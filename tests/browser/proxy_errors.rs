//! A proxy that answers 502, and a server that restarts, under an open page.

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn the_panel_recovers_from_a_bad_gateway_and_a_restart() {
    let setup = ServerSetup::new();
    let mut server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(4000));
    stub.queue_reply("/albums.csv", StubReply::csv(format_albums(60)));
    setup.add_url("albums", stub.url("/albums.csv"));
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-message", "Fetching");
    browser.run_script("window.sameAsBefore = true");
    let first = browser.find_attribute("#panel", "data-sync");

    let lost = || {
        browser.wait_for_text("#panel-note", "Connection lost, retrying…");
        browser.wait_for_text("#panel-sync", "Syncing…");
        browser.wait_for_text("#panel-message", "Fetching");
        assert!(!browser.element_text("body").contains("Bad Gateway"), "{}", browser.element_text("body"));
        assert_eq!(browser.find_attribute("#panel", "data-sync"), first);
    };
    proxy.set_broken(true);
    lost();
    proxy.set_broken(false);
    browser.wait_for_condition("the note disappears", || browser.element_text("#panel-note").is_empty());
    assert_eq!(browser.find_attribute("#panel", "data-sync"), first);

    server.stop();
    lost();
    let server = setup.start_at("data", server.address().port());
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "60 albums");
    browser.wait_for_condition("the items are there", || browser.count_elements("#table tbody tr") == 50);
    assert_eq!(browser.element_text("#panel-note"), "");
    assert_eq!(browser.run_script("return window.sameAsBefore"), true, "the page was not reloaded");
    let (first, last) = (first.expect("a run"), browser.find_attribute("#panel", "data-sync").expect("a run"));
    let interrupted = server.status(&first);
    assert_eq!((&interrupted["status"], &interrupted["successor"]), (&"interrupted".into(), &last.into()));
}
