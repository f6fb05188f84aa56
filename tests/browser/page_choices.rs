//! What a reader chooses in the menu, keyboard shortcuts, and the state of a run in the tab.

use serde_json::{Value, json};

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::StubServer;

/// Presses keys one after the other, as a reader does who has not clicked anywhere.
fn press_keys(browser: &Browser, keys: &[&str]) {
    browser.wait_for_condition("the scripts run", || !browser.has_element("#shortcuts-open[hidden]"));
    browser.run_script(&format!(
        "for (const key of {}) {{ \
            const target = document.activeElement ?? document.body; \
            target.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }})); \
         }}",
        json!(keys)
    ));
}

fn read_background(browser: &Browser) -> Value {
    browser.run_script("return getComputedStyle(document.documentElement).backgroundColor")
}

#[test]
fn a_chosen_theme_stays_on_every_page_and_the_system_decides_otherwise() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::open();
    browser.open_page(&server.url("/login"));
    let (light, dark) = (json!("rgb(251, 247, 240)"), json!("rgb(22, 19, 16)"));
    assert_eq!(read_background(&browser), light);
    for (choice, expected) in [("dark", &dark), ("light", &light), ("dark", &dark)] {
        browser.click(".site-menu-button");
        browser.click(&format!("#theme-choice [value={choice}]"));
        assert_eq!(&read_background(&browser), expected, "{choice}");
        browser.open_page(&server.url("/catalog/nothing"));
        assert_eq!(&read_background(&browser), expected, "{choice}, on another page");
    }
    browser.click(".site-menu-button");
    browser.click("#theme-choice [value=system]");
    assert_eq!(read_background(&browser), light);
    browser.reload();
    assert_eq!(browser.run_script("return document.querySelector('#theme-choice :checked').value"), "system");
}

#[test]
fn keys_search_sync_and_open_pages_but_not_while_the_reader_types() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/sample-albums"));
    let focused = || browser.run_script("return document.activeElement.id");
    press_keys(&browser, &["/"]);
    assert_eq!(focused(), "search-field");
    press_keys(&browser, &["s", "g", "h", "?"]);
    assert!(!browser.has_element("#panel[data-state]") && !browser.has_element("#shortcuts:popover-open"));
    browser.run_script("document.activeElement.blur()");
    press_keys(&browser, &["?"]);
    browser.wait_for_text("#shortcuts:popover-open", "Sync the catalog on screen");
    browser.click("#shortcuts button");
    press_keys(&browser, &["s"]);
    browser.wait_for_text("#panel-title", "Sync completed");
    press_keys(&browser, &["g", "h"]);
    browser.wait_for_text("h1", "History");
    press_keys(&browser, &["g", "s"]);
    browser.wait_for_text("h1", "Sources");
    press_keys(&browser, &["g", "c"]);
    browser.wait_for_text("h1", "Catalogs");
    press_keys(&browser, &["h"]);
    assert_eq!(browser.page_path(), "/", "only after g");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn the_tab_shows_the_state_of_a_run() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(400));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    let tab = || {
        let icon = "document.querySelector('#favicon').getAttribute('href').split('/').pop()";
        browser.run_script(&format!("return [document.title, {icon}]"))
    };
    let plain = tab();
    assert_eq!(plain, json!(["The albums · Lockstep", "favicon.svg"]));
    browser.click("#panel-sync");
    browser.wait_for_condition("the title has the percentage", || {
        tab()[0].as_str().is_some_and(|title| title.ends_with(" % · The albums · Lockstep"))
    });
    assert_eq!(tab()[1], "favicon-running.svg");
    browser.open_page(&server.url("/history"));
    browser.wait_for_condition("the title of another page has it, too", || {
        tab()[0]
            .as_str()
            .is_some_and(|title| title.starts_with("The albums · ") && title.ends_with(" % · History · Lockstep"))
    });
    browser.open_page(&server.url("/catalog/albums"));
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    browser.wait_for_condition("the tab is as before", || tab() == plain);
}

#[test]
fn pictures_of_other_sites_can_be_switched_off() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let stub = StubServer::start();
    let picture = stub.url("/cover.png");
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    let rows: String = (1..=5).map(|number| format!("{number},Title {number},{picture}?{number}\n")).collect();
    std::fs::write(&file, format!("id,title,cover\n{rows}")).expect("a file");
    setup.add_file("albums", &file);
    let run = server.start_sync("albums");
    server.wait_for_status(&run, "completed");
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.wait_for_condition("pictures are requested", || stub.request_count("/cover.png") > 0);
    browser.click(".site-menu-button");
    browser.click("#pictures-choice");
    browser.wait_for_condition("the page was loaded again", || {
        browser.run_script("return document.cookie").as_str().is_some_and(|cookie| cookie.contains("pictures=off"))
    });
    browser.wait_for_text("#table tbody", "cover.png");
    let before = stub.request_count("/cover.png");
    browser.reload();
    browser.wait_for_text("#table tbody", "cover.png");
    assert_eq!(stub.request_count("/cover.png"), before, "nothing is loaded from the other site");
    browser.click(".site-menu-button");
    browser.click("#pictures-choice");
    browser.wait_for_condition("pictures are requested again", || stub.request_count("/cover.png") > before);
}
