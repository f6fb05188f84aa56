//! One check for each parser that reads bytes from outside. Besides not panicking, each asserts what must hold whatever
//! the bytes are. The fuzz targets (`fuzz/`) and the tests of their seeds call the same checks.

mod answers;
mod feeds;
mod lists;
mod tables;

/// A check of one parser: its name, which is also the folder of its seeds, and the check, which returns whether the
/// parser has accepted the bytes.
pub(crate) type ParserCheck = (&'static str, fn(&[u8]) -> bool);

/// All checks.
pub(crate) const PARSER_CHECKS: [ParserCheck; 10] = [
    ("cookie", answers::check_cookie),
    ("csv", tables::check_csv),
    ("feed", feeds::check_feed),
    ("list_query", lists::check_list_query),
    ("opml", feeds::check_opml),
    ("reader_answer", answers::check_reader_answer),
    ("sheet_link", lists::check_sheet_link),
    ("status_file", answers::check_status_file),
    ("sync_id", lists::check_sync_id),
    ("workbook", tables::check_workbook),
];

/// Runs the check of this name. Returns whether the parser has accepted the bytes.
///
/// # Panics
/// When there is no such check, or when it fails.
pub(crate) fn check_parser(name: &str, bytes: &[u8]) -> bool {
    let (_, check) = PARSER_CHECKS.iter().find(|(known, _)| *known == name).expect("a check of this name");
    check(bytes)
}
