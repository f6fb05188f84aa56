//! The page of a catalog: how many rows and cells it shows, and how it counts them.

use chrono::{TimeDelta, Utc};

use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases!(the_badge_without_runs_costs_one_query);

fn site_on(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

#[test]
fn a_wide_or_large_catalog_is_shown_in_part_and_its_items_in_full() {
    let site = TestSite::new();
    let names: Vec<String> = (0..100).map(|at| format!("c{at}")).collect();
    let long = "x".repeat(20_000);
    let cells = vec![long.as_str(); 100].join(",");
    site.fill_csv("wide", &format!("id,{},title\n1,{cells},Far out\n", names.join(",")));

    let page = site.visitor().get("/catalog/wide").body;
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert!(page.contains(&format!(">{}…<", &long[..300])), "a cell is clipped");
    assert!(page.contains("62 more columns not shown."), "{page}");
    assert_eq!(page.matches("<th ").count(), 40);
    let (before, _) = page.split_once("\">Far out</a>").expect("the title leads to the item, however far out it is");
    let (_, item) = before.rsplit_once("href=\"").expect("an address");
    let item = site.visitor().get(item).body;
    assert_eq!(item.matches(&long).count(), 100, "the item's page has it all");

    let sorted = site.visitor().get("/catalog/wide?sort=-c77").body;
    assert!(sorted.contains("aria-sort=\"descending\""), "what the table is sorted by is shown");
    assert_eq!(sorted.matches("<th ").count(), 40);
    let list = site.visitor().get("/api/catalog/wide/items");
    assert_eq!(list.body.matches(&long).count(), 100, "programs get all there is");
    site.sync_source(&site.albums);
    assert!(!site.visitor().get("/catalog/albums").body.contains("more column"));
}

#[test]
fn numbers_on_pages_are_grouped_as_in_messages() {
    let site = TestSite::new();
    let admin = site.add_person("ada", lockstep::domain::account::Role::Admin);
    let rows: String = (0..12_480).map(|n| format!("{n},Title\n")).collect();
    site.fill_csv("many", &format!("id,title\n{rows},None\n12479,Again\n"));
    for path in ["/", "/catalog/many", "/history", "/settings/sources"] {
        let page = admin.get(path).body;
        assert!(page.contains("12,480") && !page.contains('\u{202f}'), "{path}: {page}");
    }
    let run = admin.get("/api/history").json()["items"][0]["syncId"].as_str().map(str::to_owned);
    let page = admin.get(&format!("/history/{}", run.expect("a run"))).body;
    assert!(page.contains("Row</span> 12,482<") && page.contains("(first seen in row 12,481)"), "{page}");
}

fn the_badge_without_runs_costs_one_query(db: &TestDatabase) {
    let site = site_on(db);
    let badge = || site.visitor().get("/sync-badge");
    let minute_ago = || Utc::now() - TimeDelta::minutes(1);
    assert!(!site.store.recent_activity(minute_ago()).expect("an answer"));
    assert!(!badge().body.contains("<li"), "{}", badge().body);
    let waiting = site.begin_sync(&site.albums);
    assert!(site.store.recent_activity(Utc::now()).expect("an answer"), "it waits");
    assert!(badge().body.contains("data-active=\"true\""), "{}", badge().body);
    site.run_queued(&waiting.to_string());
    assert!(site.store.recent_activity(minute_ago()).expect("an answer"), "it ended a moment ago");
    assert!(!site.store.recent_activity(Utc::now() + TimeDelta::minutes(1)).expect("an answer"));
    assert!(badge().body.contains("Sync completed"), "{}", badge().body);

    let earlier = if db.is_sqlite() { "datetime(finished_at, '-61 seconds')" } else { "finished_at - interval '61 s'" };
    db.run_sql(&format!("UPDATE sync_records SET finished_at = {earlier}"));
    assert!(!badge().body.contains("<li"), "{}", badge().body);
    db.run_sql("ALTER TABLE sources RENAME TO sources_gone");
    assert_eq!(badge().status, 200, "no further query");
}
