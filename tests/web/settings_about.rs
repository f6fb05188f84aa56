//! The page about the installation.

use lockstep::domain::account::Role;

use super::settings_users::open_site;
use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    the_installation_is_described,
    a_failed_sync_is_named,
    a_status_store_that_does_not_work_is_named,
}

fn the_installation_is_described(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    site.sync_source(&site.albums);
    let page = admin.get("/settings/about").body;
    let version = concat!("Lockstep ", env!("CARGO_PKG_VERSION"));
    let database = if db.is_sqlite() { "SQLite 3." } else { "PostgreSQL 1" };
    let data_dir = site.data_dir().display().to_string();
    for fact in [
        version,
        database,
        &data_dir,
        "2 sources with 3 items",
        " applied",
        " free",
        "Files in the data folder",
        "No sync failed and no source is stale",
        "href=\"/api/openapi.json\"",
    ] {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    for path in ["/api/openapi.json", "/api/health"] {
        assert_eq!(admin.get(path).status, 200, "{path}");
    }
    let viewer = site.add_person("bob", Role::Viewer);
    assert_eq!(viewer.get("/settings/about").status, 403);
    assert_eq!(site.visitor().get("/settings/about").status, 303);
}

fn a_failed_sync_is_named(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let source = site.fill_csv("books", "id,title\n1,One\n");
    std::fs::remove_file(site.data_dir().join("books.csv")).expect("removed");
    let run = site.begin_sync(&source).to_string();
    site.run_queued(&run);
    let page = admin.get("/settings/about").body;
    assert!(page.contains("The last sync of books failed: "), "{page}");
    assert!(page.contains(&format!("href=\"/history/{run}\"")), "{page}");
    assert!(!page.contains("No sync failed"), "{page}");
}

fn a_status_store_that_does_not_work_is_named(db: &TestDatabase) {
    let data = tempfile::tempdir().expect("a folder");
    std::fs::write(data.path().join("status"), "a file in the place of the folder").expect("a file");
    let site = TestSite::on_store(db.store(), data);
    let page = site.add_person("ada", Role::Admin).get("/settings/about").body;
    assert!(page.contains("Until it works again, status is read from the database"), "{page}");
}
