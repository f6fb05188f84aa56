//! The settings page before sheets that are not shared yet.

use lockstep::domain::account::Role;

use super::site::Site;
use crate::support::google::{Google, ID, ROBOT, Tab, refusal};

#[test]
fn the_page_says_with_whom_to_share_a_sheet_and_why_it_cannot_be_read() {
    let google = Google::start();
    google.sheet(ID, vec![Tab::new(0, "Albums", &[&["id", "title"], &["1", "One"]])]);
    let site = Site::with_road(|road| {
        road.google_base = google.url().parse().expect("an address");
        road.google = Some(google.key_json().to_string().parse().expect("a key"));
        road.allow_hosts = "127.0.0.1".parse().expect("a list");
    });
    let admin = site.person("ada", Role::Admin);
    let page = admin.get("/settings/sources/new");
    assert!(page.body.contains(&format!("Share the sheet with <code class=\"robot\">{ROBOT}</code>")), "{}", page.body);

    let link = format!("https://docs.google.com/spreadsheets/d/{ID}/edit");
    let form = format!("url={}", url::form_urlencoded::byte_serialize(link.as_bytes()).collect::<String>());
    let paste =
        || admin.ask("POST", "/settings/sources/new", Some(("application/x-www-form-urlencoded", form.clone())));
    google.once("/v4/", refusal(403, "PERMISSION_DENIED", "The caller does not have permission", ""));
    let page = paste();
    assert!(
        page.status == 422 && page.body.contains(&format!("Share it with {ROBOT} (Viewer is enough)")),
        "{}",
        page.body
    );
    let page = paste();
    assert!(page.status == 200 && page.body.contains("Step 2 of 2"), "{} {}", page.status, page.body);

    let without = Site::new();
    let page = without.person("ada", Role::Admin).get("/settings/sources/new");
    assert!(
        page.body.contains("Anyone with the link to a sheet must be able to view it.") && !page.body.contains(ROBOT)
    );
}
