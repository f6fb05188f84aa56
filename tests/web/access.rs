//! Permissions of visitors, viewers and admins, and the responses to requests that are refused.

use lockstep::domain::account::Role;

use super::site::TestSite;

const START_BODY: &str = r#"{"source":"albums"}"#;

#[test]
fn a_visitor_cannot_start_cancel_or_change_anything() {
    let site = TestSite::new();
    let waiting = site.begin_sync(&site.albums);
    let cancel = format!("/api/sync/{waiting}/cancel");
    let (visitor, viewer) = (site.visitor(), site.add_program("reader", Role::Viewer));
    assert_eq!(visitor.post_json("/api/sync", START_BODY).expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(visitor.post_json("/api/sync", "not even JSON").expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(visitor.post(&cancel).expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(viewer.post_json("/api/sync", START_BODY).expect_refusal(), (403, "admins_only".to_owned()));
    assert_eq!(viewer.post(&cancel).expect_refusal(), (403, "admins_only".to_owned()));
    assert_eq!(site.store.active_run(site.albums.id).expect("an answer"), Some(waiting), "the run is still pending");
}

/// Every address that changes something.
const CHANGING_PATHS: [&str; 16] = [
    "/catalog/albums/sync",
    "/catalog/albums/sync/cancel",
    "/catalog/albums/sync/removals",
    "/catalog/albums/schedule/resume",
    "/settings/sources",
    "/settings/sources/new",
    "/settings/sources/albums",
    "/settings/sources/albums/remove",
    "/settings/users",
    "/settings/users/1/role",
    "/settings/users/1/password",
    "/settings/users/1/remove",
    "/settings/tokens",
    "/settings/tokens/1/revoke",
    "/catalog/drafts/sync",
    "/catalog/nothing/sync",
];

#[test]
fn pages_let_only_admins_change_things() {
    let site = TestSite::new();
    site.begin_sync(&site.albums);
    let (visitor, viewer) = (site.visitor(), site.add_person("bob", Role::Viewer));
    for path in CHANGING_PATHS {
        let reply = visitor.post_form(path, &[("action", "sync"), ("url", "https://example.org/a.csv")]);
        assert_eq!((reply.status, reply.header("location")), (303, Some("/login?next=%2F")), "{path}");
        let fragment = visitor.with_header("HX-Request", "true").post(path);
        assert_eq!((fragment.status, &*fragment.body), (401, "Log in first."), "{path}");
        assert_eq!(viewer.post(path).status, 403, "{path}");
        let elsewhere = site.visitor().with_header("Sec-Fetch-Site", "cross-site").post(path);
        assert_eq!(elsewhere.status, 403, "{path}");
    }
    assert_eq!(site.store.list_sources().expect("sources").len(), 2);
    assert_eq!(site.store.list_users().expect("users").len(), 1);
    assert_eq!(site.store.list_tokens().expect("tokens"), []);
    assert_eq!(site.store.active_run_ids().expect("an answer").len(), 1);
}

#[test]
fn a_private_page_sends_visitors_to_sign_in_and_a_private_fragment_is_401() {
    let site = TestSite::new();
    let visitor = site.visitor();
    for (path, next) in [
        ("/catalog/drafts?sort=-year&page=2", "%2Fcatalog%2Fdrafts%3Fsort%3D-year%26page%3D2"),
        ("/catalog/nothing", "%2Fcatalog%2Fnothing"),
        ("/settings/sources", "%2Fsettings%2Fsources"),
        ("/settings/users/1", "%2Fsettings%2Fusers%2F1"),
        ("/settings/account", "%2Fsettings%2Faccount"),
    ] {
        let reply = visitor.get(path);
        assert_eq!(reply.status, 303, "{path}");
        assert_eq!(reply.header("location"), Some(&*format!("/login?next={next}")), "{path}");
    }
    for path in ["/catalog/drafts/sync-status", "/catalog/nothing/sync-status"] {
        assert_eq!(visitor.get(path).status, 401, "{path}");
    }
    for path in ["/", "/catalog/albums", "/catalog/albums/sync-status", "/sync-badge"] {
        assert_eq!(visitor.get(path).status, 200, "{path}");
    }
    let viewer = site.add_person("bob", Role::Viewer);
    assert_eq!(viewer.get("/catalog/drafts").status, 200);
    assert_eq!(viewer.get("/catalog/nothing").status, 404);
    for path in [
        "/settings",
        "/settings/sources",
        "/settings/users",
        "/settings/users/new",
        "/settings/users/1",
        "/settings/users/1/remove",
        "/settings/tokens",
        "/settings/tokens/new",
        "/settings/tokens/1/revoke",
        "/settings/about",
    ] {
        assert_eq!(viewer.get(path).status, 403, "{path}");
    }
    assert_eq!(viewer.get("/settings/account").status, 200);
}

#[test]
fn only_admins_read_the_log_of_a_run() {
    let site = TestSite::new();
    let run = format!("/history/{}", site.begin_sync(&site.albums));
    let log = format!("{run}/log");
    let (visitor, viewer) = (site.visitor(), site.add_person("bob", Role::Viewer));
    assert_eq!((visitor.get(&log).status, visitor.get(&log).header("location").is_some()), (303, true));
    assert_eq!(visitor.with_header("HX-Request", "true").get(&log).status, 401);
    assert_eq!((viewer.get(&run).status, viewer.get(&log).status), (200, 403));
    assert_eq!(viewer.get("/history/nonsense/log").status, 403, "a viewer does not learn which runs exist");
    assert_eq!(site.add_person("ada", Role::Admin).get(&log).status, 200);
}

#[test]
fn a_cross_site_post_is_refused() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    for (header, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        let elsewhere = admin.with_header(header, value);
        assert_eq!(
            elsewhere.post_json("/api/sync", START_BODY).expect_refusal(),
            (403, "cross_site".to_owned()),
            "{header}: {value}"
        );
        let page = elsewhere.post("/logout");
        assert_eq!(page.status, 403);
        assert!(page.body.contains("came from another site") && page.body.contains("</html>"), "{}", page.body);
        assert_eq!(elsewhere.get("/api/sources").status, 200, "reading is no harm");
    }
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
    let here = admin.with_header("Sec-Fetch-Site", "same-origin").with_header("Origin", "https://evil.example");
    assert_eq!(
        here.post_json("/api/sync", START_BODY).status,
        202,
        "the browser's word on the site is the one that counts"
    );
}

#[test]
fn a_revoked_token_is_401_on_public_addresses_too() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let program = site.add_program("robot", Role::Admin);
    let open = ["/api/health", "/api/health/sync", "/api/sources", "/api/catalog/albums/items"];
    for door in open {
        assert_eq!(program.get(door).status, 200, "{door}");
        assert_eq!(site.visitor().get(door).status, 200, "{door}");
    }
    assert_eq!(program.get("/api/nothing").status, 404);
    assert!(site.store.revoke_token("robot").expect("revoked"));
    let session = site.add_person("ada", Role::Admin);
    for door in open.into_iter().chain(["/api/nothing", "/api/nothing/", "/metrics", "/catalog/nothing.json"]) {
        let reply = program.get(door);
        assert_eq!(reply.expect_refusal(), (401, "bad_token".to_owned()), "{door}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        let both = session.with_header("Authorization", "Bearer token-of-robot").get(door);
        assert_eq!(both.status, 401, "{door}: a session does not save a bad token");
        assert_eq!(session.with_header("Authorization", "Bearer ").get(door).status, 401, "{door}: nor an empty one");
    }
    assert_eq!(program.get("/login").status, 200, "tokens mean nothing on pages");
}

#[test]
fn an_error_is_json_for_the_api_and_a_page_for_pages() {
    let site = TestSite::new();
    let visitor = site.visitor();
    assert_eq!(visitor.get("/api/nothing").expect_refusal(), (404, "not_found".to_owned()));
    assert_eq!(visitor.send_request("DELETE", "/api/sync", None).expect_refusal(), (405, "wrong_method".to_owned()));
    assert_eq!(visitor.send_request("DELETE", "/api/sync", None).header("allow"), Some("POST"));
    for (reply, status) in [(visitor.get("/nothing"), 404), (visitor.get("/logout"), 405)] {
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(reply.body.contains("</html>") && reply.body.contains(&status.to_string()), "{}", reply.body);
    }
    let fragment = visitor.with_header("HX-Request", "true").get("/nothing");
    assert_eq!((fragment.status, &*fragment.body), (404, "Page not found."));

    let person = site.add_person("ada", Role::Admin).get("/nothing");
    assert!(person.body.contains("ada"), "the page keeps its frame: {}", person.body);
}

#[test]
fn unreadable_requests_get_readable_errors() {
    let site = TestSite::new();
    let admin = site.add_program("robot", Role::Admin);
    let bad = |body: &str| {
        let reply = admin.post_json("/api/sync", body);
        assert_eq!(reply.expect_refusal(), (400, "bad_request".to_owned()), "{body}");
        reply.json()
    };
    assert_eq!(bad("{")["error"], "The body is not valid JSON (line 1, column 1).");
    assert_eq!(bad(r#"{"source":7}"#)["field"], "source");
    assert_eq!(bad(r#"{"source":"albums","type":"both"}"#)["field"], "type");
    assert_eq!(bad(r#"{"source":"albums","options":{"forceRefresh":1}}"#)["field"], "options.forceRefresh");
    let form = admin.post_form("/api/sync", &[("source", "albums")]);
    assert_eq!(form.json()["error"], "Send JSON with the header Content-Type: application/json.");
    let huge = format!(r#"{{"source":"{}"}}"#, "a".repeat(70_000));
    assert_eq!(admin.post_json("/api/sync", &huge).expect_refusal(), (413, "too_large".to_owned()));
    let huge = site.visitor().post_form("/login", &[("username", &"a".repeat(70_000))]);
    assert_eq!(huge.status, 413);
    assert!(huge.body.contains("</html>"), "{}", huge.body);
    let json = site.visitor().post_json("/login", "{}");
    assert_eq!(json.status, 400);
    assert!(json.body.contains("This request could not be read."), "{}", json.body);
}

#[test]
fn every_response_has_security_headers() {
    let site = TestSite::new();
    let visitor = site.visitor();
    for path in ["/login", "/nothing", "/api/health", "/api/nothing", "/sync-badge", "/setup"] {
        let reply = visitor.get(path);
        let csp = reply.header("content-security-policy").expect("a policy");
        assert!(csp.starts_with("default-src 'self';") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{path}");
    }
    let page = visitor.get("/login").body;
    let (_, rest) = page.split_once("href=\"/static/").expect("a stylesheet");
    let (name, _) = rest.split_once('"').expect("its end");
    let file = visitor.get(&format!("/static/{name}"));
    let head =
        visitor.with_header("Accept-Encoding", "identity").send_request("HEAD", &format!("/static/{name}"), None);
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(file.header("content-security-policy").is_some());
}

#[test]
fn head_is_get_without_a_body() {
    let site = TestSite::new();
    for path in ["/login", "/api/health", "/api/sources"] {
        let reply = site.visitor().with_header("Accept-Encoding", "identity").send_request("HEAD", path, None);
        assert_eq!((reply.status, &*reply.body), (200, ""), "{path}");
    }
}

#[test]
fn responses_are_compressed_for_clients_that_accept_it() {
    let site = TestSite::new();
    for path in ["/login", "/nothing", "/api/sources"] {
        let packed = site.visitor().with_header("Accept-Encoding", "gzip").get(path);
        let reported = (packed.header("vary"), packed.header("content-encoding"));
        assert_eq!(reported, (Some("accept-encoding"), Some("gzip")), "{path}");
        let plain = site.visitor().with_header("Accept-Encoding", "identity").get(path);
        assert_eq!((plain.header("vary"), &plain.body), (None, &packed.body), "{path}");
    }
}

#[test]
fn static_files_are_compressed_once_and_well() {
    let site = TestSite::new();
    let page = site.visitor().get("/login").body;
    let (_, rest) = page.split_once("<link rel=\"stylesheet\" href=\"").expect("a stylesheet");
    let path = rest.split_once('"').expect("its end").0;
    let plain = site.visitor().with_header("Accept-Encoding", "identity").get(path);
    assert_eq!((plain.header("vary"), plain.header("content-encoding")), (Some("accept-encoding"), None));
    for accepted in ["gzip", "br, gzip;q=0.5"] {
        let packed = site.visitor().with_header("Accept-Encoding", accepted).get(path);
        let reported = (packed.header("vary"), packed.header("content-encoding"));
        assert_eq!(reported, (Some("accept-encoding"), Some("gzip")), "{accepted}");
        assert_eq!(packed.body, plain.body, "{accepted}");
    }
    let refused = site.visitor().with_header("Accept-Encoding", "gzip;q=0").get(path);
    assert_eq!(refused.header("content-encoding"), None);
}

#[test]
fn a_trailing_slash_redirects_within_the_site_only() {
    let site = TestSite::new();
    let to = |path: &str| {
        let reply = site.visitor().get(path);
        (reply.status, reply.header("location").map(str::to_owned))
    };
    assert_eq!(to("/catalog/albums/"), (308, Some("/catalog/albums".to_owned())));
    assert_eq!(to("/catalog/albums//?q=a%2Fb&page=2"), (308, Some("/catalog/albums?q=a%2Fb&page=2".to_owned())));
    assert_eq!(to("/login/"), (308, Some("/login".to_owned())));
    for path in ["//evil.example/", "/%5Cevil.example/", "/.//evil.example/"] {
        let (status, there) = to(path);
        let there = there.unwrap_or_default();
        let stays = there.is_empty() || (there.starts_with('/') && !there.starts_with("//") && !there.contains('\\'));
        assert!(stays && matches!(status, 308 | 404), "{path}: {status} {there}");
    }
    assert_eq!(site.visitor().post("/catalog/albums/sync/").status, 404);
    let (status, icon) = to("/favicon.ico");
    assert_eq!(status, 307);
    assert!(site.visitor().get(&icon.expect("an address")).body.starts_with("<svg"));
}
