//! The history in the browser.

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_until;

#[test]
fn a_failed_run_is_found_in_the_history_and_retried() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv("id,title\n1,One\n,Two\n"));
    stub.queue_reply("/albums.csv", StubReply::status(404));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync failed");

    browser.click("#panel-details");
    browser.wait_for_text("h1", ": sync failed");
    browser.wait_for_text(".run-outcome", "404");
    browser.wait_for_text(".run-stage-times", "not reached");
    browser.assert_fits_phone();
    serve_half(&stub, "/albums.csv", &format_albums(60));
    browser.click("#run-again");
    browser.wait_for_text("#panel-title", "Syncing");
    assert_eq!(browser.page_path(), "/catalog/albums");

    // The list is updated without a request of its own, by the badge.
    browser.click("nav a[href='/history']");
    browser.wait_for_text("ul.run-list li:first-child .state", "Syncing");
    browser.assert_fits_phone();
    browser.click("ul.run-list li:first-child h2 a");
    browser.wait_for_text("h1", "Syncing");
    browser.click("#run .run-outcome a");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.wait_for_condition("one is left", || browser.count_elements("ul.run-list li") == 1);
    assert!(browser.page_path().contains("status=failed"), "{}", browser.page_path());
    browser.open_page(&server.url("/history?status=completed"));
    browser.click("ul.run-list h2 a");
    browser.wait_for_text(".issue-table", "Missing key");
    browser.wait_for_text("#changes", "One");
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);
}

/// A server with the source `albums`, whose host sends half of the file and then waits.
pub(super) fn start_with_unfinished_fetch() -> (ServerSetup, ServerProcess, StubServer) {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(60));
    setup.add_url("albums", stub.url("/albums.csv"));
    (setup, server, stub)
}

#[test]
fn an_open_page_of_a_run_shows_its_end() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let id = server.start_sync("albums");
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    browser.wait_for_text("h1", "Syncing");
    let cancelled = server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(cancelled.status, 202, "{}", cancelled.body);
    browser.wait_for_text("h1", ": sync cancelled");
    assert!(
        browser.has_element("#run-again") && !browser.has_element("#run[hx-get]"),
        "the page does not poll any more"
    );
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_open_page_shows_the_state_of_a_preview() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let preview = serde_json::json!({ "source": "albums", "options": { "preview": true } });
    let id = server.post("/api/sync", &preview).json()["syncId"].as_str().expect("an id").to_owned();
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{id}")));
    // When the text has been removed, only the script can write it again, from the badge.
    for path in ["/", "/history", &format!("/history/{id}")] {
        browser.open_page(&server.url(path));
        browser.run_script("document.querySelector('[data-state-of=albums]').textContent = ''");
        browser.wait_for_text("[data-state-of=albums]", "Previewing, ");
    }
    server.post(&format!("/api/sync/{id}/cancel"), &serde_json::json!({}));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn history_is_filtered_and_paged_without_javascript() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let refused: String = (1..=60).map(|number| format!(",Nobody {number}\n")).collect();
    stub.set_reply("/albums.csv", StubReply::csv(format!("id,title\n1,One\n{refused}")));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.click("nav a[href='/history']");
    browser.click("#narrow-status option[value=failed]");
    browser.click("#narrow button");
    browser.wait_for_text("main", "No matching runs.");
    browser.click("#narrow-status option[value=completed]");
    browser.click("#narrow button");
    browser.click("ul.run-list h2 a");
    browser.wait_for_text("#issues .pager", "1–25 of 60");
    browser.click("#issues a[rel=next]");
    browser.wait_for_text("#issues .pager", "26–50 of 60");
}

/// A server whose source `albums` has seven runs: syncs with and without changes, one of which skipped a row and one
/// failed, and a preview.
pub(super) fn start_with_runs() -> (ServerSetup, ServerProcess, StubServer, String) {
    let setup = ServerSetup::new().with_setting("LOCKSTEP_COOLDOWN", "0");
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    setup.add_url("albums", stub.url("/albums.csv"));
    let mut id = String::new();
    for lines in ["1,One", "1,One\n2,Two", "1,One\n2,Two", "1,Other\n2,Two\n3,Three", "2,Two\n3,Three\n,Nobody"] {
        stub.set_reply("/albums.csv", StubReply::csv(format!("id,title\n{lines}\n")));
        id = server.start_sync("albums");
        wait_for_end(&server, &id);
    }
    stub.set_reply("/albums.csv", StubReply::status(404));
    let failed = server.start_sync("albums");
    wait_for_end(&server, &failed);
    let preview = serde_json::json!({ "source": "albums", "options": { "preview": true } });
    stub.set_reply("/albums.csv", StubReply::csv("id,title\n2,Two\n3,Three\n4,Four\n"));
    let preview = server.post("/api/sync", &preview).json()["syncId"].as_str().expect("an id").to_owned();
    wait_for_end(&server, &preview);
    (setup, server, stub, id)
}

fn wait_for_end(server: &ServerProcess, id: &str) {
    wait_until(|| !server.get(&format!("/api/history/{id}")).json()["endTime"].is_null());
}

/// Asserts that nothing below the header is wider than the smallest phones.
#[track_caller]
fn assert_fits_small_phone(browser: &Browser) {
    let phone = serde_json::json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    browser.run_chromium_command("Emulation.setDeviceMetricsOverride", &phone);
    browser.wait_for_condition("the page is narrow", || browser.run_script("return innerWidth") == 320);
    let wide = browser.run_script(
        "return [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 320.5) \
           .map(e => e.outerHTML.slice(0, 160))",
    );
    browser.set_narrow(false);
    assert_eq!(wide, serde_json::json!([]), "{}", browser.page_path());
}

