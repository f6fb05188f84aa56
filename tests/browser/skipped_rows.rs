//! Skipped rows of an uploaded file in the browser: downloaded, corrected, uploaded and synced.

use crate::support::browser::Browser;
use crate::support::server_process::ServerSetup;

#[test]
fn skipped_rows_are_downloaded_corrected_uploaded_and_synced() {
    let setup = ServerSetup::new();
    let server = setup.start();
    setup.add_admin_and_token();
    let downloads = setup.path("downloads");
    std::fs::create_dir(&downloads).expect("a folder");
    let browser = Browser::with_downloads(&downloads, true);
    browser.log_in(&server.url("/login?next=/settings/sources/new"));
    let file = setup.path("members.csv");
    std::fs::write(&file, "nr;name\r\nm1;Ada\r\n;Gråce\r\nm1;Linus\r\nm4;Ken;Thompson\r\n").expect("a file");
    browser.fill_field("#file", &file.display().to_string());
    browser.wait_for_text(".source-preview tbody", "Ada");
    browser.click("[name=key][value=nr]");
    browser.fill_field("#name", "Members");
    browser.fill_field("#slug", "members");
    browser.fill_field("#noun_one", "member");
    browser.fill_field("#noun_many", "members");
    browser.click(".form-actions button");
    browser.wait_for_text("#catalog-facts .text-facts-count", "1 member");
    browser.click("#panel-details");
    browser.wait_for_text(".issue-table", "Linus");
    assert_eq!(browser.count_elements(".issue-table tbody tr"), 3);
    assert_eq!(browser.count_elements(".issue-table mark"), 3);
    browser.assert_fits_phone();

    browser.click(".run-section-link a[href$='issues.csv']");
    let download = || std::fs::read_dir(&downloads).expect("a folder").flatten().map(|entry| entry.path()).next();
    // Chromium reserves the name with an empty file, and replaces it at the end.
    let is_filled = |path: &std::path::Path| path.metadata().is_ok_and(|facts| facts.len() > 0);
    let is_complete =
        || download().is_some_and(|path| path.extension().is_some_and(|end| end == "csv") && is_filled(&path));
    browser.wait_for_condition("the file is downloaded", is_complete);
    let path = download().expect("a file");
    let text = std::fs::read_to_string(&path).expect("text");
    let corrected = text.replace("\n,Gråce,", "\nm2,Gråce,").replace("\nm1,Linus,", "\nm3,Linus,");
    assert_ne!(corrected, text);
    std::fs::write(&path, corrected.replace("m4,Ken,Thompson", "m4,Ken Thompson,")).expect("written");

    browser.fill_field("#corrected", &path.display().to_string());
    browser.click(".issue-form button");
    browser.wait_for_text(".issue-corrected", "3 rows were corrected. Sync to import them.");
    browser.assert_fits_phone();
    browser.click("#sync-corrected");
    browser.wait_for_text("#panel-title", "Sync completed");
    browser.wait_for_text("#catalog-facts .text-facts-count", "4 members");
    let table = browser.element_text("#table");
    for name in ["Ada", "Gråce", "Linus", "Ken Thompson"] {
        assert!(table.contains(name), "{name}: {table}");
    }
    assert_eq!(browser.console_problems(), [""; 0]);
}
