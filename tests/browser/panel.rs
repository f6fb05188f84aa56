//! The panel in the browser: its height, its first answer to a click, its focus and its polls.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{format_albums, serve_half, serve_slowly};
use crate::support::browser::Browser;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};

/// Adds up the layout shifts of the page that no click or key explains.
const RECORD_LAYOUT_SHIFTS: &str = "
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (!entry.hadRecentInput) {
                shifts.push(entry.value + ' ' + entry.sources.map((source) => (source.node?.outerHTML ?? source.node?.parentElement?.outerHTML ?? '').slice(0, 90)));
            }
        }
    }).observe({ type: 'layout-shift' });";

fn read_panel_height(browser: &Browser) -> u64 {
    browser.run_script("return document.querySelector('#panel').offsetHeight").as_u64().expect("pixels")
}

/// A server, and a browser at the page of the catalog `albums`.
fn open_albums(setup: &ServerSetup, stub: &StubServer) -> (ServerProcess, Browser) {
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    (server, browser)
}

#[test]
fn at_rest_it_is_one_line_and_a_result_keeps_its_height_until_it_is_dismissed() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv(format_albums(40)));
    let (_server, browser) = open_albums(&setup, &stub);
    assert!(read_panel_height(&browser) <= 56, "{} pixels", read_panel_height(&browser));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-title", "Sync completed");
    assert!(read_panel_height(&browser) > 150, "the whole card");
    browser.reload();
    assert!(read_panel_height(&browser) > 150, "until it is dismissed");
    browser.click("#panel-dismiss");
    browser.wait_for_text("#panel-title", "Up to date");
    assert!(read_panel_height(&browser) <= 56, "{} pixels", read_panel_height(&browser));
    for expected in ["Last synced", "40 added"] {
        browser.wait_for_text(".panel-facts", expected);
    }
    assert_eq!(browser.run_script("return document.querySelector('#panel').contains(document.activeElement)"), true);
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn the_click_is_answered_before_the_server_answers() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(400));
    let (_server, browser) = open_albums(&setup, &stub);
    // The state of the page right after the click, before any response can have arrived.
    let state = browser.run_script(
        "document.querySelector('#panel-sync').click();
         const panel = document.querySelector('#panel');
         return new Promise((done) => requestAnimationFrame(() => done({
            text: document.querySelector('p.panel-starting').innerText,
            height: panel.offsetHeight,
            busy: document.querySelector('#panel-sync').getAttribute('aria-busy'),
            polls: panel.hasAttribute('hx-get'),
         })));",
    );
    assert_eq!((&state["text"], &state["busy"], &state["polls"]), (&json!("Starting…"), &json!("true"), &json!(false)));
    browser.wait_for_condition("the run is shown", || browser.has_element("#panel[data-active=true]"));
    assert_eq!(read_panel_height(&browser), state["height"].as_u64().expect("pixels"), "it keeps this height");
    assert!(!browser.has_element("#panel [aria-busy=true]"));
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
}

