//! A server whose public URL has a path, behind a reverse proxy that strips it.

use lockstep::domain::account::Role;

use super::site::{PASSWORD, SiteClient, SiteResponse, TestSite};
use crate::support::stub_server::StubServer;

const PUBLIC_URL: &str = "https://intranet.example/lockstep";
const PREFIX: &str = "/lockstep";

/// The attributes that contain a link.
const LINK_ATTRIBUTES: [&str; 6] = ["href", "src", "action", "hx-get", "hx-post", "data-base-path"];

/// What the proxy forwards for a link: the link without the base path.
#[track_caller]
fn strip_base(link: &str) -> String {
    let rest = link.strip_prefix(PREFIX).unwrap_or_else(|| panic!("{link} is outside of {PREFIX}"));
    let rest = rest.replace("&#38;", "&");
    if rest.starts_with('/') { rest } else { format!("/{rest}") }
}

/// The links of a page to its own host, each with its attribute.
fn list_links(html: &str) -> Vec<(&'static str, String)> {
    let mut links = Vec::new();
    for attribute in LINK_ATTRIBUTES {
        for part in html.split(&format!(" {attribute}=\"")).skip(1) {
            let link = part.split('"').next().unwrap_or_default();
            if link.starts_with('/') {
                links.push((attribute, link.to_owned()));
            }
        }
    }
    links
}

#[track_caller]
fn get_page(client: &SiteClient<'_>, path: &str) -> SiteResponse {
    let page = client.get(path);
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page
}

#[test]
fn every_link_of_every_page_has_the_base_path_and_works() {
    let site = TestSite::with_public_url(PUBLIC_URL);
    site.sync_source(&site.albums);
    let run = site.store.recent_records(None, 1).expect("records")[0].summary.id;
    let admin = site.add_person("ada", Role::Admin);
    let items = admin.get("/api/catalog/albums/items").json();
    let item = items["items"][0]["id"].as_str().expect("an id");
    let pages = [
        "/".to_owned(),
        "/catalog/albums".to_owned(),
        "/catalog/albums?sort=-title&q=b".to_owned(),
        format!("/catalog/albums/items/{item}"),
        "/catalog/albums/feeds".to_owned(),
        format!("/catalog/albums/sync-status?sync={run}"),
        "/sync-badge".to_owned(),
        "/history".to_owned(),
        format!("/history/{run}"),
        "/settings/sources".to_owned(),
        "/settings/sources/new".to_owned(),
        "/settings/sources/new?kind=sheet".to_owned(),
        "/settings/sources/albums".to_owned(),
        "/settings/sources/albums/remove".to_owned(),
    ];
    let mut checked = std::collections::BTreeSet::new();
    for path in pages {
        let found = list_links(&get_page(&admin, &path).body);
        assert!(!found.is_empty(), "{path} has links");
        for (attribute, link) in found {
            assert!(link == PREFIX || link.starts_with("/lockstep/"), "{path}: {attribute}=\"{link}\"");
            if ["href", "src", "hx-get"].contains(&attribute) && checked.insert(link.clone()) {
                let mut answer = admin.get(&strip_base(&link));
                // A choice of columns leads to the address that has it.
                if answer.status == 303 {
                    let location = answer.header("location").expect("a location").to_owned();
                    assert!(location.starts_with("/lockstep/catalog/albums"), "{link}: {location}");
                    answer = admin.get(&strip_base(&location));
                }
                assert_eq!(answer.status, 200, "{path}: {attribute}=\"{link}\"");
            }
        }
    }
    for (path, status) in [("/nowhere", 404), ("/login", 200)] {
        let page = site.visitor().get(path);
        assert_eq!(page.status, status, "{path}");
        assert!(list_links(&page.body).iter().all(|(_, link)| link.starts_with(PREFIX)), "{}", page.body);
    }
}

#[test]
fn redirects_and_the_cookie_have_the_base_path() {
    let site = TestSite::with_public_url(PUBLIC_URL);
    let location = |reply: &SiteResponse| reply.header("location").unwrap_or_default().to_owned();
    let private = site.visitor().get("/catalog/drafts?page=2");
    let next = "%2Flockstep%2Fcatalog%2Fdrafts%3Fpage%3D2";
    assert_eq!((private.status, location(&private)), (303, format!("/lockstep/login?next={next}")));
    let icon = location(&site.visitor().get("/favicon.ico"));
    assert!(icon.starts_with("/lockstep/static/") && icon.ends_with("/favicon.svg"), "{icon}");

    site.add_user("ada", Role::Admin);
    let log_in =
        |next: &str| site.visitor().post_form("/login", &[("username", "ada"), ("password", PASSWORD), ("next", next)]);
    let reply = log_in("/lockstep/catalog/drafts?page=2");
    assert_eq!((reply.status, location(&reply)), (303, "/lockstep/catalog/drafts?page=2".to_owned()));
    let cookie = reply.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("Path=/lockstep;"), "{cookie}");
    // Paths outside the base path belong to other applications.
    assert_eq!(location(&log_in("/wiki/page")), "/lockstep/");

    let admin = site.visitor().with_header("Cookie", &reply.cookie().expect("a cookie"));
    assert_eq!(location(&admin.get("/history/")), "/lockstep/history");
    let start = admin.post_form("/catalog/albums/sync", &[("action", "sync")]);
    assert_eq!((start.status, location(&start)), (303, "/lockstep/catalog/albums".to_owned()));
    let again = admin.post_form("/catalog/albums/sync", &[("action", "sync")]);
    assert_eq!(location(&again), "/lockstep/catalog/albums?notice=already-running");
    let removed = admin.post("/settings/sources/drafts/remove");
    assert_eq!(location(&removed), "/lockstep/settings/sources?done=removed");
    let logout = admin.post("/logout");
    assert_eq!(location(&logout), "/lockstep/");
    assert!(logout.header("set-cookie").expect("a cookie").contains("Path=/lockstep"));
}

#[test]
fn the_link_of_a_catalog_is_shown_with_the_base_path() {
    let site = TestSite::with_public_url(PUBLIC_URL);
    let admin = site.add_person("ada", Role::Admin);
    let settings = get_page(&admin, "/settings/sources/albums").body;
    assert!(settings.contains("value=\"/lockstep/catalog/albums\""), "{settings}");
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", "id,title\n1,Blue Train\n");
    let url = stub.url("/albums.csv");
    let fields = [("kind", "csv"), ("url", &*url), ("slug", "albums"), ("name", "Albums"), ("key", "id")];
    let nouns = [("noun_one", "album"), ("noun_many", "albums")];
    let taken = admin.post_form("/settings/sources", &[&fields[..], &nouns[..]].concat()).body;
    assert!(taken.contains("/lockstep/catalog/albums is already in use"), "{taken}");
}

#[test]
fn a_form_from_the_public_url_is_not_cross_site() {
    let site = TestSite::with_public_url(PUBLIC_URL);
    let admin = site.add_person("ada", Role::Admin);
    let start = |origin: &str| admin.with_header("Origin", origin).post_form("/catalog/albums/sync", &[]).status;
    assert_eq!(start("https://evil.example"), 403);
    assert_eq!(start("https://intranet.example"), 303);
}
