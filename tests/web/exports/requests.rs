//! Requests for exported files: who may send them, what they may ask, and what they need not fetch again.

use lockstep::domain::account::Role;

use super::{TestSite, get_bytes, get_file, open_site, read_workbook};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::site::SiteClient;

on_both_databases![a_file_is_sent_again_only_after_a_change];

fn a_file_is_sent_again_only_after_a_change(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("news", "id,title\n1,A\n2,B\n");
    let versions: Vec<String> = [
        "/catalog/news.csv",
        "/catalog/news.csv?raw=1",
        "/catalog/news.csv?sort=-id",
        "/catalog/news.csv?fields=id",
        "/catalog/news.json",
        "/catalog/news.ndjson",
        "/catalog/news.xlsx",
    ]
    .into_iter()
    .map(|path| {
        let reply = get_file(&site, path);
        let version = reply.header("etag").expect("a version").to_owned();
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let known = site.visitor().with_header("If-None-Match", &version).get(path);
        assert_eq!((known.status, known.body.as_str()), (304, ""), "{path}");
        assert_eq!(known.header("etag"), Some(version.as_str()), "{path}");
        // A HEAD request has the headers of GET and no body.
        let head = site.visitor().send_request("HEAD", path, None);
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for name in ["etag", "content-type", "content-disposition", "accept-ranges", "cache-control"] {
            assert_eq!(head.header(name), reply.header(name), "{path}: {name}");
        }
        assert_ne!(head.header("content-length"), Some("0"), "{path}");
        let client = site.visitor().with_header("If-None-Match", &version);
        assert_eq!(client.send_request("HEAD", path, None).status, 304, "{path}");
        version
    })
    .collect();
    let distinct: std::collections::HashSet<&String> = versions.iter().collect();
    assert_eq!(distinct.len(), versions.len(), "what is asked is a part of the version");
    std::fs::write(site.data_dir().join("news.csv"), "id,title\n1,A\n2,C\n").expect("a file");
    site.sync_source(&source);
    let changed = site.visitor().with_header("If-None-Match", &versions[0]).get("/catalog/news.csv");
    assert_eq!((changed.status, changed.body.as_str()), (200, "id,title\r\n1,A\r\n2,C\r\n"));
}

#[test]
fn unknown_parameters_are_refused_by_name() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    for (path, code, field) in [
        ("csv?year=1999", "unknown_parameter", "year"),
        ("json?utm_source=x", "unknown_parameter", "utm_source"),
        ("json?raw=1", "unknown_parameter", "raw"),
        ("xlsx?page=2", "unknown_parameter", "page"),
        ("ndjson?fields=id,nothing", "unknown_parameter", "fields"),
        ("csv?filter[nothing]=1", "unknown_parameter", "filter[nothing]"),
        ("csv?filter[year][almost]=1", "unknown_parameter", "filter[year][almost]"),
        ("csv?sort=nothing", "unknown_parameter", "sort"),
        ("csv?filter[title][lt]=x", "bad_filter", "filter[title][lt]"),
        ("csv?filter=unread", "bad_request", "filter"),
        ("csv?raw=yes", "bad_request", "raw"),
    ] {
        let reply = site.visitor().get(&format!("/catalog/albums.{path}"));
        assert_eq!(reply.expect_refusal(), (400, code.to_owned()), "{path}");
        assert_eq!(reply.json()["field"], field, "{path}");
    }
}

#[test]
fn what_a_workbook_cannot_hold_is_refused_by_name() {
    let site = TestSite::new();
    site.fill_csv("long", &format!("id,notes\na1,short\na2,{}\n", "x".repeat(32_768)));
    let reply = site.visitor().get("/catalog/long.xlsx");
    assert_eq!(reply.expect_refusal(), (400, "does_not_fit".to_owned()));
    let message = "The cell “notes” of “a2” is longer than the 32,767 characters that a workbook holds. Use CSV for this \
                   catalog.";
    assert_eq!(reply.json()["error"], message);
    assert_eq!(get_file(&site, "/catalog/long.csv").body.len(), "id,notes\r\na1,short\r\na2,\r\n".len() + 32_768);
    assert_eq!(read_workbook(get_bytes(&site, "/catalog/long.xlsx?fields=id")), [["id"], ["a1"], ["a2"]]);
    assert_eq!(read_workbook(get_bytes(&site, "/catalog/long.xlsx?q=short")).len(), 2);
}

#[test]
fn a_private_catalog_is_exported_to_its_readers_only() {
    let site = TestSite::new();
    site.sync_source(&site.drafts);
    let refusal = |client: &SiteClient<'_>, path: &str| client.get(path).expect_refusal();
    for extension in ["csv", "json", "ndjson", "xlsx"] {
        let path = format!("/catalog/drafts.{extension}");
        assert_eq!(refusal(&site.visitor(), &path), (401, "sign_in".to_owned()));
        let stranger = site.visitor().with_header("Authorization", "Bearer nobody");
        assert_eq!(refusal(&stranger, &path), (401, "bad_token".to_owned()));
    }
    let program = site.add_program("reader", Role::Viewer);
    let person = site.add_person("ada", Role::Viewer);
    for client in [&program, &person] {
        let reply = client.get("/catalog/drafts.csv");
        assert_eq!((reply.status, reply.body.lines().count()), (200, 4));
        assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
        assert_eq!(reply.header("access-control-allow-origin"), None);
        assert_eq!(client.get("/catalog/drafts.xlsx").status, 200);
        assert_eq!(refusal(client, "/catalog/nowhere.json"), (404, "not_found".to_owned()));
    }
}

#[test]
fn scripts_of_other_sites_may_ask_for_a_public_catalog() {
    let site = TestSite::new();
    let reply = site.visitor().send_request("OPTIONS", "/catalog/albums.csv", None);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD"));
    let program = site.add_program("reader", Role::Viewer);
    let reply = program.send_request("OPTIONS", "/catalog/drafts.csv", None);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, None));
}

#[test]
fn a_catalog_that_was_never_synced_is_an_empty_file() {
    let site = TestSite::new();
    assert_eq!(get_file(&site, "/catalog/albums.csv").body, "");
    assert_eq!(get_file(&site, "/catalog/albums.json").body, "[\n]\n");
    assert_eq!(get_file(&site, "/catalog/albums.ndjson").body, "");
    assert!(read_workbook(get_bytes(&site, "/catalog/albums.xlsx")).is_empty());
    // Other endings are no files.
    assert_eq!(site.visitor().get("/catalog/albums.xml").status, 303);
}