#[test]
fn a_filtered_history_with_its_plot_and_the_log_of_a_run_are_accessible_and_fit_phones() {
    let (_setup, server, _stub, run) = start_with_runs();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/history"));
    browser.click("#narrow-source option[value=albums]");
    browser.wait_for_text("#run-plot-title", "Last 7 runs");
    assert_eq!((browser.count_elements(".run-plot svg g"), browser.count_elements(".run-plot svg path")), (7, 1));
    browser.click("#narrow-kind option[value=sync]");
    browser.wait_for_text("#run-plot-title", "Last 6 matching runs");
    browser.click("#narrow-dates summary");
    let set_day = "const day = document.querySelector('#narrow-from'); day.value = '2020-01-31';
        day.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.run_script(set_day);
    browser.wait_for_condition("the day is in the address", || browser.page_path().contains("from=2020-01-31"));
    browser.wait_for_text("#narrow-dates", "Days are in UTC.");
    for part in ["source=albums", "kind=sync"] {
        assert!(browser.page_path().contains(part), "{}", browser.page_path());
    }
    browser.reload();
    browser.click("#run-plot-table summary");
    browser.wait_for_text("#run-plot-table table", "Sync completed, 1 row skipped");
    browser.assert_page_accessible();
    browser.assert_fits_phone();
    assert_fits_small_phone(&browser);

    browser.open_page(&server.url(&format!("/history/{run}")));
    browser.wait_for_text("h1", ": sync completed, 1 row skipped");
    assert_eq!(browser.run_script("return document.title.split(' · ')[0]"), browser.element_text("h1").trim());
    // Times are in the zone of the reader, and lines of the log are only loaded when it is opened.
    let shown =
        browser.run_script("return document.querySelector('.run-stage-times relative-time').shadowRoot.textContent");
    let shown = shown.as_str().expect("a text");
    assert!(shown.matches(':').count() >= 2 && !shown.contains("UTC"), "{shown}");
    assert!(!browser.has_element(".run-log"));
    browser.click("#run-log > summary");
    browser.wait_for_text(".run-log", "Accepted");
    browser.wait_for_text(".run-log", "Fetched");
    browser.wait_for_text("#run-log-lines, #run-log", "log lines of this server only");
    browser.assert_page_accessible();
    browser.assert_fits_phone();
    assert_fits_small_phone(&browser);
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn filters_and_the_log_work_without_javascript() {
    let (_setup, server, _stub, run) = start_with_runs();
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/history"));
    browser.click("#narrow-source option[value=albums]");
    browser.click("#narrow-kind option[value=preview]");
    browser.click("#narrow-time option[value='24h']");
    browser.click("#narrow button");
    browser.wait_for_text("#run-plot-title", "Last matching run");
    for part in ["source=albums", "kind=preview", "time=24h"] {
        assert!(browser.page_path().contains(part), "{}", browser.page_path());
    }
    browser.open_page(&server.url(&format!("/history/{run}")));
    browser.wait_for_text(".run-stage-times", " UTC");
    browser.click("#run-log > summary");
    browser.click("#run-log a");
    browser.wait_for_text("h1", "sync log");
    browser.wait_for_text(".run-log", "Accepted");
    browser.wait_for_text(".run-log", " UTC");
}

#[test]
fn the_days_of_the_filter_are_those_of_the_reader_and_in_utc_without_javascript() {
    let (_setup, server, _stub, _run) = start_with_runs();
    let browser = Browser::open();
    browser
        .run_chromium_command("Emulation.setTimezoneOverride", &serde_json::json!({ "timezoneId": "Europe/Berlin" }));
    browser.log_in(&server.url("/login?next=/history"));
    browser.click("#narrow-dates summary");
    assert!(!browser.element_text("#narrow-dates").contains("UTC"), "no day is chosen");
    for (field, day) in [("from", "2020-03-29"), ("to", "2037-01-01")] {
        browser.run_script(&format!(
            "const day = document.querySelector('#narrow-{field}'); day.value = '{day}';
             day.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        ));
        browser.wait_for_condition("the day is in the address", || browser.page_path().contains(day));
    }
    let path = browser.page_path();
    assert!(path.contains("from-offset=60") && path.contains("to-offset=60"), "{path}");
    browser.wait_for_text("#narrow-dates", "Days are in UTC+01:00.");
    assert_eq!(browser.count_elements("ul.run-list li"), 7);
    // The clocks changed on the day: its end is another offset than its beginning.
    browser.run_script(
        "const day = document.querySelector('#narrow-to'); day.value = '2020-03-29';
         day.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    browser.wait_for_text("#narrow-dates", "Days are in UTC+01:00 to UTC+02:00.");
    browser.reload();
    browser.wait_for_text("#narrow-dates", "Days are in UTC+01:00 to UTC+02:00.");
    browser.assert_page_accessible();
    browser.assert_fits_phone();
    assert_eq!(browser.console_problems(), [""; 0]);

    let plain = Browser::without_javascript();
    plain.log_in(&server.url("/login?next=/history"));
    plain.click("#narrow-dates summary");
    plain.wait_for_text("#narrow-dates", "Days are in UTC.");
}