#[test]
fn nothing_moves_while_a_run_is_watched() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    let (_server, browser) = open_albums(&setup, &stub);
    let albums = format_albums(400);
    let (added, skipped) = (format_albums(700), format!("{}1,Twice,1990\n,No key,1991\n", format_albums(720)));
    let mangled = "not,the,header\n1,2,3\n";
    for narrow in [false, true] {
        browser.set_narrow(narrow);
        let outcomes = [
            (albums.as_str(), "Sync completed"),
            (&added, "Sync completed"),
            (&skipped, "2 rows skipped"),
            (mangled, "Sync failed"),
            ("id,title,year\n", "Sync failed"),
            (&format_albums(100), "Needs review"),
        ];
        for (content, outcome) in outcomes {
            // The first sync fills an empty page, which is no movement of what was there.
            let drip = StubReply::csv(content).drip(content.len().div_ceil(6).max(1), Duration::from_millis(600));
            stub.set_reply("/albums.csv", drip);
            browser.reload();
            browser.run_script("document.querySelector('#panel-dismiss')?.click()");
            browser.wait_for_condition("it is at rest", || browser.has_element("#panel.is-at-rest"));
            browser.run_script(RECORD_LAYOUT_SHIFTS);
            browser.click("#panel-menu summary");
            browser.click("#panel-full");
            browser.wait_for_condition("it is followed", || browser.has_element("#panel[data-active=true]"));
            browser.wait_for_text("#panel-title", outcome);
            browser.wait_for_condition("the table is loaded", || !browser.has_element(".htmx-request"));
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(
                browser.run_script("return shifts"),
                json!([]),
                "{outcome}, narrow: {narrow}: {}",
                browser.element_text("#panel")
            );
            browser.assert_fits_phone();
            browser.set_narrow(narrow);
        }
        stub.set_reply("/albums.csv", StubReply::csv(&added));
        browser.reload();
        browser.click("#panel-sync");
        browser.wait_for_text("#panel-title", "Sync completed");
    }
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn stages_are_announced_and_progress_is_not() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    serve_slowly(&stub, "/albums.csv", &format_albums(4000));
    let (_server, browser) = open_albums(&setup, &stub);
    browser.run_script(
        "window.announced = [];
         const note = () => {
            const text = document.querySelector('#panel-announcement').textContent;
            if (announced.at(-1) !== text) announced.push(text);
         };
         new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });",
    );
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-rate", " bytes/s");
    let meta = || browser.element_text("#panel .panel-meta");
    assert!(meta().contains(" of ") && meta().contains(" kB"), "{}", meta());
    let first = meta();
    browser.wait_for_condition("more of it is fetched", || meta() != first);
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
    let announced = browser.run_script("return announced.filter((text) => text !== 'Sync started.')");
    let texts: Vec<_> = announced.as_array().expect("texts").iter().filter_map(|text| text.as_str()).collect();
    assert_eq!(texts.first(), Some(&"Fetching…"));
    assert!(texts.last().is_some_and(|text| text.starts_with("Sync cancelled. ")), "{texts:?}");
    assert!(texts.len() <= 3, "no announcement for each poll: {texts:?}");
}

#[test]
fn the_focus_stays_in_the_panel_when_its_button_goes() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    stub.set_reply("/albums.csv", StubReply::csv(format_albums(400)).drip(1500, Duration::from_millis(700)));
    let (_server, browser) = open_albums(&setup, &stub);
    browser.click("#panel-sync");
    browser.wait_for_condition("it can be cancelled", || browser.has_element("#panel-cancel"));
    let focused = || browser.run_script("return document.activeElement.closest('#panel')?.id ?? 'elsewhere'");
    assert_eq!(focused(), "panel", "the Sync button is disabled");
    browser.run_script("document.querySelector('#panel-cancel').focus()");
    browser.wait_for_text("#panel-title", "Sync completed");
    assert_eq!(focused(), "panel", "the Cancel button is gone");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn polls_slow_down_while_nothing_answers_and_resume_at_once_when_the_tab_is_shown() {
    let setup = ServerSetup::new();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(400));
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let proxy = ReverseProxy::in_front_of(server.address());
    let browser = Browser::open();
    browser.log_in(&proxy.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_condition("it runs", || browser.has_element("#panel[data-state=running]"));
    browser.run_script(
        "window.polls = [];
         document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
            if (ctx.sourceElement.id === 'panel') polls.push(performance.now());
         });",
    );
    proxy.set_broken(true);
    browser.wait_within(Duration::from_secs(40), "five polls", || {
        browser.run_script("return polls.length").as_u64().is_some_and(|polls| polls >= 5)
    });
    let gaps = browser.run_script("return polls.slice(1).map((at, index) => Math.round((at - polls[index]) / 1000))");
    assert_eq!(gaps, json!([2, 4, 8, 10]), "seconds between polls");
    browser.wait_for_text("#panel-note", "Connection lost, retrying…");
    proxy.set_broken(false);
    let shown = Instant::now();
    browser.run_script("window.dispatchEvent(new Event('focus'))");
    browser.wait_within(Duration::from_secs(3), "it asks at once", || {
        proxy.requests_since(shown, "/sync-status") > 0 && browser.element_text("#panel-note").is_empty()
    });
    let console = browser.console_messages(&["INFO"]);
    let run = browser.find_attribute("#panel", "data-sync").expect("a run");
    assert!(console.iter().any(|line| line.contains(&format!("following {run}"))), "{console:?}");
    assert!(console.iter().any(|line| line.contains(&format!("no answer about {run}"))), "{console:?}");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");
}
