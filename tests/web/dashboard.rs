//! The dashboard: what needs a person first, the last runs of each source, and syncs of one and of all sources.

use lockstep::domain::account::Role;

use super::site::{SiteClient, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    problems_come_first_with_their_reason_and_then_names,
    every_source_has_a_picture_of_its_last_twenty_runs,
    one_button_syncs_one_source_and_another_all_of_them,
    a_long_list_has_a_filter_and_a_short_one_has_none,
    a_new_admin_is_told_one_next_step,
];

fn site_on(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

/// The slugs of the listed sources, in their order.
fn listed(page: &str) -> Vec<String> {
    let rows = page.split("<li id=\"source-").skip(1);
    rows.filter_map(|row| row.split('"').next()).map(str::to_owned).collect()
}

/// The row of one source.
fn row_of<'a>(page: &'a str, slug: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<li id=\"source-{slug}\"")).expect("a row");
    rest.split_once("</li>").expect("its end").0
}

fn add_sources(site: &TestSite, number: usize) {
    for number in 1..=number {
        site.fill_csv(&format!("list-{number}"), "id,title\n1,One\n");
    }
}

fn problems_come_first_with_their_reason_and_then_names(db: &TestDatabase) {
    let site = site_on(db);
    let admin = site.add_person("ada", Role::Admin);
    site.fill_csv("zebras", "id,title\n1,One\n");
    site.fill_csv("apples", "id,title\n1,One\n,Two\n");
    site.sync_source(&site.albums);
    let page = admin.get("/").body;
    assert_eq!(listed(&page), ["apples", "albums", "drafts", "zebras"], "skipped rows, then by name: {page}");
    db.run_sql("UPDATE sync_records SET status = 'failed', error = 'The <b>file</b> is gone.' WHERE source = 'zebras'");
    let page = admin.get("/").body;
    assert_eq!(listed(&page), ["zebras", "apples", "albums", "drafts"], "{page}");
    let zebras = row_of(&page, "zebras");
    for expected in ["class=\"is-problem\"", "Last sync failed", "The &#60;b&#62;file&#60;/b&#62; is gone."] {
        assert!(zebras.contains(expected), "{expected}: {zebras}");
    }
    assert!(page.contains("1 catalog needs attention") && row_of(&page, "apples").contains("1 row skipped"), "{page}");
    db.run_sql("UPDATE sources SET schedule = '0 3 * * *' WHERE slug = 'albums'");
    let page = admin.get("/").body;
    let albums = row_of(&page, "albums");
    assert!(albums.contains("synced <relative-time") && albums.contains("next <relative-time"), "{albums}");
    let viewer = site.add_person("bob", Role::Viewer).get("/").body;
    assert_eq!(listed(&viewer), listed(&page));
    assert!(viewer.contains("is gone.") && !viewer.contains("/syncs"), "{viewer}");
}

fn every_source_has_a_picture_of_its_last_twenty_runs(db: &TestDatabase) {
    let site = site_on(db);
    let admin = site.add_person("ada", Role::Admin);
    assert!(!admin.get("/").body.contains("run-chart"), "nothing has run yet");
    for _ in 0..3 {
        site.sync_source(&site.albums);
    }
    site.sync_source(&site.drafts);
    let rest = "kind, mode, status, message, progress, created_at, started_at, finished_at, stats, requested_by, \
                attempt, issues, withheld_removals, source_id, source";
    let copy = |source: &str, ending: &str, values: &str| {
        db.run_sql(&format!(
            "INSERT INTO sync_records (id, {rest}) SELECT substr(id, 1, length(id) - 8) || 'eeeeee{ending}', {values} \
             FROM sync_records WHERE source = '{source}' ORDER BY id LIMIT 1"
        ));
    };
    for number in 10..40 {
        copy("drafts", &number.to_string(), rest);
    }
    copy("albums", "ff", &rest.replace("kind,", "'preview',"));
    let oldest = "SELECT min(id) FROM sync_records WHERE source = 'albums' AND kind <> 'preview'";
    db.run_sql(&format!("UPDATE sync_records SET status = 'failed' WHERE id = ({oldest})"));
    let page = admin.get("/").body;
    let albums = row_of(&page, "albums");
    assert!(albums.contains("aria-label=\"Last 3 runs: 2 completed, 1 failed\""), "no previews: {albums}");
    assert_eq!(albums.matches("<rect class=\"good\"").count(), 2);
    assert_eq!(albums.matches("<rect class=\"bad\" x=\"0\"").count(), 1, "the oldest comes first: {albums}");
    assert!(row_of(&page, "drafts").contains("aria-label=\"Last 20 runs: 20 completed\""), "{page}");
}

fn started(admin: &SiteClient<'_>, fields: &[(&str, &str)]) -> (String, String) {
    let response = admin.post_form("/syncs", fields);
    assert_eq!(response.status, 303, "{}", response.body);
    let location = response.header("location").expect("a page").to_owned();
    let page = admin.get(&location).body;
    (location, page)
}

