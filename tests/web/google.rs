//! The settings page for Google Sheets that are not shared yet.

use lockstep::domain::account::Role;

use super::site::TestSite;
use crate::support::google_server::{GoogleServer, SERVICE_ACCOUNT_EMAIL, SHEET_ID, SheetTab, api_error};
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn the_page_names_the_account_to_share_a_sheet_with_and_why_it_cannot_be_read() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[&["id", "title"], &["1", "One"]])]);
    let site = TestSite::with_fetch_settings(|road| {
        road.google_url = google.url().parse().expect("an address");
        road.service_account = Some(google.key_json().to_string().parse().expect("a key"));
        road.allow_hosts = "127.0.0.1".parse().expect("a list");
    });
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get("/settings/sources/new");
    assert!(
        page.body.contains(&format!(
            "Share the sheet with <code class=\"source-form-account\">{SERVICE_ACCOUNT_EMAIL}</code>"
        )),
        "{}",
        page.body
    );

    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit");
    let form = format!("url={}", url::form_urlencoded::byte_serialize(link.as_bytes()).collect::<String>());
    let paste = || {
        admin.send_request("POST", "/settings/sources/new", Some(("application/x-www-form-urlencoded", form.clone())))
    };
    google.reply_once("/v4/", api_error(403, "PERMISSION_DENIED", "The caller does not have permission", ""));
    let page = paste();
    assert!(
        page.status == 422 && page.body.contains(&format!("Share it with {SERVICE_ACCOUNT_EMAIL} (Viewer is enough)")),
        "{}",
        page.body
    );
    let page = paste();
    assert!(page.status == 200 && page.body.contains("Step 2 of 2"), "{} {}", page.status, page.body);

    let without = TestSite::new();
    let page = without.add_person("ada", Role::Admin).get("/settings/sources/new");
    assert!(
        page.body.contains("A sheet must be visible to anyone with the link.")
            && !page.body.contains(SERVICE_ACCOUNT_EMAIL)
    );
}

/// The value of a field of the second step.
fn find_field<'a>(body: &'a str, name: &str) -> &'a str {
    let field = body.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("{name} in {body}"));
    field.split("value=\"").nth(1).expect("a value").split('"').next().expect("its end")
}

#[test]
fn a_sheet_proposes_its_own_title_as_name_and_address() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Tab 1", &[&["id", "title"], &["1", "One"]])]);
    google.set_title("Vol. 2 - Jazz albums");
    let by_account = TestSite::with_fetch_settings(|road| {
        road.google_url = google.url().parse().expect("an address");
        road.service_account = Some(google.key_json().to_string().parse().expect("a key"));
    });
    let stub = StubServer::start();
    let by_link = TestSite::with_fetch_settings(|road| road.google_url = stub.url("").parse().expect("an address"));
    let tab = "attachment; filename=\"Vol2-Jazzalbums-Tab1.csv\"; filename*=UTF-8''Vol.%202%20-%20Jazz%20albums%20-%20Tab%201.csv";
    let table = StubReply::csv("id,title\n1,One\n").header("Content-Disposition", tab);
    stub.set_reply("/content/one-time", table.clone());
    stub.set_reply(&format!("/spreadsheets/d/{SHEET_ID}/export"), StubReply::redirect(307, "/content/one-time"));
    stub.set_reply("/spreadsheets/d/e/2PACX-1v/pub", table);
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0");
    let published = "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml".to_owned();
    let (of_account, of_link) = (by_account.add_person("ada", Role::Admin), by_link.add_person("ada", Role::Admin));
    for (admin, link) in [(&of_account, &link), (&of_link, &link), (&of_link, &published)] {
        let page = admin.post_form("/settings/sources/new", &[("url", link)]);
        assert_eq!(page.status, 200, "{}", page.body);
        let proposed = ["name", "slug", "noun_one", "noun_many"].map(|name| find_field(&page.body, name));
        assert_eq!(proposed, ["Vol. 2 - Jazz albums", "vol-2-jazz-albums", "album", "albums"], "{link}");
    }
}

#[test]
fn a_csv_proposes_the_file_name_of_its_server() {
    let (site, stub) = (TestSite::new(), StubServer::start());
    let table =
        StubReply::csv("id,title\n1,One\n").header("Content-Disposition", "attachment; filename=soul_records.csv");
    stub.set_reply("/download", table);
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.post_form("/settings/sources/new", &[("url", &stub.url("/download?file=7"))]);
    assert_eq!(["name", "slug"].map(|name| find_field(&page.body, name)), ["Soul records", "soul-records"]);
}

#[test]
fn the_page_refuses_an_unsupported_link_and_names_the_part() {
    let site = TestSite::new();
    let admin = site.add_person("ada", Role::Admin);
    for (kind, rest, text) in [
        ("", "edit#gid=0&fvid=7", "This link has “fvid=”: it opens a filter view"),
        ("sheet", "edit#gid=0&range=Titles", "“Titles” in this link (range=) is not a range of cells"),
        ("csv", "export?format=csv&sheet=Pay", "Google ignores “sheet=” in this link"),
        ("csv", "edit", "choose the type Google Sheet"),
    ] {
        let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/{rest}");
        let page = admin.post_form("/settings/sources/new", &[("kind", kind), ("url", &link)]);
        assert!(page.status == 422 && page.body.contains(text), "{rest}: {}", page.body);
        let is_offered = page.body.contains("name=\"as\" value=\"sheet\"");
        assert_eq!(is_offered, kind == "csv", "{rest}: {}", page.body);
    }
}
