//! What the first view of a page costs a reader who has nothing of it yet.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};

/// The most bytes over the wire: the page with its stylesheet and scripts.
const MAX_FIRST_VIEW_BYTES: u64 = 100_000;

/// Opens a page without anything in the cache and asserts that it is small and comes from its server alone.
#[track_caller]
fn assert_small_first_view(browser: &Browser, server: &ServerProcess, path: &str) {
    browser.run_chromium_command("Network.clearBrowserCache", &json!({}));
    browser.open_page(&server.url(path));
    browser.wait_for_condition("the page is complete", || {
        browser.run_script("return document.readyState === 'complete' && !!window.htmx") == true
    });
    let loaded = browser.run_script(
        "const page = performance.getEntriesByType('navigation')[0]; \
         return [page, ...performance.getEntriesByType('resource')].map(part => \
           [new URL(part.name).origin === location.origin, part.transferSize, part.name])",
    );
    let parts = loaded.as_array().expect("a list");
    let total: u64 = parts.iter().filter_map(|part| part[1].as_u64()).sum();
    let list: String = parts.iter().map(|part| format!("{:>8} {}\n", part[1], part[2])).collect();
    println!("{path}: {total} bytes\n{list}");
    assert!(parts.iter().all(|part| part[0] == true), "{path} asks another host:\n{list}");
    let is_whole = |name: &str| parts.iter().any(|part| part[2].as_str().is_some_and(|url| url.ends_with(name)));
    assert!(["app.css", "htmx.js", "js/app.js"].iter().all(|name| is_whole(name)), "not everything is listed:\n{list}");
    assert!(parts.iter().all(|part| part[1].as_u64() > Some(0)), "{path} has parts from the cache:\n{list}");
    assert!(total <= MAX_FIRST_VIEW_BYTES, "{path}: {total} bytes\n{list}");
}

#[test]
fn the_first_view_of_a_page_is_at_most_100_kilobytes_from_its_own_server() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let run = server.start_sync("sample-albums");
    server.wait_for_status(&run, "completed");
    let visitor = Browser::open();
    assert_small_first_view(&visitor, &server, "/catalog/sample-albums");
    assert_small_first_view(&visitor, &server, "/login");
    visitor.log_in(&server.url("/login"));
    assert_small_first_view(&visitor, &server, "/");
    assert_eq!(visitor.console_problems(), [""; 0]);
}
