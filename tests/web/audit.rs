//! The record of what people and programs did: who, from where, and to what.

use std::collections::BTreeSet;

use lockstep::domain::account::{CredentialHash, Role, TokenLimits};
use lockstep::domain::audit::{AuditChannel, AuditOrigin};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::SourceDraft;
use lockstep::store::StoreError;
use lockstep::store::admins::UserChange;
use serde_json::Value;

use super::settings_users::open_site;
use super::site::{PASSWORD, SiteClient, TestSite};
use crate::support::socket_client::SocketClient;
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    everything_that_an_admin_changes_is_recorded,
    schedules_starts_for_all_sources_and_the_own_account_are_recorded,
    what_was_changed_in_a_source_or_a_token_is_named,
    nothing_is_changed_by_a_session_that_has_ended_meanwhile,
    what_a_later_version_recorded_is_shown_as_it_is,
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

fn schedules_starts_for_all_sources_and_the_own_account_are_recorded(db: &TestDatabase) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    let admin = site.add_person("ada", Role::Admin);
    let scheduled = |public| {
        let schedule = Some(StoredSchedule { cron: "0 3 * * *".to_owned(), zone: None });
        SourceDraft { public, schedule, ..source_draft("albums", "csv", SourceLocation::Sample) }
    };
    site.store.change_source(site.albums.id, &scheduled(true), None).expect("changed");
    let added = added_by(&admin, || {
        for path in [
            "/catalog/albums/schedule/pause",
            "/catalog/albums/schedule/resume",
            "/api/sources/albums/pause",
            "/api/sources/albums/resume",
        ] {
            let answered = if path.starts_with("/api") { admin.post_json(path, "{}") } else { admin.post(path) };
            assert!([200, 303].contains(&answered.status), "{path}: {} {}", answered.status, answered.body);
        }
    });
    let (paused, resumed) = ("schedule_paused albums", "schedule_resumed albums");
    assert_eq!(added, [paused, resumed, paused, resumed]);

    let added = added_by(&admin, || assert_eq!(admin.post("/syncs").status, 303));
    assert_eq!(
        BTreeSet::from_iter(added),
        BTreeSet::from(["sync_started albums", "sync_started drafts"].map(str::to_owned))
    );
    let added = added_by(&admin, || {
        let id = site.store.active_run(site.albums.id).expect("readable").expect("a run");
        assert_eq!(admin.post_json(&format!("/api/sync/{id}/cancel"), "{}").status, 202);
        let drafts = site.store.active_run(site.drafts.id).expect("readable").expect("a run");
        assert!(
            [200, 303]
                .contains(&admin.post_form("/catalog/drafts/sync/cancel", &[("sync", &drafts.to_string())]).status)
        );
    });
    assert_eq!(added, ["run_cancelled albums", "run_cancelled drafts"]);

    // A second browser, which is logged out from the first one; then the password.
    let added = added_by(&admin, || {
        let other = [("username", "ada"), ("password", PASSWORD)];
        assert_eq!(site.visitor().post_form("/login", &other).status, 303);
        assert_eq!(admin.post_form("/settings/account/sessions", &[("session", "others")]).status, 303);
        let fields = [
            ("current_password", PASSWORD),
            ("new_password", "another long password"),
            ("repeated_password", "another long password"),
        ];
        assert_eq!(admin.post_form("/settings/account/password", &fields).status, 303);
    });
    assert_eq!(added, ["logged_in ada", "sessions_ended ada", "password_changed ada"]);
}

/// The newest entries as `action subject: detail`, oldest first.
fn newest_details(admin: &SiteClient<'_>, count: usize) -> Vec<String> {
    let list = admin.get(&format!("/api/audit?per={count}")).json();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().expect("a list").iter().rev();
    items.map(|item| format!("{} {}: {}", text(item, "action"), text(item, "subject"), text(item, "detail"))).collect()
}

fn what_was_changed_in_a_source_or_a_token_is_named(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let origin =
        AuditOrigin { actor: "ada".to_owned(), channel: AuditChannel::Browser, address: None, credential: None };
    let acting = site.store.on_behalf_of(origin);
    let secret = SourceLocation::Url("https://me:s3cret@h.example/a.csv".to_owned());
    let draft = SourceDraft { public: true, name: "The drafts".to_owned(), ..source_draft("drafts", "csv", secret) };
    acting.change_source(site.drafts.id, &draft, None).expect("changed");
    let limits = TokenLimits {
        only_source: Some(site.drafts.id),
        expires_at: Some("2031-05-01T00:00:00Z".parse().expect("a time")),
    };
    acting.add_token(&"deploy".parse().expect("a name"), Role::Viewer, limits, "hash").expect("added");
    assert_eq!(admin.post("/settings/sources/drafts/remove").status, 303);
    let wanted = [
        "source_changed drafts: link or file, now public",
        "token_created deploy: viewer, only drafts, until 2031-05-01",
        "source_removed drafts: ",
        "token_revoked deploy: with its source",
    ];
    assert_eq!(newest_details(&admin, 4), wanted);
}

fn nothing_is_changed_by_a_session_that_has_ended_meanwhile(db: &TestDatabase) {
    let site = open_site(db);
    site.add_person("ada", Role::Admin);
    site.add_user("eve", Role::Admin);
    let login = site.visitor().post_form("/login", &[("username", "eve"), ("password", PASSWORD)]);
    let cookie = login.cookie().expect("a session");
    let mut slow = SocketClient::connect(site.address);
    let body = "view=sort%3Dyear";
    slow.send(&format!(
        "POST /catalog/albums/default-view HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
        site.address,
        body.len(),
        &body[..4]
    ));
    let eve = site.store.user_by_name("eve").expect("readable").expect("the user").0.id;
    assert_eq!(site.store.remove_user(eve).expect("an answer"), UserChange::Done);
    slow.send(&body[4..]);
    let head = slow.read_head();
    assert!(head.contains("/login"), "{head}");

    // And one that ends between the look at the session and the change.
    let credential = Some(CredentialHash::Session("the hash of no session".to_owned()));
    let origin = AuditOrigin { actor: "eve".to_owned(), channel: AuditChannel::Browser, address: None, credential };
    let acting = site.store.on_behalf_of(origin);
    assert!(matches!(acting.set_default_view(site.albums.id, Some("sort=year")), Err(StoreError::CallerGone)));
    assert!(matches!(acting.remove_source(site.albums.id), Err(StoreError::CallerGone)));
    let catalog = site.store.find_catalog(site.albums.id).expect("readable").expect("still there");
    assert_eq!(catalog.default_view, None);
    assert_eq!(db.count_rows("audit_entries", "actor = 'eve' AND action <> 'logged_in'"), 0);
}

fn what_a_later_version_recorded_is_shown_as_it_is(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    start(&admin);
    db.run_sql("UPDATE audit_entries SET action = 'moon_landed', channel = 'radio' WHERE action = 'logged_in'");
    db.run_sql(
        "UPDATE audit_entries SET sync_id = 'sync_0199d1c2-0000-7000-8000-000000000001' WHERE sync_id IS NOT NULL",
    );
    let page = admin.get("/settings/audit").body;
    assert!(page.contains("moon landed <bdi>ada</bdi>") && page.contains("radio"), "{page}");
    assert!(!page.contains("/history/sync_"), "the history has no such run: {page}");
    assert_eq!(entries(&admin)[0], ["moon_landed", "ada", "ada", "radio"].map(str::to_owned));
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
    let origin = AuditOrigin {
        actor: "<b>eve</b>".to_owned(),
        channel: AuditChannel::CommandLine,
        address: None,
        credential: None,
    };
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
