//! The page of a catalog's feeds: their state, and the retry of failed ones.

use lockstep::domain::account::Role;
use serde_json::json;

use super::custom_kind::{form_fields, open_site, sync_source};
use super::site::TestSite;
use crate::support::stub_server::{StubReply as OutsideReply, StubServer};

/// The titles of the feeds in the order of the page.
fn list_order(page: &str) -> Vec<&str> {
    let named = page.split("<p class=\"feed-name\"><strong>").skip(1);
    named.filter_map(|rest| rest.split("</strong>").next()).collect()
}

#[test]
fn each_feed_is_listed_and_failed_ones_can_be_retried() {
    let (site, ticker) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let urls = "ticker:jazz\nticker:radio\nticker:gone?token=s3cret";
    let added = admin.post_form("/settings/sources", &form_fields(urls, ""));
    assert_eq!(added.status, 303, "{}", added.body);
    assert!(!admin.get("/catalog/news").body.contains("/catalog/news/feeds"), "nothing is known yet");
    assert!(admin.get("/catalog/news/feeds").body.contains("No feeds yet."));
    sync_source(&site, &admin, "sync");

    let catalog = admin.get("/catalog/news").body;
    assert!(catalog.contains("href=\"/catalog/news/feeds\"") && catalog.contains("1 failing"), "{catalog}");
    assert!(catalog.contains("1 of 3 feeds failed") && catalog.contains("Retry failed feeds"), "{catalog}");
    assert!(catalog.contains("<strong>ticker:gone</strong> There is no such ticker."), "{catalog}");
    assert!(admin.get("/").body.contains("1 feed failing"));

    let page = admin.get("/catalog/news/feeds");
    assert_eq!(page.status, 200);
    assert_eq!(list_order(&page.body), ["ticker:gone?…", "Ticker jazz", "Ticker radio"], "failed feeds come first");
    for shown_text in
        ["3 feeds", "1 failing", "Failed once", "There is no such ticker.", "2 entries", "Retry failed feed"]
    {
        assert!(page.body.contains(shown_text), "{shown_text}: {}", page.body);
    }
    assert!(!page.body.contains("s3cret"));

    // The page of the run offers the same.
    let run = super::history::latest_run(&site, &site.store.find_source("news").expect("an answer").expect("a source"));
    let page = admin.get(&format!("/history/{run}")).body;
    assert!(page.contains("id=\"run-failed\"") && !page.contains("id=\"run-again\""), "{page}");

    // Viewers see the page without its buttons; visitors are sent to the login, although the catalog is public.
    let viewer = site.add_person("bob", Role::Viewer);
    let seen = viewer.get("/catalog/news/feeds");
    assert_eq!((seen.status, seen.body.contains("Retry failed")), (200, false));
    assert!(!viewer.get(&format!("/history/{run}")).body.contains("Retry failed"));
    assert_eq!(viewer.post_form("/catalog/news/sync", &[("action", "failed")]).status, 403);
    assert_eq!(
        site.visitor().get("/catalog/albums/feeds").header("location"),
        Some("/login?next=%2Fcatalog%2Falbums%2Ffeeds")
    );

    let program = site.add_program("robot", Role::Viewer);
    let feeds = |program: &super::site::SiteClient<'_>| {
        let sources = program.get("/api/sources").json();
        let of = |slug: &str| sources["items"].as_array().expect("a list").iter().find(|s| s["slug"] == slug).cloned();
        (of("news").map(|source| source["feeds"].clone()), of("albums").map(|source| source["feeds"].clone()))
    };
    assert_eq!(feeds(&program), (Some(json!({"total": 3, "failing": 1})), Some(json!(null))));
    assert_eq!(feeds(&site.visitor()), (None, Some(json!(null))));

    ticker.requested_addresses();
    ticker.set_headlines("ticker:gone", Ok(&["Back again"]));
    sync_source(&site, &admin, "failed");
    assert_eq!(ticker.requested_addresses(), ["ticker:gone?token=s3cret"], "the others are not requested");
    let page = admin.get("/catalog/news/feeds").body;
    assert!(page.contains("none failing") && !page.contains("Retry failed"), "{page}");
    assert!(!admin.get(&format!("/history/{run}")).body.contains("id=\"run-failed\""), "nothing fails any more");
    let catalog = admin.get("/catalog/news").body;
    assert!(catalog.contains("4 headlines") && !catalog.contains("Retry failed"), "{catalog}");
    assert!(!admin.get("/").body.contains("failing"));
}

