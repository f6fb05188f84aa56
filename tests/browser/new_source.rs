//! From the set-up to the first own catalog, as a newcomer does it: how many inputs and clicks it takes.

use std::path::Path;
use std::time::Instant;

use crate::support::browser::Browser;
use crate::support::server_process::{ADMIN_LOGIN, ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::workbook_builder::sample_path;

const SHEET_ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";

/// A newcomer in the browser, whose inputs and clicks are counted.
struct CountingNewcomer<'a> {
    browser: &'a Browser,
    inputs: u32,
    clicks: u32,
    began: Instant,
}

impl<'a> CountingNewcomer<'a> {
    /// A newcomer who has just set up the first admin.
    fn set_up(browser: &'a Browser, server: &ServerProcess) -> Self {
        browser.open_page(server.set_up_link());
        browser.fill_field("#username", ADMIN_LOGIN.0);
        browser.fill_field("#password", ADMIN_LOGIN.1);
        browser.click("main button[type=submit]");
        browser.wait_for_text(".site-user", ADMIN_LOGIN.0);
        Self { browser, inputs: 0, clicks: 0, began: Instant::now() }
    }

    fn enter(&mut self, css: &str, text: &str) {
        self.inputs += 1;
        self.browser.fill_field(css, text);
    }

    fn click(&mut self, css: &str) {
        self.clicks += 1;
        self.browser.click(css);
    }

    /// Presses Save and sync on the review, and waits for the catalog with its first item.
    fn save(&mut self, item: &str) {
        self.browser.wait_for_text("main", "Step 2 of 2");
        self.click(".form-actions button[value=sync]");
        self.browser.wait_for_text("#panel-title", "Sync completed");
        self.browser.wait_for_text("#table", item);
    }

    /// Asserts that it took one input and at most three clicks.
    fn assert_quick(&self, kind: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        eprintln!("{kind}: {} input, {} clicks, {seconds:.1} s", self.inputs, self.clicks);
        assert!(self.inputs == 1 && self.clicks <= 3, "{kind}: {} inputs, {} clicks", self.inputs, self.clicks);
        assert_eq!(self.browser.console_problems(), [""; 0]);
    }
}

/// A new server, and a newcomer on its page that adds sources.
fn open_form<'a>(browser: &'a Browser, setup: &ServerSetup) -> (ServerProcess, CountingNewcomer<'a>) {
    let server = setup.start();
    let mut newcomer = CountingNewcomer::set_up(browser, &server);
    newcomer.click("a[role=button][href='/settings/sources/new']");
    (server, newcomer)
}

#[test]
fn a_newcomer_has_an_own_catalog_after_one_input_and_three_clicks() {
    let (google, stub) = (StubServer::start(), StubServer::start());
    google.serve_sheet(SHEET_ID, 7, "");
    let named = StubReply::csv("no,title,year\na1,Kind of Blue,1959\na2,Autobahn,1974\n")
        .header("Content-Disposition", "attachment; filename*=UTF-8''Records%20-%20Albums.csv");
    google.set_reply(&format!("/content/{SHEET_ID}/7"), named);
    stub.serve_csv("/albums.csv", "id,title\n1,Blue Train\n2,Maiden Voyage\n");
    let link = "<link rel=alternate type='application/rss+xml' href='/feed.xml'>";
    stub.set_reply("/blog", StubReply::html(format!("<!doctype html><title>Blog</title>{link}")));
    stub.set_reply("/feed.xml", StubReply::feed("Jazz today", &["Giant Steps"]));
    let sheet = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit?gid=7#gid=7");
    let browser = Browser::open();
    for (kind, link, name, item) in [
        ("sheet", sheet, "Records", "Autobahn"),
        ("csv", stub.url("/albums.csv"), "Albums", "Maiden Voyage"),
        ("feeds", stub.url("/blog"), "Jazz today", "Giant Steps"),
    ] {
        let setup = ServerSetup::new().with_setting("LOCKSTEP_GOOGLE_URL", &google.url("/"));
        let (_server, mut newcomer) = open_form(&browser, &setup);
        newcomer.enter("#url", &link);
        newcomer.click("form:has(#url) button[type=submit]");
        newcomer.save(item);
        assert_eq!(browser.element_text("h1"), name);
        newcomer.assert_quick(kind);
    }
    let setup = ServerSetup::new();
    let (_server, mut newcomer) = open_form(&browser, &setup);
    // Choosing the file is the input: it is read without another click.
    newcomer.enter("#file", &sample_path("albums.xlsx").display().to_string());
    newcomer.save("Blue Train");
    newcomer.assert_quick("excel");
    assert_eq!(newcomer.clicks, 2);
}

