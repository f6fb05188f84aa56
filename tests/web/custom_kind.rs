//! A kind of source that the program does not know, from its form to its catalog: one file, and one line in
//! [`TestSite::with_kind`].

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;

use super::site::{SiteClient, TestSite};
use crate::support::headline_kind::HeadlineKind;

/// A site with the kind `headlines`, and the kind, whose headlines a test can change.
pub(super) fn open_site() -> (TestSite, HeadlineKind) {
    let ticker = HeadlineKind::default();
    ticker.set_headlines("ticker:jazz", Ok(&["Miles Davis plays", "Blue Train arrives"]));
    ticker.set_headlines("ticker:radio", Ok(&["Transistor on air"]));
    (TestSite::with_kind(Box::new(ticker.clone())), ticker)
}

/// The fields of the second step, with the values that the form proposes.
pub(super) fn form_fields<'a>(url: &'a str, waits: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("kind", "ticker"),
        ("url", url),
        ("waits", waits),
        ("slug", "news"),
        ("name", "News"),
        ("noun_one", "headline"),
        ("noun_many", "headlines"),
    ]
}

/// Starts a run on the page and runs it to its end.
pub(super) fn sync_source(site: &TestSite, admin: &SiteClient<'_>, action: &str) {
    let source = site.store.find_source("news").expect("an answer").expect("a source");
    let started = admin.post_form("/catalog/news/sync", &[("action", action)]);
    assert_eq!(started.header("location"), Some("/catalog/news"), "{}", started.body);
    let run = site.store.active_run(source.id).expect("an answer").expect("a run");
    site.run_queued(&run.to_string());
}

#[test]
fn a_new_kind_of_source_is_one_file_and_one_line() {
    let (site, ticker) = open_site();
    let admin = site.add_person("ada", Role::Admin);
    let offered = admin.get("/settings/sources/new");
    assert!(offered.body.contains("kind=ticker"), "{}", offered.body);
    assert!(offered.body.contains("News tickers") && offered.body.contains("What is new, line by line"));
    let form = admin.get("/settings/sources/new?kind=ticker");
    assert!(form.body.contains("<textarea id=\"url\""), "{}", form.body);

    let wrong = admin.post_form("/settings/sources/new", &[("kind", "ticker"), ("url", "telegraph:jazz")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("The address of a ticker begins with “ticker:”."), "{}", wrong.body);
    assert!(wrong.body.contains(">telegraph:jazz</textarea>"), "what was typed is kept");

    let looked = admin.post_form("/settings/sources/new", &[("url", "ticker:jazz")]);
    assert_eq!(looked.status, 200, "{}", looked.body);
    assert!(looked.body.contains("Miles Davis plays") && looked.body.contains("News ticker"), "{}", looked.body);
    assert!(looked.body.contains("First headlines") && !looked.body.contains("name=\"key\""), "{}", looked.body);
    assert!(looked.body.contains("value=\"Ticker jazz\"") && looked.body.contains("value=\"ticker-jazz\""));

    let added = admin.post_form("/settings/sources", &form_fields("ticker:jazz\r\nticker:radio", ""));
    assert_eq!((added.status, added.header("location")), (303, Some("/catalog/news")), "{}", added.body);
    let source = site.store.find_source("news").expect("an answer").expect("a source");
    assert_eq!((source.kind.as_str(), source.key_column.as_str()), ("ticker", "headline"));
    assert_eq!(source.location, SourceLocation::Urls(vec!["ticker:jazz".to_owned(), "ticker:radio".to_owned()]));
    assert!(admin.get("/settings/sources").body.contains("<b>News ticker</b>"));

    sync_source(&site, &admin, "preview");
    let previewed = admin.get("/catalog/news");
    assert!(previewed.body.contains("Changes in this preview"), "{}", previewed.body);
    sync_source(&site, &admin, "sync");
    let catalog = admin.get("/catalog/news");
    for text in ["Transistor on air", "3 headlines", "2 feeds, 3 articles"] {
        assert!(catalog.body.contains(text), "{text}: {}", catalog.body);
    }
    let run = site.store.recent_records(Some(source.id), 1).expect("records").remove(0);
    assert!(admin.get(&format!("/history/{}", run.summary.id)).body.contains("2 feeds, 3 articles"));

    // Headlines that the source no longer lists stay, and the settings replace one address by another.
    ticker.set_headlines("ticker:jazz", Ok(&["Kind of Blue is out"]));
    ticker.set_headlines("ticker:late", Ok(&["Good night"]));
    let edit = admin.get("/settings/sources/news");
    assert!(edit.body.contains(">ticker:jazz\nticker:radio</textarea>"), "{}", edit.body);
    let changed = admin.post_form("/settings/sources/news", &form_fields("ticker:jazz\nticker:late", ""));
    assert_eq!(changed.status, 303, "{}", changed.body);
    sync_source(&site, &admin, "full");
    let catalog = admin.get("/catalog/news").body;
    assert!(catalog.contains("5 headlines") && catalog.contains("Good night"), "{catalog}");
}
