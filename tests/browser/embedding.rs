//! A public catalog in a frame of another site: a server on another port, which is another origin.

use super::public_pages::{open_server, set_sites};
use crate::support::browser::Browser;
use crate::support::server_process::ServerProcess;
use crate::support::stub_server::{StubReply, StubServer};

/// A site that shows a page of the server in a frame.
fn open_site(server: &ServerProcess, path: &str) -> StubServer {
    let site = StubServer::start();
    let page = format!("<!doctype html><title>Site</title><h1>Site</h1><iframe src=\"{}\"></iframe>", server.url(path));
    let page = page.replace("<iframe ", "<iframe width=800 height=600 ");
    site.set_reply("/page.html", StubReply::html(page));
    site.set_reply("/favicon.ico", StubReply::status(204));
    site
}

/// The address of the page in the frame.
fn frame_address(browser: &Browser) -> String {
    browser.run_script("return location.pathname + location.search").as_str().expect("an address").to_owned()
}

#[test]
fn a_named_site_shows_the_catalog_and_everything_works_within_the_frame() {
    let (setup, server) = open_server(60, "");
    let site = open_site(&server, "/catalog/albums?embed=1");
    set_sites(&setup, &site.url(""));
    let browser = Browser::open();
    // Even the reader who is logged in sees the page of a visitor.
    browser.log_in(&server.url("/login"));
    browser.open_page(&site.url("/page.html"));
    browser.enter_frame("iframe");
    browser.wait_for_text("h1", "The record shelf");
    browser.wait_for_text(".site-origin", "from The record shelf on Lockstep");
    assert!(!browser.has_element(".site-header") && !browser.has_element("#panel"));

    browser.click(".pager a[rel=next]");
    browser.wait_for_text(".pager", "51–60 of 60");
    assert_eq!(frame_address(&browser), "/catalog/albums?embed=1&page=2");
    browser.fill_field("#search-field", "Album 7");
    browser.wait_for_text(".search-found", "found for “Album 7”");
    assert!(frame_address(&browser).contains("embed=1"), "{}", frame_address(&browser));
    browser.click("thead th:nth-child(3) .head a");
    browser.wait_for_condition("it is sorted", || frame_address(&browser).contains("sort=year"));
    browser.click("button[popovertarget=any-filter]");
    browser.fill_field("#any-filter input[name=add-value]", "7");
    browser.press_enter();
    browser.wait_for_condition("it is filtered", || browser.has_element(".chip"));
    assert!(frame_address(&browser).contains("embed=1"), "{}", frame_address(&browser));
    browser.click("tbody .cell-lead a");
    browser.wait_for_text("h1", "Album 7");
    assert!(frame_address(&browser).contains("embed=1"), "{}", frame_address(&browser));
    browser.click(".page-back a");
    browser.wait_for_condition("the list is back", || browser.has_element(".chip"));
    assert_eq!(browser.find_attribute(".site-origin a", "target").as_deref(), Some("_blank"));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn an_embedded_catalog_works_without_javascript() {
    let (setup, server) = open_server(60, "");
    let site = open_site(&server, "/catalog/albums?embed=1");
    set_sites(&setup, &site.url(""));
    let browser = Browser::without_javascript();
    browser.open_page(&site.url("/page.html"));
    browser.enter_frame("iframe");
    browser.wait_for_text("h1", "The record shelf");
    browser.fill_field("#search-field", "Album 7");
    browser.press_enter();
    browser.wait_for_text(".search-found", "found for “Album 7”");
    browser.wait_for_text(".site-origin", "on Lockstep");
    browser.click("tbody .cell-lead a");
    browser.wait_for_text("h1", "Album 7");
    browser.wait_for_text(".site-origin", "on Lockstep");
}

#[test]
fn no_other_site_and_no_other_page_is_shown_in_a_frame() {
    let (setup, server) = open_server(60, "");
    let named = open_site(&server, "/catalog/albums?embed=1");
    let other = open_site(&server, "/catalog/albums?embed=1");
    let whole = open_site(&server, "/catalog/albums");
    let login = open_site(&server, "/login");
    let sites = [&named, &whole, &login].map(|site| site.url("")).join(" ");
    set_sites(&setup, &sites);
    let browser = Browser::open();
    let is_shown = |page: &str| {
        browser.open_page(page);
        browser.enter_frame("iframe");
        browser.has_element("#table, #username")
    };
    assert!(is_shown(&named.url("/page.html")), "a named site shows it");
    assert_eq!(browser.console_problems(), [""; 0]);
    let elsewhere = named.url("/page.html").replace("127.0.0.1", "localhost");
    for page in [other.url("/page.html"), whole.url("/page.html"), login.url("/page.html"), elsewhere] {
        assert!(!is_shown(&page), "{page}");
        let problems = browser.console_problems().join("\n");
        assert!(problems.contains("frame-ancestors"), "{page}: {problems}");
    }
}
