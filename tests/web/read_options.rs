//! The form fields for reading a source: header row, encoding and more, for new and existing sources.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::Source;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::corpora::read_report;
use crate::support::stub_server::{StubReply, StubServer};

/// The fields of a form that adds a source, except the address and the fields for reading it.
const OTHER_FIELDS: [(&str, &str); 5] =
    [("key", "Transaction"), ("name", "Sales"), ("slug", "sales"), ("noun_one", "sale"), ("noun_many", "sales")];

fn post_form(client: &SiteClient<'_>, path: &str, url: &str, fields: &[(&str, &str)]) -> SiteResponse {
    client.post_form(path, &[&[("url", url), ("reading", "1")], &OTHER_FIELDS[..], fields].concat())
}

fn stored_source(site: &TestSite) -> Source {
    site.store.find_source("sales").expect("an answer").expect("the source")
}

fn is_open(reply: &SiteResponse) -> bool {
    reply.body.contains("<details class=\"source-form-reading\" open>")
}

/// Serves a CSV file with title rows above its header; returns its address.
fn serve_sales(stub: &StubServer) -> String {
    let text = String::from_utf8(read_report("04a-title-rows-above-header.csv")).expect("UTF-8");
    stub.serve_csv("/sales.csv", &text);
    stub.url("/sales.csv")
}

#[test]
fn a_header_below_titles_is_proposed_and_can_be_set_before_a_source_is_added() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let (admin, url) = (site.add_person("ada", Role::Admin), serve_sales(&stub));
    let looked = admin.post_form("/settings/sources/new", &[("url", &url)]);
    assert!(looked.body.contains("The header seems to be in row 4"), "{}", looked.body);
    assert!(looked.body.contains("name=\"use_header_row\" value=\"4\"") && is_open(&looked), "{}", looked.body);

    let used = post_form(&admin, "/settings/sources", &url, &[("use_header_row", "4"), ("name", "My sales")]);
    assert_eq!(used.status, 200, "{}", used.body);
    for kept in [
        "name=\"key\" value=\"Transaction\" required checked",
        "name=\"header_row\" type=\"text\" inputmode=\"numeric\" value=\"4\"",
        "value=\"My sales\"",
    ] {
        assert!(used.body.contains(kept), "{kept}: {}", used.body);
    }
    assert!(!used.body.contains("The header seems to be"), "{}", used.body);
    let added = post_form(&admin, "/settings/sources", &url, &[("header_row", "4"), ("encoding", "latin1")]);
    assert_eq!(added.status, 303, "{}", added.body);
    let options = stored_source(&site).read_options;
    assert_eq!((options.header_row, options.encoding.as_deref()), (Some(4), Some("windows-1252")));
}

#[test]
fn an_error_is_shown_beside_its_field_and_all_input_is_kept() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let (admin, url) = (site.add_person("ada", Role::Admin), serve_sales(&stub));
    let wrong = [("header_row", "four"), ("encoding", "nonsense"), ("accept_header_mismatch", "1")];
    let refused = post_form(&admin, "/settings/sources", &url, &wrong);
    assert_eq!(refused.status, 422);
    for shown_text in [
        "id=\"header_row-error\"",
        "id=\"encoding-error\"",
        "“nonsense” is not a known text encoding.",
        "value=\"four\"",
        "<option value=\"nonsense\" selected>",
        "value=\"1\" checked> Sync even if",
        "value=\"Sales\"",
    ] {
        assert!(refused.body.contains(shown_text), "{shown_text}: {}", refused.body);
    }
    assert!(is_open(&refused));
    // With a row number beyond the file the preview stays, and the error is beside the fields.
    let beyond = post_form(&admin, "/settings/sources", &url, &[("header_row", "400")]);
    assert_eq!(beyond.status, 422);
    assert!(
        beyond.body.contains("id=\"reading-error\"") && beyond.body.contains("Sales of the shop"),
        "{}",
        beyond.body
    );
    assert!(beyond.body.contains("value=\"400\"") && is_open(&beyond), "{}", beyond.body);
}

#[test]
fn an_existing_source_is_checked_again_and_keeps_settings_that_the_form_lacks() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let (admin, url) = (site.add_person("ada", Role::Admin), serve_sales(&stub));
    assert_eq!(post_form(&admin, "/settings/sources", &url, &[("header_row", "4")]).status, 303);
    let path = "/settings/sources/sales";
    let shown = admin.get(path);
    assert!(shown.body.contains("value=\"4\"") && is_open(&shown), "{}", shown.body);

    // A check saves nothing, and its message is that of a sync.
    let again = post_form(&admin, path, &url, &[("again", "1")]);
    assert_eq!(again.status, 422);
    let shown_text =
        "The column “Transaction” is in row 4. Delete the three rows above the header. Or set the header row to 4 in";
    assert!(again.body.contains(shown_text), "{}", again.body);
    let fine = post_form(&admin, path, &url, &[("again", "1"), ("header_row", "4"), ("name", "Other")]);
    assert_eq!((fine.status, fine.body.contains("value=\"Other\"")), (200, true), "{}", fine.body);
    assert_eq!(stored_source(&site).name, "Sales");
    // Saving shows the same message.
    let refused = post_form(&admin, path, &url, &[]);
    assert!(refused.status == 422 && refused.body.contains(shown_text), "{}", refused.body);
    assert_eq!(stored_source(&site).read_options.header_row, Some(4));

    let old_form = admin.post_form(path, &[&[("url", &*url)], &OTHER_FIELDS[..]].concat());
    assert_eq!((old_form.status, stored_source(&site).read_options.header_row), (303, Some(4)), "{}", old_form.body);
    let beyond = post_form(&admin, path, &url, &[("header_row", "400")]);
    assert!(beyond.status == 422 && beyond.body.contains("id=\"reading-error\""), "{}", beyond.body);
    assert!(!beyond.body.contains("id=\"url-error\""), "the link is not at fault: {}", beyond.body);
}

