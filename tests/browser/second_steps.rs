//! The second steps of a run in the browser: apply a preview, decide about withheld removals, undo, resume a schedule.
//! The same journeys on a wide page, on a phone, and without JavaScript.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::SourceDraft;

use crate::support::browser::Browser;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::source_draft;

/// The number of albums that each journey begins with.
const ALBUMS: usize = 30;

/// A browser on the page of a catalog whose sheet the test rewrites.
struct Journey {
    browser: Browser,
    server: ServerProcess,
    stub: StubServer,
    _setup: ServerSetup,
    /// Whether the width of each page is checked at 390 px, which takes a script.
    checks_width: bool,
}

/// Rows of albums with these numbers.
fn format_rows(numbers: impl Iterator<Item = usize>) -> String {
    let mut text = "id,title\n".to_owned();
    numbers.for_each(|number| text.push_str(&format!("a{number},Album {number}\n")));
    text
}

impl Journey {
    /// Opens the page of a catalog with a schedule, and syncs it once.
    fn begin(browser: Browser, checks_width: bool) -> Self {
        let setup = ServerSetup::new();
        let server = setup.start();
        setup.add_admin_and_token();
        let stub = StubServer::start();
        let location = SourceLocation::Url(stub.url("/albums.csv"));
        // Once a year: no scheduled sync starts during the test.
        let schedule = Some(StoredSchedule::in_utc("0 0 31 12 *"));
        let draft = SourceDraft { schedule, public: true, ..source_draft("albums", "csv", location) };
        setup.store().add_source(&draft, None).expect("a source");
        let journey = Self { browser, server, stub, _setup: setup, checks_width };
        journey.write_sheet(&format_rows(1..=ALBUMS));
        journey.browser.log_in(&journey.server.url("/login?next=/catalog/albums"));
        journey.sync("Sync completed");
        journey.expect_albums(ALBUMS);
        journey
    }

    fn write_sheet(&self, csv: &str) {
        self.stub.set_reply("/albums.csv", StubReply::csv(csv));
    }

    /// Starts a sync and waits for this heading of the panel.
    fn sync(&self, title: &str) {
        let shown_run = || self.browser.find_attribute("#panel", "data-sync");
        let before = shown_run();
        self.browser.click("#panel-sync");
        self.browser.wait_for_condition("the new run is shown", || shown_run().is_some_and(|run| Some(run) != before));
        self.expect_end(title);
    }

    /// Waits until the run has ended with this heading of the panel.
    fn expect_end(&self, title: &str) {
        self.browser.wait_for_text("#panel[data-active=false] #panel-title", title);
        self.check_width();
    }

    fn expect_albums(&self, number: usize) {
        self.browser.wait_for_text("#catalog-facts .text-facts-count", &format!("{number} albums"));
    }

    fn check_width(&self) {
        if self.checks_width {
            self.browser.assert_fits_phone();
        }
    }

    /// Opens a page that confirms a step, by a button of the panel with this label.
    fn open_confirmation(&self, button: &str, label: &str, title: &str) {
        self.browser.wait_for_text(button, label);
        self.browser.click(button);
        self.browser.wait_for_text("h1", title);
        self.check_width();
    }

    fn apply_a_preview(&self) {
        let browser = &self.browser;
        self.write_sheet(&format_rows(1..=ALBUMS + 1).replace("Album 7\n", "Volume 7\n"));
        browser.click("#panel-preview");
        self.expect_end("Preview");
        browser.wait_for_text("#panel-message", "A sync would add 1, update 1 and remove 0.");
        browser.wait_for_text("#panel-apply", "Apply 2 changes");
        browser.click("#panel-apply");
        self.expect_end("Sync completed");
        self.expect_albums(ALBUMS + 1);

        // The sheet changes between preview and apply.
        self.write_sheet(&format_rows(1..=ALBUMS + 2));
        browser.click("#panel-preview");
        browser.wait_for_text("#panel-apply", "Apply 2 changes");
        self.write_sheet(&format_rows(2..=ALBUMS + 4));
        browser.click("#panel-apply");
        browser.wait_for_text("#panel-message", "The source or the catalog changed since the preview.");
        self.expect_end("Preview");
        self.expect_albums(ALBUMS + 1);
        self.open_confirmation("#panel-apply", "Apply 5 changes…", "Apply 5 changes?");
        browser.wait_for_text(".decision-message", "Adds 3, updates 1, removes 1 album.");
        browser.click("#decide");
        self.expect_end("Sync completed");
        self.expect_albums(ALBUMS + 3);
        self.write_sheet(&format_rows(1..=ALBUMS));
        self.sync("Sync completed");
        self.expect_albums(ALBUMS);
    }

