//! Withheld removals, an emptied source and a changed key.

use lockstep::domain::source::Source;

use super::super::history::sync_again;
use super::{
    Role, SiteClient, TestSite, assert_lacks, assert_shows, count_items, format_books, open_site, run_form, send_form,
};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    withheld_removals_need_review_until_they_are_removed,
    kept_items_are_not_asked_about_until_the_list_changes,
    an_emptied_source_offers_its_removal_and_a_restored_one_loses_nothing,
    a_changed_key_is_confirmed_with_its_counts,
    a_list_is_searched_paged_and_downloaded,
    a_doubt_about_keys_names_the_key_and_points_to_no_issue,
];

/// A source whose sheet lost all but three of its 63 books, and the run that withheld their removal.
fn withhold_removals(site: &TestSite) -> (Source, String) {
    let source = site.fill_csv("books", &format_books(1..64));
    let sync = sync_again(site, &source, &format_books(1..4));
    (source, sync)
}

fn panel_of(client: &SiteClient<'_>) -> String {
    client.get("/catalog/books").body
}

fn withheld_removals_need_review_until_they_are_removed(db: &TestDatabase) {
    let site = open_site(db);
    let (source, sync) = withhold_removals(&site);
    let (admin, viewer) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let link = format!("/catalog/books/sync/removals?sync={sync}");
    let panel = panel_of(&admin);
    assert_shows(
        &panel,
        &["class=\"state warn\"", "<span>Needs review</span>", &link, "Review 60 albums…", "id=\"panel-keep\""],
    );
    assert_lacks(&panel, &["Sync completed"]);
    assert_lacks(&panel_of(&viewer), &["panel-keep", "/sync/removals", "Review 60"]);
    assert_lacks(&panel_of(&site.visitor()), &["panel-keep", "/sync/removals"]);
    assert_shows(&admin.get("/").body, &[&format!("<a href=\"{link}\">60 removals need review</a>"), "state warn"]);
    assert_shows(&viewer.get("/").body, &["60 removals need review"]);
    assert_lacks(&viewer.get("/").body, &["/sync/removals"]);
    assert_shows(&viewer.get("/history").body, &["state warn", "<span>Needs review</span>"]);
    assert_shows(&admin.get(&format!("/history/{sync}")).body, &["id=\"run-decide\"", &link, "Needs review"]);
    assert_lacks(&viewer.get(&format!("/history/{sync}")).body, &["run-decide"]);

    // A later run that is about something else does not hide the decision.
    site.sync_source(&site.albums);
    run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_shows(&panel_of(&admin), &["id=\"panel-review\" class=\"state warn\"", "60 removals need review", &link]);

    let page = admin.get(&link);
    assert_eq!(page.status, 200);
    assert_shows(&page.body, &["<h1>Review 60 albums</h1>", "Remove 60 albums</button>", "Book 10", "b10", ">Keep<"]);
    assert_each_listed_item_is_linked(&admin, &page.body, 50);
    let fields = [("sync", sync.as_str()), ("action", "remove")];
    let (removal, panel) = run_form(&site, &admin, "/catalog/books/sync/removals", &fields);
    assert_shows(&panel, &["Removal completed", "60 albums removed.", "id=\"panel-undo\""]);
    assert_eq!(count_items(&site, &source), 3);
    assert_lacks(&panel_of(&admin), &["need review", "panel-decide"]);
    assert_lacks(&admin.get("/history").body, &["Needs review"]);
    let page = admin.get(&format!("/history/{removal}")).body;
    assert_shows(&page, &["Removes what was kept by <a id=\"run-target\"", &format!("/history/{sync}")]);

    let refused = send_form(&admin, "/catalog/books/sync/removals", &fields);
    assert_eq!(refused.status, 409);
    assert_shows(
        &refused.body,
        &["<section id=\"panel\"", "This list was replaced, or someone else decided about it."],
    );
    let reply = admin.post_form("/catalog/books/sync/removals", &fields);
    assert_eq!((reply.status, reply.header("location")), (303, Some(link.as_str())));
    assert_shows(&admin.get(&link).body, &["This list was replaced, or someone else decided about it."]);
    assert_lacks(&admin.get(&link).body, &["id=\"remove-listed\"", "id=\"keep-listed\""]);
}

/// Each of the `count` listed items is a link to its page.
#[track_caller]
fn assert_each_listed_item_is_linked(client: &SiteClient<'_>, page: &str, count: usize) {
    let links: Vec<&str> = page.split("<li><a href=\"/catalog/books/items/").skip(1).collect();
    assert_eq!((links.len(), page.matches("class=\"listed-key\"").count()), (count, count), "{page}");
    let (id, rest) = links[0].split_once("\"><strong>").expect("a link");
    let (title, _) = rest.split_once("</strong></a>").expect("a title");
    let item = client.get(&format!("/catalog/books/items/{id}"));
    assert!(item.status == 200 && item.body.contains(&format!("<h1>{title}</h1>")), "{}", item.body);
}

