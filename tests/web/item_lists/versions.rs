//! `ETag` and 304 of lists.

use super::{ITEMS, RECORDS, list_keys, open_site};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::sync_again;
use crate::web::site::SiteClient;

on_both_databases![
    a_list_that_did_not_change_is_304,
    each_list_has_a_version_of_its_own,
    the_version_changes_with_every_change_and_returns_never,
];

#[track_caller]
fn version_of(client: &SiteClient<'_>, path: &str) -> String {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.header("etag").expect("a version").to_owned()
}

fn a_list_that_did_not_change_is_304(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let path = format!("{ITEMS}?filter[genre]=Jazz&facet=year&sort=title");
    let version = version_of(&site.visitor(), &path);
    let opaque = version.strip_prefix("W/").unwrap_or(&version);
    let known = |header: &str| site.visitor().with_header("If-None-Match", header).get(&path);
    let list = format!("\"a\", {version} , \"b\"");
    for header in [version.as_str(), opaque, "*", list.as_str()] {
        let reply = known(header);
        assert_eq!((reply.status, reply.body.as_str()), (304, ""), "{header}");
        let headers = ["etag", "cache-control", "vary"].map(|name| reply.header(name).map(str::to_owned));
        assert_eq!(headers[0].as_deref(), Some(version.as_str()));
        assert_eq!(headers[1].as_deref(), Some("no-cache"));
        assert!(headers[2].as_deref().is_some_and(|vary| vary.contains("Authorization")), "{headers:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "a 304 replaces the headers that are kept");
    }
    for header in ["\"a\"", "W/\"\"", "", "abc"] {
        assert_eq!(known(header).status, 200, "{header}");
    }
    let head = site.visitor().send_request("HEAD", &path, None);
    assert_eq!((head.status, head.header("etag"), head.body.as_str()), (200, Some(version.as_str()), ""));
    let head = site.visitor().with_header("If-None-Match", &version).send_request("HEAD", &path, None);
    assert_eq!(head.status, 304);

    sync_again(&site, &source, RECORDS);
    assert_eq!(known(&version).status, 304, "a sync that changed nothing");
    sync_again(&site, &source, &RECORDS.replace("Blue Train", "Blue Trane"));
    let changed = known(&version);
    assert_eq!(changed.status, 200);
    assert!(changed.body.contains("Blue Trane") && changed.header("etag") != Some(&version), "{}", changed.body);
}

fn each_list_has_a_version_of_its_own(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let queries = ["", "?page=2", "?per=2", "?sort=title", "?q=blue", "?types=1", "?fields=title", "?facet=genre"];
    let mut versions: Vec<String> =
        queries.iter().map(|query| version_of(&site.visitor(), &format!("{ITEMS}{query}"))).collect();
    site.fill_csv("others", RECORDS);
    versions.push(version_of(&site.visitor(), "/api/catalog/others/items"));
    versions.sort_unstable();
    versions.dedup();
    assert!(versions.len() > queries.len(), "{versions:?}");
}

fn the_version_changes_with_every_change_and_returns_never(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let mut versions = vec![version_of(&site.visitor(), ITEMS)];
    let (head, rest) = RECORDS.split_once('\n').expect("a header");
    let without_last = rest.trim_end().rsplit_once('\n').expect("rows").0;
    let tables = [
        RECORDS.replace("Hunky", "HUNKY"),
        format!("{head}\n{without_last}\n"),
        RECORDS.to_owned(),
        format!("{RECORDS}r7,New,Jazz,2001,1,01/01/2001,1,7,f,p\n"),
        RECORDS.replace("genre,year", "style,year"),
    ];
    for (number, table) in tables.iter().enumerate() {
        sync_again(&site, &source, table);
        let reply = site.visitor().with_header("If-None-Match", &versions.join(", ")).get(ITEMS);
        assert_eq!(reply.status, 200, "change {number}");
        versions.push(reply.header("etag").expect("a version").to_owned());
        assert!(list_keys(&reply.json()).len() >= 5);
        // Old runs are deleted: the version stays, and none comes again.
        std::thread::sleep(std::time::Duration::from_millis(5));
        while site.store.clear_operations(std::time::Duration::ZERO).expect("cleared") > 0 {}
        while site.store.clear_records(std::time::Duration::ZERO).expect("cleared") > 0 {}
        let latest = versions.last().expect("a version");
        assert_eq!(site.visitor().with_header("If-None-Match", latest).get(ITEMS).status, 304, "change {number}");
    }
}
