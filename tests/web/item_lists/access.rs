//! Who may read a list, and what browsers and proxies are told about that.

use lockstep::domain::account::Role;

use super::{ITEMS, list_keys, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    scripts_of_other_sites_may_read_public_catalogs_only,
    scripts_of_other_sites_may_read_the_errors_of_public_catalogs,
    a_private_list_is_for_those_who_may_read_it,
];

const DRAFTS: &str = "/api/catalog/drafts/items";

fn scripts_of_other_sites_may_read_public_catalogs_only(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.sync_source(&site.drafts);
    let other = site.visitor().with_header("Origin", "https://other.example");
    for method in ["GET", "HEAD"] {
        let reply = other.send_request(method, ITEMS, None);
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")), "{method}");
        let exposed = reply.header("access-control-expose-headers").expect("headers");
        assert!(exposed.contains("ETag") && exposed.contains("Link"), "{exposed}");
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
    let asked = other.with_header("Access-Control-Request-Method", "GET").send_request("OPTIONS", ITEMS, None);
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (204, Some("*")));
    assert!(asked.header("access-control-allow-methods").is_some_and(|methods| methods.contains("GET")));
    assert!(asked.header("access-control-allow-headers").is_some_and(|names| names.contains("If-None-Match")));
    let viewer = site.add_program("reader", Role::Viewer).with_header("Origin", "https://other.example");
    for (client, status) in [(&other, 401), (&viewer, 200)] {
        let reply = client.get(DRAFTS);
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (status, None));
        let asked = client.send_request("OPTIONS", DRAFTS, None);
        assert_eq!(asked.header("access-control-allow-origin"), None, "{status}");
    }
    let posted = other.post_json(ITEMS, "{}");
    assert!(matches!(posted.status, 403..=405) && posted.header("access-control-allow-origin").is_none());
}

fn scripts_of_other_sites_may_read_the_errors_of_public_catalogs(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let visitor = site.visitor();
    let wrong = visitor.with_header("Authorization", "Bearer wrong");
    let viewer = site.add_program("reader", Role::Viewer);
    for extension in ["csv", "json", "ndjson", "xlsx", "atom", "feed.json"] {
        for (client, slug, query, status, allowed) in [
            (&visitor, "albums", "?nothing=1", 400, Some("*")),
            (&wrong, "albums", "", 401, Some("*")),
            (&viewer, "drafts", "?nothing=1", 400, None),
            (&wrong, "drafts", "", 401, None),
            (&visitor, "drafts", "?nothing=1", 401, None),
            (&viewer, "missing", "?nothing=1", 404, None),
        ] {
            for path in [format!("/catalog/{slug}.{extension}{query}"), format!("/api/catalog/{slug}/items{query}")] {
                let reply = client.get(&path);
                let header = reply.header("access-control-allow-origin");
                assert_eq!((reply.status, header), (status, allowed), "{path}");
                let exposed = reply.header("access-control-expose-headers");
                assert_eq!(exposed.is_some(), allowed.is_some(), "{path}");
            }
        }
    }
}

fn a_private_list_is_for_those_who_may_read_it(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.sync_source(&site.drafts);
    let program = site.add_program("reader", Role::Viewer);
    let people = [site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer)];
    let version = program.get(DRAFTS).header("etag").expect("a version").to_owned();
    for client in people.iter().chain([&program]) {
        let reply = client.get(&format!("{DRAFTS}?q=blue&facet=year"));
        assert_eq!((reply.status, list_keys(&reply.json())), (200, vec!["a1", "a2"]));
        assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
        let vary = reply.header("vary").expect("a header");
        assert!(vary.contains("Authorization") && vary.contains("Cookie"), "{vary}");
        assert_eq!(client.with_header("If-None-Match", &version).get(DRAFTS).status, 304);
    }
    // Neither a version that somebody knows nor a wrong parameter is answered before the caller is known.
    let wrong = site.visitor().with_header("Authorization", "Bearer wrong");
    for client in [site.visitor(), wrong] {
        for path in [DRAFTS, "/api/catalog/drafts/items?nothing=1", "/api/catalog/drafts/items?filter[year]=1959"] {
            assert_eq!(client.get(path).status, 401, "{path}");
            for header in ["*", version.as_str()] {
                assert_eq!(client.with_header("If-None-Match", header).get(path).status, 401, "{path}");
            }
        }
    }
    assert_eq!(site.visitor().with_header("Authorization", "Bearer wrong").get(ITEMS).status, 401, "a bad token");
    assert_eq!(program.get("/api/catalog/nothing/items").expect_refusal(), (404, "not_found".to_owned()));
    assert_eq!(site.visitor().get(ITEMS).header("cache-control"), Some("no-cache"));
}
