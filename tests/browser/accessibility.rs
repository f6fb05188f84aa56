//! axe finds nothing on any page, in light and dark colors, on a desktop and a phone, with menus open and closed.

use std::cell::RefCell;

use super::history::start_with_unfinished_fetch;
use super::page_states::visit_page_states;
use super::record_shelf::RecordShelf;
use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::StubReply;

/// A search, four filters of three columns, and an order by two columns.
const SELECTION: &str = "?q=record&filter%5Bgenre%5D=Jazz&filter%5Bgenre%5D=Soul&filter%5Bavailable%5D=yes\
    &filter%5Byear%5D%5Bgt%5D=1955&sort=-year,title";

/// A page, and what is clicked on it before it is checked, if anything.
type CheckedPage<'a> = (&'a str, &'a str);

#[track_caller]
fn check_pages(browser: &Browser, server: &ServerProcess, pages: &[CheckedPage<'_>]) {
    for (path, opened) in pages {
        browser.set_narrow(false);
        browser.open_page(&server.url(path));
        if !opened.is_empty() {
            browser.click(opened);
        }
        browser.assert_page_accessible();
        browser.assert_fits_phone();
    }
}

#[test]
fn every_menu_of_a_catalog_is_accessible_while_it_is_open() {
    let shelf = RecordShelf::open("");
    let browser = Browser::open();
    // A few rows are enough below a menu.
    let catalog = "/catalog/albums?filter%5Byear%5D%5Bgt%5D=1986";
    let sorted = &format!("{catalog}&sort=year");
    let facets = format!("/catalog/albums{SELECTION}");
    let menus = [
        (catalog, "button[popovertarget=any-filter]"),
        (catalog, "button[popovertarget=choose-columns]"),
        (catalog, "button[popovertarget=download]"),
        (sorted, "button[popovertarget=column-2]"),
        (sorted, "button[popovertarget=column-4]"),
        (sorted.as_str(), "button[popovertarget=facet-1]"),
        (&facets, "button[data-selected]"),
    ];
    check_pages(&browser, &shelf.server, &menus);
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn every_page_of_a_visitor_is_accessible() {
    let shelf = RecordShelf::open("https://friend.example");
    let browser = Browser::open();
    browser.open_page(&shelf.server.url("/catalog/albums?q=%22Record+010%22"));
    let item = browser.find_attribute("tbody .cell-lead a", "href").expect("an item");
    let [filtered, gallery] = ["", "&view=gallery"].map(|view| format!("/catalog/albums{SELECTION}{view}"));
    let embedded_item = format!("{item}&embed=1");
    let pages = [
        ("/", ""),
        ("/catalog/albums", ""),
        ("/catalog/albums?page=3", ""),
        (&filtered, ""),
        (&gallery, ""),
        ("/catalog/albums?view=gallery", ""),
        ("/catalog/albums?q=nothing-like-this&filter%5Bgenre%5D=Jazz", ""),
        ("/catalog/albums?filter%5Bnone%5D=1", ""),
        (&item, ""),
        ("/catalog/albums?embed=1", ""),
        ("/catalog/albums?embed=1", "button[popovertarget=any-filter]"),
        ("/catalog/albums?embed=1&view=gallery", ""),
        (&embedded_item, ""),
        ("/login", ""),
        ("/missing", ""),
    ];
    check_pages(&browser, &shelf.server, &pages);
}

#[test]
fn the_pages_of_an_admin_are_accessible() {
    let shelf = RecordShelf::open("");
    // A run with changes and issues: fields differ, three records are gone, two rows are skipped.
    let changed = shelf.csv.replace("good,Lent", "fair,Lent").replacen("Artist 7,", "Artist Seven,", 1);
    let kept: String = changed.lines().take(118).flat_map(|line| [line, "\n"]).collect();
    let run = shelf.sync_content(&format!("{kept},No key,,,,,,,,,,,,\nr1,Again,,,,,,,,,,,,\n"));
    let browser = Browser::open();
    browser.log_in(&shelf.server.url("/login?next=/catalog/albums"));
    let item = browser.find_attribute("tbody tr:nth-child(7) .cell-lead a", "href").expect("an item");
    // One row is enough below a panel.
    let one = "/catalog/albums?q=%22Record+010%22";
    let [run_page, undo, log] = ["", "/undo", "/log"].map(|step| format!("/history/{run}{step}"));
    let pages = [
        ("/", ""),
        ("/catalog/albums", ""),
        (one, "#panel-changes summary"),
        (one, "#panel-issues summary"),
        (one, ".sync-buttons-menu summary"),
        (one, "button[popovertarget=choose-columns]"),
        (&item, ""),
        ("/history", ""),
        ("/history?status=failed", ""),
        ("/history?source=albums&kind=sync", "#run-plot-table summary"),
        ("/history?time=7d&from=2020-01-31&kind=none", ""),
        (&run_page, ""),
        (&log, ""),
        (&undo, ""),
        // The panel at rest, after its result was dismissed.
        (one, "#panel-dismiss"),
        ("/catalog/albums", ""),
    ];
    check_pages(&browser, &shelf.server, &pages);
    // The menu of columns has one more button when a default is saved.
    browser.open_page(&shelf.server.url(&format!("{one}&fields=id,title,year")));
    browser.click("button[popovertarget=choose-columns]");
    browser.click("#choose-columns form[action$='/default-view'] button");
    browser.wait_for_condition("the default is saved", || {
        browser.count_elements("#choose-columns form[action$='/default-view']") == 2
    });
    check_pages(&browser, &shelf.server, &[(one, "button[popovertarget=choose-columns]")]);
}

#[test]
fn the_pages_that_ask_an_admin_about_removals_are_accessible() {
    let shelf = RecordShelf::open("");
    let browser = Browser::open();
    browser.log_in(&shelf.server.url("/login"));
    let cut: String = shelf.csv.lines().take(9).flat_map(|line| [line, "\n"]).collect();
    let run = shelf.sync_content(&cut);
    let review = format!("/history/{run}");
    let pages = [("/catalog/albums", ""), ("/catalog/albums/sync/removals", ""), (&review, ""), ("/", "")];
    check_pages(&browser, &shelf.server, &pages);
    // A preview with removals, and the page that asks whether to apply it.
    let kept: String = shelf.csv.lines().take(118).flat_map(|line| [line, "\n"]).collect();
    std::fs::write(shelf.setup.path("albums.csv"), kept).expect("a file");
    browser.open_page(&shelf.server.url("/catalog/albums"));
    browser.click("#panel-preview");
    browser.wait_for_text("#panel-apply", "changes…");
    browser.assert_page_accessible();
    browser.click("#panel-apply");
    browser.wait_for_text("h1", "Apply");
    browser.assert_page_accessible();
    browser.assert_fits_phone();
}

#[test]
fn the_settings_of_sources_are_accessible() {
    let shelf = RecordShelf::open("");
    std::fs::write(shelf.setup.path("albums.csv"), format!("{},No key,,,,,,,,,,,,\n", shelf.csv)).expect("a file");
    let browser = Browser::open();
    browser.log_in(&shelf.server.url("/login"));
    let kinds = ["sheet", "csv", "excel", "feeds", "reader"].map(|kind| format!("/settings/sources/new?kind={kind}"));
    let mut pages = vec![
        ("/settings/sources", ""),
        ("/settings/sources/new", ""),
        ("/settings/sources/albums", ""),
        ("/settings/sources/albums", "main details summary"),
        ("/settings/sources/albums/remove", ""),
        ("/settings/sources/albums/public-page", ""),
    ];
    pages.extend(kinds.iter().map(|path| (path.as_str(), "")));
    check_pages(&browser, &shelf.server, &pages);
    // What was found in a file, and the second step.
    let file = shelf.setup.path("members.csv");
    std::fs::write(&file, "name;nr\nAda;m1\nGrace;\n").expect("a file");
    browser.open_page(&shelf.server.url("/settings/sources/new"));
    browser.fill_field("#file", &file.display().to_string());
    browser.wait_for_text(".source-preview tbody", "Grace");
    browser.assert_page_accessible();
}

#[test]
fn a_sync_is_accessible_while_it_runs_on_its_page_and_in_the_badge_of_others() {
    let (_setup, server, _stub) = start_with_unfinished_fetch();
    let run = server.start_sync("albums");
    let browser = Browser::open();
    browser.log_in(&server.url("/login"));
    let run_page = format!("/history/{run}");
    let pages = ["/", "/catalog/sample-albums", "/catalog/albums", "/history", &run_page, "/settings/sources"];
    for path in pages {
        browser.open_page(&server.url(path));
        // The panel of its own catalog shows the run.
        let has_badge = path != "/catalog/albums";
        let shown = if has_badge { "#sync-badge li" } else { "#panel[data-active=true]" };
        browser.wait_for_condition("the run is shown", || browser.has_element(shown));
        browser.assert_page_accessible();
        if has_badge {
            browser.click("#badge-pill");
            browser.wait_for_text("#badge-list", "Syncing");
            browser.assert_page_accessible();
        }
    }
    let cancelled = server.post(&format!("/api/sync/{run}/cancel"), &serde_json::json!({}));
    assert_eq!(cancelled.status, 202, "{}", cancelled.body);
}

#[test]
fn a_dashboard_with_problems_and_the_menu_are_accessible() {
    let (setup, server, stub) = start_with_unfinished_fetch();
    stub.set_reply("/gone.csv", StubReply::status(404));
    for number in 1..=8 {
        setup.add_url(&format!("list-{number}"), stub.url("/gone.csv"));
    }
    let run = server.start_sync("list-1");
    server.wait_for_status(&run, "failed");
    let browser = Browser::open();
    browser.log_in(&server.url("/login"));
    browser.wait_for_text("#sources", "1 catalog needs attention");
    let openers = ["", ".site-menu-button", "#shortcuts-open"];
    for path in ["/", "/?q=nothing", "/?q=list"] {
        check_pages(&browser, &server, &openers[..2].iter().map(|opener| (path, *opener)).collect::<Vec<_>>());
    }
    browser.open_page(&server.url("/"));
    browser.click(".site-menu-button");
    browser.click(openers[2]);
    browser.wait_for_text("#shortcuts:popover-open", "Go to the history");
    browser.assert_page_accessible();
    // Every state of a panel: the failure, at rest after it, and at rest before the first run.
    browser.open_page(&server.url("/catalog/list-1"));
    browser.wait_for_text("#panel-title", "Sync failed");
    browser.assert_page_accessible();
    browser.click("#panel-dismiss");
    browser.wait_for_text("#panel-title", "Last sync failed");
    browser.assert_page_accessible();
    browser.assert_accessible(&server.url("/catalog/list-2"));
}

#[test]
fn setup_is_accessible() {
    let setup = ServerSetup::new();
    let server = setup.start();
    let browser = Browser::open();
    let link = server.set_up_link().to_owned();
    browser.assert_accessible(&link);
    browser.assert_fits_phone();
}

#[test]
fn axe_finds_nothing_in_any_state_of_any_page() {
    let problems = RefCell::new(Vec::new());
    visit_page_states(|browser, name| problems.borrow_mut().extend(browser.list_axe_problems(name)));
    let problems = problems.into_inner();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
