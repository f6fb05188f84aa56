//! Every page in every state fits a desktop and a phone. On the way it is photographed for people to look at, light and
//! dark: the pictures are in `target/pictures`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::{format_albums, serve_slowly};
use crate::support::browser::Browser;
use crate::support::server_process::{ADMIN_LOGIN, ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// The widths of a desktop and a phone.
const WIDTHS: [u32; 2] = [1280, 390];
const THEMES: [&str; 2] = ["light", "dark"];

struct PictureBook<'a> {
    browser: Browser,
    server: &'a ServerProcess,
    folder: PathBuf,
}

impl PictureBook<'_> {
    fn open(&self, path: &str) {
        self.browser.open_page(&self.server.url(path));
    }

    /// Takes the pictures of the page on screen in its state.
    fn take(&self, name: &str) {
        for width in WIDTHS {
            for theme in THEMES {
                let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
                self.browser.run_chromium_command("Emulation.setDeviceMetricsOverride", &size);
                self.browser.set_dark(theme == "dark");
                let overflow = "return document.documentElement.scrollWidth > innerWidth";
                assert_eq!(self.browser.run_script(overflow), false, "{name} scrolls sideways at {width} pixels");
                self.browser.save_picture(&self.folder.join(format!("{name}-{width}-{theme}.png")));
            }
        }
        self.browser.set_narrow(false);
    }

    fn open_and_take(&self, path: &str, name: &str) {
        self.open(path);
        self.take(name);
    }

    /// Syncs a catalog, waits for this title of its panel, and takes its pictures.
    fn sync_and_take(&self, slug: &str, title: &str, name: &str) {
        self.open(&format!("/catalog/{slug}"));
        self.browser.click("#panel-sync");
        self.browser.wait_for_text("#panel-title", title);
        self.take(name);
    }
}

#[test]
fn every_page_in_every_state_fits_a_desktop_and_a_phone() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    let setup = ServerSetup::new();
    let server = setup.start();
    let book = PictureBook { browser: Browser::open(), server: &server, folder };
    let browser = &book.browser;

    let (_, token) = server.set_up_link().split_once("/setup").expect("a link to the set-up");
    book.open_and_take(&format!("/setup{token}"), "setup");
    book.open_and_take("/login", "login");
    book.open_and_take("/", "front-page");
    setup.add_admin_and_token();
    browser.log_in(&server.url("/login"));
    assert_eq!(browser.element_text(".site-user"), ADMIN_LOGIN.0);
    book.take("dashboard-new");
    browser.click(".site-menu-button");
    book.take("menu");
    book.open_and_take("/catalog/sample-albums", "catalog-empty");
    book.sync_and_take("sample-albums", "Sync completed", "panel-completed");
    browser.click("#panel-dismiss");
    browser.wait_for_condition("it is at rest", || browser.has_element("#panel.is-at-rest"));
    book.take("catalog");
    browser.click("#table tbody .cell-lead a");
    browser.wait_for_condition("the item is shown", || browser.has_element(".item-fields"));
    book.take("item");
    book.open_and_take("/catalog/sample-albums?filter[genre]=Jazz&q=blue", "catalog-search");

    let stub = StubServer::start();
    let other = StubServer::start();
    serve_slowly(&other, "/slow.csv", &format_albums(4000));
    stub.set_reply("/gone.csv", StubReply::status(404));
    stub.set_reply("/skips.csv", StubReply::csv(format!("{},No key,1990\n1,Twice,1991\n", format_albums(40))));
    for (slug, file) in [("gone", "/gone.csv"), ("skips", "/skips.csv"), ("few", "/few.csv")] {
        setup.add_url(slug, stub.url(file));
    }
    setup.add_url("slow", other.url("/slow.csv"));
    book.sync_and_take("gone", "Sync failed", "panel-failed");
    book.sync_and_take("skips", "2 rows skipped", "panel-skipped");
    stub.set_reply("/few.csv", StubReply::csv(format_albums(60)));
    let run = server.start_sync("few");
    server.wait_for_status(&run, "completed");
    stub.set_reply("/few.csv", StubReply::csv(format_albums(10)));
    std::thread::sleep(Duration::from_secs(4));
    book.sync_and_take("few", "Needs review", "panel-review");
    book.open("/catalog/slow");
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-rate", "/s");
    book.take("panel-running");
    book.open_and_take("/", "dashboard");
    browser.click("#badge-pill");
    book.take("badge-list");
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
        book.open_and_take(path, name);
    }
    book.open("/catalog/slow");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    book.take("panel-cancelled");
}
