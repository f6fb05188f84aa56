//! Undoing runs, and resuming the schedule that an undo paused.

use super::super::history::sync_again;
use super::{
    Role, assert_lacks, assert_shows, count_items, fill_scheduled, format_books, latest_run, open_site, run_form,
    send_form,
};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    an_undo_says_what_it_will_do_and_pauses_the_schedule,
    an_undo_is_undone_and_nothing_is_left_to_undo,
    a_cancelled_undo_is_tried_again,
    an_undo_of_a_removed_source_is_refused,
    an_undo_names_the_later_runs_whose_items_it_leaves,
];

fn an_undo_says_what_it_will_do_and_pauses_the_schedule(db: &TestDatabase) {
    let site = open_site(db);
    let source = fill_scheduled(&site, "books", &format_books(1..9));
    let sync = sync_again(&site, &source, &format_books(4..10).replace("Book 5", "Volume 5"));
    let (admin, viewer) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let link = format!("/history/{sync}/undo");
    let forecast = "Returns 3 albums, restores 1, removes 1.";
    let panel = admin.get("/catalog/books").body;
    assert_shows(&panel, &[&format!("href=\"{link}\""), &format!("title=\"{forecast}\""), "Undo…"]);
    assert_lacks(&viewer.get("/catalog/books").body, &["panel-undo"]);
    assert_shows(&admin.get(&format!("/history/{sync}")).body, &["id=\"run-undo\"", forecast]);
    assert_lacks(&viewer.get(&format!("/history/{sync}")).body, &["run-undo"]);
    let page = admin.get(&link).body;
    assert_shows(&page, &["<h1>Undo this sync?</h1>", forecast, "Pauses the schedule", "Undo this sync</button>"]);
    assert_shows(&page, &[&format!("/history/{sync}#changes"), "What changed", "form-danger"]);
    assert_lacks(&page, &["lockstep source resume"]);

    let reply = admin.post_form(&link, &[]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/books")));
    let undo = latest_run(&site, &source);
    let panel = admin.get("/catalog/books").body;
    assert_shows(&panel, &["<span>Undoing</span>", "Undoing…", "id=\"panel-cancel\""]);
    assert_eq!(send_form(&admin, &link, &[]).status, 409, "already running");
    assert_shows(&admin.get(&link).body, &["a run of books is active", " disabled>Undo this sync"]);
    site.run_queued(&undo);
    let panel = admin.get("/catalog/books").body;
    assert_shows(&panel, &["Undo completed", "3 albums returned, 1 restored, 1 removed.", "Schedule paused."]);
    assert_shows(&panel, &["id=\"panel-resume\"", "id=\"panel-undo\""]);
    assert_eq!(count_items(&site, &source), 8);
    let page = admin.get(&format!("/history/{undo}")).body;
    assert_shows(&page, &["Undo of <a id=\"run-target\"", &format!("/history/{sync}"), "Resume schedule"]);

    let page = admin.get(&format!("/history/{sync}")).body;
    assert_shows(&page, &[&format!("Undone by <a href=\"/history/{undo}\">undo, ")]);

    // Every page of the source says that its schedule is paused, and has the button for admins.
    for path in ["/", "/settings/sources", "/settings/sources/books", "/catalog/books"] {
        assert_shows(&admin.get(path).body, &["Schedule paused", "/catalog/books/schedule/resume", "Resume schedule"]);
    }
    assert_shows(&viewer.get("/").body, &["Schedule paused"]);
    assert_lacks(&viewer.get("/").body, &["Resume schedule"]);
    let resume = "/catalog/books/schedule/resume";
    let reply = admin.post_form(resume, &[("next", "/settings/sources")]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/settings/sources")));
    let source = site.store.find_source("books").expect("an answer").expect("a source");
    assert!(!source.has_paused_schedule());
    assert_lacks(&admin.get("/").body, &["Schedule paused"]);
    let refused = send_form(&admin, resume, &[]);
    assert_eq!(refused.status, 409);
    assert_shows(&refused.body, &["<section id=\"panel\"", "The schedule is not paused."]);
    assert_eq!(admin.post_form(resume, &[("next", "//evil.example")]).header("location"), Some("/"));
    site.store.pause_schedule(source.id).expect("paused");
    let resumed = send_form(&admin, resume, &[]);
    assert_eq!((resumed.status, resumed.header("HX-Trigger")), (200, Some("stopPolling")));
    assert_lacks(&resumed.body, &["id=\"panel-resume\""]);
}

fn an_undo_is_undone_and_nothing_is_left_to_undo(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..9));
    let sync = sync_again(&site, &source, &format_books(1..7));
    let admin = site.add_person("ada", Role::Admin);
    let link = format!("/history/{sync}/undo");
    assert_shows(&admin.get(&link).body, &["Returns 2 albums.", "The next sync brings the changes back"]);
    let (undo, panel) = run_form(&site, &admin, &link, &[]);
    assert_shows(&panel, &["2 albums returned. Fix the source, then sync."]);
    assert_lacks(&panel, &["Schedule paused", "Resume schedule"]);
    assert_eq!(count_items(&site, &source), 8);
    assert_shows(&admin.get(&link).body, &["Nothing to undo", "changed again since"]);
    assert_lacks(&admin.get(&link).body, &["id=\"decide\""]);
    assert_lacks(&admin.get(&format!("/history/{sync}")).body, &["run-undo"]);
    let refused = send_form(&admin, &link, &[]);
    assert_eq!(refused.status, 409);
    assert_shows(&refused.body, &["<section id=\"panel\"", "Nothing to undo"]);
    let reply = admin.post_form(&link, &[]);
    assert_eq!((reply.status, reply.header("location")), (303, Some(link.as_str())));

    let of_undo = format!("/history/{undo}/undo");
    assert_shows(&admin.get(&of_undo).body, &["<h1>Undo this undo?</h1>", "Removes 2 albums."]);
    let (_, panel) = run_form(&site, &admin, &of_undo, &[]);
    assert_shows(&panel, &["2 albums removed."]);
    assert_eq!(count_items(&site, &source), 6);
    let (preview, _) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_shows(&admin.get(&format!("/history/{preview}/undo")).body, &["Nothing to undo"]);
    let waiting = site.begin_sync(&source).to_string();
    assert_shows(&admin.get(&format!("/history/{waiting}/undo")).body, &["This run has not ended."]);
    site.run_queued(&waiting);
}

