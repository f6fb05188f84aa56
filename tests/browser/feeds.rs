//! Feeds, from their addresses to the catalog, and what becomes of one that fails.

use super::albums;
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

/// A feed with these entries.
fn feed(title: &str, entries: &[&str]) -> StubReply {
    let item = |entry: &&str| format!("<item><guid>{entry}</guid><title>{entry}</title></item>");
    let items: String = entries.iter().map(item).collect();
    StubReply::rss(&format!("<title>{title}</title><link>https://h.example/</link>{items}"))
}

/// Chooses feeds on the page that adds sources, and types addresses, one per line.
fn look_into(browser: &Browser, addresses: &str) {
    browser.click(".kinds a[href$='kind=feeds']");
    browser.sees(".card h2", "Feeds");
    browser.fill("#url", addresses);
    browser.click("form.card button[type=submit]");
}

#[test]
fn two_addresses_become_a_catalog_and_the_one_that_failed_is_asked_again_when_it_is_mended() {
    let outside = StubServer::start();
    outside.set("/jazz", feed("Jazz today", &["Kind of Blue", "Blue Train"]));
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    browser.fits_a_phone();
    look_into(&browser, &format!("{}\n{}", outside.url("/jazz"), outside.url("/rock?token=s3cret")));
    browser.sees(".preview tbody", "Blue Train");
    browser.sees(".found-feeds .bad", "/rock?…");
    browser.sees(".found-feeds .good", "Jazz today");
    assert!(!browser.has("[name=key]"), "feeds know their key");
    assert!(!browser.js("return document.documentElement.outerHTML").to_string().contains("s3cret"));
    browser.fits_a_phone();
    browser.fill("#name", "The news");
    browser.fill("#slug", "news");
    browser.click(".form-actions button");
    browser.sees("h1", "The news");

    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#panel-message", "1 of 2 feeds failed");
    browser.sees("#panel .panel-meta", "2 feeds, 2 articles");
    browser.sees("#catalog-facts", "1 failing");
    browser.click("#panel-issues summary");
    browser.sees("#panel-issues .lines", "/rock?…");
    browser.fits_a_phone();

    browser.click("#feeds-link");
    browser.sees("h1", "Feeds");
    browser.sees("ul.feeds li:first-child .state", "Failed once");
    browser.sees("ul.feeds li:first-child .feed-why", "404");
    browser.sees("ul.feeds li:last-child", "2 entries");
    browser.fits_a_phone();
    assert_eq!(browser.path(), "/catalog/news/feeds");

    let jazz = outside.request_count("/jazz");
    outside.set("/rock", feed("Rock today", &["Autobahn"]));
    browser.click("#retry-failed");
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "3 articles");
    browser.until("nothing fails any more", || !browser.text("#catalog-facts").contains("failing"));
    assert!(!browser.has("#panel-failed"));
    assert_eq!(outside.request_count("/jazz"), jazz, "the one that was fine is left alone");
    browser.click("#feeds-link");
    browser.sees(".title", "none failing");
    assert!(!browser.has("#retry-failed"));
    browser.go(&server.url("/"));
    browser.sees("#sources", "The news");
    assert!(!browser.text("#sources").contains("failing"));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_failed_ones_are_asked_again_from_the_panel_too() {
    let outside = StubServer::start();
    outside.set("/jazz", feed("Jazz today", &["Kind of Blue"]));
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    look_into(&browser, &format!("{}\n{}", outside.url("/jazz"), outside.url("/rock")));
    browser.click(".form-actions button");
    browser.click("#panel-sync");
    browser.sees("#panel-failed", "Retry failed feeds");
    outside.set("/rock", feed("Rock today", &["Autobahn"]));
    browser.click("#panel-failed");
    browser.sees("#catalog-facts .count", "2 articles");
    browser.until("it is not offered any more", || !browser.has("#panel-failed"));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn feeds_work_without_javascript_and_what_is_something_else_is_offered_as_that() {
    let outside = StubServer::start();
    outside.set("/jazz", feed("Jazz today", &["Kind of Blue"]));
    outside.csv("/albums.csv", &albums(3));
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    look_into(&browser, &outside.url("/albums.csv"));
    browser.sees("#url-error", "Not an RSS");
    browser.sees(".offer", "CSV file");
    browser.click("#offer");
    browser.sees(".preview tbody", "Album 2");
    browser.sees("#key-help", "CSV by link");

    // A link in the box for any link needs no choice at all.
    browser.go(&server.url("/settings/sources/new"));
    browser.fill("#url", &outside.url("/jazz"));
    browser.click("form:has(#url) button[type=submit]");
    browser.sees(".preview tbody", "Kind of Blue");
    assert_eq!(browser.attr("#slug", "value").as_deref(), Some("jazz-today"), "the feed says what it is called");
    browser.click(".form-actions button");
    browser.sees("h1", "Jazz today");
    browser.click("#panel-sync");
    browser.sees("#catalog-facts .count", "1 article");

    browser.go(&server.url("/settings/sources/jazz-today"));
    browser.fill("#url", &format!("{}\n{}", outside.url("/jazz"), outside.url("/late")));
    browser.click(".form-actions button");
    browser.sees("#url-error", "404");
    outside.set("/late", feed("Late", &["Good night"]));
    browser.click(".form-actions button");
    browser.sees(".done", "Source saved.");
    browser.go(&server.url("/catalog/jazz-today"));
    browser.click("#panel-sync");
    browser.sees("#catalog-facts .count", "2 articles");
    browser.click("#feeds-link");
    browser.sees(".title", "2 feeds");
    // A list that another reader exported, in the box for any file.
    let list = home.path("subscriptions.opml");
    let outline = |path: &str| format!("<outline type=\"rss\" text=\"{path}\" xmlUrl=\"{}\"/>", outside.url(path));
    let body = outline("/jazz") + &outline("/late");
    std::fs::write(&list, format!("<opml version=\"2.0\"><body>{body}</body></opml>")).expect("a file");
    browser.go(&server.url("/settings/sources/new"));
    browser.fill("#file", &list.display().to_string());
    browser.click("form:has(#file) button[type=submit]");
    browser.sees(".preview tbody", "Good night");
    assert_eq!(browser.attr("#name", "value").as_deref(), Some("Subscriptions"));
    browser.click(".form-actions button");
    browser.click("#panel-sync");
    browser.sees("#catalog-facts .count", "2 articles");
}

#[test]
fn the_table_of_articles_fits_a_screen() {
    let outside = StubServer::start();
    let text = "A long story about a city whose walls were painted over and over again. ".repeat(8);
    let item = |n: usize| {
        format!(
            "<item><guid isPermaLink=\"false\">{n}</guid><title>{n}: what the painters of the old town found behind a \
             wall that nobody had opened for two hundred years</title><link>https://h.example/stories/{n}/painters</link>\
             <dc:creator xmlns:dc=\"http://purl.org/dc/elements/1.1/\">Wilhelmina Featherstone-Haugh</dc:creator>\
             <category>Architecture</category><category>Neighbourhoods</category><category>History</category>\
             <pubDate>Fri, 20 Nov 2026 08:{n:02}:00 GMT</pubDate><description>{text}</description>\
             <enclosure url=\"{}\" type=\"image/png\"/></item>",
            outside.url("/wall.png")
        )
    };
    let items: String = (10..30).map(item).collect();
    outside.set(
        "/city",
        StubReply::rss(&format!("<title>The daily news of the inner city and its neighbours</title>{items}")),
    );
    let home = ServerSetup::new();
    let server = home.start();
    home.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    look_into(&browser, &outside.url("/city"));
    browser.sees(".preview tbody", "painters");
    browser.fill("#slug", "city");
    browser.click(".form-actions button");
    browser.click("#panel-sync");
    browser.sees("#catalog-facts .count", "20 articles");
    browser.sees("#table tbody", "29: what the painters");
    assert!(browser.js("return innerWidth").as_u64() <= Some(1280));
    let wide =
        browser.js("const box = document.querySelector('#table .scroll'); return [box.scrollWidth, box.clientWidth]");
    assert!(wide[0].as_u64() <= wide[1].as_u64(), "the table scrolls sideways: {wide}");
    browser.fits_a_phone();
    browser.click("#table tbody tr:first-child .lead a");
    browser.sees("dl.item", "A long story");
}
