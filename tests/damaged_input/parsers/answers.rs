//! Answers of servers, and what other programs may have changed: articles of readers, cookies, status files.

use actix_web::http::header::{COOKIE, HeaderValue};
use actix_web::test::TestRequest;
use lockstep::domain::status_report::StatusReport;
use lockstep::fetch::parser_access::{answer_with_cookies, read_reader_articles, read_reader_ids};
use lockstep::status::{FileStatus, StatusStore};

/// The most bytes of a header with cookies: 16 kB of names and values, and what joins fifty of them.
const MAX_COOKIE_HEADER_BYTES: usize = 16 * 1024 + 50 * 3;

/// The columns of an article.
const ARTICLE_COLUMNS: usize = 13;

/// The lines are what a host sets, and what a browser sends.
pub(super) fn check_cookie(bytes: &[u8]) -> bool {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let sent = answer_with_cookies("https://h.example/a/b", &lines);
    if let Some(sent) = &sent {
        assert!(sent.len() <= MAX_COOKIE_HEADER_BYTES, "{} bytes", sent.len());
        assert!(!sent.contains(['\r', '\n', '\0']), "{sent:?}");
    }
    for line in lines {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        let request = TestRequest::default().insert_header((COOKIE, value)).to_http_request();
        let names = request.cookies().map(|cookies| cookies.iter().map(|cookie| cookie.name().to_owned()).collect());
        for name in names.unwrap_or_else(|_| Vec::<String>::new()) {
            assert!(request.cookie(&name).is_some(), "{name:?} is not found");
        }
    }
    sent.is_some()
}

pub(super) fn check_reader_answer(bytes: &[u8]) -> bool {
    let (ids, articles) = (read_reader_ids(bytes), read_reader_articles(bytes));
    let is_accepted = !ids.is_empty() || !articles.is_empty();
    for id in ids {
        assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id:?}");
        let again = format!("{{\"itemRefs\":[{{\"id\":\"tag:google.com,2005:reader/item/{id}\"}}]}}");
        assert_eq!(read_reader_ids(again.as_bytes()), [id], "the long form");
    }
    for cells in articles {
        assert_eq!(cells.len(), ARTICLE_COLUMNS);
        assert!(!cells.iter().any(|cell| cell.contains('\0')), "{cells:?} has a NUL character");
        // The other columns are text.
        let [.., content, key] = &cells[..] else { panic!("no cells") };
        assert!(!content.to_ascii_lowercase().contains("<script"), "{content:?}");
        assert_eq!(key.len(), 16, "the key");
    }
    is_accepted
}

pub(super) fn check_status_file(bytes: &[u8]) -> bool {
    let Ok(report) = serde_json::from_slice::<StatusReport>(bytes) else { return false };
    // Times are written with fewer digits than they may be read with, so what is written is compared.
    let written = serde_json::to_vec(&report).expect("JSON");
    let report: StatusReport = serde_json::from_slice(&written).expect("what is written can be read");
    let again = serde_json::to_vec(&report).expect("JSON");
    assert_eq!(String::from_utf8(again), String::from_utf8(written));

    let folder = tempfile::tempdir().expect("a folder");
    let store = FileStatus::new(folder.path().to_owned());
    let id = report.summary.id;
    std::fs::write(folder.path().join(format!("sync-status-{id}.json")), bytes).expect("written");
    let found = store.get(id);
    assert!(found.is_ok_and(|found| found.is_some_and(|found| found.summary.id == id)) || bytes.len() > 60_000);
    true
}
