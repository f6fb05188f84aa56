//! A walk of a reader through a catalog: filters, facets, two orders, columns, gallery, pages, items, a download.
//! The same walk on a desktop without JavaScript, and on a phone with and without it.

use std::path::PathBuf;

use super::record_shelf::{RECORDS, Record, RecordShelf, records};
use crate::support::browser::Browser;

struct ReaderWalk {
    browser: Browser,
    _shelf: RecordShelf,
    downloads: PathBuf,
    is_phone: bool,
    has_script: bool,
}

impl ReaderWalk {
    fn begin(is_phone: bool, has_script: bool) -> Self {
        let shelf = RecordShelf::open("");
        let downloads = shelf.setup.path("downloads");
        std::fs::create_dir(&downloads).expect("a folder");
        let browser = Browser::with_downloads(&downloads, has_script);
        browser.set_narrow(is_phone);
        browser.open_page(&shelf.server.url("/catalog/albums"));
        Self { browser, _shelf: shelf, downloads, is_phone, has_script }
    }

    /// Opens a menu. With JavaScript, which the check needs, it must fit the screen of a phone.
    fn open_menu(&self, menu: &str) {
        self.browser.click(&format!("button[popovertarget={menu}]"));
        if self.is_phone && self.has_script {
            self.browser.assert_menu_fits(&format!("#{menu}"));
        }
    }

    /// Clicks the entry of an open menu that begins with this text.
    #[track_caller]
    fn click_entry(&self, menu: &str, text: &str) {
        let entry = |number: usize| format!("#{menu} li:nth-child({number}) :is(a, button)");
        let count = self.browser.count_elements(&format!("#{menu} li"));
        let found = (1..=count).find(|&number| self.browser.element_text(&entry(number)).starts_with(text));
        self.browser.click(&entry(found.unwrap_or_else(|| panic!("{menu} has no entry {text:?}"))));
    }

    /// The id of the menu whose button of this kind has this text: `column-3`, `facet-1`.
    #[track_caller]
    fn find_menu(&self, kind: &str, label: impl Fn(usize) -> String, text: &str) -> String {
        let found = (1..=20).find(|&number| self.browser.element_text(&label(number)).trim() == text);
        format!("{kind}-{}", found.unwrap_or_else(|| panic!("there is no {kind} {text:?}")))
    }

    fn change_column(&self, column: &str, entry: &str) {
        let menu = self.find_menu("column", |number| format!("thead th:nth-child({number}) .head a"), column);
        self.open_menu(&menu);
        self.click_entry(&menu, entry);
    }

    fn expect_path(&self, part: &str) {
        self.browser.wait_for_condition(part, || self.browser.page_path().contains(part));
        self.check_width();
    }

    fn check_width(&self) {
        if self.is_phone && self.has_script {
            let width = self.browser.run_script("return document.documentElement.scrollWidth");
            assert!(width.as_u64() <= Some(390), "{} scrolls sideways: {width}", self.browser.page_path());
        }
    }

    fn expect_found(&self, chips: usize, is_found: impl Fn(&Record) -> bool) {
        let count = records().iter().filter(|record| is_found(record)).count();
        self.browser.wait_for_condition("the filters are in force", || {
            self.browser.count_elements(".chip") == chips
                && self.browser.element_text(".search-found") == format!("{count} albums found")
        });
        self.check_width();
    }

    fn filter_by(&self, column: &str, operator: &str, value: &str) {
        self.open_menu("any-filter");
        self.browser.click(&format!("#any-filter select[name=add-column] option[value={column}]"));
        self.browser.click(&format!("#any-filter select[name=add-operator] option[value={operator}]"));
        self.browser.fill_field("#any-filter input[name=add-value]", value);
        self.browser.click("#any-filter button[type=submit]");
    }

    fn filter(&self) {
        self.filter_by("genre", "eq", "Jazz");
        self.expect_found(1, |record| record.genre == "Jazz");
        self.filter_by("year", "gte", "1970");
        self.expect_found(2, |record| record.genre == "Jazz" && record.year >= 1970);
        self.browser.click(".chips li:nth-child(1) a");
        self.expect_found(1, |record| record.year >= 1970);
        let label = |number| format!("button[popovertarget=facet-{number}]");
        let facet = self.find_menu("facet", label, "genre");
        self.open_menu(&facet);
        self.click_entry(&facet, "Soul");
        self.expect_found(2, |record| record.genre == "Soul" && record.year >= 1970);
    }

    /// Sorts by a menu of the form that searches, as phones do.
    fn choose_order(&self, order: &str) {
        self.browser.click(&format!("#search select option[value='{order}']"));
        if !self.has_script {
            self.browser.click("#search button");
        }
    }

    /// The newest ones first, and those of one year by their titles.
    fn sort_by_two_columns(&self) {
        if self.is_phone {
            self.choose_order("-year");
            self.expect_path("sort=-year");
            self.choose_order("-year,title");
        } else {
            self.change_column("year", "Sort descending");
            self.expect_path("sort=-year");
            self.change_column("title", "Then sort by this");
        }
        self.expect_path("sort=-year%2Ctitle");
        let mut found: Vec<Record> =
            records().into_iter().filter(|record| record.genre == "Soul" && record.year >= 1970).collect();
        found.sort_by(|a, b| b.year.cmp(&a.year).then_with(|| a.title.cmp(&b.title)));
        for (index, record) in found.iter().take(3).enumerate() {
            let row = format!("tbody tr:nth-child({}) .cell-lead", index + 1);
            self.browser.wait_for_condition("the rows are sorted", || {
                self.browser.element_text(&row).starts_with(record.title.get(..10).expect("ten characters"))
            });
        }
        // A search keeps both columns.
        self.browser.fill_field("#search-field", "record");
        if !self.has_script {
            self.browser.press_enter();
        }
        self.browser.wait_for_text(".search-found", "for “record”");
        self.expect_path("sort=-year%2Ctitle");
    }

