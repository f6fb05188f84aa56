//! Who may read a feed, since when, and how it is sent.

use lockstep::domain::account::Role;
use lockstep::domain::source::SourceDraft;
use lockstep::fetch::feeds::parse::{ParseHints, parse};

use super::{FORMATS, draft_of, format_books, open_site, read_feed, titles};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::sync_again;
use crate::web::site::{SiteClient, TestSite};

on_both_databases![
    visitors_do_not_read_what_changed_while_the_catalog_was_private,
    a_feed_is_sent_again_only_after_a_change,
];

fn visitors_do_not_read_what_changed_while_the_catalog_was_private(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title\nb1,secret one\nb2,Two\n");
    let publish = |public: bool| {
        let draft = SourceDraft { public, ..draft_of(&source) };
        site.store.change_source(source.id, &draft, None).expect("changed");
    };
    publish(false);
    sync_again(&site, &source, "id,title\nb1,One\nb2,Two\n");
    publish(true);
    let reader = site.add_program("reader", Role::Viewer);
    assert_eq!(read_feed(&site.visitor()).entries.len(), 0);
    assert_eq!(titles(&read_feed(&reader)), ["Updated: One", "secret one", "Two"]);
    sync_again(&site, &source, "id,title\nb1,Uno\nb2,Two\n");
    // Other settings do not count.
    publish(true);
    assert_eq!(titles(&read_feed(&site.visitor())), ["Updated: Uno"]);
    assert_eq!(read_feed(&reader).entries.len(), 4);
    let body = site.visitor().get("/catalog/books.atom").body;
    assert!(body.contains("One") && !body.contains("secret"), "{body}");
}

fn a_feed_is_sent_again_only_after_a_change(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", &format_books(1..=3, "Book"));
    for extension in FORMATS {
        let path = format!("/catalog/books.{extension}");
        let version = |client: &SiteClient<'_>| client.get(&path).header("etag").expect("a version").to_owned();
        let known = version(&site.visitor());
        let again = site.visitor().with_header("If-None-Match", &known);
        let reply = again.get(&path);
        assert_eq!((reply.status, &*reply.body, reply.header("etag")), (304, "", Some(&*known)));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        sync_again(&site, &source, &format_books(1..=3, "Book"));
        assert_eq!(again.get(&path).status, 304, "nothing changed");
        // The changes of a run are in the feed when it has ended.
        std::fs::write(site.data_dir().join("books.csv"), format_books(1..=4, extension)).expect("a file");
        let pending = site.begin_sync(&source);
        assert_eq!(again.get(&path).status, 304, "nothing changed yet");
        site.run_queued(&pending.to_string());
        let reply = again.get(&path);
        assert!(reply.status == 200 && reply.body.contains(&format!("{extension} 1")), "{}", reply.body);
        assert_ne!(version(&site.visitor()), known);
        sync_again(&site, &source, &format_books(1..=3, "Book"));
    }
}

#[test]
fn a_feed_is_read_by_those_who_may_read_the_catalog() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    site.sync_source(&site.drafts);
    let (visitor, program) = (site.visitor(), site.add_program("reader", Role::Viewer));
    let person = site.add_person("bob", Role::Viewer);
    for (extension, content_type) in
        [("atom", "application/atom+xml; charset=utf-8"), ("feed.json", "application/feed+json; charset=utf-8")]
    {
        let [public, private, unknown] =
            ["albums", "drafts", "nothing"].map(|slug| format!("/catalog/{slug}.{extension}"));
        let reply = visitor.get(&public);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("vary").map(|vary| vary.contains("Authorization")), Some(true));
        let head = visitor.send_request("HEAD", &public, None);
        assert_eq!((head.status, &*head.body, head.header("etag")), (200, "", reply.header("etag")));
        for path in [&private, &unknown] {
            assert_eq!(visitor.get(path).expect_refusal(), (401, "sign_in".to_owned()), "{path}");
            assert_eq!(visitor.send_request("OPTIONS", path, None).status, 401, "{path}");
        }
        for client in [&program, &person] {
            let reply = client.get(&private);
            assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)));
            assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
            assert_eq!(reply.header("access-control-allow-origin"), None);
            assert_eq!(client.get(&unknown).expect_refusal(), (404, "not_found".to_owned()));
        }
        let revoked = visitor.with_header("Authorization", "Bearer nothing");
        assert_eq!(revoked.get(&public).expect_refusal(), (401, "bad_token".to_owned()));
        let preflight = visitor.send_request("OPTIONS", &public, None);
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.header("access-control-allow-headers"), Some("If-None-Match, Authorization"));
        let refused = visitor.get(&format!("{public}?q=blue"));
        assert_eq!(refused.expect_refusal(), (400, "unknown_parameter".to_owned()));
        assert_eq!(refused.json()["field"], "q");
        let missing = program.get(&format!("/catalog/albums.x.{extension}"));
        assert_eq!(missing.expect_refusal(), (404, "not_found".to_owned()));
    }
}

#[test]
fn a_feed_without_changes_is_a_feed_and_its_links_begin_with_the_public_url() {
    let site = TestSite::with_public_url("https://intranet.example/lockstep");
    let base = "https://intranet.example/".parse().expect("a URL");
    for extension in FORMATS {
        let body = site.visitor().get(&format!("/catalog/albums.{extension}")).body;
        let feed = parse(body.as_bytes(), ParseHints::at(&base)).expect("a feed");
        assert_eq!((&*feed.title, feed.entries.len()), ("The albums", 0));
        assert_eq!(feed.link.as_deref(), Some("https://intranet.example/lockstep/catalog/albums"));
        assert!(body.contains(&format!("https://intranet.example/lockstep/catalog/albums.{extension}")), "{body}");
    }
    site.sync_source(&site.albums);
    for extension in FORMATS {
        let body = site.visitor().get(&format!("/catalog/albums.{extension}")).body;
        assert!(body.contains("https://intranet.example/lockstep/catalog/albums/items/"), "{body}");
    }
}
