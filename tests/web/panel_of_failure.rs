//! The panel of a run that failed: its links, its repetition, and what remains of it when it is dismissed.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::{AdmissionRequest, StartOutcome};

use super::history::{latest_run, sync_again};
use super::site::{SiteClient, TestSite};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_dismissed_failure_stays_dismissed_and_its_reason_is_one_click_away,
    a_run_is_repeated_with_its_kind_mode_and_options,
];

/// A site whose source `books` failed in its latest run, and the id of that run.
fn open_failed_site(db: &TestDatabase) -> (TestSite, Source, String) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let source = site.fill_csv("books", "id,title\na,One\n");
    let failed = sync_again(&site, &source, "title\nOne\n");
    (site, source, failed)
}

/// The heading of the panel.
fn panel_title(page: &str) -> &str {
    let (_, rest) = page.split_once("<h2 id=\"panel-title\"").expect("a panel");
    rest.split_once("</h2>").expect("a heading").0
}

fn a_dismissed_failure_stays_dismissed_and_its_reason_is_one_click_away(db: &TestDatabase) {
    let (site, source, failed) = open_failed_site(db);
    site.add_user("ada", Role::Admin);
    let login = |name: &str| {
        let fields = [("username", name), ("password", super::site::PASSWORD)];
        site.visitor().post_form("/login", &fields).cookie().expect("a session")
    };
    let session = login("ada");
    let admin = site.visitor().with_header("Cookie", &session);
    let page = admin.get("/catalog/books").body;
    assert!(panel_title(&page).contains("Sync failed") && page.contains("There is no column"), "{page}");

    let fields = [("sync", failed.as_str())];
    let reply = admin.post_form("/catalog/books/sync/dismiss", &fields);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/books")));
    let cookie = reply.cookie().expect("a cookie");
    let dismissing = |session: &str| site.visitor().with_header("Cookie", &format!("{session}; {cookie}"));
    let why = format!("id=\"panel-why\" href=\"/history/{failed}\"");
    let page = dismissing(&session).get("/catalog/books").body;
    assert!(panel_title(&page).contains("Last sync failed") && panel_title(&page).contains(&why), "{page}");
    assert!(page.contains(&format!("data-sync=\"{failed}\"")) && !page.contains("There is no column"), "{page}");
    assert!(panel_title(&admin.get("/catalog/books").body).contains("Sync failed"), "others still see it");

    // A viewer, who has no other use for a panel at rest, keeps the way to the reason; a visitor has none.
    site.add_user("bob", Role::Viewer);
    let seen = dismissing(&login("bob")).get("/catalog/books").body;
    assert!(seen.contains(&why) && !seen.contains("data-active=\"false\" hidden"), "{seen}");
    let visited = dismissing("").get("/catalog/books").body;
    assert!(!visited.contains("/history/") && !visited.contains("id=\"panel\""), "{visited}");

    let fragment = admin.with_header("HX-Request", "true").post_form("/catalog/books/sync/dismiss", &fields);
    assert_eq!((fragment.status, fragment.cookie().is_some()), (200, true));
    assert!(fragment.body.starts_with("<section id=\"panel\"") && fragment.body.contains(&why), "{}", fragment.body);
    for unknown in ["", "nothing", &SyncId::new().to_string()] {
        assert_eq!(admin.post_form("/catalog/books/sync/dismiss", &[("sync", unknown)]).status, 404, "{unknown}");
    }
    assert_eq!(site.visitor().post_form("/catalog/drafts/sync/dismiss", &fields).status, 303, "to the login");

    // The next run is shown, and an active one cannot be dismissed.
    let next = site.begin_sync(&source).to_string();
    let reply = dismissing(&session).post_form("/catalog/books/sync/dismiss", &[("sync", &next)]);
    assert!(reply.status == 303 && !reply.cookie().expect("a cookie").contains(&next));
    assert!(dismissing(&session).get("/catalog/books").body.contains("data-active=\"true\""));
    site.run_queued(&next);
    assert!(panel_title(&dismissing(&session).get("/catalog/books").body).contains("Sync failed"));
}

/// Queues and cancels a run with these options; returns its id.
fn cancel_new_run(site: &TestSite, source: &Source, request: &StartRequest) -> String {
    let message = "Waiting…";
    let admission = AdmissionRequest {
        source: source.id,
        request,
        message,
        cooldown: Default::default(),
        due: None,
        condition: None,
    };
    let StartOutcome::Accepted(id) = site.store.admit_run(&admission).expect("an answer") else { panic!("accepted") };
    site.store.cancel_run(id, "ada").expect("cancelled");
    id.to_string()
}

