//! Forms of sources that are sent again, from another tab, or after the source has changed: nothing is lost, and
//! nothing is saved that was not reviewed.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::workbook_builder::sample_path;

const BOOKS: (&str, &str) = ("books.csv", "id,title\n1,Emma\n");

/// The value of a hidden field.
fn hidden_field(reply: &SiteResponse, name: &str) -> String {
    let field = reply.body.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
    field.split('"').next().expect("its value").to_owned()
}

/// The fields of the review that a page shows, as a browser sends them, for the source `slug`.
fn review_fields(reviewed: &SiteResponse, slug: &str) -> Vec<(&'static str, String)> {
    let hidden = ["kind", "waits", "upload", "called", "reviewed_url", "review_digest"];
    let mut fields: Vec<_> = hidden.map(|name| (name, hidden_field(reviewed, name))).into();
    let typed = [("key", "id"), ("name", "Records"), ("noun_one", "record"), ("noun_many", "records")];
    fields.extend(typed.map(|(name, value)| (name, value.to_owned())));
    fields.extend([("slug", slug.to_owned()), ("url", hidden_field(reviewed, "reviewed_url"))]);
    fields
}

fn save(client: &SiteClient<'_>, fields: &[(&'static str, String)], more: &[(&'static str, &str)]) -> SiteResponse {
    let mut all: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    client.post_form("/settings/sources", &all)
}

fn find_location(site: &TestSite, slug: &str) -> SourceLocation {
    site.store.find_source(slug).expect("an answer").expect("a source").location
}

fn uploads(site: &TestSite) -> Vec<String> {
    let folder = std::fs::read_dir(site.data_dir().join("uploads")).expect("a folder");
    folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_form_that_is_sent_again_never_touches_the_file_of_a_saved_source() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id,title\n1,Blue Train\n");
    let admin = site.add_person("ada", Role::Admin);
    let before = site.store.list_sources().expect("sources").len();
    let reviewed = admin.post_form_with_file("/settings/sources/new", &[], BOOKS);
    let fields = review_fields(&reviewed, "records");
    assert_eq!(save(&admin, &fields, &[]).status, 303);
    let SourceLocation::Upload(saved) = find_location(&site, "records") else { panic!("no upload") };
    let again = save(&admin, &fields, &[("slug", "others")]);
    assert_eq!(again.status, 422);
    assert!(again.body.contains("this form was sent already"), "{}", again.body);
    let upload = hidden_field(&reviewed, "upload");
    let old: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for named in [upload.as_str(), saved.as_str()] {
        let link = stub.url("/a.csv");
        save(&admin, &fields, &[("upload", named), ("url", &link), ("again", "1")]);
        let old: Vec<_> =
            old.iter().map(|(name, value)| (*name, if *name == "upload" { named } else { value })).collect();
        admin.post_form_with_file("/settings/sources", &old, ("more.csv", "id\n1\n"));
        admin.post_form("/settings/sources/new", &[("upload", named), ("url", &link)]);
        admin.post_form("/settings/sources/new", &[("upload", named), ("kind", "excel")]);
        admin.post_form_with_file("/settings/sources/new", &[("upload", named)], ("more.csv", "id\n1\n"));
        assert!(uploads(&site).contains(&saved), "{named}");
    }
    assert_eq!(site.store.list_sources().expect("sources").len(), before + 1, "only the first one");
}

#[test]
fn a_removed_source_leaves_no_file_of_its_own_and_none_that_was_replaced() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let reviewed = admin.post_form_with_file("/settings/sources/new", &[], BOOKS);
    assert_eq!(save(&admin, &review_fields(&reviewed, "records"), &[]).status, 303);
    let SourceLocation::Upload(first) = find_location(&site, "records") else { panic!("no upload") };
    let fields = [("name", "Records"), ("slug", "records"), ("key", "id"), ("kind", "csv")];
    let fields = [&fields[..], &[("noun_one", "record"), ("noun_many", "records")]].concat();
    let replaced =
        admin.post_form_with_file("/settings/sources/records", &fields, ("new.csv", "id,title\n2,Persuasion\n"));
    assert_eq!(replaced.status, 303, "{}", replaced.body);
    let SourceLocation::Upload(second) = find_location(&site, "records") else { panic!("no upload") };
    assert!(first != second && uploads(&site) == [second], "the replaced file is gone");
    // What an error of the disk or two forms at once may have left is deleted after a day.
    let (orphan, link) = ("0".repeat(32), "1".repeat(32));
    let folder = site.data_dir().join("uploads");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    std::fs::File::create(folder.join(&orphan)).and_then(|file| file.set_modified(old)).expect("written");
    let outside = site.data_dir().join("outside");
    std::fs::write(&outside, "kept").expect("written");
    std::os::unix::fs::symlink(&outside, folder.join(&link)).expect("a link");
    assert_eq!(admin.post_form("/settings/sources/records/remove", &[]).status, 303);
    assert_eq!(uploads(&site), [link], "only the new link is left");
    assert_eq!(std::fs::read_to_string(&outside).expect("the target"), "kept");
}