fn kept_items_are_not_asked_about_until_the_list_changes(db: &TestDatabase) {
    let site = open_site(db);
    let (source, sync) = withhold_removals(&site);
    let admin = site.add_person("ada", Role::Admin);
    let keep = [("sync", sync.as_str()), ("action", "keep")];
    let kept = send_form(&admin, "/catalog/books/sync/removals", &keep);
    assert_eq!((kept.status, kept.header("HX-Trigger")), (200, Some("stopPolling")));
    assert_shows(&kept.body, &["Sync completed", "60 albums kept that are not in the source"]);
    assert_lacks(&kept.body, &["Needs review", "panel-keep", "class=\"state warn\""]);
    assert_shows(&admin.get("/").body, &["Up to date"]);
    assert_lacks(&admin.get("/").body, &["need review"]);
    let list = admin.get(&format!("/catalog/books/sync/removals?sync={sync}")).body;
    assert_shows(&list, &["Kept by ada", "Remove 60 albums</button>", "name=\"kept\" value=\"yes\""]);
    // Another admin still sees the list as open.
    let seen_open = [("sync", sync.as_str()), ("action", "remove"), ("kept", "no")];
    let refused = send_form(&admin, "/catalog/books/sync/removals", &seen_open);
    assert_eq!((refused.status, count_items(&site, &source)), (409, 63), "{}", refused.body);
    assert_lacks(&list, &["id=\"keep-listed\""]);

    let again = sync_again(&site, &source, &format_books(1..4).replace("Book 1", "Volume 1"));
    assert_lacks(&panel_of(&admin), &["Needs review", "need review"]);
    assert_lacks(&admin.get(&format!("/history/{again}")).body, &["Needs review"]);
    let changed = sync_again(&site, &source, &format_books(1..3));
    assert_shows(&panel_of(&admin), &["Needs review", "Review 61 albums…"]);
    let outdated = send_form(&admin, "/catalog/books/sync/removals", &keep);
    assert_eq!(outdated.status, 409, "{}", outdated.body);
    let reply = admin.post_form("/catalog/books/sync/removals", &[("sync", &changed), ("action", "keep")]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/books")));
    assert_lacks(&panel_of(&admin), &["Needs review"]);
    let wrong = send_form(&admin, "/catalog/books/sync/removals", &[("sync", &changed), ("action", "drop")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(count_items(&site, &source), 63);
}

fn an_emptied_source_offers_its_removal_and_a_restored_one_loses_nothing(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..6));
    let admin = site.add_person("ada", Role::Admin);
    let sync = sync_again(&site, &source, "id,title\n");
    let panel = panel_of(&admin);
    assert_shows(&panel, &["<span>Sync failed</span>", "Remove 5 albums…", "id=\"panel-again\""]);
    assert_lacks(&panel, &["id=\"panel-keep\""]);
    let link = format!("/catalog/books/sync/removals?sync={sync}");
    assert_shows(&admin.get(&link).body, &["<h1>Remove 5 albums?</h1>", "so all 5 albums were kept", "Book 5"]);
    assert_shows(&admin.get("/").body, &["Last sync failed", "class=\"text-review\"", "5 removals need review"]);

    // The sheet is restored before the removal runs: nothing is removed.
    let fields = [("sync", sync.as_str())];
    let started = send_form(&admin, "/catalog/books/sync/removals", &fields);
    assert_eq!(started.status, 202, "{}", started.body);
    std::fs::write(site.data_dir().join("books.csv"), format_books(1..6)).expect("a file");
    site.run_queued(super::shown_run(&started.body));
    assert_shows(&panel_of(&admin), &["Removal completed", "Nothing was removed."]);
    assert_eq!(count_items(&site, &source), 5);

    let sync = sync_again(&site, &source, "id,title\n");
    sync_again(&site, &source, &format_books(1..6));
    assert_lacks(&panel_of(&admin), &["need review", "Remove 5"]);
    assert_eq!(send_form(&admin, "/catalog/books/sync/removals", &[("sync", &sync)]).status, 409);
    assert_eq!(count_items(&site, &source), 5);
    let sync = sync_again(&site, &source, "id,title\n");
    run_form(&site, &admin, "/catalog/books/sync/removals", &[("sync", &sync)]);
    assert_eq!(count_items(&site, &source), 0);
}

fn a_changed_key_is_confirmed_with_its_counts(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..31));
    let admin = site.add_person("ada", Role::Admin);
    let sync = sync_again(&site, &source, &format_books(101..132));
    let link = format!("/catalog/books/sync/removals?sync={sync}");
    let panel = panel_of(&admin);
    assert_shows(&panel, &["Sync failed", &format!("href=\"{link}\""), "Sync anyway…"]);
    assert_lacks(&panel, &["accept_rekey", "id=\"panel-keep\""]);
    let page = admin.get(&link).body;
    assert_shows(&page, &["<h1>Sync anyway?</h1>", "Sync anyway: remove 30 and add 31 albums</button>", "form-danger"]);
    assert_lacks(&page, &["id=\"keep-listed\""]);
    assert_each_listed_item_is_linked(&admin, &page, 30);

    // The Sync form alone never accepts a changed key.
    let fields = [("action", "sync"), ("accept_rekey", "1")];
    let (_, panel) = run_form(&site, &admin, "/catalog/books/sync", &fields);
    assert_shows(&panel, &["Sync failed", "Sync anyway…"]);
    assert_eq!(count_items(&site, &source), 30);
    let (_, panel) = run_form(&site, &admin, "/catalog/books/sync/removals", &[("sync", &sync)]);
    assert_shows(&panel, &["Sync completed", "31 added, 0 updated, 30 removed."]);
    assert_eq!(count_items(&site, &source), 31);
}

