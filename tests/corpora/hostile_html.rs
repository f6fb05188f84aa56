//! HTML that is made to exhaust the sanitizer: its time stays in proportion to the size of the HTML.

use std::time::Duration;

use lockstep::domain::text::html::sanitize_html;

use crate::support::load_clock::measure_load_time;

/// Asserts that `html` is sanitized within `limit`, and returns what is left of it.
fn sanitize_within(html: &str, limit: Duration) -> String {
    let (safe, elapsed) = measure_load_time(|| sanitize_html(html, None));
    assert!(elapsed < limit, "{html:.30}: {elapsed:?}");
    safe
}

#[test]
fn a_piece_of_markup_that_is_repeated_takes_time_in_proportion_to_its_size() {
    let pieces =
        ["<", "<!", "<!--", "<!-- -", "--!", "<a ", "</", "<style>", "<script></", "<a b=\"", "<?", "<x/", "<rt>"];
    for piece in pieces {
        sanitize_within(&piece.repeat(400_000), Duration::from_secs(5));
    }
}

#[test]
fn elements_that_only_seem_to_be_closed_are_not_nested_without_end() {
    let unclosed = ["<rt>x", "<optgroup>x", "<span><div></span></div>x", "<svg><td>x", "<b><table><td></b></table>x"];
    let misplaced = ["<br>x", "</p>x", "<dd>x"];
    let unclosed = unclosed.map(|piece| piece.repeat(20_000));
    let misplaced = misplaced.map(|piece| format!("<table>{}", piece.repeat(20_000)));
    for html in unclosed.iter().chain(&misplaced) {
        assert!(!sanitize_within(html, Duration::from_secs(4)).is_empty());
    }
}
