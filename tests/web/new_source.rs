//! Adding a source: what is proposed with which reason, the first sync, and what happens to a changed link.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::workbook_builder::sample_path;

const ALBUMS: &str = "id,title,year\na1,Blue Train,1957\na2,Autobahn,\na3,Again,1957\n";

fn review(client: &SiteClient<'_>, link: &str) -> SiteResponse {
    let reviewed = client.post_form("/settings/sources/new", &[("url", link)]);
    assert_eq!(reviewed.status, 200, "{}", reviewed.body);
    reviewed
}

/// The fields of the review step.
fn review_fields<'a>(url: &'a str, reviewed_url: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("kind", "csv"),
        ("url", url),
        ("reviewed_url", reviewed_url),
        ("key", "id"),
        ("slug", "records"),
        ("name", "My records"),
        ("noun_one", "record"),
        ("noun_many", "records"),
        ("schedule_choice", "weekdays"),
        ("schedule_time", "07:15"),
        ("schedule_zone", "Europe/Berlin"),
    ]
}

fn assert_contains(reply: &SiteResponse, texts: &[&str]) {
    for text in texts {
        assert!(reply.body.contains(text), "{text}: {}", reply.body);
    }
}

#[test]
fn the_key_is_proposed_with_its_reason_and_each_column_says_whether_it_fits() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/albums_2026.csv", ALBUMS);
    let admin = site.add_person("ada", Role::Admin);
    let reviewed = review(&admin, &stub.url("/albums_2026.csv"));
    assert_contains(
        &reviewed,
        &[
            "“id” is proposed: filled and different in all 3 rows.",
            "<span>id<small class=\"is-unique\">unique</small></span>",
            "<span>title<small class=\"is-unique\">unique</small></span>",
            "<span>year<small>gaps or errors</small></span>",
            "3 rows, 3 columns",
            "value=\"Albums 2026\"",
            "value=\"albums-2026\"",
            "name=\"noun_one\" value=\"album\"",
            "value=\"daily\" selected",
            "<strong>Every day at 03:00 (UTC)</strong>",
        ],
    );
    stub.serve_csv("/years.csv", "year,artist\n1957,Coltrane\n1957,Coltrane\n");
    let repeated = review(&admin, &stub.url("/years.csv"));
    assert_contains(&repeated, &["<span>year<small>repeats</small></span>", "No unique column found."]);
    assert!(!repeated.body.contains("is proposed:"));
    stub.serve_csv("/", ALBUMS);
    let unnamed = review(&admin, &stub.url("/"));
    assert_contains(&unnamed, &["id=\"name\" name=\"name\" value=\"CSV file\"", "value=\"csv-file\""]);
}

#[test]
fn save_and_sync_starts_the_first_sync_and_save_alone_does_not() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", ALBUMS);
    let link = stub.url("/a.csv");
    let admin = site.add_person("ada", Role::Admin);
    let added = admin.post_form("/settings/sources", &[&review_fields(&link, &link)[..], &[("then", "sync")]].concat());
    assert_eq!((added.status, added.header("location")), (303, Some("/catalog/records")), "{}", added.body);
    let records = site.store.find_source("records").expect("an answer").expect("a source");
    let weekdays = StoredSchedule { cron: "15 7 * * 1-5".to_owned(), zone: Some("Europe/Berlin".to_owned()) };
    assert_eq!(records.schedule, Some(weekdays));
    assert!(site.store.active_run(records.id).expect("an answer").is_some());
    assert!(admin.get("/catalog/records").body.contains("data-active=\"true\""));

    let mut fields = review_fields(&link, &link);
    fields[4] = ("slug", "others");
    assert_eq!(admin.post_form("/settings/sources", &fields).status, 303);
    let others = site.store.find_source("others").expect("an answer").expect("a source");
    assert!(site.store.active_run(others.id).expect("an answer").is_none());
    assert!(review(&admin, &link).body.contains("already uses this link."));
}

#[test]
fn another_link_is_reviewed_again_and_nothing_that_was_typed_is_lost() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", ALBUMS);
    stub.serve_csv("/b.csv", "no,name\n1,Emma\n");
    let (first, missing, second) = (stub.url("/a.csv"), stub.url("/missing.csv"), stub.url("/b.csv"));
    let admin = site.add_person("ada", Role::Admin);
    let typed = ["value=\"My records\"", "value=\"records\"", "value=\"weekdays\" selected", "value=\"07:15\""];
    let send = |url: &str| {
        let fields = [&review_fields(url, &first)[..], &[("then", "sync")]].concat();
        admin.post_form("/settings/sources", &fields)
    };
    let refused = send(&missing);
    assert_eq!(refused.status, 422);
    assert_contains(&refused, &[&typed[..], &["id=\"url-error\"", "404", &missing, "Europe/Berlin"]].concat());
    assert_contains(&refused, &[&format!("name=\"reviewed_url\" value=\"{first}\"")]);
    let reviewed = send(&second);
    assert_eq!(reviewed.status, 200, "{}", reviewed.body);
    assert_contains(&reviewed, &[&typed[..], &["Emma", "value=\"no\" required checked"]].concat());
    assert!(site.store.find_source("records").expect("an answer").is_none(), "it was not saved unseen");

    let mut fields = review_fields(&second, &second);
    fields[3] = ("key", "no");
    fields[6] = ("noun_one", "");
    let refused = admin.post_form("/settings/sources", &fields);
    assert_eq!(refused.status, 422);
    assert_contains(&refused, &[&typed[..], &["id=\"noun-error\"", "value=\"no\" required checked"]].concat());
}

