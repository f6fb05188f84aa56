//! A Google Sheet, from the link somebody sent to the catalog.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::StubServer;

const OPEN: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";
const PRIVATE: &str = "1PrivateMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2";

#[test]
fn a_sheet_is_added_by_its_link_and_synced_and_a_private_one_says_how_to_share_it() {
    let outside = StubServer::start();
    outside.sheet(OPEN, 7, "title,no,year\nKind of Blue,a1,1959\nBlue Train,,1957\nAutobahn,a3,1974\nAgain,a1,1999\n");
    outside.serve_private_sheet(PRIVATE);
    let home = ServerSetup::new().with("LOCKSTEP_GOOGLE_URL", &outside.url("/"));
    let server = home.start();
    home.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));

    let look_into = |link: &str| {
        browser.fill("#url", link);
        browser.click("form:has(#url) button[type=submit]");
    };
    look_into(&format!("https://docs.google.com/spreadsheets/d/{PRIVATE}/edit?usp=sharing"));
    browser.sees("#url-error", "Anyone with the link");
    browser.fits_a_phone();
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("status of 422")), "{complaints:?}");
    look_into(&format!("https://docs.google.com/spreadsheets/d/{OPEN}/edit?gid=7#gid=7"));
    browser.sees(".preview tbody", "Autobahn");
    browser.fits_a_phone();
    let columns = browser.js("return [...document.querySelectorAll('.preview th')].map(th => th.textContent.trim())");
    assert_eq!(columns, serde_json::json!(["title", "no", "year"]));
    let proposed = browser.js("return document.querySelector('[name=key]:checked').value");
    assert!(columns.as_array().is_some_and(|columns| columns.contains(&proposed)), "{proposed}");

    browser.click("[name=key][value=no]");
    browser.until("the column stands out", || browser.text(".preview td.is-key") == "a1");
    browser.fill("#name", "Records");
    browser.fill("#slug", "records");
    browser.fill("#noun_one", "record");
    browser.fill("#noun_many", "records");
    browser.click(".form-actions button");
    browser.sees("h1", "Records");
    assert_eq!(browser.path(), "/catalog/records");
    browser.click("#panel-sync");
    browser.sees("#panel-title", "Sync completed");
    browser.sees("#catalog-facts .count", "2 records");
    browser.sees("#panel .counts", "2 skipped");
    browser.click("#panel-issues summary");
    for said in ["Row 3", "Row 5", "a1"] {
        browser.sees("#panel-issues .lines", said);
    }
    let reasons = browser.js(
        "return [...document.querySelectorAll('#panel-issues .lines li')].map(line => line.textContent.replace(/\\s+/g, ' '))",
    );
    for line in reasons.as_array().expect("lines") {
        let line = line.as_str().expect("text");
        assert!(
            line.contains("skipped") && line.contains("no") && line.len() > "skipped Row 3, no".len() + 10,
            "{line}"
        );
    }
    assert_eq!(outside.request_count(&format!("/content/{OPEN}/7")), 3, "looked at, looked at again, synced");
    assert_eq!(browser.complaints(), [""; 0]);
}
