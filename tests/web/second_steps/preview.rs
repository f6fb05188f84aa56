//! Applying the changes of a preview.

use super::{
    Role, assert_lacks, assert_shows, count_items, format_books, latest_run, open_site, run_form, send_form, shown_run,
};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_preview_is_applied_as_it_was_previewed,
    a_preview_with_removals_asks_first,
    an_outdated_preview_is_replaced_and_nothing_is_applied,
    a_preview_without_changes_cannot_be_applied,
];

fn a_preview_is_applied_as_it_was_previewed(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..4));
    let file = site.data_dir().join("books.csv");
    let (admin, viewer) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    std::fs::write(&file, format_books(1..6).replace("Book 1", "Volume 1")).expect("a file");
    let (preview, panel) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_shows(&panel, &["id=\"panel-apply\"", "Apply 3 changes", "value=\"apply\""]);
    assert_lacks(&panel, &["Apply 3 changes…", "panel-undo"]);
    let seen = viewer.get(&format!("/catalog/books/sync-status?sync={preview}")).body;
    assert_lacks(&seen, &["panel-apply", "Apply 3"]);
    assert_shows(&admin.get(&format!("/history/{preview}")).body, &["id=\"run-apply\"", "Apply 3 changes"]);
    assert_lacks(&viewer.get(&format!("/history/{preview}")).body, &["run-apply"]);

    let fields = [("action", "apply"), ("preview", preview.as_str())];
    let (sync, panel) = run_form(&site, &admin, "/catalog/books/sync", &fields);
    assert_shows(&panel, &["Sync completed", "2 added, 1 updated, 0 removed.", "id=\"panel-undo\""]);
    assert_eq!(count_items(&site, &source), 5);
    let page = admin.get(&format!("/history/{sync}")).body;
    assert_shows(&page, &["Applies <a id=\"run-target\"", &format!("href=\"/history/{preview}\"")]);

    for (fields, status) in [
        (vec![("action", "apply")], 404),
        (vec![("action", "apply"), ("preview", "sync_0")], 404),
        (vec![("action", "apply"), ("preview", sync.as_str())], 409),
    ] {
        let refused = send_form(&admin, "/catalog/books/sync", &fields);
        assert_eq!(refused.status, status, "{fields:?}: {}", refused.body);
    }
    let elsewhere = send_form(&admin, "/catalog/albums/sync", &[("action", "apply"), ("preview", &preview)]);
    assert_eq!(elsewhere.status, 404, "a preview of another source");
    assert_eq!(send_form(&viewer, "/catalog/books/sync", &[("action", "apply"), ("preview", &preview)]).status, 403);
    assert_eq!(site.store.active_run(source.id).expect("an answer"), None);
}

fn a_preview_with_removals_asks_first(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..6));
    let admin = site.add_person("ada", Role::Admin);
    std::fs::write(site.data_dir().join("books.csv"), format_books(2..7)).expect("a file");
    let (preview, panel) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    let link = format!("/catalog/books/sync/apply?preview={preview}");
    assert_shows(&panel, &[&format!("id=\"panel-apply\" role=\"button\" href=\"{link}\""), "Apply 2 changes…"]);
    let page = admin.get(&link);
    assert_eq!(page.status, 200);
    assert_shows(&page.body, &["Apply 2 changes?", "Adds 1, removes 1 album.", "form-danger", "Applies exactly"]);
    let reply = admin.post_form("/catalog/books/sync", &[("action", "apply"), ("preview", &preview)]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/books")));
    let busy = admin.get(&link).body;
    assert_shows(&busy, &["a run of The books is active", "class=\"form-danger\" disabled"]);
    site.run_queued(&latest_run(&site, &source));
    assert_eq!(count_items(&site, &source), 5);
    for (link, status) in [("preview=nothing", 404), ("", 404)] {
        assert_eq!(admin.get(&format!("/catalog/books/sync/apply?{link}")).status, status, "{link}");
    }
    assert_eq!(admin.get(&format!("/catalog/albums/sync/apply?preview={preview}")).status, 404, "another source");
}

fn an_outdated_preview_is_replaced_and_nothing_is_applied(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..4));
    let admin = site.add_person("ada", Role::Admin);
    let file = site.data_dir().join("books.csv");
    std::fs::write(&file, format_books(1..5)).expect("a file");
    let (preview, _) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    std::fs::write(&file, format_books(1..7)).expect("a file");
    let fields = [("action", "apply"), ("preview", preview.as_str())];
    let (sync, panel) = run_form(&site, &admin, "/catalog/books/sync", &fields);
    let again = shown_run(&panel).to_owned();
    assert!(again != sync && again != preview, "the panel follows the new preview: {panel}");
    assert_shows(
        &panel,
        &["The source or the catalog changed since the preview. Previewing again…", "data-active=\"true\"", "hx-get"],
    );
    site.run_queued(&again);
    let panel = admin.get(&format!("/catalog/books/sync-status?sync={again}")).body;
    assert_shows(
        &panel,
        &["The source or the catalog changed since the preview. A sync would add 3", "Apply 3 changes"],
    );
    assert_eq!(count_items(&site, &source), 3, "nothing was applied");
    let (_, panel) =
        run_form(&site, &admin, "/catalog/books/sync", &[("action", "apply"), ("preview", again.as_str())]);
    assert_shows(&panel, &["3 added"]);
    assert_eq!(count_items(&site, &source), 6);
}

fn a_preview_without_changes_cannot_be_applied(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..4));
    let admin = site.add_person("ada", Role::Admin);
    let mut preview = String::new();
    for text in [format_books(1..4), "id,title\n".to_owned()] {
        std::fs::write(site.data_dir().join("books.csv"), text).expect("a file");
        let (id, panel) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
        assert_lacks(&panel, &["panel-apply", "Apply 0"]);
        preview = id;
    }
    let fields = [("action", "apply"), ("preview", preview.as_str())];
    let refused = send_form(&admin, "/catalog/books/sync", &fields);
    assert_eq!(refused.status, 409);
    assert_shows(&refused.body, &["<section id=\"panel\"", "This preview has no changes that can be applied."]);
    let reply = admin.post_form("/catalog/books/sync", &fields);
    let link = format!("/catalog/books/sync/apply?preview={preview}");
    assert_eq!((reply.status, reply.header("location")), (303, Some(link.as_str())));
    assert_shows(&admin.get(&link).body, &["Nothing to apply", "This preview has no changes that can be applied."]);
    assert_lacks(&admin.get(&link).body, &["id=\"decide\""]);
    assert_eq!(site.store.active_run(source.id).expect("an answer"), None);
}
