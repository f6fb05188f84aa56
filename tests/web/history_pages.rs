//! The pages of the history, and the download of issues.

use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;

use super::history::{latest_run, list_ids, sync_again};
use super::site::TestSite;

/// The start tag of the form that repeats the run, if the page has one.
fn find_again_button(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(r#"<form method="post" action="/catalog/"#)?;
    rest.split_once("</form>").map(|(form, _)| form)
}

#[test]
fn the_page_lists_runs_and_their_outcomes() {
    let site = TestSite::new();
    let reader = site.add_person("bob", Role::Viewer);
    let nothing = reader.get("/history");
    assert!(nothing.status == 200 && nothing.body.contains("No runs yet."), "{}", nothing.body);
    let source = site.fill_csv("books", "id,title\na,One\n,Two\n");
    sync_again(&site, &source, "title\nOne\n");
    site.sync_source(&site.albums);
    let waiting = site.begin_sync(&site.drafts);
    let page = reader.get("/history").body;
    for text in ["There is no column", "<b>1</b> added", "<b>1</b> skipped", "by ada", "1–3 of 3"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("/history/{waiting}")) && page.contains(">Queued</span>"), "{page}");
    let count = |query: &str| reader.get(&format!("/history{query}")).body.matches("<h2><a href=\"/history/").count();
    assert_eq!(
        (count(""), count("?source=books"), count("?status=failed"), count("?page=2")),
        (4, 2, 1, 4),
        "a page too far is the last"
    );
    assert_eq!((count("?source=drafts"), count("?source=drafts&status=failed"), count("?source=nothing")), (1, 0, 0));
    assert!(reader.get("/history?source=nothing").body.contains("No matching runs."));
    for status in ["bogus", "running"] {
        let page = reader.get(&format!("/history?status={status}&utm_source=mail")).body;
        let notice =
            format!("The filter “{status}” was not applied. Choose completed, failed, cancelled or interrupted.");
        assert!(page.contains(&notice) && page.contains("1–3 of 3"), "{page}");
    }
    assert!(!reader.get("/history?status=failed&utm_source=mail").body.contains("notice-filter"));
    assert!(reader.get("/catalog/books").body.contains("/history?source=books"));
    assert!(!site.visitor().get("/catalog/albums").body.contains("/history"), "visitors are not led to a closed door");
}

#[test]
fn the_page_of_a_run_shows_all_its_details() {
    let site = TestSite::new();
    let source = site.fill_csv("books", "id,title\na,One\nb,Two\n,Three\n");
    let first = latest_run(&site, &source);
    let second = sync_again(&site, &source, "id,title\na,<i>Other</i>\nc,New\n");
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get(&format!("/history/{second}?kind=updated")).body;
    for text in [
        "The books: sync completed</span>",
        "<title>The books: sync completed",
        "&#60;i&#62;Other&#60;/i&#62;",
        ">One</span>",
        "Timeline",
        "Processing",
        &second,
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(find_again_button(&page).is_none(), "it completed: {page}");
    let page = admin.get(&format!("/history/{first}")).body;
    let row = ["Row</span> 4</td>", "<i>id</i> <mark>—</mark>", "<i>title</i> Three"];
    assert!(row.iter().all(|text| page.contains(text)), "{page}");
    assert!(page.contains(&format!("href=\"/history/{first}/issues.csv\"")), "{page}");
    assert!(page.contains(&format!("href=\"/history/{first}/issues.csv?all=1\"")), "{page}");
    let panel = admin.get(&format!("/catalog/books/sync-status?sync={first}")).body;
    assert!(panel.contains(&format!("href=\"/history/{first}\"")), "{panel}");
    let visited = site.visitor().get(&format!("/catalog/books/sync-status?sync={first}")).body;
    assert!(!visited.contains("/history/"), "{visited}");
}

#[test]
fn a_run_that_has_not_ended_shows_its_timeline_and_polls() {
    let site = TestSite::new();
    let waiting = site.begin_sync(&site.drafts);
    let reader = site.add_person("bob", Role::Viewer);
    let read_timeline = || {
        let page = reader.get(&format!("/history/{waiting}")).body;
        let (start, rest) = page.split_once(">Timeline</h2>").expect("a timeline");
        let poll = format!("hx-get=\"/history/{waiting}/sync-status\" hx-trigger=\"every 2s\"");
        let is_polling = start.split_once("<div id=\"run\"").expect("a run").1.contains(&poll);
        (rest.split_once("</section>").expect("its end").0.to_owned(), is_polling)
    };
    let (timeline, is_polling) = read_timeline();
    assert!(is_polling && timeline.matches("<li>").count() == 5, "{timeline}");
    assert_eq!(timeline.matches("not started").count(), 4, "three stages and the run: {timeline}");
    assert!(timeline.contains(" so far</span>") && timeline.contains(">So far</span>"), "{timeline}");
    let polled = reader.get(&format!("/history/{waiting}/sync-status"));
    assert!(polled.status == 200 && polled.body.contains(">Timeline</h2>"), "{}", polled.body);
    let unknown = site.visitor().with_header("HX-Request", "true").get(&format!("/history/{waiting}/sync-status"));
    assert_eq!(unknown.status, 401, "who is logged out is not sent to another page");
    site.run_queued(&waiting.to_string());
    let (timeline, is_polling) = read_timeline();
    assert!(!is_polling && !timeline.contains("so far") && timeline.contains("took "), "{timeline}");
    assert_eq!(timeline.matches("<li>").count(), 5, "as many lines as before: {timeline}");
}

#[test]
fn only_admins_can_retry_and_only_a_run_that_can_be_retried() {
    let site = TestSite::new();
    let source = site.fill_csv("books", "id,title\na,One\n");
    let failed = sync_again(&site, &source, "title\nOne\n");
    let (admin, viewer) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let path = format!("/history/{failed}");
    let page = admin.get(&path).body;
    let form = find_again_button(&page).expect("a form");
    assert!(form.starts_with("books/sync") && form.contains("value=\"again\"") && form.contains(&failed), "{form}");
    assert!(find_again_button(&viewer.get(&path).body).is_none());
    // Without JavaScript the response redirects to the catalog, which shows the run.
    let pressed = admin.post_form("/catalog/books/sync", &[("action", "again"), ("sync", &failed)]);
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("/catalog/books")));
    assert!(find_again_button(&admin.get(&path).body).is_none(), "one is active");
    let waiting = latest_run(&site, &source);
    let page = admin.get(&format!("/history/{waiting}")).body;
    assert!(
        page.contains(">Queued</span>")
            && page.contains("Follow it in the catalog")
            && find_again_button(&page).is_none(),
        "{page}"
    );
    admin.post_form("/catalog/books/sync/cancel", &[]);
    assert!(find_again_button(&admin.get(&format!("/history/{waiting}")).body).is_some());
}