#[test]
fn an_upload_stays_when_only_how_it_is_read_changes() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let upload = "0123456789abcdef0123456789abcdef";
    let folder = site.data_dir().join("uploads");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(upload), read_report("04a-title-rows-above-header.csv")).expect("a file");
    let fields = [&[("upload", upload), ("reading", "1"), ("header_row", "4")], &OTHER_FIELDS[..]].concat();
    assert_eq!(admin.post_form("/settings/sources", &fields).status, 303);
    let fields =
        [&[("reading", "1"), ("header_row", "4"), ("accept_header_mismatch", "1")], &OTHER_FIELDS[..]].concat();
    let changed = admin.post_form("/settings/sources/sales", &fields);
    assert_eq!(changed.status, 303, "{}", changed.body);
    assert!(stored_source(&site).read_options.accept_header_mismatch);
    let SourceLocation::Upload(stored) = stored_source(&site).location else { panic!("no upload") };
    assert!(folder.join(stored).is_file());
}

#[test]
fn each_kind_has_the_fields_that_apply_to_it() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let admin = site.add_person("ada", Role::Admin);
    stub.serve_csv("/albums.csv", "id,title\n1,One\n");
    let csv = admin.post_form("/settings/sources/new", &[("url", &stub.url("/albums.csv"))]);
    assert!(!is_open(&csv) && csv.body.contains("File options"), "quiet until it is needed: {}", csv.body);
    assert!(csv.body.contains("id=\"encoding\"") && !csv.body.contains("id=\"tab\""), "{}", csv.body);
    stub.set_reply("/feed", StubReply::feed("News", &["1"]));
    let feed = admin.post_form("/settings/sources/new", &[("url", &stub.url("/feed")), ("kind", "feeds")]);
    assert!(feed.status == 200 && feed.body.contains("Feed options"), "{}", feed.body);
    assert!(feed.body.contains("id=\"encoding\"") && !feed.body.contains("id=\"header_row\""), "{}", feed.body);
}

#[test]
fn the_encoding_of_feeds_is_set_in_the_form_and_shows_how_they_are_read() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let admin = site.add_person("ada", Role::Admin);
    let text =
        "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>НАТО</title></item></channel></rss>";
    let bytes = encoding_rs::WINDOWS_1251.encode(text).0.into_owned();
    stub.set_reply("/feed", StubReply::status(200).header("Content-Type", "application/xml").body(bytes));
    let url = stub.url("/feed");
    let fields = [("kind", "feeds"), ("encoding", "windows-1251")];
    let probe = [("url", url.as_str()), ("kind", "feeds")];
    let misread = admin.post_form("/settings/sources/new", &probe);
    assert!(misread.body.contains("ÍÀÒÎ") && !misread.body.contains("НАТО"), "{}", misread.body);
    let again = post_form(&admin, "/settings/sources", &url, &[&fields[..], &[("again", "1")]].concat());
    assert!(again.status == 200 && again.body.contains("НАТО"), "{}", again.body);
    let added = post_form(&admin, "/settings/sources", &url, &fields);
    assert_eq!(added.status, 303, "{}", added.body);
    assert_eq!(stored_source(&site).read_options.encoding.as_deref(), Some("windows-1251"));
}

#[test]
fn row_issues_are_shown_as_by_the_check_command() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let admin = site.add_person("ada", Role::Admin);
    stub.serve_csv("/albums.csv", "id,title\n1,One,x\n2,Two,y\n");
    let looked = admin.post_form("/settings/sources/new", &[("url", &stub.url("/albums.csv"))]);
    assert!(looked.body.contains("All 2 rows have 3 cells, but the header has 2"), "{}", looked.body);
    let site_albums = site.fill_csv("twice", "id,title\n1,One\n1,Two\n,Three\n");
    let edit = admin.get(&format!("/settings/sources/{}", site_albums.slug));
    for shown_text in
        ["2 rows would be skipped.", "Row 3, “id”: Duplicate key “1” (first seen in row 2).", "Row 4, “id”: "]
    {
        assert!(edit.body.contains(shown_text), "{shown_text}: {}", edit.body);
    }
}

#[test]
fn a_key_column_with_another_spelling_stays_chosen() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let admin = site.add_person("ada", Role::Admin);
    stub.serve_csv("/sales.csv", "id,Member\u{a0}No\n1,M1\n2,M2\n");
    let again = [("again", "1"), ("key", "Member No")];
    let url = stub.url("/sales.csv");
    let shown =
        admin.post_form("/settings/sources", &[&[("url", url.as_str()), ("reading", "1")], &again[..]].concat());
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(shown.body.contains("name=\"key\" value=\"Member\u{a0}No\" required checked"), "{}", shown.body);
    assert_eq!(shown.body.matches("required checked").count(), 1);
}