    fn restore_a_cut_sheet(&self) {
        let browser = &self.browser;
        self.write_sheet(&format_rows(1..=2));
        self.sync("Needs review");
        self.open_confirmation("#panel-decide", "Review 28 albums…", "Review 28 albums");
        browser.wait_for_text("#remove-listed", "Remove 28 albums");
        browser.fill_field("#listed-search", "album 17");
        browser.press_enter();
        browser.wait_for_text(".listed-facts", "1 found");
        browser.wait_for_text(".listed-items", "a17");
        browser.click(".page-back a");
        self.write_sheet(&format_rows(1..=ALBUMS));
        self.sync("Sync completed");
        self.expect_albums(ALBUMS);
        assert!(!browser.has_element("#panel-decide"));

        self.write_sheet("id,title\n");
        self.sync("Sync failed");
        self.open_confirmation("#panel-decide", "Remove 30 albums…", "Remove 30 albums?");
        self.write_sheet(&format_rows(1..=ALBUMS));
        browser.click("#remove-listed");
        self.expect_end("Removal completed");
        browser.wait_for_text("#panel-message", "Nothing was removed.");
        self.expect_albums(ALBUMS);
    }

    fn keep_and_remove_what_was_withheld(&self) {
        let browser = &self.browser;
        self.write_sheet(&format_rows(1..=2));
        self.sync("Needs review");
        browser.click("#panel-keep");
        browser.wait_for_text("#panel-message", "28 albums kept that are not in the source.");
        self.expect_end("Sync completed");
        assert!(!browser.has_element("#panel-decide"), "nothing is asked");
        self.sync("Sync completed");
        self.write_sheet(&format_rows(1..=1));
        self.sync("Needs review");
        self.open_confirmation("#panel-decide", "Review 29 albums…", "Review 29 albums");
        browser.click("#remove-listed");
        self.expect_end("Removal completed");
        browser.wait_for_text("#panel-message", "29 albums removed.");
        self.expect_albums_text("1 album");
    }

    fn expect_albums_text(&self, text: &str) {
        self.browser.wait_for_text("#catalog-facts .text-facts-count", text);
    }

    fn undo_and_undo_that(&self) {
        let browser = &self.browser;
        self.open_confirmation("#panel-undo", "Undo…", "Undo this removal?");
        browser.wait_for_text(".decision-message", "Returns 29 albums.");
        browser.wait_for_text(".decision-notice", "Pauses the schedule");
        browser.click("#decide");
        self.expect_end("Undo completed");
        browser.wait_for_text("#panel-message", "29 albums returned. Schedule paused.");
        self.expect_albums(ALBUMS);
        browser.wait_for_text("#catalog-facts", "Schedule paused");
        browser.click("#panel-resume");
        browser.wait_for_condition("the schedule is resumed", || {
            !browser.has_element("#panel-resume") && !browser.element_text("#catalog-facts").contains("paused")
        });
        self.open_confirmation("#panel-undo", "Undo…", "Undo this undo?");
        browser.wait_for_text(".decision-message", "Removes 29 albums.");
        browser.click("#decide");
        self.expect_end("Undo completed");
        self.expect_albums_text("1 album");

        // The dashboard has the same button.
        browser.open_page(&self.server.url("/"));
        browser.wait_for_text("#sources", "Schedule paused");
        self.check_width();
        browser.click(".text-resume button");
        browser.wait_for_condition("the schedule is resumed", || {
            browser.element_text("#sources").contains("albums") && !browser.has_element(".text-resume")
        });
        browser.open_page(&self.server.url("/catalog/albums"));
    }

    fn confirm_a_changed_key(&self) {
        let browser = &self.browser;
        self.write_sheet(&format_rows(1..=ALBUMS));
        self.sync("Sync completed");
        self.expect_albums(ALBUMS);
        self.write_sheet(&format_rows(1001..=1000 + ALBUMS));
        self.sync("Sync failed");
        self.open_confirmation("#panel-decide", "Sync anyway…", "Sync anyway?");
        browser.wait_for_text("#remove-listed", "Sync anyway: remove 30 and add 30 albums");
        browser.click("#remove-listed");
        self.expect_end("Sync completed");
        browser.wait_for_text("#panel-message", "30 added, 0 updated, 30 removed.");
    }

    fn take_every_step(&self) {
        self.apply_a_preview();
        self.restore_a_cut_sheet();
        self.keep_and_remove_what_was_withheld();
        self.undo_and_undo_that();
        self.confirm_a_changed_key();
    }
}

#[test]
fn second_steps_are_taken_on_a_wide_page() {
    let journey = Journey::begin(Browser::open(), true);
    journey.take_every_step();
    assert_eq!(journey.browser.console_problems(), [""; 0]);
}

#[test]
fn second_steps_are_taken_on_a_phone() {
    let browser = Browser::open();
    browser.set_narrow(true);
    let journey = Journey::begin(browser, false);
    journey.take_every_step();
    assert_eq!(journey.browser.console_problems(), [""; 0]);
}

#[test]
fn second_steps_are_taken_without_javascript() {
    Journey::begin(Browser::without_javascript(), false).take_every_step();
}
