//! Who may take the second steps, and the responses to requests about runs that do not exist.

use lockstep::domain::sync_id::SyncId;

use super::super::history::sync_again;
use super::{
    Role, TestDatabase, assert_lacks, assert_shows, count_items, format_books, latest_run, open_site, run_form,
    send_form, shown_run,
};
use crate::support::on_both_databases;

on_both_databases![
    only_admins_take_second_steps,
    a_run_that_is_unknown_or_of_another_source_is_not_found,
    visitors_of_a_public_catalog_see_no_preview,
];

fn only_admins_take_second_steps(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..31));
    let sync = sync_again(&site, &source, &format_books(1..4));
    let (visitor, viewer) = (site.visitor(), site.add_person("bob", Role::Viewer));
    let fields = [("sync", sync.as_str()), ("preview", &sync), ("action", "keep")];
    let undo = format!("/history/{sync}/undo");
    for path in ["/catalog/books/sync/removals", &undo, "/catalog/books/schedule/resume"] {
        assert_eq!(visitor.post_form(path, &fields).status, 303, "{path}: to the login");
        assert_eq!(send_form(&visitor, path, &fields).status, 401, "{path}");
        assert_eq!(viewer.post_form(path, &fields).status, 403, "{path}");
        let elsewhere = site.add_program(&format!("robot-{}", path.len()), Role::Admin);
        let elsewhere = elsewhere.with_header("Sec-Fetch-Site", "cross-site").post_form(path, &fields);
        assert_eq!(elsewhere.status, 403, "{path}");
    }
    let list = format!("/catalog/books/sync/removals?sync={sync}");
    for path in [&list, &undo, &format!("/catalog/books/sync/apply?preview={sync}")] {
        let reply = visitor.get(path);
        assert_eq!(reply.status, 303, "{path}");
        assert!(reply.header("location").is_some_and(|there| there.starts_with("/login?next=")), "{path}");
        assert_eq!(viewer.get(path).status, 403, "{path}");
    }
    let file = format!("/catalog/books/sync/removals.csv?sync={sync}");
    assert_eq!(visitor.get(&file).expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(viewer.get(&file).expect_refusal(), (403, "admins_only".to_owned()));
    let review = site.store.find_review(source.id).expect("an answer").expect("a review");
    assert!(review.is_open() && count_items(&site, &source) == 30, "nothing was decided");
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
}

fn a_run_that_is_unknown_or_of_another_source_is_not_found(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..31));
    let sync = sync_again(&site, &source, &format_books(1..4));
    let admin = site.add_person("ada", Role::Admin);
    let unknown = SyncId::new().to_string();
    for id in [unknown.as_str(), "nothing", "../../etc"] {
        let undo = format!("/history/{id}/undo");
        assert_eq!((admin.get(&undo).status, send_form(&admin, &undo, &[]).status), (404, 404), "{id}");
        let list = format!("/catalog/books/sync/removals?sync={id}");
        assert_eq!(admin.get(&list).status, 404, "{id}");
        let fields = [("sync", id), ("action", "keep")];
        assert_eq!(send_form(&admin, "/catalog/books/sync/removals", &fields).status, 404, "{id}");
        assert_eq!(admin.get(&format!("/catalog/books/sync/removals.csv?sync={id}")).status, 404, "{id}");
    }
    for action in ["keep", "remove"] {
        let fields = [("sync", sync.as_str()), ("action", action)];
        assert_eq!(send_form(&admin, "/catalog/albums/sync/removals", &fields).status, 404, "{action}");
    }
    assert_eq!(admin.get(&format!("/catalog/albums/sync/removals?sync={sync}")).status, 404);
    assert_eq!(admin.get("/catalog/nothing/sync/removals").status, 404);
    assert_eq!(send_form(&admin, "/catalog/nothing/schedule/resume", &[]).status, 404);
    let none = admin.get("/catalog/albums/sync/removals");
    assert!(none.status == 200 && none.body.contains("This run withheld no removals."), "{}", none.body);
    assert_eq!(count_items(&site, &source), 30);
}

fn visitors_of_a_public_catalog_see_no_preview(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..6));
    let (admin, visitor) = (site.add_person("ada", Role::Admin), site.visitor());
    let file = site.data_dir().join("books.csv");
    std::fs::write(&file, "id,title,salary\nb1,Book 1,100\n").expect("a file");
    let synced = latest_run(&site, &source);
    let queued = send_form(&admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_eq!(queued.status, 202, "{}", queued.body);
    let preview = shown_run(&queued.body).to_owned();
    for path in ["/", "/catalog/books", "/catalog/books/sync-status", "/sync-badge"] {
        let shown = visitor.get(path).body;
        assert_lacks(&shown, &["Queued", "Previewing", &preview]);
        let is_fragment = path.contains("sync-");
        assert_eq!(
            shown.contains("Sync completed"),
            is_fragment,
            "fragments alone show the sync before: {path}: {shown}"
        );
    }
    assert_shows(&visitor.get("/catalog/books/sync-status").body, &[&synced]);
    site.run_queued(&preview);
    let panel = admin.get(&format!("/catalog/books/sync-status?sync={preview}")).body;
    assert_shows(&panel, &["salary"]);
    assert_shows(&admin.get("/catalog/books").body, &["salary"]);
    for path in ["/catalog/books", "/catalog/books/sync-status", "/sync-badge", "/"] {
        let shown = visitor.get(path);
        assert_eq!(shown.status, 200, "{path}");
        assert_lacks(&shown.body, &["salary", "Preview", &preview]);
    }
    assert_eq!(visitor.get(&format!("/catalog/books/sync-status?sync={preview}")).status, 404);
    assert_eq!(visitor.get(&format!("/api/sync/status/{preview}")).status, 404);
    assert_eq!(admin.get(&format!("/api/sync/status/{preview}")).status, 200);

    // Visitors learn which kind of run failed, and get no advice for admins.
    let emptied = sync_again(&site, &source, "id,title\n");
    std::fs::remove_file(&file).expect("removed");
    let fields = [("action", "remove"), ("sync", emptied.as_str())];
    let (removal, panel) = run_form(&site, &admin, "/catalog/books/sync/removals", &fields);
    assert_shows(&panel, &["File not found", "panel-advice"]);
    let seen = visitor.get(&format!("/catalog/books/sync-status?sync={removal}")).body;
    assert_shows(&seen, &["The last removal failed. No data was lost."]);
    assert_lacks(&seen, &["panel-advice", "File not found", "The last sync failed"]);
}