/// Drops a file or a link on the page.
fn drop_on_page(browser: &Browser, add_to_transfer: &str) {
    browser.run_script(&format!(
        "const dataTransfer = new DataTransfer();
         {add_to_transfer}
         for (const name of ['dragover', 'drop']) {{
             document.body.dispatchEvent(new DragEvent(name, {{ dataTransfer, bubbles: true, cancelable: true }}));
         }}"
    ));
}

#[test]
fn a_file_or_a_link_can_be_dropped_anywhere_on_the_page() {
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id,title\n1,Blue Train\n");
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    drop_on_page(&browser, "dataTransfer.items.add(new File(['id,title\\n1,Emma\\n'], 'my_books.csv'));");
    browser.wait_for_text(".source-preview tbody", "Emma");
    assert_eq!(browser.run_script("return document.querySelector('#name').value"), "My books");
    assert_eq!(browser.run_script("return document.querySelector('#schedule_choice').value"), "");
    browser.open_page(&server.url("/settings/sources/new"));
    drop_on_page(&browser, &format!("dataTransfer.setData('text/uri-list', '{}');", stub.url("/albums.csv")));
    browser.wait_for_text(".source-preview tbody", "Blue Train");
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn a_schedule_is_chosen_in_words_and_says_when_it_syncs_next() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.run_chromium_command("Emulation.setTimezoneOverride", &serde_json::json!({ "timezoneId": "Asia/Tokyo" }));
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id,title\n1,Blue Train\n");
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    browser.fill_field("#url", &stub.url("/albums.csv"));
    browser.click("form:has(#url) button[type=submit]");
    // The zone of the browser is proposed, and the words say so.
    browser.wait_for_condition("the zone is proposed", || {
        browser.run_script("return document.querySelector('#schedule_zone')?.value") == "Asia/Tokyo"
    });
    browser.wait_for_text("#schedule-preview", "Every day at 03:00 (Asia/Tokyo)");
    browser.open_page(&server.url("/settings/sources/sample-albums"));
    let is_shown = |css: &str| browser.run_script(&format!("return document.querySelector('{css}').offsetHeight > 0"));
    let choose = |name: &str| {
        browser.run_script(&format!(
            "const field = document.querySelector('#schedule_choice');
         field.value = '{name}';
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ))
    };
    assert_eq!(is_shown("#schedule_zone"), false);
    choose("daily");
    browser.wait_for_text("#schedule-preview", "Every day at 03:00 (Asia/Tokyo)");
    assert_eq!(
        (is_shown("#schedule_time"), is_shown("#schedule_day"), is_shown("#schedule")),
        (true.into(), false.into(), false.into())
    );
    choose("weekly");
    browser.wait_for_text("#schedule-preview", "Every Monday at 03:00 (Asia/Tokyo)");
    assert_eq!(browser.element_text("#schedule-preview").matches("Mon ").count(), 3);
    browser.fill_field("#schedule_zone", "Mars");
    browser.wait_for_text("#schedule-preview", "no time zone called “Mars”");
    browser.fill_field("#schedule_zone", "berlin");
    browser.wait_for_text("#schedule-preview", "(Europe/Berlin)");
    browser.assert_fits_phone();
    browser.click(".form-actions button[type=submit]");
    browser.wait_for_text(".source-list", "Every Monday at 03:00 (Europe/Berlin)");

    browser.open_page(&server.url("/settings/sources/sample-albums"));
    browser.wait_for_text("main", "Next sync");
    browser.click("form[action$='/schedule/pause'] button");
    browser.wait_for_text("main", "Schedule paused since");
    browser.wait_for_text("#schedule-preview", "Paused: no scheduled sync starts until you resume it.");
    choose("hourly");
    browser.wait_for_text("#schedule-preview", "Every hour");
    browser.wait_for_text("#schedule-preview", "Paused:");
    browser.click("form[action$='/schedule/resume'] button");
    browser.wait_for_text("main", "Next sync");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn another_tab_is_read_at_once_and_what_was_typed_stays() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    let workbook: &Path = &sample_path("albums.xlsx");
    browser.fill_field("#file", &workbook.display().to_string());
    browser.wait_for_text(".source-preview tbody", "Blue Train");
    browser.fill_field("#name", "My records");
    browser.run_script(
        "const tab = document.querySelector('#tab');
         tab.value = 'Draft';
         tab.dispatchEvent(new Event('change', { bubbles: true }));",
    );
    browser.wait_for_condition("the other tab is shown", || {
        browser.has_element("#tab") && !browser.element_text("main").contains("Blue Train")
    });
    assert_eq!(browser.run_script("return document.querySelector('#tab').value"), "Draft");
    assert_eq!(browser.run_script("return document.querySelector('#name').value"), "My records");
}
