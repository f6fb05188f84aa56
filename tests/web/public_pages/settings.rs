//! The settings of what the public sees.

use lockstep::domain::account::Role;

use super::{FRIEND, hide_source, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    an_admin_sets_what_the_public_sees,
    what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost,
    settings_are_saved_during_a_run_and_kept_by_other_changes,
];

const SETTINGS: &str = "/settings/sources/music/public-page";

fn an_admin_sets_what_the_public_sees(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let (visitor, viewer) = (site.visitor(), site.add_person("bob", Role::Viewer));
    let admin = site.add_person("ada", Role::Admin);
    let fields = [
        ("title", " The shelf "),
        ("description", "All records.\r\n\"Quoted\"."),
        ("search_engines", "index"),
        ("frame_hosts", "https://Friend.example/, https://*.friends.example"),
    ];
    assert_eq!((visitor.post_form(SETTINGS, &fields).status, viewer.post_form(SETTINGS, &fields).status), (303, 403));
    assert_eq!((visitor.get(SETTINGS).status, viewer.get(SETTINGS).status), (303, 403));
    let stored = || site.store.find_source("music").expect("an answer").expect("a source");
    assert_eq!(stored().page, source.page, "nothing was changed");
    let before = admin.get(SETTINGS).body;
    assert!(before.contains("value=\"noindex\" checked") && !before.contains("<iframe"), "{before}");

    let saved = admin.post_form(SETTINGS, &fields);
    let location = "/lockstep/settings/sources/music/public-page?done=saved";
    assert_eq!((saved.status, saved.header("location")), (303, Some(location)), "{}", saved.body);
    let page = stored().page;
    assert_eq!(page.title.as_deref(), Some("The shelf"));
    assert_eq!((page.description.as_str(), page.is_indexed), ("All records.\n\"Quoted\".", true));
    assert_eq!(page.frame_hosts.to_directive(), format!("{FRIEND} https://*.friends.example"));
    let shown = admin.get(&format!("{SETTINGS}?done=saved")).body;
    for expected in [
        "Public page saved.",
        "value=\"The shelf\"",
        ">\nAll records.\n&#34;Quoted&#34;.</textarea>",
        "value=\"index\" checked",
        ">\nhttps://friend.example\nhttps://*.friends.example</textarea>",
        "&#60;iframe src=&#34;https://records.example/lockstep/catalog/music?embed=1&#34; title=&#34;The shelf&#34;",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    for path in ["/settings/sources", "/settings/sources/music"] {
        assert!(admin.get(path).body.contains("href=\"/lockstep/settings/sources/music/public-page\""), "{path}");
    }
    // Empty fields take everything back.
    assert_eq!(admin.post_form(SETTINGS, &[]).status, 303);
    assert_eq!(stored().page, source.page);
    assert_eq!(admin.post_form("/settings/sources/none/public-page", &fields).status, 404);
    hide_source(&site, &source);
    admin.post_form(SETTINGS, &fields);
    let private = admin.get(SETTINGS).body;
    assert!(private.contains("This catalog is private.") && !private.contains("iframe"), "{private}");
}

fn what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let long = "ä".repeat(601);
    let fields = [
        ("title", "One\nTwo"),
        ("description", long.as_str()),
        ("search_engines", "index"),
        ("frame_hosts", "example.org https://*; script-src 'unsafe-inline'\r\nX-Evil: 1\nhttps://good.example/page"),
    ];
    let reply = admin.post_form(SETTINGS, &fields);
    assert_eq!(reply.status, 422, "{}", reply.body);
    for expected in [
        "id=\"title-error\" class=\"form-error\"",
        "aria-describedby=\"title-help title-error\" aria-invalid=\"true\"",
        "Shorten it by 1.",
        "aria-describedby=\"description-help description-error\" aria-invalid=\"true\"",
        "“example.org” has no scheme. Enter https://example.org.",
        "more sites are wrong.",
        "aria-describedby=\"hosts-help hosts-error\" aria-invalid=\"true\"",
        "https://good.example/page</textarea>",
        "value=\"index\" checked",
        &format!(">\n{long}</textarea>"),
    ] {
        assert!(reply.body.contains(expected), "{expected}: {}", reply.body);
    }
    assert_eq!(reply.header("x-evil"), None);
    let stored = site.store.find_source("music").expect("an answer").expect("a source");
    assert_eq!(stored.page, source.page, "nothing is stored of a form with a mistake");
    for title in ["a\u{0}b", &"x".repeat(101)] {
        assert_eq!(admin.post_form(SETTINGS, &[("title", title)]).status, 422, "{title:?}");
    }
    assert_eq!(admin.post_form(SETTINGS, &[("description", "a\u{0}b")]).status, 422);
}

fn settings_are_saved_during_a_run_and_kept_by_other_changes(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let run = site.begin_sync(&source);
    assert_eq!(admin.post_form(SETTINGS, &[("title", "The shelf")]).status, 303);
    site.run_queued(&run.to_string());
    assert_eq!(site.store.find_record(run).expect("an answer").expect("a record").summary.status.as_str(), "completed");
    let fields = [("key", "id"), ("name", "Music"), ("noun_one", "album"), ("noun_many", "albums"), ("public", "1")];
    assert_eq!(admin.post_form("/settings/sources/music", &fields).status, 303);
    let stored = site.store.find_source("music").expect("an answer").expect("a source");
    assert_eq!((stored.name.as_str(), stored.title()), ("Music", "The shelf"));
}
