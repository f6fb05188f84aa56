//! What a reader does on a page stays while the page follows a run: focus, selected text, open lists and texts.

use std::time::Duration;

use serde_json::{Value, json};

use super::history::start_with_unfinished_fetch;
use super::record_shelf::RecordShelf;
use super::{format_albums, serve_slowly};
use crate::support::browser::Browser;
use crate::support::stub_server::StubServer;

/// How many polls a reader's state has to survive.
const WATCHED_POLLS: u64 = 30;

/// Makes pages that are opened from now on poll every 200 ms instead of every 2 s, so that a test need not watch for a
/// minute, and lists what moves by itself. The badge may: its width is that of its text.
const FAST_POLLS: &str = "const setRealInterval = window.setInterval; \
    window.setInterval = (action, pause) => setRealInterval(action, pause === 2000 ? 200 : pause); \
    window.moved = []; \
    new PerformanceObserver(list => { \
      const sources = list.getEntries().filter(shift => !shift.hadRecentInput).flatMap(shift => [...shift.sources]); \
      const nodes = sources.map(({ node }) => node).filter(node => !node?.parentElement?.closest('#sync-badge') \
        && node?.id !== 'sync-badge'); \
      window.moved.push(...nodes.map(node => node?.outerHTML?.slice(0, 160) ?? 'a text')); \
    }).observe({ type: 'layout-shift' });";

/// Waits until the page has polled an address with this part so many times more.
fn wait_for_polls(browser: &Browser, part: &str, count: u64) {
    let script = format!(
        "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('{part}') \
           && entry.initiatorType === 'fetch').length"
    );
    let read_count = || browser.run_script(&script).as_u64().expect("a number");
    let before = read_count();
    browser.wait_for_condition("the page polls", || read_count() >= before + count);
}

/// Selects the text of an element and focuses another one, without scrolling to it.
fn select_and_focus(browser: &Browser, selected: &str, focused: &str) {
    browser.run_script(&format!(
        "document.querySelector('{focused}').focus({{ preventScroll: true }}); \
         getSelection().selectAllChildren(document.querySelector('{selected}')); window.moved.length = 0"
    ));
}

/// The selected text, what is focused, and how the page moved.
fn read_reader_state(browser: &Browser) -> Value {
    browser.run_script("return [getSelection().toString().trim(), document.activeElement.id, window.moved]")
}