#[test]
fn a_rate_limited_feed_cannot_be_retried() {
    let stub = StubServer::start();
    stub.set_reply("/jazz", OutsideReply::feed("Jazz", &["1"]));
    stub.set_reply("/rock", OutsideReply::status(404));
    let (site, _) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let urls = format!("{}\n{}", stub.url("/jazz"), stub.url("/rock"));
    let fields = form_fields(&urls, "").map(|(name, value)| (name, if name == "kind" { "feeds" } else { value }));
    let added = admin.post_form("/settings/sources", &fields);
    assert_eq!(added.status, 303, "{}", added.body);
    sync_source(&site, &admin, "sync");
    let (page, panel) = (admin.get("/catalog/news/feeds").body, admin.get("/catalog/news").body);
    assert!(page.contains("you can retry now") && page.contains("id=\"retry-failed\""), "{page}");
    assert!(panel.contains("id=\"panel-failed\""), "{panel}");

    stub.set_reply("/rock", OutsideReply::status(429).header("Retry-After", "600"));
    sync_source(&site, &admin, "failed");
    let (page, panel) = (admin.get("/catalog/news/feeds").body, admin.get("/catalog/news").body);
    assert!(page.contains("Failed once") && page.contains("Rate-limited until"), "{page}");
    assert!(!page.contains("you can retry now") && !page.contains("id=\"retry-failed\""), "{page}");
    assert!(panel.contains("1 of 2 feeds failed") && !panel.contains("id=\"panel-failed\""), "{panel}");
}

#[test]
fn a_table_of_articles_is_short_and_their_pages_are_complete() {
    let stub = StubServer::start();
    let item = "<item><guid>1</guid><title>Kind of Blue</title><link>https://h.example/1</link><author>Miles</author>\
                <category>Jazz</category><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate>\
                <description>So what</description></item>";
    stub.set_reply("/jazz", OutsideReply::rss(&format!("<title>Jazz</title>{item}")));
    let (site, _) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let urls = stub.url("/jazz");
    let fields = form_fields(&urls, "").map(|(name, value)| (name, if name == "kind" { "feeds" } else { value }));
    assert_eq!(admin.post_form("/settings/sources", &fields).status, 303);
    sync_source(&site, &admin, "sync");
    let heads = |path: &str| -> Vec<String> {
        let page = admin.get(path).body;
        let names = page.split("<th").skip(1).filter_map(|head| head.split("</th>").next());
        let text = |head: &str| head.split('>').skip(1).filter_map(|part| part.split('<').next()).collect::<String>();
        names.map(|head| text(head).trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    assert_eq!(heads("/catalog/news"), ["title", "feed", "published", "author", "categories", "image"]);
    let sorted = heads("/catalog/news?sort=updated");
    assert_eq!(sorted.last().map(String::as_str), Some("updated"), "what it is sorted by is shown: {sorted:?}");
    let page = admin.get("/catalog/news").body;
    let lead = page.split("<td data-label=\"title\" class=\"cell-lead\">").nth(1).expect("an item");
    let item = lead.split("<a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let item = admin.get(item).body;
    for name in ["link", "updated", "summary", "content", "enclosure", "id"] {
        assert!(item.contains(&format!("<dt>{name}</dt>")), "{name}: {item}");
    }
}

#[test]
fn a_catalog_without_feeds_has_no_page_of_feeds() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    site.sync_source(&site.albums);
    assert!(!admin.get("/catalog/albums").body.contains("/catalog/albums/feeds"));
    assert_eq!(admin.get("/catalog/albums/feeds").status, 200);
    assert_eq!(admin.get("/catalog/nothing/feeds").status, 404);
}
