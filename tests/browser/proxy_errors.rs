//! A proxy that answers for a server, and a server that goes away in the middle.

use super::{albums, serve_half};
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn the_panel_outlives_a_bad_gateway_and_a_restart_and_heals_by_itself() {
    let home = ServerSetup::new();
    let mut server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    serve_half(&outside, "/albums.csv", &albums(4000));
    outside.then("/albums.csv", StubReply::csv(albums(60)));
    home.add_url("albums", outside.url("/albums.csv"));
    let front = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&front.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.sees("#panel-message", "Fetching");
    browser.js("window.sameAsBefore = true");
    let first = browser.attr("#panel", "data-sync");

    let lost = || {
        browser.sees("#panel-note", "Connection lost, retrying…");
        browser.sees("#panel-sync", "Syncing…");
        browser.sees("#panel-message", "Fetching");
        assert!(!browser.text("body").contains("Bad Gateway"), "{}", browser.text("body"));
        assert_eq!(browser.attr("#panel", "data-sync"), first);
    };
    front.set_broken(true);
    lost();
    front.set_broken(false);
    browser.until("the note goes", || browser.text("#panel-note").is_empty());
    assert_eq!(browser.attr("#panel", "data-sync"), first);

    server.stop();
    lost();
    let server = home.start_at("data", server.address().port());
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "60 albums");
    browser.until("the items are there", || browser.count("#table tbody tr") == 50);
    assert_eq!(browser.text("#panel-note"), "");
    assert_eq!(browser.js("return window.sameAsBefore"), true, "nobody pressed reload");
    let (first, last) = (first.expect("a run"), browser.attr("#panel", "data-sync").expect("a run"));
    let interrupted = server.status(&first);
    assert_eq!((&interrupted["status"], &interrupted["successor"]), (&"interrupted".into(), &last.into()));
}
