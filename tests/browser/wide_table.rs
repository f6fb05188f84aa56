//! The table of a catalog with many columns and long texts.

use serde_json::json;

use super::public_pages::open_server_with;
use super::record_shelf::RecordShelf;
use crate::support::browser::Browser;

/// Eight rows with long keys.
fn write_long_keys() -> String {
    let row = |number: usize| format!("a-band-with-a-long-name-and-its-record-{number},Record {number},Soul\n");
    "id,title,genre\n".to_owned() + &(1..9).map(row).collect::<String>()
}

#[test]
fn head_and_names_of_a_wide_table_stay_in_sight_while_it_scrolls_in_its_box() {
    let shelf = RecordShelf::open("");
    let browser = Browser::open();
    browser.open_page(&shelf.server.url("/catalog/albums"));
    let moved = browser.run_script(
        "const box = document.querySelector('.table-scroll'); box.scrollTo(600, 700); \
         const edge = box.getBoundingClientRect(); const near = (a, b) => Math.abs(a - b) < 1; \
         const heads = [...box.querySelectorAll('th')].every(th => near(th.getBoundingClientRect().top, edge.top)); \
         const names = [...box.querySelectorAll('.cell-lead')].every(td => near(td.getBoundingClientRect().left, edge.left)); \
         return [box.scrollLeft > 300, box.scrollTop > 300, heads, names, \
           document.documentElement.scrollWidth <= innerWidth]",
    );
    assert_eq!(moved, json!([true, true, true, true, true]), "scrolled, heads and names in sight, page in its width");
    assert_eq!(browser.console_problems(), [""; 0]);
}

#[test]
fn long_texts_take_at_most_three_lines_and_short_ones_stay_on_one() {
    let shelf = RecordShelf::open("");
    let browser = Browser::open();
    browser.open_page(&shelf.server.url("/catalog/albums"));
    let measured = browser.run_script(
        "const rem = parseFloat(getComputedStyle(document.documentElement).fontSize); \
         const texts = [...document.querySelectorAll('td .cell-long')]; \
         const narrow = texts.filter(text => text.offsetWidth < 12 * rem).map(text => text.textContent.slice(0, 60)); \
         const tall = [...document.querySelectorAll('tbody tr')].filter(row => row.offsetHeight > 6 * rem).length; \
         const artist = document.querySelector('td[data-label=artist]'); \
         return [texts.length > 20, narrow, tall, artist.offsetHeight > 0]",
    );
    assert_eq!(measured, json!([true, [], 0, true]), "narrow texts, tall rows");
}

#[test]
fn long_keys_stay_in_their_column_and_the_search_field_has_the_width_of_its_line() {
    let (_setup, server) = open_server_with(&write_long_keys(), "");
    let browser = Browser::open();
    browser.open_page(&server.url("/catalog/albums"));
    let measured = browser.run_script(
        "const cells = [...document.querySelectorAll('tbody td')]; const edge = element => element.getBoundingClientRect(); \
         const inner = cell => [...cell.children].every(part => edge(part).right <= edge(cell).right + 1); \
         const field = document.querySelector('#search input[type=search]').offsetWidth; \
         const button = document.querySelector('#search button').offsetWidth; \
         return [cells.length, cells.every(inner), cells.every(cell => cell.offsetHeight < 60), field > 4 * button]",
    );
    assert_eq!(measured, json!([24, true, true, true]), "texts in their cells, low rows, a small button");
}

#[test]
fn a_hit_at_the_end_of_a_long_key_is_in_sight() {
    let (_setup, server) = open_server_with(&write_long_keys(), "");
    let browser = Browser::open();
    for narrow in [false, true] {
        browser.set_narrow(narrow);
        browser.open_page(&server.url("/catalog/albums?q=record-7"));
        let measured = browser.run_script(
            "const mark = document.querySelector('.cell-key mark'); const cell = mark.closest('td').getBoundingClientRect(); \
             const seen = box => box.left >= cell.left && box.right <= cell.right + 1 && box.bottom <= cell.bottom + 1; \
             return [mark.textContent, [...mark.getClientRects()].every(seen)]",
        );
        assert_eq!(measured, json!(["record-7", true]), "{narrow}");
    }
}