fn a_run_is_repeated_with_its_kind_mode_and_options(db: &TestDatabase) {
    let (site, source, failed) = open_failed_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let repeat = |id: &str, admin: &SiteClient<'_>| {
        let reply = admin.post_form("/catalog/books/sync", &[("action", "again"), ("sync", id)]);
        assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/books")), "{}", reply.body);
        let next = latest_run(&site, &source);
        let (operation, _) = site
            .store
            .claim_run("a worker", 1, std::time::Duration::from_secs(60), None)
            .expect("an answer")
            .expect("a run");
        assert_eq!(operation.id.to_string(), next);
        operation
    };
    let options = StartOptions { force_refresh: true, accept_rekey: true, ..StartOptions::default() };
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Full,
        options,
        priority: RunPriority::Scheduled,
        requested_by: "schedule".to_owned(),
    };
    let cancelled = cancel_new_run(&site, &source, &request);
    for (path, button) in [("/catalog/books".to_owned(), "panel-again"), (format!("/history/{cancelled}"), "run-again")]
    {
        let page = admin.get(&path).body;
        let (form, _) = page.split_once(button).expect("a button");
        assert!(form.rsplit("<form").next().is_some_and(|form| form.contains(&cancelled)), "{path}: {page}");
    }
    db.run_sql("DELETE FROM sync_operations");
    let again = repeat(&cancelled, &admin);
    let repeated = StartOptions { force_refresh: true, ..StartOptions::default() };
    assert_eq!((again.kind, again.mode, again.options), (OperationKind::Sync, Mode::Full, repeated));
    assert_eq!((again.priority, again.requested_by.as_str()), (RunPriority::Manual, "ada"));

    db.run_sql("DELETE FROM sync_operations");
    let preview = StartRequest {
        kind: OperationKind::Preview,
        mode: Mode::Incremental,
        options: StartOptions::default(),
        ..request
    };
    let cancelled = cancel_new_run(&site, &source, &preview);
    let again = repeat(&cancelled, &admin);
    assert_eq!((again.kind, again.mode), (OperationKind::Preview, Mode::Incremental));

    db.run_sql("DELETE FROM sync_operations");
    let of_another_source = admin.post_form("/catalog/albums/sync", &[("action", "again"), ("sync", &failed)]);
    assert_eq!(of_another_source.status, 404);
    assert_eq!(admin.post_form("/catalog/books/sync", &[("action", "again")]).status, 404);
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
}

#[test]
fn only_an_admin_gets_the_links_to_the_source_and_they_have_no_secrets() {
    let site = TestSite::new();
    let add = |slug: &str, address: &str| {
        let draft = source_draft(slug, "csv", SourceLocation::Url(address.to_owned()));
        let source = site.store.add_source(&lockstep::domain::source::SourceDraft { public: true, ..draft }, None);
        site.sync_source(&source.expect("a source"));
    };
    // Nothing listens on this port.
    add("open", "http://me:s3cret@127.0.0.1:1/albums.csv");
    add("closed", "http://127.0.0.1:1/albums.csv?token=s3cret");
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get("/catalog/open").body;
    let link = "href=\"http://127.0.0.1:1/albums.csv\" target=\"_blank\" rel=\"noopener noreferrer\"";
    assert!(page.contains(link) && page.contains("href=\"/settings/sources/open\">Edit source"), "{page}");
    let page = admin.get("/catalog/closed").body;
    assert!(page.contains("Edit source") && !page.contains("Open source"), "{page}");
    for slug in ["open", "closed"] {
        let path = format!("/catalog/{slug}");
        assert!(!admin.get(&path).body.contains("s3cret"));
        let panel = site.visitor().get(&format!("{path}/sync-status"));
        for page in [site.add_person(&format!("reader-{slug}"), Role::Viewer).get(&path), panel] {
            assert!(!page.body.contains("Edit source") && !page.body.contains("Open source"), "{}", page.body);
            assert!(page.body.contains("Sync failed") && !page.body.contains("albums.csv"), "{}", page.body);
        }
    }
    // A completed run needs no links.
    site.sync_source(&site.albums);
    assert!(!admin.get("/catalog/albums").body.contains("Edit source"));
}
