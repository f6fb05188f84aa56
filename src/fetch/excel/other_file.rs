//! Explains the type of a file that is not a workbook.

use std::io::Read;

use super::read_request::ReadRequest;
use super::workbook_errors::corrupt_workbook;
use crate::fetch::FetchError;
use crate::fetch::file_signature::{detect_file_type, refusal};
use crate::fetch::http::body_file::{BodyFile, disk_error};

/// The expected type of file, for messages.
const EXPECTED_FILE: &str = "an Excel or OpenDocument workbook";

fn begins_like_xml(content: &BodyFile) -> bool {
    let mut start = Vec::new();
    let read = content.reader(0).take(100).read_to_end(&mut start);
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&start);
    read.is_ok() && start.trim_ascii_start().first() == Some(&b'<')
}

/// The error for a file that is not a workbook, with what it is instead.
pub(super) fn explain_other_file(request: &ReadRequest<'_>) -> FetchError {
    match detect_file_type(request.content) {
        Err(error) => disk_error(&error),
        Ok(Some(signature)) if signature.is_workbook() => corrupt_workbook(),
        Ok(Some(signature)) => refusal(signature, "not_excel", EXPECTED_FILE),
        Ok(None) if begins_like_xml(request.content) => FetchError::failed(
            "not_excel",
            format!(
                "This is an XML document, not {EXPECTED_FILE}. If it is a table, open it in Excel or LibreOffice, save it as \
                 .xlsx, and use that file."
            ),
        ),
        Ok(None) => FetchError::failed(
            "not_excel",
            format!("This is text, not {EXPECTED_FILE}. If it is a table, choose the type CSV (--kind csv)."),
        ),
    }
}