#[test]
fn a_wrong_link_or_file_in_the_review_keeps_the_file_before_it() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let admin = site.add_person("ada", Role::Admin);
    let reviewed = admin.post_form_with_file("/settings/sources/new", &[], BOOKS);
    let fields = review_fields(&reviewed, "records");
    let wrong = save(&admin, &fields, &[("url", &stub.url("/none.csv"))]);
    assert!(wrong.status == 422 && wrong.body.contains("404"), "{}", wrong.body);
    assert_eq!(hidden_field(&wrong, "upload"), hidden_field(&reviewed, "upload"));
    let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let empty = admin.post_form_with_file("/settings/sources", &sent, ("empty.csv", ""));
    assert!(empty.status == 422 && empty.body.contains("id=\"file-error\""), "{}", empty.body);
    assert_eq!(hidden_field(&empty, "upload"), hidden_field(&reviewed, "upload"));
    assert_eq!(uploads(&site).len(), 1, "the empty file is not kept");
    assert_eq!(save(&admin, &fields, &[]).status, 303);
    assert_eq!(uploads(&site).len(), 1);

    stub.serve_csv("/a.csv", "id,title\n1,Emma\n");
    let linked = admin.post_form("/settings/sources/new", &[("url", &stub.url("/a.csv"))]);
    let fields = review_fields(&linked, "linked");
    let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let empty = admin.post_form_with_file("/settings/sources", &sent, ("empty.csv", ""));
    assert!(empty.status == 422 && empty.body.contains(&stub.url("/a.csv")), "{}", empty.body);
    assert_eq!(save(&admin, &review_fields(&empty, "linked"), &[]).status, 303);
}

#[test]
fn a_page_that_names_itself_as_its_feed_is_reviewed_once() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let page = |href: &str| {
        StubReply::html(format!("<!doctype html><link rel=alternate type='application/rss+xml' href='{href}'>"))
    };
    for (path, href) in [("/loop", "/loop"), ("/one", "/two"), ("/two", "/one")] {
        stub.set_reply(path, page(href));
    }
    stub.set_reply("/feed.xml", StubReply::feed("Jazz today", &["Kind of Blue"]));
    let admin = site.add_person("ada", Role::Admin);
    let links = ["/loop", "/one", "/two", "/feed.xml"].map(|path| stub.url(path)).join("\n");
    let reviewed = admin.post_form("/settings/sources/new", &[("url", &links)]);
    assert!(reviewed.status == 200 && reviewed.body.contains("Kind of Blue"), "{}", reviewed.body);
    let saved = save(&admin, &review_fields(&reviewed, "news"), &[]);
    assert_eq!(saved.status, 303, "{}", saved.body);
    let alone = admin.post_form("/settings/sources/new", &[("url", &stub.url("/loop"))]);
    assert_eq!(alone.status, 422);
}

