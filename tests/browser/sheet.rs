//! A Google Sheet in the browser, from its link to the catalog.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::StubServer;

const OPEN_SHEET_ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";
const PRIVATE_SHEET_ID: &str = "1PrivateMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2";

#[test]
fn a_sheet_is_added_by_its_link_and_a_private_one_explains_how_to_share_it() {
    let stub = StubServer::start();
    stub.serve_sheet(
        OPEN_SHEET_ID,
        7,
        "title,no,year\nKind of Blue,a1,1959\nBlue Train,,1957\nAutobahn,a3,1974\nAgain,a1,1999\n",
    );
    stub.serve_private_sheet(PRIVATE_SHEET_ID);
    let setup = ServerSetup::new().with_setting("LOCKSTEP_GOOGLE_URL", &stub.url("/"));
    let server = setup.start();
    setup.add_admin_and_token();
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/settings/sources/new"));

    let look_into = |link: &str| {
        browser.fill_field("#url", link);
        browser.click("form:has(#url) button[type=submit]");
    };
    look_into(&format!("https://docs.google.com/spreadsheets/d/{PRIVATE_SHEET_ID}/edit?usp=sharing"));
    browser.wait_for_text("#url-error", "Anyone with the link");
    browser.assert_fits_phone();
    let complaints = browser.console_problems();
    assert!(complaints.iter().all(|complaint| complaint.contains("status of 422")), "{complaints:?}");
    look_into(&format!("https://docs.google.com/spreadsheets/d/{OPEN_SHEET_ID}/edit?gid=7#gid=7"));
    browser.wait_for_text(".source-preview tbody", "Autobahn");
    browser.assert_fits_phone();
    let columns = browser.run_script(
        "return [...document.querySelectorAll('.source-preview th')].map(th => th.querySelector('input').value)",
    );
    assert_eq!(columns, serde_json::json!(["title", "no", "year"]));
    let proposed = browser.run_script("return document.querySelector('[name=key]:checked').value");
    assert!(columns.as_array().is_some_and(|columns| columns.contains(&proposed)), "{proposed}");

    browser.click("[name=key][value=no]");
    browser.wait_for_condition("the column stands out", || browser.element_text(".source-preview td.is-key") == "a1");
    browser.fill_field("#name", "Records");
    browser.fill_field("#slug", "records");
    browser.fill_field("#noun_one", "record");
    browser.fill_field("#noun_many", "records");
    browser.click(".form-actions button");
    browser.wait_for_text("h1", "Records");
    assert_eq!(browser.page_path(), "/catalog/records");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "2 records");
    browser.wait_for_text("#panel .counts", "2 skipped");
    browser.click("#panel-issues summary");
    for text in ["Row 3", "Row 5", "a1"] {
        browser.wait_for_text("#panel-issues .changes-list", text);
    }
    let reasons = browser.run_script(
        "return [...document.querySelectorAll('#panel-issues .changes-list li')].map(line => line.textContent.replace(/\\s+/g, ' '))",
    );
    for line in reasons.as_array().expect("lines") {
        let line = line.as_str().expect("text");
        assert!(
            line.contains("skipped") && line.contains("no") && line.len() > "skipped Row 3, no".len() + 10,
            "{line}"
        );
    }
    assert_eq!(stub.request_count(&format!("/content/{OPEN_SHEET_ID}/7")), 3, "looked at, looked at again, synced");
    assert_eq!(browser.console_problems(), [""; 0]);
}