#[test]
fn a_file_in_place_of_the_link_is_reviewed_and_the_link_is_given_up() {
    let site = TestSite::new();
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", ALBUMS);
    let link = stub.url("/a.csv");
    let admin = site.add_person("ada", Role::Admin);
    let replaced = admin.post_form_with_file(
        "/settings/sources",
        &review_fields(&link, &link),
        ("books.csv", "id,title\n1,Emma\n"),
    );
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    assert_contains(&replaced, &["Emma", "books.csv", "value=\"My records\""]);
    let upload = replaced.body.split("name=\"upload\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let mut fields = review_fields("", "");
    fields.push(("upload", upload.expect("an upload")));
    assert_eq!(admin.post_form("/settings/sources", &fields).status, 303);
    let records = site.store.find_source("records").expect("an answer").expect("a source");
    assert!(matches!(records.location, SourceLocation::Upload(_)), "{:?}", records.location);
}

#[test]
fn the_tabs_of_a_workbook_are_a_choice() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let stub = StubServer::start();
    let workbook = std::fs::read(sample_path("albums.xlsx")).expect("a workbook");
    stub.set_reply("/albums.xlsx", StubReply::status(200).body(workbook));
    let link = stub.url("/albums.xlsx");
    let reviewed = review(&admin, &link);
    assert_contains(
        &reviewed,
        &[
            "<select id=\"tab\" name=\"tab\"",
            "<option value=\"\" selected>Albums (default)</option>",
            "<option value=\"Draft\">Draft (hidden)</option>",
        ],
    );
    let choose = |tab: &str| {
        let fields = [&review_fields(&link, &link)[..], &[("reading", "1"), ("tab", tab), ("again", "1")]].concat();
        let mut fields = fields;
        fields[0] = ("kind", "excel");
        admin.post_form("/settings/sources", &fields)
    };
    let chosen = choose("Draft");
    assert_eq!(chosen.status, 200, "{}", chosen.body);
    assert_contains(&chosen, &["<option value=\"Draft\" selected>", "<option value=\"Albums\">Albums</option>"]);
    let missing = choose("Artists");
    assert_eq!(missing.status, 422);
    assert_contains(&missing, &["<option value=\"Artists\" selected>Artists (missing)</option>", "reading-error"]);
}

#[test]
fn a_web_page_is_replaced_by_its_feed_if_it_is_clear_which_one() {
    let site = TestSite::new();
    let stub = StubServer::start();
    let page = |feeds: &[&str]| {
        let link = |href: &&str| format!("<link rel=alternate type='application/rss+xml' href='{href}'>");
        StubReply::html(format!("<!doctype html><title>Blog</title>{}", feeds.iter().map(link).collect::<String>()))
    };
    stub.set_reply("/jazz", page(&["/jazz.xml"]));
    stub.set_reply("/soul", page(&["/soul.xml", "/soul-comments.xml"]));
    stub.set_reply("/jazz.xml", StubReply::feed("Jazz today", &["Kind of Blue"]));
    stub.set_reply("/soul.xml", StubReply::feed("Soul today", &["Respect"]));
    stub.set_reply("/rock.xml", StubReply::feed("Rock today", &["Autobahn"]));
    let admin = site.add_person("ada", Role::Admin);
    let one = review(&admin, &stub.url("/jazz"));
    assert_contains(
        &one,
        &[
            "This is a web page with one feed, which is used:",
            "Kind of Blue",
            "value=\"Jazz today\"",
            "value=\"hourly\" selected",
        ],
    );
    assert_contains(&one, &[&format!("name=\"reviewed_url\" value=\"{}\"", stub.url("/jazz.xml"))]);

    let several = ["/jazz", "/soul", "/rock.xml"].map(|path| stub.url(path)).join("\n");
    let many = review(&admin, &several);
    assert_contains(&many, &["2 of the links are web pages. The first feed of each is used.", "Respect", "Autobahn"]);
    let feeds = ["/jazz.xml", "/soul.xml", "/rock.xml"].map(|path| stub.url(path)).join("\n");
    assert_contains(&many, &[&format!("name=\"reviewed_url\" value=\"{feeds}\"")]);

    let pages = review(&admin, &["/jazz", "/soul"].map(|path| stub.url(path)).join("\n"));
    assert_contains(&pages, &["2 of the links are web pages.", "Kind of Blue", "Respect"]);
}
