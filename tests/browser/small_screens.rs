//! The pages on the smallest phones, and on a desktop that enlarges them to 200 %.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};

/// Texts that are higher than their element, which hides them or lets them run over what follows. Tables cut long texts
/// on purpose and have a button that shows them; what only screen readers read has no size.
const CUT_TEXTS: &str = "const hasText = element => [...element.childNodes].some(node => \
      node.nodeType === 3 && node.textContent.trim()); \
    const isCut = element => { \
      const style = getComputedStyle(element); \
      if (style.display === 'inline' || element.clientHeight === 0) return false; \
      return element.scrollHeight - element.clientHeight > parseFloat(style.fontSize) / 2; \
    }; \
    const texts = [...document.querySelectorAll('body *')].filter(element => hasText(element) && \
      element.checkVisibility() && !element.closest('svg, script, .text-spoken, .cell-lines')); \
    return texts.filter(isCut).map(element => element.outerHTML.slice(0, 200))";

/// A server with an admin and the sample catalog, and the paths of pages: of visitors and of admins.
fn open_pages() -> (ServerSetup, ServerProcess, Browser, Vec<String>) {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let run = server.start_sync("sample-albums");
    server.wait_for_status(&run, "completed");
    let browser = Browser::open();
    browser.log_in(&server.url("/login"));
    let run_page = format!("/history/{run}");
    let pages = ["/", "/catalog/sample-albums", "/catalog/sample-albums?filter[genre]=Jazz&q=a", "/history", &run_page];
    let sources = ["/settings/sources", "/settings/sources/new", "/settings/sources/sample-albums"];
    let others = ["/settings/users", "/settings/tokens", "/settings/account", "/settings/about"];
    let paths = pages.into_iter().chain(sources).chain(others).map(str::to_owned).collect();
    (setup, server, browser, paths)
}

#[test]
fn no_page_scrolls_sideways_at_320_pixels() {
    let (_setup, server, browser, paths) = open_pages();
    let small = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    browser.run_chromium_command("Emulation.setDeviceMetricsOverride", &small);
    for path in paths {
        browser.open_page(&server.url(&path));
        let fits = browser.run_script("return [innerWidth, document.documentElement.scrollWidth <= 320]");
        assert_eq!(fits, json!([320, true]), "{path}");
        browser.click(".site-menu-button");
        browser.wait_for_text("#site-menu", "Log out");
    }
    assert_eq!(browser.console_problems(), [""; 0]);
}

/// A desktop of 1280 pixels that enlarges a page to 200 % lays it out in 640 pixels of twice the size.
#[test]
fn no_page_scrolls_sideways_or_cuts_a_text_at_200_percent() {
    let (_setup, server, browser, paths) = open_pages();
    let enlarged = json!({ "width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": false });
    browser.run_chromium_command("Emulation.setDeviceMetricsOverride", &enlarged);
    let layout =
        "const root = document.documentElement; return [innerWidth, devicePixelRatio, root.scrollWidth <= 640]";
    for path in paths {
        browser.open_page(&server.url(&path));
        assert_eq!(browser.run_script(layout), json!([640, 2, true]), "{path}");
        assert_eq!(browser.run_script(CUT_TEXTS), json!([]), "{path}: cut texts");
        browser.click(".site-menu-button");
        browser.wait_for_text("#site-menu", "Log out");
        assert_eq!(browser.run_script(CUT_TEXTS), json!([]), "{path}: cut texts of the menu");
    }
    // Proves that a cut text would be found.
    browser.run_script("document.querySelector('h1').style.cssText = 'height: 8px; overflow: hidden'");
    assert_eq!(browser.run_script(&format!("return (() => {{ {CUT_TEXTS} }})().length")), 1);
    assert_eq!(browser.console_problems(), [""; 0]);
}
