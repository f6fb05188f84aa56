//! Polls, which cost no query while nothing changes and never hide a change.

use lockstep::domain::account::Role;

use super::{ITEMS, RECORDS, open_site};
use crate::support::test_database::open_store;
use crate::support::waiting::wait_for;
use crate::support::{FlakyPgProxy, TestDatabase, on_both_databases};
use crate::web::history::sync_again;
use crate::web::site::{SiteClient, TestSite};

on_both_databases![what_this_server_writes_is_seen_by_the_next_poll, only_the_same_poll_is_answered_again,];

const DRAFTS: &str = "/api/catalog/drafts/items";

/// A client that polls `path`: it has the current version.
#[track_caller]
fn begin_polling<'a>(client: &SiteClient<'a>, path: &str) -> SiteClient<'a> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    client.with_header("If-None-Match", reply.header("etag").expect("a version"))
}

#[test]
fn a_repeated_poll_costs_no_query() {
    let db = TestDatabase::postgres();
    let proxy = FlakyPgProxy::to_database(&db);
    let site = TestSite::on_store(open_store(&proxy.address(), 8), tempfile::tempdir().expect("a folder"));
    site.sync_source(&site.albums);
    let viewer = site.add_program("reader", Role::Viewer);
    // The use of the token is written after its first request; what this server writes ends kept answers.
    assert_eq!(viewer.get("/api/sources").status, 200);
    wait_for("the use of the token", || db.count_rows("api_tokens", "last_used_at IS NOT NULL") == 1);
    let files = ["csv", "json", "ndjson", "xlsx", "atom", "feed.json"].map(|name| format!("/catalog/albums.{name}"));
    for path in files.iter().map(String::as_str).chain(["/api/catalog/albums/items?q=blue&facet=year"]) {
        let poll = begin_polling(&viewer, path);
        let first = poll.get(path);
        proxy.cut_connections();
        let repeated = poll.get(path);
        proxy.restore_connections();
        assert_eq!((first.status, repeated.status), (304, 304), "{path}");
        for name in ["etag", "cache-control", "vary", "access-control-allow-origin", "x-robots-tag"] {
            assert!(first.header(name).is_some(), "{path}: {name}");
            assert_eq!(repeated.header(name), first.header(name), "{path}: {name}");
        }
        assert_eq!(repeated.body, "");
        wait_for("the database", || viewer.get(path).status == 200);
    }
}

fn what_this_server_writes_is_seen_by_the_next_poll(db: &TestDatabase) {
    let (site, source) = open_site(db);
    for title in ["Blue", "Green", "Red"] {
        let poll = begin_polling(&site.visitor(), ITEMS);
        assert_eq!(poll.get(ITEMS).status, 304);
        sync_again(&site, &source, &RECORDS.replace("Kind of Blue", title));
        let reply = poll.get(ITEMS);
        assert_eq!(reply.status, 200, "{title}");
        assert!(reply.body.contains(title), "{}", reply.body);
    }
    for name in ["ada", "bob", "cleo"] {
        let poll = begin_polling(&site.add_program(name, Role::Viewer), ITEMS);
        assert_eq!(poll.get(ITEMS).status, 304);
        assert!(site.store.revoke_token(name).expect("an answer"));
        assert_eq!(poll.get(ITEMS).status, 401, "{name}");
    }
}

fn only_the_same_poll_is_answered_again(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.sync_source(&site.drafts);
    let viewer = site.add_program("reader", Role::Viewer);
    let ada = site.add_person("ada", Role::Viewer);
    let poll = begin_polling(&viewer, DRAFTS);
    let version = poll.get(DRAFTS).header("etag").expect("a version").to_owned();
    let poll_as = |client: &SiteClient<'_>| client.with_header("If-None-Match", &version).get(DRAFTS).status;
    let wrong = site.visitor().with_header("Authorization", "Bearer wrong");
    for client in [site.visitor(), wrong] {
        assert_eq!(poll.get(DRAFTS).status, 304);
        assert_eq!(poll_as(&ada), 304);
        assert_eq!(poll_as(&client), 401);
    }
    assert_eq!(poll.get(DRAFTS).status, 304);
    assert_eq!(poll.get(&format!("{DRAFTS}?sort=title")).status, 200, "another list");
    assert_eq!(viewer.with_header("If-None-Match", "\"other\"").get(DRAFTS).status, 200, "another version");
    assert_eq!(viewer.get(DRAFTS).status, 200, "no version");
    assert_eq!(poll.send_request("POST", DRAFTS, None).status, 405, "no reading");
}
