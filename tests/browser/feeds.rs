//! Feeds in the browser, from their addresses to the catalog, and the retry of failed ones.

use super::format_albums;
use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

/// A feed with these entries.
fn feed_reply(title: &str, entries: &[&str]) -> StubReply {
    let item = |entry: &&str| format!("<item><guid>{entry}</guid><title>{entry}</title></item>");
    let items: String = entries.iter().map(item).collect();
    StubReply::rss(&format!("<title>{title}</title><link>https://h.example/</link>{items}"))
}

/// Chooses feeds on the page that adds sources, and submits addresses, one per line.
fn submit_addresses(browser: &Browser, addresses: &str) {
    browser.click(".source-form-kinds a[href$='kind=feeds']");
    browser.wait_for_text(".card h2", "Feeds");
    browser.fill_field("#url", addresses);
    browser.click("form.card button[type=submit]");
}

#[test]
fn two_feeds_become_a_catalog_and_the_failed_one_is_retried_after_its_repair() {
    let stub = StubServer::start();
    stub.set_reply("/jazz", feed_reply("Jazz today", &["Kind of Blue", "Blue Train"]));
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    browser.assert_fits_phone();
    submit_addresses(&browser, &format!("{}\n{}", stub.url("/jazz"), stub.url("/rock?token=s3cret")));
    browser.wait_for_text(".source-preview tbody", "Blue Train");
    browser.wait_for_text(".source-form-found-feeds .bad", "/rock?…");
    browser.wait_for_text(".source-form-found-feeds .good", "Jazz today");
    assert!(!browser.has_element("[name=key]"), "feeds know their key");
    assert!(!browser.run_script("return document.documentElement.outerHTML").to_string().contains("s3cret"));
    browser.assert_fits_phone();
    browser.fill_field("#name", "The news");
    browser.fill_field("#slug", "news");
    browser.click(".form-actions button");
    browser.wait_for_text("h1", "The news");

    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#panel-message", "1 of 2 feeds failed");
    browser.wait_for_text("#panel .panel-meta", "2 feeds, 2 articles");
    browser.wait_for_text("#catalog-facts", "1 failing");
    browser.click("#panel-issues summary");
    browser.wait_for_text("#panel-issues .changes-list", "/rock?…");
    browser.assert_fits_phone();

    browser.click("#feeds-link");
    browser.wait_for_text("h1", "Feeds");
    browser.wait_for_text("ul.feed-list li:first-child .state", "Failed once");
    browser.wait_for_text("ul.feed-list li:first-child .feed-why", "404");
    browser.wait_for_text("ul.feed-list li:last-child", "2 entries");
    browser.assert_fits_phone();
    assert_eq!(browser.page_path(), "/catalog/news/feeds");

    let jazz = stub.request_count("/jazz");
    stub.set_reply("/rock", feed_reply("Rock today", &["Autobahn"]));
    browser.click("#retry-failed");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "3 articles");
    browser
        .wait_for_condition("nothing fails any more", || !browser.element_text("#catalog-facts").contains("failing"));
    assert!(!browser.has_element("#panel-failed"));
    assert_eq!(stub.request_count("/jazz"), jazz, "the working feed is not requested");
    browser.click("#feeds-link");
    browser.wait_for_text(".page-title", "none failing");
    assert!(!browser.has_element("#retry-failed"));
    browser.open_page(&server.url("/"));
    browser.wait_for_text("#sources", "The news");
    assert!(!browser.element_text("#sources").contains("failing"));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn failed_feeds_can_be_retried_from_the_panel() {
    let stub = StubServer::start();
    stub.set_reply("/jazz", feed_reply("Jazz today", &["Kind of Blue"]));
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    submit_addresses(&browser, &format!("{}\n{}", stub.url("/jazz"), stub.url("/rock")));
    browser.click(".form-actions button");
    browser.wait_for_text("#panel-failed", "Retry failed feeds");
    stub.set_reply("/rock", feed_reply("Rock today", &["Autobahn"]));
    browser.click("#panel-failed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "2 articles");
    browser.wait_for_condition("it is not offered any more", || !browser.has_element("#panel-failed"));
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn feeds_work_without_javascript_and_a_csv_file_is_offered_as_such() {
    let stub = StubServer::start();
    stub.set_reply("/jazz", feed_reply("Jazz today", &["Kind of Blue"]));
    stub.serve_csv("/albums.csv", &format_albums(3));
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::without_javascript();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    submit_addresses(&browser, &stub.url("/albums.csv"));
    browser.wait_for_text("#url-error", "Not an RSS");
    browser.wait_for_text(".source-form-offer", "CSV file");
    browser.click("#offer");
    browser.wait_for_text(".source-preview tbody", "Album 2");
    browser.wait_for_text(".source-found", "CSV by link");

    // The field for any link needs no choice of a type.
    browser.open_page(&server.url("/settings/sources/new"));
    browser.fill_field("#url", &stub.url("/jazz"));
    browser.click("form:has(#url) button[type=submit]");
    browser.wait_for_text(".source-preview tbody", "Kind of Blue");
    assert_eq!(
        browser.find_attribute("#slug", "value").as_deref(),
        Some("jazz-today"),
        "the feed says what it is called"
    );
    browser.click(".form-actions button");
    browser.wait_for_text("h1", "Jazz today");
    browser.wait_for_text("#catalog-facts .text-facts-count", "1 article");

    browser.open_page(&server.url("/settings/sources/jazz-today"));
    browser.fill_field("#url", &format!("{}\n{}", stub.url("/jazz"), stub.url("/late")));
    browser.click(".form-actions button");
    browser.wait_for_text("#url-error", "404");
    stub.set_reply("/late", feed_reply("Late", &["Good night"]));
    browser.click(".form-actions button");
    browser.wait_for_text(".notice-done", "Source saved.");
    browser.open_page(&server.url("/catalog/jazz-today"));
    browser.click("#panel-sync");
    browser.wait_for_text("#catalog-facts .text-facts-count", "2 articles");
    browser.click("#feeds-link");
    browser.wait_for_text(".page-title", "2 feeds");
    // An OPML file in the field for any file.
    let list = setup.path("subscriptions.opml");
    let outline = |path: &str| format!("<outline type=\"rss\" text=\"{path}\" xmlUrl=\"{}\"/>", stub.url(path));
    let body = outline("/jazz") + &outline("/late");
    std::fs::write(&list, format!("<opml version=\"2.0\"><body>{body}</body></opml>")).expect("a file");
    browser.open_page(&server.url("/settings/sources/new"));
    browser.fill_field("#file", &list.display().to_string());
    browser.click("form:has(#file) button[type=submit]");
    browser.wait_for_text(".source-preview tbody", "Good night");
    assert_eq!(browser.find_attribute("#name", "value").as_deref(), Some("Subscriptions"));
    browser.click(".form-actions button");
    browser.wait_for_text("#catalog-facts .text-facts-count", "2 articles");
}

#[test]
fn the_table_of_articles_fits_a_screen() {
    let stub = StubServer::start();
    let text = "A long story about a city whose walls were painted over and over again. ".repeat(8);
    let item = |n: usize| {
        format!(
            "<item><guid isPermaLink=\"false\">{n}</guid><title>{n}: what the painters of the old town found behind a \
             wall that nobody had opened for two hundred years</title><link>https://h.example/stories/{n}/painters</link>\
             <dc:creator xmlns:dc=\"http://purl.org/dc/elements/1.1/\">Wilhelmina Featherstone-Haugh</dc:creator>\
             <category>Architecture</category><category>Neighbourhoods</category><category>History</category>\
             <pubDate>Fri, 20 Nov 2026 08:{n:02}:00 GMT</pubDate><description>{text}</description>\
             <enclosure url=\"{}\" type=\"image/png\"/></item>",
            stub.url("/wall.png")
        )
    };
    let items: String = (10..30).map(item).collect();
    stub.set_reply(
        "/city",
        StubReply::rss(&format!("<title>The daily news of the inner city and its neighbours</title>{items}")),
    );
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    submit_addresses(&browser, &stub.url("/city"));
    browser.wait_for_text(".source-preview tbody", "painters");
    browser.fill_field("#slug", "city");
    browser.click(".form-actions button");
    browser.wait_for_text("#catalog-facts .text-facts-count", "20 articles");
    browser.wait_for_text("#table tbody", "29: what the painters");
    assert!(browser.run_script("return innerWidth").as_u64() <= Some(1280));
    let wide = browser.run_script(
        "const box = document.querySelector('#table .table-scroll'); return [box.scrollWidth, box.clientWidth]",
    );
    assert!(wide[0].as_u64() <= wide[1].as_u64(), "the table scrolls sideways: {wide}");
    browser.assert_fits_phone();
    browser.click("#table tbody tr:first-child .cell-lead a");
    browser.wait_for_text("dl.item-fields", "A long story");
}