fn a_list_is_searched_paged_and_downloaded(db: &TestDatabase) {
    let site = open_site(db);
    let text = format_books(1..64).replace("b60,Book 60", "b60,=1+1") + "b64,\"Böse, <i>Blume\"\n";
    let source = site.fill_csv("books", &text);
    let sync = sync_again(&site, &source, &format_books(1..4));
    let admin = site.add_person("ada", Role::Admin);
    let get = |query: &str| admin.get(&format!("/catalog/books/sync/removals?sync={sync}{query}")).body;
    let count = |page: &str| page.matches("class=\"listed-key\"").count();
    let first = get("");
    assert!(count(&first) == 50 && first.contains("1–50 of 61") && first.contains("page=2"), "{first}");
    let last = get("&page=99");
    assert!(count(&last) == 11 && last.contains("51–61 of 61"), "{last}");
    let found = get("&q=bose");
    assert!(count(&found) == 1 && found.contains("Böse, &#60;i&#62;Blume"), "{found}");
    assert_shows(&found, &["1 found for “bose”", "Remove 61 albums</button>"]);
    assert_shows(&get("&q=nothing"), &["No matching albums."]);

    let csv = admin.get(&format!("/catalog/books/sync/removals.csv?sync={sync}"));
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"books-removals-{sync}.csv\"");
    assert_eq!(csv.header("content-disposition"), Some(disposition.as_str()));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!((lines.len(), lines[0]), (62, "id,title"));
    assert!(lines.contains(&"b60,'=1+1") && lines.contains(&"b64,\"Böse, <i>Blume\""), "{}", csv.body);
    let raw = admin.get(&format!("/catalog/books/sync/removals.csv?sync={sync}&raw=1")).body;
    assert!(raw.contains("\nb60,=1+1\n"), "{raw}");

    // A preview lists what a sync would keep, and decides nothing.
    let (preview, panel) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_shows(&panel, &[&format!("href=\"/catalog/books/sync/removals?sync={preview}\">View list")]);
    let page = admin.get(&format!("/catalog/books/sync/removals?sync={preview}")).body;
    assert_shows(&page, &["61 albums are not in the source.", "1–50 of 61"]);
    assert_lacks(&page, &["id=\"remove-listed\"", "id=\"keep-listed\""]);
}

fn a_doubt_about_keys_names_the_key_and_points_to_no_issue(db: &TestDatabase) {
    let site = open_site(db);
    let text = |keys: [&str; 6]| keys.iter().fold("id,title\n".to_owned(), |text, key| format!("{text}{key},A\n"));
    let source = site.fill_csv("books", &text(["1", "2", "3", "4", "5", "6"]));
    let admin = site.add_person("ada", Role::Admin);
    let run_page = |text: String| {
        let sync = sync_again(&site, &source, &text);
        (admin.get(&format!("/history/{sync}")).body, admin.get(&format!("/api/history/{sync}")).json())
    };
    let seen = "1 album not found in the source was kept, because keys may have been misread: the keys in “id” were \
                numbers, but “four” in row 5 is not.";
    let (page, entry) = run_page(text(["1", "2", "3", "four", "5", "6"]));
    assert_eq!((&entry["issues"], &entry["withheldRemovals"]), (&0.into(), &1.into()));
    assert_shows(&page, &[seen, "Fix the keys and sync again, or review the removals if the keys are right."]);
    assert_lacks(&page, &["named in the issues"]);
    let (_, panel) = run_form(&site, &admin, "/catalog/books/sync", &[("action", "preview")]);
    assert_lacks(&panel, &["named in the issues"]);

    let (page, entry) = run_page(text(["1", "2", "#REF!", "four", "5", "6"]));
    assert_ne!(entry["issues"], 0);
    assert_shows(&page, &["because rows or keys may have been misread. Fix the rows named in the issues"]);
}
