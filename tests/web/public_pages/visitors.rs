//! Pages of visitors have nothing of the machinery.

use lockstep::domain::account::Role;

use super::{item_path, open_site, present, public_page};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_visitor_reads_a_catalog_and_nothing_about_syncs,
    the_front_page_of_a_visitor_lists_public_catalogs,
];

/// What only readers with an account see.
const MACHINERY: [&str; 15] = [
    "ync", // Sync, sync, syncing
    "id=\"panel\"",
    "id=\"sync-badge\"",
    "hx-trigger=\"every",
    "stopPolling",
    "/history",
    "/settings",
    "text-public",
    "text-freshness",
    "Never",
    "Undo",
    "Preview",
    "Key ",
    "default-view",
    "admin",
];

#[track_caller]
fn assert_no_machinery(page: &str) {
    let (_, body) = page.split_once("<body").expect("a body");
    let (before, icons) = body.split_once("<svg class=\"icon-sprite\"").expect("icons");
    let (_, after) = icons.split_once("</svg>").expect("their end");
    // htmx keeps requests in order with this attribute, and decoding is an attribute of pictures.
    let body = format!("{before}{after}").replace("hx-sync", "").replace("decoding=\"async\"", "");
    for word in MACHINERY {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

fn a_visitor_reads_a_catalog_and_nothing_about_syncs(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = item_path(&site, "music", 0);
    let paths = ["/", "/catalog/music", "/catalog/music?q=blue&sort=-year", "/catalog/music?view=gallery", &item];
    let check = || {
        for path in paths {
            let page = site.visitor().get(path).body;
            assert_no_machinery(&page);
            assert!(
                path.contains("/items/") || page.contains("updated <relative-time datetime=\"20"),
                "{path}: {page}"
            );
        }
        let page = site.visitor().get("/catalog/music").body;
        assert!(page.contains("<span class=\"text-facts-count\">3 albums</span>"), "{page}");
    };
    check();
    // While a run is active, and after one that failed.
    let run = site.begin_sync(&source);
    check();
    std::fs::remove_file(site.data_dir().join("music.csv")).expect("removed");
    site.run_queued(&run.to_string());
    check();
    // The status of a public catalog stays readable for programs.
    assert_eq!(site.visitor().get(&format!("/api/sync/status/{run}")).json()["status"], "failed");
    assert!(site.visitor().get("/catalog/music/sync-status").body.contains("id=\"panel\""));
    // Readers with an account keep the panel and the badge.
    let viewer = site.add_person("bob", Role::Viewer).get("/catalog/music").body;
    for expected in ["id=\"panel\"", "id=\"sync-badge\"", "stopPolling", "/history?source=music", "last synced"] {
        assert!(viewer.contains(expected), "{expected}: {viewer}");
    }
    // A catalog that was never synced.
    let page = site.visitor().get("/catalog/albums").body;
    assert_no_machinery(&page);
    assert!(page.contains("No albums yet.") && !page.contains("updated"), "{page}");
}

fn the_front_page_of_a_visitor_lists_public_catalogs(db: &TestDatabase) {
    let (site, source) = open_site(db);
    present(&site, &source, &public_page("Zoe's <records>", "All of them.\nReally.", false, ""));
    let page = site.visitor().get("/").body;
    assert!(page.contains("<a href=\"/lockstep/catalog/music\">Zoe&#39;s &#60;records&#62;</a>"), "{page}");
    assert!(page.contains(">All of them.\nReally.</p>") && page.contains(">3 albums</span>"), "{page}");
    assert!(!page.contains("drafts") && !page.contains("hx-get"), "{page}");
    let order = ["/lockstep/catalog/albums\"", "/lockstep/catalog/music\""].map(|link| page.find(link));
    assert!(order[0].is_some() && order[0] < order[1], "by title: {page}");
    let viewer = site.add_person("bob", Role::Viewer).get("/").body;
    assert!(viewer.contains("The music") && viewer.contains("drafts"), "the dashboard has names: {viewer}");
}