    fn column_at(&self, position: usize) -> String {
        let cell = format!("tbody tr:first-child td:nth-child({position})");
        self.browser.find_attribute(&cell, "data-label").unwrap_or_default()
    }

    fn choose_columns(&self) {
        assert_eq!([3, 4, 6].map(|position| self.column_at(position)), ["artist", "year", "label"]);
        if self.is_phone {
            self.open_menu("choose-columns");
            self.browser.click("#choose-columns input[value=label]");
            self.browser.click("#choose-columns form > button:not([hidden])");
            self.browser.wait_for_condition("the column is hidden", || self.column_at(6) == "cover");
            self.open_menu("choose-columns");
            self.browser.click("#choose-columns button[aria-label='Move year up']");
        } else {
            self.change_column("label", "Hide column");
            self.browser.wait_for_condition("the column is hidden", || self.column_at(6) == "cover");
            self.change_column("year", "Move left");
        }
        self.browser.wait_for_condition("the columns are ordered", || self.column_at(3) == "year");
        assert_eq!([4, 6].map(|position| self.column_at(position)), ["artist", "cover"]);
        self.expect_path("sort=-year%2Ctitle");
        assert_eq!(self.browser.count_elements(".chip"), 2);
    }

    /// Downloads what is shown: these rows and columns, in this order.
    fn download(&self) {
        let first = self.browser.element_text("tbody tr:first-child .cell-lead");
        self.open_menu("download");
        self.click_entry("download", "CSV");
        let file = self.downloads.join("albums.csv");
        // Chromium reserves the name with an empty file, and replaces it at the end.
        let is_complete = || file.metadata().is_ok_and(|facts| facts.len() > 0);
        self.browser.wait_for_condition("the file is downloaded", is_complete);
        let csv = std::fs::read_to_string(&file).expect("a file");
        let csv = csv.trim_start_matches('\u{feff}');
        let head = "id,title,year,artist,genre,cover,site,available,released,about,condition,note,shelf mark";
        assert_eq!(csv.lines().next(), Some(head));
        let shown = first.get(..10).expect("ten characters");
        assert!(csv.lines().nth(1).is_some_and(|line| line.contains(shown)), "{shown}: {csv}");
        assert_eq!(csv.lines().count(), 1 + self.browser.count_elements("tbody tr"));
    }

    fn see_the_gallery(&self) {
        let rows = self.browser.count_elements("tbody tr");
        self.browser.click(".facets a[href*='layout=gallery']");
        self.browser.wait_for_condition("there are cards", || self.browser.count_elements(".gallery-card") == rows);
        self.expect_path("view=gallery");
        self.browser.click(".facets a[href*='layout=table']");
        self.browser.wait_for_condition("there are rows", || self.browser.count_elements("tbody tr") == rows);
        self.browser.click(".chip-clear");
        self.browser.wait_for_text(".pager", &format!("1–50 of {RECORDS}"));
        self.expect_path("sort=-year%2Ctitle");
    }

    fn read_items_of_the_last_page(&self) {
        let browser = &self.browser;
        browser.click(".pager-links a:last-child");
        browser.wait_for_text(".pager", &format!("101–120 of {RECORDS}"));
        let title = browser.element_text("tbody tr:nth-child(2) .cell-lead a");
        browser.click("tbody tr:nth-child(2) .cell-lead a");
        browser.wait_for_text(".page-back", "102 of 120");
        let heading = browser.element_text("h1");
        assert!(heading.starts_with(title.get(..10).expect("ten characters")), "{heading}");
        self.check_width();
        browser.click("a[rel=next]");
        browser.wait_for_text(".page-back", "103 of 120");
        browser.click("a[rel=prev]");
        browser.wait_for_text(".page-back", "102 of 120");
        assert_eq!(browser.element_text("h1"), heading);
        browser.click(".page-back > a");
        browser.wait_for_text(".pager", &format!("101–120 of {RECORDS}"));
        assert_eq!(browser.element_text("tbody tr:nth-child(2) .cell-lead a"), title);
        browser.click(".pager-links a:first-child");
        browser.wait_for_text(".pager", &format!("1–50 of {RECORDS}"));
        self.expect_path("sort=-year%2Ctitle");
        assert_eq!(self.column_at(3), "year");
    }

    fn take_every_step(&self) {
        self.filter();
        self.sort_by_two_columns();
        self.choose_columns();
        self.download();
        self.see_the_gallery();
        self.read_items_of_the_last_page();
        assert_eq!(self.browser.console_problems(), [""; 0]);
    }
}

#[test]
fn a_reader_walks_through_a_catalog_without_javascript() {
    ReaderWalk::begin(false, false).take_every_step();
}

#[test]
fn a_reader_walks_through_a_catalog_on_a_desktop() {
    ReaderWalk::begin(false, true).take_every_step();
}

#[test]
fn a_reader_walks_through_a_catalog_on_a_phone() {
    ReaderWalk::begin(true, true).take_every_step();
}

#[test]
fn a_reader_walks_through_a_catalog_on_a_phone_without_javascript() {
    ReaderWalk::begin(true, false).take_every_step();
}
