//! Bodies of forms, malformed bodies, and requests without a body.

use lockstep::domain::account::Role;

use super::site::TestSite;

/// Every address that takes a form, except login and set-up.
const FORMS: [&str; 6] = [
    "/catalog/albums/sync",
    "/catalog/albums/sync/cancel",
    "/settings/sources",
    "/settings/sources/new",
    "/settings/sources/albums",
    "/settings/sources/albums/remove",
];

#[test]
fn permissions_are_checked_before_the_body() {
    let site = TestSite::new();
    let (visitor, viewer) = (site.visitor(), site.add_person("bob", Role::Viewer));
    for path in FORMS {
        for body in [None, Some(("application/json", "{}".to_owned())), Some(("text/plain", "action=sync".to_owned()))]
        {
            let sent = format!("{path} with {body:?}");
            let page = visitor.send_request("POST", path, body.clone());
            assert_eq!((page.status, page.header("location")), (303, Some("/login?next=%2F")), "{sent}");
            assert_eq!(
                visitor.with_header("HX-Request", "true").send_request("POST", path, body.clone()).status,
                401,
                "{sent}"
            );
            assert_eq!(viewer.send_request("POST", path, body).status, 403, "{sent}");
        }
    }
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
    assert_eq!(site.store.list_sources().expect("sources").len(), 2);
}

#[test]
fn a_missing_body_is_an_empty_form_and_a_malformed_one_is_400() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let started = admin.send_request("POST", "/catalog/albums/sync", None);
    assert_eq!((started.status, started.header("location")), (303, Some("/catalog/albums")));
    assert!(site.store.active_run(site.albums.id).expect("an answer").is_some(), "a sync is the default");
    let cancelled = admin.with_header("HX-Request", "true").send_request("POST", "/catalog/albums/sync/cancel", None);
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    assert_eq!(site.store.active_run(site.albums.id).expect("an answer"), None, "the active run is the default");
    for path in ["/settings/sources", "/settings/sources/new", "/settings/sources/albums"] {
        let reply = admin.send_request("POST", path, None);
        assert_eq!(reply.status, 422, "{path}: the fields are asked for");
    }
    let nobody = site.visitor().send_request("POST", "/login", None);
    assert_eq!(nobody.status, 401);
    for path in ["/catalog/drafts/sync", "/catalog/drafts/sync/cancel", "/settings/sources", "/settings/sources/new"] {
        let json = admin.post_json(path, r#"{"action":"sync"}"#);
        assert_eq!(json.status, 400, "{path}");
        assert!(json.body.contains("</html>"), "{}", json.body);
    }
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
}

#[test]
fn a_source_cannot_have_the_address_of_another_page() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let upload = "0123456789abcdef0123456789abcdef";
    let folder = site.data_dir().join("uploads");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(upload), "id,title\n1,One\n").expect("a file");
    let add = |slug: &str| {
        let noun = [("noun_one", "item"), ("noun_many", "items")];
        let fields = [("upload", upload), ("slug", slug), ("name", "New"), ("key", "id"), noun[0], noun[1]];
        admin.post_form("/settings/sources", &fields)
    };
    for slug in ["new", "sync-status"] {
        let refused = add(slug);
        assert_eq!(refused.status, 422, "{}", refused.body);
        let text = format!("“{slug}” is the URL of another page. Choose another slug, such as “{slug}-1”.");
        assert!(refused.body.contains(&text), "{}", refused.body);
    }
    let added = add("new-1");
    assert_eq!((added.status, added.header("location")), (303, Some("/catalog/new-1")), "{}", added.body);
}