fn a_cancelled_undo_is_tried_again(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..9));
    let sync = sync_again(&site, &source, &format_books(1..7));
    let admin = site.add_person("ada", Role::Admin);
    let link = format!("/history/{sync}/undo");
    assert_eq!(send_form(&admin, &link, &[]).status, 202);
    let cancelled = send_form(&admin, "/catalog/books/sync/cancel", &[]);
    assert_shows(&cancelled.body, &["Undo cancelled", "id=\"panel-again\"", &format!("hx-post=\"{link}\"")]);
    let undo = latest_run(&site, &source);
    assert_shows(&admin.get(&format!("/history/{undo}")).body, &["id=\"run-again\"", &format!("action=\"{link}\"")]);
    run_form(&site, &admin, &link, &[]);
    assert_eq!(count_items(&site, &source), 8);

    let emptied = sync_again(&site, &source, "id,title\n");
    assert_eq!(send_form(&admin, "/catalog/books/sync/removals", &[("sync", &emptied)]).status, 202);
    let cancelled = send_form(&admin, "/catalog/books/sync/cancel", &[]).body;
    assert_shows(&cancelled, &["Removal cancelled", "hx-post=\"/catalog/books/sync/removals\"", &emptied]);
    let fields = [("action", "remove"), ("sync", emptied.as_str())];
    run_form(&site, &admin, "/catalog/books/sync/removals", &fields);
    assert_eq!(count_items(&site, &source), 0);
}

fn an_undo_of_a_removed_source_is_refused(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..4));
    let sync = latest_run(&site, &source);
    let admin = site.add_person("ada", Role::Admin);
    assert_eq!(admin.post_form("/settings/sources/books/remove", &[]).status, 303);
    let link = format!("/history/{sync}/undo");
    let page = admin.get(&link);
    assert_eq!(page.status, 200);
    assert_shows(&page.body, &["The source of this run was removed."]);
    assert_lacks(&page.body, &["id=\"decide\"", "/catalog/books"]);
    assert_eq!(send_form(&admin, &link, &[]).status, 409);
    assert_eq!(admin.post_form(&link, &[]).status, 409);
}

fn an_undo_names_the_later_runs_whose_items_it_leaves(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..9));
    let first = latest_run(&site, &source);
    let second = sync_again(&site, &source, &format_books(1..9).replace("Book 5", "Volume 5"));
    let third = sync_again(&site, &source, &format_books(1..7).replace("Book 5", "Volume 5").replace("Book 6", "Six"));
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get(&format!("/history/{first}/undo")).body;
    assert_shows(&page, &["Removes 4 albums. Leaves 4 that changed since.", "Changed by a later run"]);
    let third_run = page.find(&format!("3 albums: <a href=\"/history/{third}\">sync, ")).expect("the third run");
    let second_run = page.find(&format!("1 album: <a href=\"/history/{second}\">sync, ")).expect("the second run");
    assert!(third_run < second_run, "the run of most items is first: {page}");
    assert_lacks(&admin.get(&format!("/history/{third}/undo")).body, &["Changed by a later run"]);

    let (undo, _) = run_form(&site, &admin, &format!("/history/{third}/undo"), &[]);
    let page = admin.get(&format!("/history/{first}/undo")).body;
    assert_shows(&page, &[&format!("3 albums: <a href=\"/history/{undo}\">undo, ")]);
}
