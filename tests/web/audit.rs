//! The record of what people and programs did: who, from where, and to what.

use lockstep::domain::account::Role;
use lockstep::domain::audit::{AuditAction, AuditChannel, AuditOrigin};
use lockstep::web::access_rules::{AccessRule, ROUTE_RULES};
use serde_json::Value;

use super::settings_users::open_site;
use super::site::{SiteClient, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    everything_that_an_admin_changes_is_recorded,
    what_a_refused_request_wanted_is_not_recorded,
    entries_have_pages_and_nobody_can_change_them,
    entries_are_kept_for_a_year,
}

/// The entries, oldest first: the action, its subject, who did it and how.
fn entries(admin: &SiteClient<'_>) -> Vec<[String; 4]> {
    let list = admin.get("/api/audit?per=500").json();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().expect("a list").iter().rev();
    items.map(|item| ["action", "subject", "actor", "channel"].map(|name| text(item, name))).collect()
}

/// The entries that `work` adds, each as `action subject`.
fn added_by(admin: &SiteClient<'_>, work: impl FnOnce()) -> Vec<String> {
    let before = entries(admin).len();
    work();
    entries(admin).split_off(before).into_iter().map(|[action, subject, ..]| format!("{action} {subject}")).collect()
}

fn start(client: &SiteClient<'_>) -> String {
    let started = client.post_json("/api/sync", r#"{"source":"albums","type":"full"}"#);
    assert_eq!(started.status, 202, "{}", started.body);
    started.json()["syncId"].as_str().expect("an id").to_owned()
}

fn everything_that_an_admin_changes_is_recorded(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    let admin = site.add_person("ada", Role::Admin);
    assert_eq!(entries(&admin), [["logged_in", "ada", "ada", "browser"].map(str::to_owned)]);
    let program = site.add_program("robot", Role::Admin);

    // Runs: by a program, by a person, cancelled, and undone.
    let id = start(&program);
    let added = added_by(&admin, || assert_eq!(program.post(&format!("/api/sync/{id}/cancel")).status, 202));
    assert_eq!(added, ["run_cancelled albums"]);
    let last = entries(&admin).pop().expect("an entry");
    assert_eq!(last, ["run_cancelled", "albums", "robot", "token"].map(str::to_owned));
    let run = |action: &str| {
        let clicked = admin.with_header("HX-Request", "true").post_form("/catalog/albums/sync", &[("action", action)]);
        assert_eq!(clicked.status, 202, "{}", clicked.body);
    };
    assert_eq!(added_by(&admin, || run("sync")), ["sync_started albums"]);
    let list = admin.get("/api/audit").json();
    let sync = list["items"][0]["syncId"].as_str().expect("a run").to_owned();
    assert_eq!(list["items"][0]["address"], "127.0.0.1");
    site.run_queued(&sync);
    assert_eq!(added_by(&admin, || drop(admin.post(&format!("/history/{sync}/undo")))), ["undo_started albums"]);
    let undo = admin.get("/api/audit").json()["items"][0]["syncId"].as_str().expect("a run").to_owned();
    site.run_queued(&undo);
    assert_eq!(added_by(&admin, || run("preview")), ["preview_started albums"]);

    // Users, tokens and sessions.
    let added = added_by(&admin, || {
        assert_eq!(admin.post_form("/settings/users", &[("username", "bob"), ("role", "viewer")]).status, 200);
        let bob = site.store.user_by_name("bob").expect("readable").expect("the user").0.id;
        assert_eq!(admin.post_form(&format!("/settings/users/{bob}/role"), &[("role", "admin")]).status, 303);
        assert_eq!(admin.post(&format!("/settings/users/{bob}/password")).status, 200);
        assert_eq!(admin.post(&format!("/settings/users/{bob}/remove")).status, 303);
        assert_eq!(admin.post_form("/settings/tokens", &[("name", "deploy"), ("role", "viewer")]).status, 200);
        let tokens = site.store.list_tokens().expect("readable");
        let deploy = tokens.iter().find(|token| token.name == "deploy").expect("the token").id;
        assert_eq!(admin.post(&format!("/settings/tokens/{deploy}/revoke")).status, 303);
    });
    let wanted = [
        "user_added bob",
        "role_changed bob",
        "password_changed bob",
        "user_removed bob",
        "token_created deploy",
        "token_revoked deploy",
    ];
    assert_eq!(added, wanted);

    // Sources.
    let added = added_by(&admin, || {
        assert_eq!(admin.post("/settings/sources/drafts/remove").status, 303);
        let fields = [("title", "Records"), ("description", ""), ("frame_hosts", "")];
        assert_eq!(admin.post_form("/settings/sources/albums/public-page", &fields).status, 303);
        assert_eq!(admin.post_form("/catalog/albums/default-view", &[("view", "sort=year")]).status, 303);
    });
    assert_eq!(added, ["source_removed drafts", "public_page_changed albums", "default_view_changed albums"]);

    let page = admin.get("/settings/audit").body;
    for shown in ["Removed the source <bdi>drafts</bdi>", "API token, <span", "127.0.0.1", &format!("/history/{sync}")]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

fn what_a_refused_request_wanted_is_not_recorded(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let viewer = site.add_person("bob", Role::Viewer);
    site.add_person("cleo", Role::Viewer);
    let added = added_by(&admin, || {
        assert_eq!(viewer.post_json("/api/sync", r#"{"source":"albums"}"#).status, 403);
        assert_eq!(admin.post_json("/api/sync", r#"{"source":"nothing"}"#).status, 404);
        assert_eq!(admin.post_form("/settings/users", &[("username", "bob"), ("role", "admin")]).status, 422);
        start(&admin);
        assert_eq!(admin.post_json("/api/sync", r#"{"source":"albums","type":"full"}"#).status, 409);
        assert_eq!(admin.post("/settings/sources/albums/remove").status, 409, "a run is active");
    });
    assert_eq!(added, ["sync_started albums"]);
}

fn entries_have_pages_and_nobody_can_change_them(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let viewer = site.add_person("bob", Role::Viewer);
    let origin = AuditOrigin { actor: "<b>eve</b>".to_owned(), channel: AuditChannel::CommandLine, address: None };
    let acting = site.store.on_behalf_of(origin);
    for number in 0..60 {
        let pause = if number % 2 == 0 { "sort=year" } else { "sort=id" };
        acting.set_default_view(site.albums.id, Some(pause)).expect("set");
    }
    let first = admin.get("/settings/audit").body;
    assert!(first.contains("1–50 of 62") && first.contains("/settings/audit?page=2"), "{first}");
    assert!(first.contains("&#60;b&#62;eve") && !first.contains("<b>eve"), "{first}");
    let second = admin.get("/settings/audit?page=2").body;
    assert!(second.contains("51–62 of 62"), "{second}");
    let list = admin.get("/api/audit?page=2&per=60").json();
    assert_eq!((list["items"].as_array().map(Vec::len), &list["total"]), (Some(2), &62.into()));
    for path in ["/settings/audit", "/api/audit"] {
        assert_eq!(viewer.get(path).status, 403, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert_eq!(admin.send_request(method, path, None).status, 405, "{method} {path}");
        }
    }
    assert_eq!(entries(&admin).len(), 62);
}

fn entries_are_kept_for_a_year(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    site.add_person("bob", Role::Viewer);
    let old = if db.is_sqlite() { "datetime('now', '-366 days')" } else { "now() - interval '366 days'" };
    db.run_sql(&format!("UPDATE audit_entries SET at = {old} WHERE actor = 'bob'"));
    assert_eq!(entries(&admin).len(), 2);
    while site.store.clear_audit_entries().expect("cleared") > 0 {}
    assert_eq!(entries(&admin), [["logged_in", "ada", "ada", "browser"].map(str::to_owned)]);
}

/// What each route that people may send something to is recorded as. A new one has to be added here.
const RECORDED_ROUTES: [(&str, &[AuditAction]); 36] = {
    use AuditAction as Did;
    [
        ("/api/sync", &[Did::SyncStarted, Did::PreviewStarted]),
        ("/api/sync/{id}/cancel", &[Did::RunCancelled]),
        ("/api/sync/{id}/undo", &[Did::UndoStarted]),
        ("/api/sync/{id}/removals", &[Did::RemovalStarted]),
        ("/api/sync/{id}/removals/keep", &[Did::RemovalsKept]),
        ("/api/sources/{slug}/pause", &[Did::SchedulePaused]),
        ("/api/sources/{slug}/resume", &[Did::ScheduleResumed]),
        ("/api/sync-sheets-bg", &[Did::SyncStarted]),
        ("/api/sync-sheets", &[Did::SyncStarted]),
        ("/syncs", &[Did::SyncStarted]),
        ("/catalog/{slug}/default-view", &[Did::DefaultViewChanged]),
        ("/catalog/{slug}/sync", &[Did::SyncStarted, Did::PreviewStarted]),
        ("/catalog/{slug}/sync/cancel", &[Did::RunCancelled]),
        // It sets a cookie.
        ("/catalog/{slug}/sync/dismiss", &[]),
        ("/catalog/{slug}/sync/removals", &[Did::RemovalStarted, Did::RemovalsKept]),
        ("/catalog/{slug}/schedule/pause", &[Did::SchedulePaused]),
        ("/catalog/{slug}/schedule/resume", &[Did::ScheduleResumed]),
        ("/history/{id}/corrected-rows", &[Did::SourceChanged]),
        ("/history/{id}/undo", &[Did::UndoStarted]),
        ("/login", &[Did::LoggedIn]),
        // A person may always leave.
        ("/logout", &[]),
        ("/setup", &[Did::UserAdded, Did::LoggedIn]),
        ("/settings/users", &[Did::UserAdded]),
        ("/settings/users/{id}/role", &[Did::RoleChanged]),
        ("/settings/users/{id}/password", &[Did::PasswordChanged]),
        ("/settings/users/{id}/remove", &[Did::UserRemoved]),
        ("/settings/tokens", &[Did::TokenCreated]),
        ("/settings/tokens/{id}/revoke", &[Did::TokenRevoked]),
        ("/settings/account/password", &[Did::PasswordChanged]),
        ("/settings/account/sessions", &[Did::SessionsEnded]),
        ("/settings/sources", &[Did::SourceAdded]),
        // It looks at the source and saves nothing.
        ("/settings/sources/new", &[]),
        ("/settings/sources/{slug}", &[Did::SourceChanged]),
        ("/settings/sources/{slug}/remove", &[Did::SourceRemoved]),
        ("/settings/sources/{slug}/public-page", &[Did::PublicPageChanged]),
        ("/catalog/{slug}/sync/apply", &[Did::SyncStarted]),
    ]
};

#[test]
fn every_route_that_changes_something_says_what_is_recorded() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/routes.rs");
    let text = std::fs::read_to_string(file).expect("the table of routes");
    let services = text.split("resource(").skip(1);
    let changing = services.filter(|service| service.contains("post().to("));
    let mut missing: Vec<&str> = changing
        .filter_map(|service| service.split('"').nth(1))
        .filter(|pattern| !RECORDED_ROUTES.iter().any(|(recorded, _)| recorded == pattern))
        .collect();
    missing.sort_unstable();
    assert_eq!(missing, [""; 0], "say what these record");
    let all: Vec<AuditAction> = RECORDED_ROUTES.iter().flat_map(|(_, actions)| actions.iter().copied()).collect();
    let never: Vec<&AuditAction> = AuditAction::ALL
        .iter()
        // Only the command line can do this.
        .filter(|action| !all.contains(action) && **action != AuditAction::SecretsDiscarded)
        .collect();
    assert!(never.is_empty(), "no route records {never:?}");
    let readable = ROUTE_RULES.iter().filter(|rule| rule.pattern.contains("audit"));
    assert!(readable.clone().count() == 2 && readable.clone().all(|rule| rule.read == AccessRule::Admin));
}
