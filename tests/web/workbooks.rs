//! Workbooks in the settings: recognised as a file and as a link, and the question about their hidden columns.

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::SourceDraft;

use super::site::{SiteResponse, TestSite};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::source_draft;
use crate::support::workbook_builder::{build_ods_from_content, sample_path};

const UPLOAD: &str = "0123456789abcdef0123456789abcdef";

/// The value by which a form names the hidden column.
const NAMED_COST: &str = "name=\"hidden_columns\" value=\"[&#34;cost&#34;]\"";
/// The form fields that allow the hidden column.
const ALLOWED: [(&str, &str); 2] = [("publish_hidden", "1"), ("hidden_columns", "[\"cost\"]")];

/// Uploads the workbook of this name to a site.
fn upload_file(site: &TestSite, name: &str) {
    let folder = site.data_dir().join("uploads");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(sample_path(name), folder.join(UPLOAD)).expect("a copy");
}

fn hidden_field<'a>(reply: &'a SiteResponse, name: &str) -> &'a str {
    let field = reply.body.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field");
    field.split('"').next().expect("its value")
}

#[test]
fn a_workbook_is_recognised_among_any_files_and_links() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    for name in ["albums.xlsx", "albums.xls", "albums.ods"] {
        upload_file(&site, name);
        let looked = admin.post_form("/settings/sources/new", &[("upload", UPLOAD), ("called", "our_albums.xlsx")]);
        assert_eq!((looked.status, hidden_field(&looked, "kind")), (200, "excel"), "{name}: {}", looked.body);
        assert!(looked.body.contains("Blue Train") && looked.body.contains("1959-08-17"), "{}", looked.body);
        assert!(looked.body.contains("value=\"Our albums\""), "{}", looked.body);
        let stub = StubServer::start();
        stub.set_reply("/a", StubReply::status(200).body(std::fs::read(sample_path(name)).expect("a file")));
        let looked = admin.post_form("/settings/sources/new", &[("url", &stub.url("/a"))]);
        assert_eq!((looked.status, hidden_field(&looked, "kind")), (200, "excel"), "{name}: {}", looked.body);
    }
}

#[test]
fn a_workbook_in_the_field_for_csv_is_taken_as_excel_and_the_review_says_so() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let expected_text = "This is an Excel or OpenDocument file, so the type Excel is used.";
    for name in ["albums.xlsx", "albums.xls", "albums.ods"] {
        upload_file(&site, name);
        let looked = admin.post_form("/settings/sources/new", &[("kind", "csv"), ("upload", UPLOAD)]);
        assert_eq!((looked.status, hidden_field(&looked, "kind")), (200, "excel"), "{name}: {}", looked.body);
        assert!(looked.body.contains(expected_text) && looked.body.contains("Blue Train"), "{name}: {}", looked.body);
        let stub = StubServer::start();
        stub.set_reply("/a", StubReply::status(200).body(std::fs::read(sample_path(name)).expect("a file")));
        let linked = admin.post_form("/settings/sources/new", &[("kind", "csv"), ("url", &stub.url("/a"))]);
        assert_eq!((linked.status, hidden_field(&linked, "kind")), (200, "excel"), "{name}: {}", linked.body);
        assert!(linked.body.contains(expected_text), "{name}: {}", linked.body);
    }
    // Where no type was chosen, the type needs no message.
    let any = admin.post_form("/settings/sources/new", &[("upload", UPLOAD)]);
    assert!(any.status == 200 && !any.body.contains(expected_text), "{}", any.body);
    let added = admin.post_form("/settings/sources", &source_fields("csv"));
    assert_eq!(added.status, 303, "{}", added.body);
    let ours = site.store.find_source("ours").expect("an answer").expect("a source");
    assert_eq!((ours.kind.as_str(), ours.key_column.as_str()), ("excel", "id"));
}

/// The fields of the second step, for an upload.
fn source_fields(kind: &'static str) -> [(&'static str, &'static str); 7] {
    [
        ("kind", kind),
        ("upload", UPLOAD),
        ("key", "id"),
        ("slug", "ours"),
        ("name", "Ours"),
        ("noun_one", "album"),
        ("noun_many", "albums"),
    ]
}

#[test]
fn an_error_in_a_workbook_in_the_field_for_csv_is_about_the_workbook() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let folder = site.data_dir().join("uploads");
    std::fs::create_dir_all(&folder).expect("a folder");
    let locked =
        build_ods_from_content(b"x".to_vec(), "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>");
    for kind in ["csv", "excel", ""] {
        std::fs::write(folder.join(UPLOAD), &locked).expect("written");
        let refused = admin.post_form("/settings/sources/new", &[("kind", kind), ("upload", UPLOAD)]);
        assert_eq!(refused.status, 422, "{kind}");
        let text = ["is protected with a password", "Save a copy without a password"];
        assert!(text.iter().all(|text| refused.body.contains(text)), "{kind}: {}", refused.body);
        assert!(!refused.body.contains("--kind excel"), "{kind}: {}", refused.body);
    }
}

