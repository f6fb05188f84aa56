//! Catalogs of articles: unread and starred ones, and their filters.

use lockstep::domain::source::Source;
use serde_json::Value;

use super::site::{SiteResponse, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_filter_shows_matching_articles_and_its_links_show_all_counts,
    a_filter_goes_along_with_search_order_and_pages,
    json_accepts_filters_and_refuses_unknown_ones,
    catalogs_without_articles_have_no_filters,
];

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

/// Syncs 130 articles: every third is read, every tenth is starred, and one has a column `read` of its own.
fn sync_articles(site: &TestSite) -> Source {
    let mut csv = "id,title,read,starred\n".to_owned();
    for at in 1..=130 {
        let flag = |every: u32| if at % every == 0 { "yes" } else { "no" };
        csv.push_str(&format!("{at:03},Article {at},{},{}\n", flag(3), flag(10)));
    }
    csv.push_str("131,\"A title with [\"\"read\"\",\"\"yes\"\"] in it\",no,no\n132,No word of it,,\n");
    site.fill_csv("news", &csv)
}

fn list_keys(reply: &SiteResponse) -> Vec<String> {
    let json = reply.json();
    let items = json["items"].as_array().expect("items");
    items.iter().map(|item| item["key"].as_str().expect("a key").to_owned()).collect()
}

fn a_filter_shows_matching_articles_and_its_links_show_all_counts(db: &TestDatabase) {
    let site = open_site(db);
    sync_articles(&site);
    for (query, current, rows) in [("", "All", 50), ("?filter=starred", "Starred", 13), ("?filter=nothing", "All", 50)]
    {
        let page = site.visitor().get(&format!("/catalog/news{query}")).body;
        for (name, count) in [("All", 132), ("Unread", 89), ("Starred", 13)] {
            let link = format!("{}>{name} <span class=\"text-tally\">{count}</span>", aria_current(name == current));
            assert!(page.contains(&link), "{query}: {link}");
        }
        assert_eq!(page.matches("<tr class=\"").count(), rows, "{query}");
    }
    let page = site.visitor().get("/catalog/news?filter=unread").body;
    assert_eq!(
        (page.matches("<tr class=\"row-unread\"").count(), page.matches("<tr class=\"row-seen\"").count()),
        (50, 0)
    );
    assert_eq!(page.matches("<span class=\"text-spoken\">Unread: </span>").count(), 50, "not only by its style");
    let starred = site.visitor().get("/catalog/news?filter=starred").body;
    assert_eq!(starred.matches("<tr class=\"row-seen\"").count(), 4);
    // A page number beyond the last page shows the last page.
    let beyond = site.visitor().get("/catalog/news?filter=unread&page=99").body;
    assert!(beyond.contains("51–89 of 89") && beyond.contains("A title with"), "{beyond}");
}

fn aria_current(current: bool) -> &'static str {
    if current { " aria-current=\"true\"" } else { "" }
}

fn a_filter_goes_along_with_search_order_and_pages(db: &TestDatabase) {
    let site = open_site(db);
    sync_articles(&site);
    let page = site.visitor().get("/catalog/news?q=article&filter=unread&sort=-title").body;
    assert!(page.contains("87 albums found for “article” (unread only)"), "{page}");
    for link in [
        "/catalog/news?q=article&#38;filter=unread&#38;sort=title",
        "/catalog/news?q=article&#38;filter=unread&#38;sort=-title&#38;page=2",
        "/catalog/news?q=article&#38;filter=starred&#38;sort=-title",
        "/catalog/news?q=article&#38;sort=-title\"",
    ] {
        assert!(page.contains(link), "{link}");
    }
    assert!(page.contains("<input type=\"hidden\" name=\"filter\" value=\"unread\">"));
    let none = site.visitor().get("/catalog/news?q=nowhere&filter=starred").body;
    assert!(none.contains("No starred albums match “nowhere”."), "{none}");
    let all = site.visitor().get("/catalog/news").body;
    assert!(!all.contains("name=\"filter\""));
}

fn json_accepts_filters_and_refuses_unknown_ones(db: &TestDatabase) {
    let site = open_site(db);
    sync_articles(&site);
    let get = |query: &str| site.visitor().get(&format!("/api/catalog/news/items{query}"));
    assert_eq!(
        (get("?filter=unread").json()["total"].clone(), get("?filter=").json()["total"].clone()),
        (89.into(), 132.into())
    );
    assert_eq!(list_keys(&get("?filter=starred&sort=-title&per=3")), ["090", "080", "070"]);
    assert_eq!(list_keys(&get("?filter=starred&q=130")), ["130"]);
    assert_eq!(list_keys(&get("?filter=starred&page=2&per=10")), ["110", "120", "130"]);
    assert_eq!(list_keys(&get("?filter=unread&q=word")), ["132"], "what does not say yes is unread");
    assert_eq!(list_keys(&get("?filter=unread&q=title+with")), ["131"], "what only speaks of it is not read");
    for filter in ["read", "Unread", "unread'", "1"] {
        let reply = get(&format!("?filter={filter}"));
        assert_eq!(reply.expect_refusal(), (400, "bad_request".to_owned()), "{filter}");
        assert_eq!(reply.json()["field"], Value::from("filter"));
    }
}

fn catalogs_without_articles_have_no_filters(db: &TestDatabase) {
    let site = open_site(db);
    site.sync_source(&site.albums);
    let page = site.visitor().get("/catalog/albums?filter=unread").body;
    assert!(
        !page.contains("class=\"tabs-filter\"") && page.contains("1–3 of 3") && !page.contains("filter=unread"),
        "{page}"
    );
    let reply = site.visitor().get("/api/catalog/albums/items?filter=unread");
    assert_eq!(reply.expect_refusal(), (400, "bad_request".to_owned()));
    // A list of books may have a column of that name with another meaning.
    site.fill_csv("books", "id,title,read\n1,One,yes\n");
    assert!(!site.visitor().get("/catalog/books").body.contains("class=\"tabs-filter\""));
}
