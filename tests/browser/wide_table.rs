//! The table of a catalog with many columns and long texts.

use serde_json::json;

use super::record_shelf::RecordShelf;
use crate::support::browser::Browser;

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