fn one_button_syncs_one_source_and_another_all_of_them(db: &TestDatabase) {
    let site = site_on(db);
    let admin = site.add_person("ada", Role::Admin);
    add_sources(&site, 6);
    let (location, page) = started(&admin, &[("source", "albums"), ("q", "a")]);
    assert_eq!(location, "/?q=a&started=1");
    assert!(page.contains("Sync started.") && row_of(&page, "albums").contains("Queued"), "{page}");
    assert!(row_of(&page, "albums").contains(" disabled"), "{page}");
    let (location, page) = started(&admin, &[]);
    assert_eq!(location, "/?started=7&running=1");
    assert!(page.contains("7 syncs started. 1 was already running."), "{page}");
    assert_eq!(site.store.active_run_ids().expect("runs").len(), 8, "each source has one");
    let (location, page) = started(&admin, &[]);
    assert_eq!(location, "/?started=0&running=8");
    assert!(page.contains("No sync started. 8 were already running."), "{page}");
    for (run, _) in site.store.active_run_ids().expect("runs") {
        site.run_queued(&run.to_string());
    }
    let (_, page) = started(&admin, &[("source", "albums")]);
    assert!(page.contains("No sync started. 1 was synced just now."), "{page}");

    db.run_sql("UPDATE sources SET schedule = '0 3 * * *', paused_at = '2026-11-01 00:00:00' WHERE slug = 'drafts'");
    db.run_sql("UPDATE sync_operations SET created_at = '2026-11-01 00:00:00', finished_at = '2026-11-01 00:00:00'");
    let (location, page) = started(&admin, &[]);
    assert!(location.contains("paused=1"), "{location}");
    assert!(page.contains("1 was left out: the schedule is paused."), "{page}");

    assert_eq!(admin.post_form("/syncs", &[("source", "nothing")]).status, 404);
    assert_eq!(site.add_person("bob", Role::Viewer).post("/syncs").status, 403);
    assert_eq!(site.visitor().post("/syncs").status, 303, "to the login");
    let page = admin.get("/?started=%3Cb%3E&running=x").body;
    assert!(page.contains("No sync started.") && !page.contains("<b>&"), "{page}");
}

fn a_long_list_has_a_filter_and_a_short_one_has_none(db: &TestDatabase) {
    let site = site_on(db);
    let admin = site.add_person("ada", Role::Admin);
    add_sources(&site, 5);
    let page = admin.get("/").body;
    assert!(!page.contains("id=\"filter-field\"") && !page.contains("id=\"sync-all\""), "seven sources: {page}");
    site.fill_csv("ubersicht", "id,title\n1,One\n");
    db.run_sql("UPDATE sources SET name = 'Übersicht' WHERE slug = 'ubersicht'");
    let page = admin.get("/").body;
    assert!(page.contains("id=\"filter-field\"") && page.contains("id=\"sync-all\""), "{page}");
    assert_eq!(listed(&page).len(), 8);
    let page = admin.get("/?q=UBER").body;
    assert_eq!(listed(&page), ["ubersicht"], "{page}");
    assert!(page.contains("value=\"UBER\""), "{page}");
    let page = admin.get("/?q=%22%3Cb").body;
    assert!(page.contains("No catalog matches “&#34;&#60;b”.") && page.contains("Show all 8 catalogs"), "{page}");
    let viewer = site.add_person("bob", Role::Viewer).get("/").body;
    assert!(viewer.contains("id=\"filter-field\"") && !viewer.contains("id=\"sync-all\""), "{viewer}");
}

fn a_new_admin_is_told_one_next_step(db: &TestDatabase) {
    let site = site_on(db);
    let admin = site.add_person("ada", Role::Admin);
    let step = || {
        let page = admin.get("/").body;
        let (_, rest) = page.split_once("id=\"next-step-title\">")?;
        rest.split_once('<').map(|(title, _)| title.to_owned())
    };
    assert_eq!(step().as_deref(), Some("Sync your catalog"));
    assert!(!site.add_person("bob", Role::Viewer).get("/").body.contains("next-step"));
    db.run_sql("UPDATE sources SET slug = 'sample-albums' WHERE slug = 'albums'");
    db.run_sql("DELETE FROM catalogs WHERE source_id = (SELECT id FROM sources WHERE slug = 'drafts')");
    db.run_sql("DELETE FROM sources WHERE slug = 'drafts'");
    assert_eq!(step().as_deref(), Some("Try a sync"));
    let sample = site.store.find_source("sample-albums").expect("an answer").expect("the sample");
    site.sync_source(&sample);
    assert_eq!(step().as_deref(), Some("Add your own catalog"));
    site.fill_csv("own", "id,title\n1,One\n");
    assert_eq!(step(), None, "a catalog of one's own was synced");
    db.run_sql("DELETE FROM sync_records");
    db.run_sql("DELETE FROM sync_operations");
    assert_eq!(step().as_deref(), Some("Sync your catalog"));
}
