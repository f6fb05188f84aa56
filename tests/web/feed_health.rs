//! How each feed of a catalog fares, and asking those again that failed.

use lockstep::domain::account::Role;
use serde_json::json;

use super::custom_kind::{fields, site, sync};
use super::site::TestSite;
use crate::support::stub_server::{StubReply as OutsideReply, StubServer};

/// What the page tells of its feeds, title by title.
fn order(page: &str) -> Vec<&str> {
    let named = page.split("<p class=\"feed-name\"><strong>").skip(1);
    named.filter_map(|rest| rest.split("</strong>").next()).collect()
}

#[test]
fn each_feed_is_told_of_and_the_failed_ones_are_asked_again() {
    let (site, ticker) = site();
    let admin = site.person("ada", Role::Admin);
    let urls = "ticker:jazz\nticker:radio\nticker:gone?token=s3cret";
    let added = admin.post_form("/settings/sources", &fields(urls, ""));
    assert_eq!(added.status, 303, "{}", added.body);
    assert!(!admin.get("/catalog/news").body.contains("/catalog/news/feeds"), "nothing is known yet");
    assert!(admin.get("/catalog/news/feeds").body.contains("No feeds yet."));
    sync(&site, &admin, "sync");

    let catalog = admin.get("/catalog/news").body;
    assert!(catalog.contains("href=\"/catalog/news/feeds\"") && catalog.contains("1 failing"), "{catalog}");
    assert!(catalog.contains("1 of 3 feeds failed") && catalog.contains("Retry failed feeds"), "{catalog}");
    assert!(catalog.contains("<strong>ticker:gone</strong> There is no such ticker."), "{catalog}");
    assert!(admin.get("/").body.contains("1 feed failing"));

    let page = admin.get("/catalog/news/feeds");
    assert_eq!(page.status, 200);
    assert_eq!(order(&page.body), ["ticker:gone?…", "Ticker jazz", "Ticker radio"], "trouble comes first");
    for said in ["3 feeds", "1 failing", "Failed once", "There is no such ticker.", "2 entries", "Retry failed feed"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("s3cret"));

    // Viewers see it and cannot press; visitors are asked to sign in, though the catalog were public.
    let viewer = site.person("bob", Role::Viewer);
    let seen = viewer.get("/catalog/news/feeds");
    assert_eq!((seen.status, seen.body.contains("Retry failed")), (200, false));
    assert_eq!(viewer.post_form("/catalog/news/sync", &[("action", "failed")]).status, 403);
    assert_eq!(
        site.visitor().get("/catalog/albums/feeds").header("location"),
        Some("/login?next=%2Fcatalog%2Falbums%2Ffeeds")
    );

    let program = site.program("robot", Role::Viewer);
    let feeds = |program: &super::site::SiteClient<'_>| {
        let sources = program.get("/api/sources").json();
        let of = |slug: &str| sources["items"].as_array().expect("a list").iter().find(|s| s["slug"] == slug).cloned();
        (of("news").map(|source| source["feeds"].clone()), of("albums").map(|source| source["feeds"].clone()))
    };
    assert_eq!(feeds(&program), (Some(json!({"total": 3, "failing": 1})), Some(json!(null))));
    assert_eq!(feeds(&site.visitor()), (None, Some(json!(null))));

    ticker.asked();
    ticker.set("ticker:gone", Ok(&["Back again"]));
    sync(&site, &admin, "failed");
    assert_eq!(ticker.asked(), ["ticker:gone?token=s3cret"], "the others are left alone");
    let page = admin.get("/catalog/news/feeds").body;
    assert!(page.contains("none failing") && !page.contains("Retry failed"), "{page}");
    let catalog = admin.get("/catalog/news").body;
    assert!(catalog.contains("4 headlines") && !catalog.contains("Retry failed"), "{catalog}");
    assert!(!admin.get("/").body.contains("failing"));
}

#[test]
fn a_failed_feed_whose_server_asks_to_be_left_alone_is_not_offered_to_be_asked() {
    let outside = StubServer::start();
    outside.set("/jazz", OutsideReply::feed("Jazz", &["1"]));
    outside.set("/rock", OutsideReply::status(404));
    let (site, _) = site();
    let admin = site.person("ada", Role::Admin);
    let urls = format!("{}\n{}", outside.url("/jazz"), outside.url("/rock"));
    let fields = fields(&urls, "").map(|(name, value)| (name, if name == "kind" { "feeds" } else { value }));
    let added = admin.post_form("/settings/sources", &fields);
    assert_eq!(added.status, 303, "{}", added.body);
    sync(&site, &admin, "sync");
    let (page, panel) = (admin.get("/catalog/news/feeds").body, admin.get("/catalog/news").body);
    assert!(page.contains("you can retry now") && page.contains("id=\"retry-failed\""), "{page}");
    assert!(panel.contains("id=\"panel-failed\""), "{panel}");

    outside.set("/rock", OutsideReply::status(429).header("Retry-After", "600"));
    sync(&site, &admin, "failed");
    let (page, panel) = (admin.get("/catalog/news/feeds").body, admin.get("/catalog/news").body);
    assert!(page.contains("Failed once") && page.contains("Rate-limited until"), "{page}");
    assert!(!page.contains("you can retry now") && !page.contains("id=\"retry-failed\""), "{page}");
    assert!(panel.contains("1 of 2 feeds failed") && !panel.contains("id=\"panel-failed\""), "{panel}");
}

#[test]
fn a_table_of_articles_is_readable_and_their_pages_have_all() {
    let outside = StubServer::start();
    let item = "<item><guid>1</guid><title>Kind of Blue</title><link>https://h.example/1</link><author>Miles</author>\
                <category>Jazz</category><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate>\
                <description>So what</description></item>";
    outside.set("/jazz", OutsideReply::rss(&format!("<title>Jazz</title>{item}")));
    let (site, _) = site();
    let admin = site.person("ada", Role::Admin);
    let urls = outside.url("/jazz");
    let fields = fields(&urls, "").map(|(name, value)| (name, if name == "kind" { "feeds" } else { value }));
    assert_eq!(admin.post_form("/settings/sources", &fields).status, 303);
    sync(&site, &admin, "sync");
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
    let item = page.split("class=\"lead\"><a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an item");
    let item = admin.get(item).body;
    for name in ["link", "updated", "summary", "content", "enclosure", "id"] {
        assert!(item.contains(&format!("<dt>{name}</dt>")), "{name}: {item}");
    }
}

#[test]
fn a_catalog_that_is_not_made_of_feeds_has_none_to_show() {
    let site = TestSite::new();
    let admin = site.person("ada", Role::Admin);
    site.fill(&site.albums);
    assert!(!admin.get("/catalog/albums").body.contains("/catalog/albums/feeds"));
    assert_eq!(admin.get("/catalog/albums/feeds").status, 200);
    assert_eq!(admin.get("/catalog/nothing/feeds").status, 404);
}