#[test]
fn what_is_read_otherwise_than_in_the_review_is_reviewed_again() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a", "id,title\n1,Emma\n");
    let admin = site.add_person("ada", Role::Admin);
    let review = || admin.post_form("/settings/sources/new", &[("url", &stub.url("/a"))]);
    let expect_another = |reviewed: &SiteResponse, more: &[(&'static str, &str)]| {
        let again = save(&admin, &review_fields(reviewed, "records"), more);
        assert_eq!(again.status, 200, "{}", again.body);
        assert!(again.body.contains("read differently than in the last review"), "{}", again.body);
        assert!(site.store.find_source("records").expect("an answer").is_none());
        again
    };
    let reviewed = review();
    stub.serve_csv("/a", "id,title,salary\n1,Emma,100\n");
    let again = expect_another(&reviewed, &[]);
    assert!(again.body.contains("salary") && again.body.contains("value=\"Records\""));
    let workbook = std::fs::read(sample_path("albums.xlsx")).expect("a workbook");
    stub.set_reply("/a", StubReply::status(200).body(workbook));
    let again = expect_another(&again, &[]);
    assert_eq!(hidden_field(&again, "kind"), "excel");
    expect_another(&again, &[("reading", "1"), ("header_row", "2")]);
    assert_eq!(save(&admin, &review_fields(&again, "records"), &[]).status, 303);
}

#[test]
fn a_long_list_of_links_is_saved_although_https_is_added_to_each() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let feed = stub.url("/feed.xml");
    stub.set_reply("/feed.xml", StubReply::feed("Jazz today", &["Kind of Blue"]));
    let others: String = (0..2200).map(|number| format!("\nfeeds.example.org/{number:06}")).collect();
    let links = format!("{feed}{others}");
    assert!(links.len() < 64 * 1024);
    let admin = site.add_person("ada", Role::Admin);
    let reviewed = admin.post_form("/settings/sources/new", &[("url", &links)]);
    assert_eq!(reviewed.status, 200, "{}", reviewed.body);
    let fields = review_fields(&reviewed, "news");
    assert!(hidden_field(&reviewed, "reviewed_url").len() > 64 * 1024);
    let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // A browser sends this form with its parts.
    let saved = admin.post_form_with_file("/settings/sources", &sent, ("", ""));
    assert_eq!(saved.status, 303, "{}", saved.body);
}

#[test]
fn a_form_whose_secret_was_used_up_says_so() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id,title\n1,Emma\n");
    let admin = site.add_person("ada", Role::Admin);
    let link = stub.url("/a.csv?token=s3cret");
    let reviewed = admin.post_form("/settings/sources/new", &[("url", &link)]);
    assert!(reviewed.status == 200 && !reviewed.body.contains("s3cret"), "{}", reviewed.body);
    let fields = review_fields(&reviewed, "records");
    // The same page is sent twice with a mistake, as from two tabs.
    for _ in 0..2 {
        assert_eq!(save(&admin, &fields, &[("noun_one", "")]).status, 422);
    }
    assert_eq!(save(&admin, &fields, &[]).status, 303);
    assert_eq!(find_location(&site, "records"), SourceLocation::Url(link));
    let again = save(&admin, &fields, &[("slug", "others")]);
    assert!(again.status == 422 && again.body.contains("This form was sent already"), "{}", again.body);
}

#[test]
fn a_form_without_a_schedule_keeps_the_stored_one() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id,title\n1,Emma\n");
    let admin = site.add_person("ada", Role::Admin);
    let reviewed = admin.post_form("/settings/sources/new", &[("url", &stub.url("/a.csv"))]);
    let daily = [("schedule_choice", "daily"), ("schedule_time", "03:00"), ("schedule_zone", "UTC")];
    assert_eq!(save(&admin, &review_fields(&reviewed, "records"), &daily).status, 303);
    let fields = [("key", "id"), ("name", "Renamed"), ("noun_one", "record"), ("noun_many", "records")];
    let link = stub.url("/a.csv");
    let fields = [&fields[..], &[("url", link.as_str())]].concat();
    assert_eq!(admin.post_form("/settings/sources/records", &fields).status, 303);
    let records = site.store.find_source("records").expect("an answer").expect("a source");
    assert_eq!((records.name.as_str(), records.schedule), ("Renamed", Some(StoredSchedule::in_utc("0 3 * * *"))));
}
