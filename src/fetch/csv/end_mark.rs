//! Removes Ctrl-Z characters from the end of a file. DOS programs mark the end of a text with this character, and some
//! fill the last block with it.

use std::io::{self, Read};

use crate::domain::issue::Issue;
use crate::fetch::http::body_file::{BodyFile, disk_error};
use crate::fetch::{FetchError, FetchObserver};

const END_MARK: u8 = 0x1A;

/// The most bytes of marks that are removed. Blocks of CP/M have 128 characters, those of XMODEM-1K 1024, and some
/// programs write larger ones.
const MAX_MARK_BYTES: u64 = 64 * 1024;

/// Removes the marks from `content`, and reports an issue if there were any.
///
/// # Errors
/// `disk` when the temporary file cannot be read or truncated.
pub(super) fn remove_end_marks(content: &mut BodyFile, observer: &dyn FetchObserver) -> Result<(), FetchError> {
    let marks = count_mark_bytes(content).map_err(|error| disk_error(&error))?;
    if marks == 0 {
        return Ok(());
    }
    content.truncate_end(marks).map_err(|error| disk_error(&error))?;
    let reason = "The file ends with Ctrl-Z, the end-of-file mark of DOS; it was ignored.";
    observer.report_issue(Issue::noted(None, None, reason.to_owned()));
    Ok(())
}

/// How many bytes at the end of `content` are marks.
fn count_mark_bytes(content: &BodyFile) -> io::Result<u64> {
    let (mut start, mut end) = (Vec::new(), Vec::new());
    content.reader(0).take(2).read_to_end(&mut start)?;
    content.reader(content.bytes.saturating_sub(MAX_MARK_BYTES)).read_to_end(&mut end)?;
    // In UTF-16 the mark has two bytes.
    let mark: &[u8] = match (&start[..], &end[..]) {
        ([0xFF, 0xFE], _) | (_, [.., END_MARK, 0]) => &[END_MARK, 0],
        ([0xFE, 0xFF], _) | (_, [.., 0, END_MARK]) => &[0, END_MARK],
        _ => &[END_MARK],
    };
    let marks = end.rchunks_exact(mark.len()).take_while(|bytes| *bytes == mark).count();
    Ok((marks * mark.len()) as u64)
}
