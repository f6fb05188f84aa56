//! Stale and paused sources on every page, in JSON and in the settings.

use lockstep::domain::account::Role;
use serde_json::json;

use super::history::latest_run;
use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_stale_source_is_marked_on_every_page_with_its_time,
    a_visitor_reads_when_a_stale_catalog_was_updated_and_nothing_else,
    a_paused_source_is_paused_and_not_stale,
    an_age_is_set_shown_and_removed_in_the_settings,
];

const MARK: &str = "text-freshness warn";

/// A site whose public catalog has missed its daily sync since January.
fn open_stale_site(db: &TestDatabase) -> TestSite {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    site.sync_source(&site.albums);
    site.sync_source(&site.albums);
    db.run_sql("UPDATE sources SET schedule = '0 6 * * *', created_at = '2025-12-01 00:00:00' WHERE slug = 'albums'");
    db.run_sql("UPDATE catalogs SET last_success_at = '2026-01-01 10:00:07' WHERE last_success_at IS NOT NULL");
    db.run_sql("UPDATE sync_records SET finished_at = '2026-01-01 10:00:07'");
    site
}

fn item_path(site: &TestSite) -> String {
    let items = site.visitor().get("/api/catalog/albums/items").json();
    format!("/catalog/albums/items/{}", items["items"][0]["id"].as_str().expect("an id"))
}

fn a_stale_source_is_marked_on_every_page_with_its_time(db: &TestDatabase) {
    let site = open_stale_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let since = "datetime=\"2026-01-04T06:00:00Z\"";
    let item = item_path(&site);
    let run = format!("/history/{}", latest_run(&site, &site.albums));
    let runs = site.add_program("robot", Role::Viewer).get("/api/history?source=albums").json();
    let first_run = format!("/history/{}", runs["items"][1]["syncId"].as_str().expect("an id"));
    let feeds = "/catalog/albums/feeds";
    let (undo, removals) = (format!("{run}/undo"), "/catalog/albums/sync/removals");
    let change = format!("{first_run}/changes/item?key=a1");
    let settings = ["/settings/sources", "/settings/sources/albums"];
    let histories = ["/history", "/history?source=albums", &run, &undo, removals, &change];
    for path in ["/", "/catalog/albums", &item, feeds].into_iter().chain(settings).chain(histories) {
        let page = admin.get(path).body;
        assert!(page.contains(MARK) && page.contains(since), "{path}: {page}");
    }
    let history = admin.get("/history").body;
    assert_eq!(
        (history.matches("<h2><a href=\"/history/").count(), history.matches(MARK).count()),
        (2, 1),
        "{history}"
    );
    let others = ["/history?source=drafts", "/settings/sources/new", "/settings/sources/drafts", "/catalog/drafts"];
    for path in others.into_iter().chain(["/catalog/nothing"]) {
        let page = admin.get(path).body;
        assert!(page.contains("1 source is stale") && !page.contains(MARK), "{path}: {page}");
    }
    let dashboard = admin.get("/").body;
    assert!(dashboard.contains("Last sync completed") && !dashboard.contains("Up to date"), "{dashboard}");
    let catalog = admin.get("/catalog/albums").body;
    assert!(catalog.contains("<h2 id=\"panel-title\" class=\"state warn\">"), "{catalog}");
    let freshness =
        |client: &super::site::SiteClient<'_>| client.get("/api/sources").json()["items"][0]["freshness"].clone();
    let expected = json!({"state": "stale", "since": "2026-01-04T06:00:00Z"});
    assert_eq!(freshness(&site.add_program("reader", Role::Viewer)), expected);
    assert_eq!(freshness(&site.visitor()), expected);
    let health = site.visitor().get("/api/health");
    assert!(health.status == 200 && !health.body.contains("albums"), "{}", health.body);

    site.sync_source(&site.albums);
    let catalog = admin.get("/catalog/albums").body;
    assert!(!catalog.contains(MARK) && !catalog.contains("state warn"), "{catalog}");
    assert_eq!(freshness(&site.visitor()), json!({"state": "fresh", "since": null}));
}

fn a_visitor_reads_when_a_stale_catalog_was_updated_and_nothing_else(db: &TestDatabase) {
    let site = open_stale_site(db);
    let item = item_path(&site);
    for path in ["/", "/catalog/albums", &item] {
        let page = site.visitor().get(path).body;
        assert!(
            !page.contains(MARK) && !page.contains("out of date") && !page.contains("2026-01-04"),
            "{path}: {page}"
        );
        let updated = "updated <relative-time datetime=\"2026-01-01T10:00:07Z\"";
        assert!(path == item || page.contains(updated), "{path}: {page}");
    }
}

fn a_paused_source_is_paused_and_not_stale(db: &TestDatabase) {
    let site = open_stale_site(db);
    site.store.pause_schedule(site.albums.id).expect("paused");
    db.run_sql("UPDATE sources SET paused_at = '2026-01-02 09:00:00' WHERE paused_at IS NOT NULL");
    let admin = site.add_person("ada", Role::Admin);
    for path in ["/", "/catalog/albums", "/settings/sources", "/history?source=albums"] {
        let page = admin.get(path).body;
        assert!(page.contains("Schedule paused since") && page.contains("2026-01-02T09:00:00Z"), "{path}: {page}");
        assert!(!page.contains(MARK) && !page.contains("is stale"), "{path}: {page}");
    }
    assert!(!site.visitor().get("/").body.contains("paused"));
    let freshness = &site.visitor().get("/api/sources").json()["items"][0]["freshness"];
    assert_eq!(freshness, &json!({"state": "paused", "since": "2026-01-02T09:00:00Z"}));
}

fn an_age_is_set_shown_and_removed_in_the_settings(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    site.sync_source(&site.albums);
    let admin = site.add_person("ada", Role::Admin);
    let save = |age: Option<&str>| {
        let mut fields = vec![("key", "id"), ("name", "Albums"), ("noun_one", "album"), ("noun_many", "albums")];
        fields.extend([("public", "1")]);
        fields.extend(age.map(|age| ("stale_after", age)));
        admin.post_form("/settings/sources/albums", &fields)
    };
    let age = || {
        let source = site.store.find_source("albums").expect("an answer").expect("a source");
        source.stale_after.map(|age| age.to_string())
    };
    let refused = save(Some("soon"));
    assert_eq!((refused.status, age()), (422, None), "{}", refused.body);
    assert!(refused.body.contains("id=\"stale-error\"") && refused.body.contains("value=\"soon\""), "{}", refused.body);
    assert!(refused.body.contains("such as “90m”, “24h” or “7d”."), "{}", refused.body);
    assert_eq!((save(Some("36h")).status, age().as_deref()), (303, Some("36h")));
    assert!(admin.get("/settings/sources/albums").body.contains("name=\"stale_after\" value=\"36h\""));
    assert_eq!((save(None).status, age().as_deref()), (303, Some("36h")), "an earlier form has no such field");
    db.run_sql("UPDATE catalogs SET last_success_at = '2026-01-01 10:00:07' WHERE last_success_at IS NOT NULL");
    let freshness = &site.visitor().get("/api/sources").json()["items"][0]["freshness"];
    assert_eq!(freshness, &json!({"state": "stale", "since": "2026-01-02T22:00:07Z"}));
    assert_eq!((save(Some("")).status, age()), (303, None));
    let freshness = &site.visitor().get("/api/sources").json()["items"][0]["freshness"];
    assert_eq!(freshness, &json!({"state": "unknown", "since": null}));
}
