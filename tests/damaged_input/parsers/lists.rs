//! Texts of addresses: links to sheets, the parameters of lists, the ids of runs.

use lockstep::domain::rows::row::column_names;
use lockstep::domain::sheet_link::SheetLink;
use lockstep::domain::sync_id::SyncId;
use lockstep::web::normalize_list_query;
use url::Url;

pub(super) fn check_sheet_link(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(link) = text.parse::<SheetLink>() else { return false };
    let base = Url::parse("https://docs.google.com").expect("a URL");
    let export = base.join(&link.export_path()).expect("an address");
    assert!(export.host_str() == base.host_str() && export.path().starts_with("/spreadsheets/d/"), "{export}");
    let again: SheetLink = export.as_str().parse().unwrap_or_else(|error| panic!("{export}: {error}"));
    assert_eq!(again.export_path(), link.export_path(), "{text:?}");
    // The page shows the same sheet, at the same tab if its number is known.
    let page: SheetLink = link.page_link().parse().unwrap_or_else(|error| panic!("{}: {error}", link.page_link()));
    assert_eq!(page.page_link(), link.page_link(), "{text:?}");
    true
}

/// The first line names the columns, with commas between them; the rest is the query of an address.
pub(super) fn check_list_query(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (names, query) = text.split_once('\n').unwrap_or(("title,year,read,starred", text));
    let columns = column_names(&names.split(',').collect::<Vec<_>>());
    let once = normalize_list_query(query, &columns);
    assert!(!once.contains(['\r', '\n', ' ', '"', '<']), "{once:?}");
    assert_eq!(normalize_list_query(once.trim_start_matches('?'), &columns), once, "{query:?}");
    !once.is_empty()
}

pub(super) fn check_sync_id(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(id) = text.parse::<SyncId>() else { return false };
    assert_eq!(id.to_string(), text, "an id has one spelling");
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{text:?}");
    true
}