#[test]
fn a_workbook_in_the_place_of_a_csv_file_is_offered_and_changes_the_kind_of_its_source() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let folder = site.data_dir().join("uploads");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(UPLOAD), "id,title\n1,Blue\n").expect("written");
    assert_eq!(admin.post_form("/settings/sources", &source_fields("csv")).status, 303);
    let other = UPLOAD.replace('0', "9");
    std::fs::copy(sample_path("albums.ods"), folder.join(&other)).expect("a copy");
    let edit = "/settings/sources/ours";
    let fields = [("upload", other.as_str()), ("key", "id"), ("name", "Ours"), ("noun_one", "a"), ("noun_many", "b")];
    let refused = admin.post_form(edit, &fields);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("This is an OpenDocument workbook, not a CSV file."), "{}", refused.body);
    assert!(refused.body.contains("name=\"as\" value=\"excel\""), "{}", refused.body);
    assert_eq!(hidden_field(&refused, "upload"), other);
    let ours = || site.store.find_source("ours").expect("an answer").expect("a source");
    assert_eq!(ours().kind, "csv");
    let changed = admin.post_form(edit, &[&[("as", "excel")], &fields[..]].concat());
    assert_eq!(changed.status, 303, "{}", changed.body);
    assert_eq!(ours().kind, "excel");
    // A kind that reads no workbooks cannot be set this way.
    let odd = admin.post_form(edit, &[&[("as", "feeds")], &fields[1..]].concat());
    assert_eq!((odd.status, ours().kind.as_str()), (303, "excel"), "{}", odd.body);
}

#[test]
fn browsers_offer_workbooks_where_files_are_chosen() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let any = admin.get("/settings/sources/new").body;
    assert!(any.contains("Excel file</a>") && any.contains(".xlsx,.xlsm,.xlsb,.xls,.ods"), "{any}");
    let excel = admin.get("/settings/sources/new?kind=excel").body;
    assert!(excel.contains("accept=\".xlsx,.xlsm,.xlsb,.xls,.ods\""), "{excel}");
}

#[test]
fn hidden_columns_become_public_only_when_that_is_confirmed() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    upload_file(&site, "albums.xlsx");
    let looked = admin.post_form("/settings/sources/new", &[("upload", UPLOAD)]);
    assert!(
        looked.body.contains("These columns are hidden in the source") && looked.body.contains("<strong>cost</strong>")
    );
    let fields = source_fields("excel");
    let with = |more: &[(&'static str, &'static str)]| [&fields[..], more].concat();
    let refused = admin.post_form("/settings/sources", &with(&[("public", "1")]));
    assert_eq!(refused.status, 422, "{}", refused.body);
    let warning = "Column “cost” is hidden in the source. A public catalog would show it to everyone.";
    assert!(refused.body.contains(warning) && refused.body.contains("name=\"publish_hidden\""), "{}", refused.body);
    let ours = || site.store.find_source("ours").expect("an answer");
    assert!(ours().is_none(), "nothing was added");

    let private = admin.post_form("/settings/sources", &fields);
    assert_eq!(private.status, 303, "{}", private.body);
    // Now the source is made public.
    let edit = "/settings/sources/ours";
    let change = |more: &[(&'static str, &'static str)]| {
        let fields = [("key", "id"), ("name", "Ours"), ("noun_one", "album"), ("noun_many", "albums"), ("public", "1")];
        admin.post_form(edit, &[&fields[..], more].concat())
    };
    let refused = change(&[]);
    assert!(refused.status == 422 && refused.body.contains(warning), "{}", refused.body);
    assert!(refused.body.contains(NAMED_COST), "{}", refused.body);
    let is_public = || ours().expect("the source").public;
    assert!(!is_public());
    // Only the columns that the page named are allowed, so a box that was not shown allows nothing.
    for unseen in [&[("publish_hidden", "1")][..], &[("publish_hidden", "1"), ("hidden_columns", "[\"other\"]")]] {
        let refused = change(unseen);
        assert!(refused.status == 422 && refused.body.contains(warning), "{}", refused.body);
    }
    assert!(!is_public());
    assert_eq!(change(&ALLOWED).status, 303);
    assert!(is_public());
    // A change of the name of a public source does not ask again.
    assert_eq!(change(&[]).status, 303);
    assert_eq!(ours().expect("the source").read_options.published_hidden_columns, ["cost"]);
    // The page lists the allowed columns, and asks about columns that are hidden later.
    let ticked = "name=\"publish_hidden\" type=\"checkbox\" value=\"1\" checked";
    let page = admin.get(edit);
    assert!(page.body.contains(ticked), "{}", page.body);
    let source = ours().expect("the source");
    let mut draft = SourceDraft {
        public: true,
        read_options: source.read_options.clone(),
        ..source_draft("ours", "excel", source.location.clone())
    };
    draft.read_options.published_hidden_columns = vec!["other".to_owned()];
    site.store.change_source(source.id, &draft, None).expect("changed");
    let page = admin.get(edit);
    assert!(page.body.contains("<strong>cost</strong>") && !page.body.contains(ticked), "{}", page.body);
    assert!(page.body.contains("Column “cost” is hidden in the source, so syncs leave it out"), "{}", page.body);
    // A column that is not allowed stays out, so other changes do not ask about it.
    let changed = change(&[("reading", "1"), ("header_row", "1"), ("hidden_columns", "[\"cost\"]")]);
    assert_eq!(changed.status, 303, "{}", changed.body);
    assert_eq!(ours().expect("the source").read_options.published_hidden_columns, ["other"]);
    assert_eq!(change(&ALLOWED).status, 303);
    assert_eq!(ours().expect("the source").read_options.published_hidden_columns, ["cost"]);
}