#[test]
fn what_a_reader_does_stays_during_thirty_polls_of_a_slow_run() {
    let shelf = RecordShelf::open("");
    let (stub, other) = (StubServer::start(), StubServer::start());
    serve_slowly(&stub, "/slow.csv", &format_albums(4000));
    serve_slowly(&other, "/books.csv", &format_albums(4000));
    shelf.setup.add_url("slow", stub.url("/slow.csv"));
    shelf.setup.add_url("books", other.url("/books.csv"));
    let browser = Browser::open();
    browser.log_in(&shelf.server.url("/login"));
    browser.run_chromium_command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": FAST_POLLS }));

    // A catalog beside the runs of others: an open list of runs, a long text, and selected cells.
    let run = shelf.server.start_sync("slow");
    let books = shelf.server.start_sync("books");
    browser.open_page(&shelf.server.url("/catalog/albums?q=%22Record+010%22"));
    browser.click(".cell-more");
    browser.click("#badge-pill");
    browser.wait_for_text("#badge-list", "Syncing");
    select_and_focus(&browser, "tbody .cell-lead", "#badge-list a");
    wait_for_polls(&browser, "/sync-badge", WATCHED_POLLS);
    let (text, name) = ("getSelection().toString().trim()", "document.activeElement.closest('li').id");
    let kept = browser.run_script(&format!("return [{text}.includes('Record 010'), {name}, window.moved]"));
    assert_eq!(kept, json!([true, "badge-run-slow", []]), "selected, focused, moved");
    assert!(browser.has_element("#badge-list:popover-open"), "the list of runs is open");
    assert_eq!(browser.count_elements(".cell-lines.is-open + .cell-more[aria-expanded=true]"), 1, "the text is open");

    // The panel of the run itself, with the list of the other one.
    browser.open_page(&shelf.server.url("/catalog/slow"));
    browser.wait_for_text("#panel-title", "Syncing");
    browser.click("#badge-pill");
    select_and_focus(&browser, "#panel-title > span", "#panel-cancel");
    wait_for_polls(&browser, "/sync-status", WATCHED_POLLS);
    assert_eq!(read_reader_state(&browser), json!(["Syncing", "panel-cancel", []]));
    assert!(browser.has_element("#badge-list:popover-open"), "the list of runs is open");

    // The list of runs, which is loaded again when one of them ends.
    browser.open_page(&shelf.server.url("/history?source=albums"));
    browser.click("#narrow-dates summary");
    browser.click("#run-plot-table summary");
    select_and_focus(&browser, "#run-plot-title", "#narrow-kind");
    wait_for_polls(&browser, "/sync-badge", WATCHED_POLLS / 2);
    shelf.server.post(&format!("/api/sync/{books}/cancel"), &json!({}));
    wait_for_polls(&browser, "/history?", 1);
    wait_for_polls(&browser, "/sync-badge", WATCHED_POLLS / 2);
    assert_eq!(read_reader_state(&browser), json!(["Last run", "narrow-kind", []]));
    assert_eq!(browser.count_elements("#narrow-dates[open], #run-plot-table[open]"), 2);

    // The page of the run, with its log.
    browser.open_page(&shelf.server.url(&format!("/history/{run}")));
    browser.click("#run-log > summary");
    browser.wait_for_text(".run-log", "Accepted");
    browser.run_script("document.querySelector('#run-log summary').id = 'log-summary'");
    select_and_focus(&browser, ".run-log-event", "#log-summary");
    let timeline = browser.element_text(".run-stage-times");
    wait_for_polls(&browser, &format!("/history/{run}"), WATCHED_POLLS);
    assert_eq!(read_reader_state(&browser), json!(["Accepted", "log-summary", []]));
    assert!(browser.has_element("#run-log[open] .run-log"), "the log is open");
    assert_ne!(browser.element_text(".run-stage-times"), timeline, "the page shows how long it takes");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_active_run_shows_its_timeline_and_its_open_log_stays_open_after_its_end() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let run = server.start_sync("albums");
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{run}")));
    browser.wait_for_text(".run-stage-times", "Fetching");
    browser.wait_for_text(".run-stage-times", "so far");
    browser.wait_for_text(".run-stage-times", "not started");
    let heights = "return ['.run-stages', '.run-stage-times'].map(part => document.querySelector(part).offsetHeight)";
    let height = browser.run_script(heights);
    let first = browser.element_text(".run-stage-times");
    browser.wait_for_condition("the time of the stage rises", || browser.element_text(".run-stage-times") != first);
    assert_eq!(browser.run_script(heights), height, "the timeline keeps its height");
    browser.assert_fits_phone();

    browser.click("#run-log > summary");
    browser.wait_for_text(".run-log", "Accepted");
    let polls = "return performance.getEntriesByType('resource').filter(e => e.name.includes('sync-badge')).length";
    assert_eq!(browser.run_script(polls), 0, "the page brings the badge along");
    let lines = browser.count_elements(".run-log tbody tr");
    let cancelled = server.post(&format!("/api/sync/{run}/cancel"), &json!({}));
    assert_eq!(cancelled.status, 202, "{}", cancelled.body);
    browser.wait_for_text("h1", ": sync cancelled");
    browser.wait_for_text(".run-log", "Cancelled");
    assert!(browser.has_element("#run-log[open]") && browser.count_elements(".run-log tbody tr") > lines);
    browser.wait_for_text(".run-stage-times", "not reached");
    assert!(!browser.has_element("#run[hx-get]"), "the page does not poll any more");
    std::thread::sleep(Duration::from_millis(4500));
    assert!(browser.has_element("#run-log[open] .run-log"), "the log stays open");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn the_page_of_a_run_stays_while_nothing_answers_and_goes_on_afterwards() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let run = server.start_sync("albums");
    let browser = Browser::open();
    browser.log_in(&server.url(&format!("/login?next=/history/{run}")));
    browser.wait_for_text(".run-stage-times", "so far");
    server.freeze();
    browser.wait_for_text("#trouble", "Connection lost, retrying…");
    assert!(browser.has_element("#run .run-stage-times"), "the page stays");
    server.thaw();
    browser.wait_for_condition("the page goes on", || browser.element_text("#trouble").is_empty());
    server.post(&format!("/api/sync/{run}/cancel"), &json!({}));
    browser.wait_for_text("h1", ": sync cancelled");
}
