//! The tour of the documentation, walked by a test: what it describes works, and its pictures are in
//! `target/pictures/tour`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// The width of the pictures, in pixels.
const PICTURE_WIDTH: u32 = 1280;
/// How often each source is synced before the picture of the dashboard.
const ROUND_COUNT: usize = 6;

/// The members of a club in one of its rounds: some join, and some move.
fn format_members(round: usize) -> String {
    let names =
        ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov"];
    let towns = ["Oslo", "Lisbon", "Kyoto", "Bergen", "Porto"];
    let mut text = String::from("member,name,town,joined\n");
    for number in 0..(60 + round * 4) {
        let (name, town) = (names[number % names.len()], towns[(number * 7 + number / 9 * (round / 3)) % towns.len()]);
        text.push_str(&format!("M-{:03},{name},{town},{}\n", number + 1, 1990 + number % 35));
    }
    text
}

fn sync_and_wait(server: &ServerProcess, slug: &str, status: &str) -> String {
    let run = server.start_sync(slug);
    server.wait_for_status(&run, status);
    run
}

fn save_picture(browser: &Browser, name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/pictures/tour");
    std::fs::create_dir_all(&folder).expect("a folder");
    browser.set_screen(PICTURE_WIDTH, "light");
    browser.run_chromium_command("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
    // The bar moves to its end within this time.
    std::thread::sleep(Duration::from_secs(1));
    browser.save_picture(&folder.join(format!("{name}.png")));
}

#[test]
fn the_tour_leads_from_a_link_to_an_undo() {
    let stub = StubServer::start();
    stub.serve_csv("/Club_members.csv", &format_members(0));
    stub.serve_csv("/books.csv", "id,title\n1,Emma\n2,Persuasion\n");
    let setup = ServerSetup::new().with_setting("LOCKSTEP_COOLDOWN", "0");
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("books", stub.url("/books.csv"));
    setup.add_url("events", stub.url("/events.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));

    browser.fill_field("#url", &stub.url("/Club_members.csv"));
    browser.click("form:has(#url) button[type=submit]");
    browser.wait_for_text("#key-help", "“member” is proposed: filled and different in all 60 rows.");
    save_picture(&browser, "new-source");
    browser.click(".form-actions button[value=sync]");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#panel .counts", "60 added");
    save_picture(&browser, "catalog");

    let mut run = String::new();
    for round in 1..=ROUND_COUNT {
        stub.serve_csv("/Club_members.csv", &format_members(round));
        run = sync_and_wait(&server, "club-members", "completed");
        sync_and_wait(&server, "books", "completed");
        sync_and_wait(&server, "sample-albums", "completed");
    }
    stub.set_reply("/events.csv", StubReply::status(404));
    sync_and_wait(&server, "events", "failed");
    browser.open_page(&server.url("/"));
    browser.wait_for_text("#sources", "1 catalog needs attention");
    browser.wait_for_text("#sources", "Up to date");
    save_picture(&browser, "dashboard");

    browser.open_page(&server.url(&format!("/history/{run}")));
    browser.wait_for_text("main", "Undo…");
    browser.wait_for_text(".counts", "4 added");
    assert!(!browser.element_text(".counts").contains("0 updated"), "some members moved");
    save_picture(&browser, "run");
    browser.click("a[href$='/undo']");
    browser.click("main form button[type=submit]");
    browser.wait_for_text("#panel-title", "completed");
    browser.wait_for_text("#panel", "Schedule paused");
    assert_eq!(browser.console_problems(), [""; 0]);
}