#[test]
fn hidden_columns_leave_a_public_catalog_once_they_are_no_longer_allowed() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    upload_file(&site, "albums.xlsx");
    let added =
        admin.post_form("/settings/sources", &[&source_fields("excel")[..], &[("public", "1")], &ALLOWED].concat());
    assert_eq!(added.status, 303, "{}", added.body);
    let ours = || site.store.find_source("ours").expect("an answer").expect("a source");
    assert_eq!(ours().read_options.published_hidden_columns, ["cost"]);
    site.sync_source(&ours());
    let items = || site.visitor().get("/api/catalog/ours/items").body;
    assert!(items().contains("\"cost\""), "{}", items());
    let fields = [("key", "id"), ("name", "Ours"), ("noun_one", "album"), ("noun_many", "albums"), ("public", "1")];
    // With an error in another field the form comes back and asks again.
    let mistaken = [&fields[..], &[("schedule", "never ever")], &ALLOWED[1..]].concat();
    let page = admin.post_form("/settings/sources/ours", &mistaken);
    assert!(page.status == 422 && page.body.contains("name=\"hidden_columns\""), "{}", page.body);
    // It also asks when the workbook cannot be fetched.
    let SourceLocation::Upload(stored) = ours().location else { panic!("no upload") };
    let stored = site.data_dir().join("uploads").join(stored);
    std::fs::remove_file(&stored).expect("removed");
    let changed = admin.post_form("/settings/sources/ours", &[&fields[..], &ALLOWED[1..]].concat());
    assert_eq!(changed.status, 303, "{}", changed.body);
    assert!(ours().read_options.published_hidden_columns.is_empty());
    std::fs::copy(sample_path("albums.xlsx"), &stored).expect("a copy");
    site.sync_source(&ours());
    assert!(!items().contains("\"cost\""), "{}", items());
}

#[test]
fn a_workbook_in_the_place_of_a_csv_file_of_the_server_is_offered_and_changes_its_kind() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let source = site.fill_csv("ours", "id,title\n1,Blue\n");
    let SourceLocation::File(path) = &source.location else { panic!("no file") };
    std::fs::copy(sample_path("albums.xlsx"), path).expect("a copy");
    let edit = "/settings/sources/ours";
    let page = admin.get(edit).body;
    assert!(page.contains("not a CSV file") && page.contains("name=\"as\" value=\"excel\""), "{page}");
    let fields = [("as", "excel"), ("key", "id"), ("name", "Ours"), ("noun_one", "a"), ("noun_many", "b")];
    let changed = admin.post_form(edit, &fields);
    assert_eq!(changed.status, 303, "{}", changed.body);
    let ours = || site.store.find_source("ours").expect("an answer").expect("a source");
    assert_eq!((ours().kind.as_str(), &ours().location), ("excel", &source.location));
    site.sync_source(&ours());
    assert_eq!(site.store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count, 3);
}

#[test]
fn a_server_that_refuses_is_not_asked_again_for_another_kind() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    let stub = StubServer::start();
    stub.set_reply("/a", StubReply::status(200).body("id,title\n1,Blue\n"));
    let url = stub.url("/a");
    let fields = [("kind", "csv"), ("url", &*url), ("key", "id"), ("slug", "ours"), ("name", "Ours")];
    let nouns = [("noun_one", "album"), ("noun_many", "albums")];
    let added = admin.post_form("/settings/sources", &[&fields[..], &nouns].concat());
    assert_eq!(added.status, 303, "{}", added.body);
    stub.set_reply("/a", StubReply::status(404));
    let count_requests = || stub.request_count("/a");
    let before = count_requests();
    assert_eq!(admin.get("/settings/sources/ours").status, 200);
    assert_eq!(count_requests() - before, 1);
    let before = count_requests();
    let changed = admin.post_form("/settings/sources/ours", &[&fields[1..], &nouns, &[("again", "1")]].concat());
    assert_eq!((changed.status, count_requests() - before), (422, 1), "{}", changed.body);
}