#[test]
fn a_cancelled_preview_does_not_claim_to_have_saved_changes() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let admin = site.add_person("ada", Role::Admin);
    admin.post_form("/catalog/albums/sync", &[("action", "preview")]);
    let panel = admin.with_header("HX-Request", "true").post("/catalog/albums/sync/cancel").body;
    let message = "Cancelled by ada before it started. Nothing was changed.";
    assert!(panel.contains(message) && !panel.contains("Saved changes"), "{panel}");
}

#[test]
fn issues_are_downloaded_and_no_cell_is_a_formula() {
    let site = TestSite::new();
    let source = site.fill_csv("films", "id,=title\n,One\na,Two\na,Three\nb,Fo\0ur\n");
    let id = latest_run(&site, &source);
    let path = format!("/history/{id}/issues.csv?all=1");
    let reply = site.add_program("reader", Role::Viewer).get(&path);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"films-issues-{id}.csv\"");
    assert_eq!(reply.header("content-disposition"), Some(&*disposition));
    let mut lines = reply.body.lines();
    assert_eq!(lines.next(), Some("row,column,kind,reason"));
    let begins = ["2,id,refused,", "4,id,refused,", "5,'=title,noted,"];
    assert!(
        lines.clone().count() == 3 && lines.zip(begins).all(|(line, begin)| line.starts_with(begin)),
        "{}",
        reply.body
    );
    assert_eq!(site.visitor().get(&path).expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(site.add_person("bob", Role::Viewer).get(&path).status, 200);
    let unknown = format!("/history/{}/issues.csv", SyncId::new());
    assert_eq!(site.add_program("other", Role::Viewer).get(&unknown).expect_refusal(), (404, "not_found".to_owned()));
}

#[test]
fn the_history_of_a_source_that_was_removed_stays_readable() {
    let site = TestSite::new();
    let source = site.fill_csv("books", "id,title\na,One\n,Two\n");
    let failed = sync_again(&site, &source, "title\nOne\n");
    let first = site.store.recent_records(Some(source.id), 2).expect("records")[1].summary.id.to_string();
    let reader = site.add_person("ada", Role::Admin);
    assert_eq!(site.visitor().get("/api/health/sync").json()["status"], "degraded");
    assert_eq!(reader.post("/settings/sources/books/remove").status, 303);
    assert_eq!(site.visitor().get("/api/health/sync").json()["status"], "ok", "a removed source needs no repair");
    let list = reader.get("/history?source=books").body;
    assert!(list.contains("source removed") && list.contains("1–2 of 2"), "{list}");
    for id in [&failed, &first] {
        let page = reader.get(&format!("/history/{id}")).body;
        assert!(page.contains("This source was removed, along with its items"), "{page}");
        assert!(!page.contains("/catalog/books") && !page.contains("id=\"changes\""), "{page}");
    }
    let page = reader.get(&format!("/history/{first}")).body;
    assert!(page.contains("Row</span> 3</td>") && page.contains("Not kept") && !page.contains("Two"), "{page}");
    assert_eq!(list_ids(&reader.get("/api/history?source=books").json()), [&*failed, &*first]);
    assert_eq!(reader.get(&format!("/api/history/{first}/changes?kind=added")).json()["total"], 0);
}

#[test]
fn visitors_are_sent_to_sign_in_and_an_unknown_run_is_a_page_of_its_own() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let id = latest_run(&site, &site.albums);
    for path in ["/history".to_owned(), format!("/history/{id}"), "/history/nonsense".to_owned()] {
        let reply = site.visitor().get(&path);
        let there = format!("/login?next={}", path.replace('/', "%2F"));
        assert_eq!((reply.status, reply.header("location")), (303, Some(&*there)), "{path}");
    }
    let reader = site.add_person("bob", Role::Viewer);
    for id in ["nonsense", &SyncId::new().to_string()] {
        let reply = reader.get(&format!("/history/{id}"));
        assert!(reply.status == 404 && reply.body.contains("Sync not found"), "{}", reply.body);
    }
}
