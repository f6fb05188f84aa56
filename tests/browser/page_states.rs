//! The states in which pages are looked at: the whole walk of an admin, from the setup to a cancelled sync.

use std::time::Duration;

use super::{format_albums, serve_slowly};
use crate::support::browser::Browser;
use crate::support::server_process::{ADMIN_LOGIN, ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// A walk through the states; `check` looks at each of them, which has a name.
struct StateWalk<'a, C: Fn(&Browser, &str)> {
    browser: &'a Browser,
    server: &'a ServerProcess,
    check: C,
}

impl<C: Fn(&Browser, &str)> StateWalk<'_, C> {
    fn open(&self, path: &str) {
        self.browser.open_page(&self.server.url(path));
    }

    fn check(&self, name: &str) {
        (self.check)(self.browser, name);
    }

    fn open_and_check(&self, path: &str, name: &str) {
        self.open(path);
        self.check(name);
    }

    /// Syncs a catalog, waits for this title of its panel, and looks at it.
    fn sync_and_check(&self, slug: &str, title: &str, name: &str) {
        self.open(&format!("/catalog/{slug}"));
        self.browser.click("#panel-sync");
        self.browser.wait_for_text("#panel-title", title);
        self.check(name);
    }
}

impl<C: Fn(&Browser, &str)> StateWalk<'_, C> {
    /// Looks at the review of new sources, and at a source with a schedule.
    fn review_sources(&self, stub: &StubServer) {
        let browser = self.browser;
        stub.set_reply("/records.csv", StubReply::csv(format_albums(300)));
        self.open("/settings/sources/new");
        browser.fill_field("#url", &stub.url("/nowhere.csv"));
        browser.click("form:has(#url) button[type=submit]");
        browser.wait_for_text("#url-error", "404");
        self.check("source-not-found");
        browser.fill_field("#url", &stub.url("/records.csv"));
        browser.click("form:has(#url) button[type=submit]");
        browser.wait_for_text(".source-preview tbody", "Album 7");
        self.check("source-review");
        browser.fill_field("#noun_one", "");
        browser.click(".source-found-change summary");
        browser.fill_field("#url", &stub.url("/nowhere.csv"));
        browser.click(".source-found-change button");
        browser.wait_for_text("#url-error", "404");
        self.check("source-review-error");
        self.open("/settings/sources/skips");
        browser.click("#schedule_choice option[value=weekdays]");
        browser.click(".form-actions button[type=submit]");
        browser.wait_for_text(".source-list", "Monday to Friday at 03:00");
        self.open_and_check("/settings/sources/skips", "settings-schedule");
        browser.click("form[action$='/schedule/pause'] button");
        browser.wait_for_text("main", "Schedule paused since");
        self.check("settings-schedule-paused");
    }
}

/// Visits every state, and calls `check` with the browser and the name of the state.
pub(super) fn visit_page_states(check: impl Fn(&Browser, &str)) {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = &Browser::open();
    let walk = StateWalk { browser, server: &server, check };

    let (_, token) = server.set_up_link().split_once("/setup").expect("a link to the set-up");
    walk.open_and_check(&format!("/setup{token}"), "setup");
    walk.open_and_check("/login", "login");
    walk.open_and_check("/", "front-page");
    setup.add_admin_and_token();
    browser.log_in(&server.url("/login"));
    assert_eq!(browser.element_text(".site-user"), ADMIN_LOGIN.0);
    walk.check("dashboard-new");
    browser.click(".site-menu-button");
    walk.check("menu");
    walk.open_and_check("/catalog/sample-albums", "catalog-empty");
    walk.sync_and_check("sample-albums", "Sync completed", "panel-completed");
    browser.click("#panel-dismiss");
    browser.wait_for_condition("it is at rest", || browser.has_element("#panel.is-at-rest"));
    walk.check("catalog");
    browser.click("#table tbody .cell-lead a");
    browser.wait_for_condition("the item is shown", || browser.has_element(".item-fields"));
    walk.check("item");
    walk.open_and_check("/catalog/sample-albums?filter[genre]=Jazz&q=blue", "catalog-search");

    let stub = StubServer::start();
    let other = StubServer::start();
    serve_slowly(&other, "/slow.csv", &format_albums(4000));
    stub.set_reply("/gone.csv", StubReply::status(404));
    stub.set_reply("/skips.csv", StubReply::csv(format!("{},No key,1990\n1,Twice,1991\n", format_albums(40))));
    for (slug, file) in [("gone", "/gone.csv"), ("skips", "/skips.csv"), ("few", "/few.csv")] {
        setup.add_url(slug, stub.url(file));
    }
    setup.add_url("slow", other.url("/slow.csv"));
    walk.sync_and_check("gone", "Sync failed", "panel-failed");
    walk.sync_and_check("skips", "2 rows skipped", "panel-skipped");
    stub.set_reply("/few.csv", StubReply::csv(format_albums(60)));
    let run = server.start_sync("few");
    server.wait_for_status(&run, "completed");
    stub.set_reply("/few.csv", StubReply::csv(format_albums(10)));
    std::thread::sleep(Duration::from_secs(4));
    walk.sync_and_check("few", "Needs review", "panel-review");
    walk.review_sources(&stub);
    walk.open("/catalog/slow");
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-rate", "/s");
    walk.check("panel-running");
    walk.open_and_check("/", "dashboard");
    browser.click("#badge-pill");
    walk.check("badge-list");
    let run_page = format!("/history/{run}");
    let pages = [
        ("/history", "history"),
        (run_page.as_str(), "run"),
        ("/settings/sources", "settings-sources"),
        ("/settings/sources/few", "settings-source"),
        ("/settings/sources/new", "source-new"),
        ("/settings/users", "settings-users"),
        ("/settings/tokens", "settings-tokens"),
        ("/settings/account", "settings-account"),
        ("/settings/about", "settings-about"),
        ("/catalog/few/sync/removals", "removals"),
        ("/nothing", "error-404"),
    ];
    for (path, name) in pages {
        walk.open_and_check(path, name);
    }
    walk.open("/catalog/slow");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    walk.check("panel-cancelled");
}
