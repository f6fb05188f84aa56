//! Chooses the encoding of a table and counts its lines. This takes one pass over the file, or two if the encoding is
//! guessed.

use std::io::{self, Read};

use crate::domain::text::encoding_choice::{EncodingChoice, EncodingSurvey, detected_legacy, legacy_detector};
use crate::fetch::http::body_file::disk_error;
use crate::fetch::{FetchError, FetchObserver};

/// How many bytes are read between two checks for a cancel.
const CHUNK_BYTES: usize = 64 * 1024;

/// The result of surveying a file: how to read it as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TextSurvey {
    /// The encoding, and why it was chosen.
    pub(super) choice: EncodingChoice,
    /// Whether U+FFFD in the decoded text may replace bytes that could not be decoded.
    pub(super) is_lossy: bool,
    /// Whether text of a single-byte encoding may hold cells that are written in UTF-8.
    pub(super) may_hold_utf_8: bool,
    /// How many lines the file has. A last line without a line break counts, too.
    pub(super) lines: u64,
}

/// Surveys the file that `open` opens. `set` is the encoding that is set for the source, `declared` the charset that
/// the server declared.
///
/// # Errors
/// `disk` when the temporary file cannot be read, [`FetchError::Stopped`] after a cancel.
pub(super) fn survey_text<R: Read>(
    open: impl Fn() -> R,
    set: Option<&str>,
    declared: Option<&str>,
    observer: &dyn FetchObserver,
) -> Result<TextSurvey, FetchError> {
    let mut survey = EncodingSurvey::default();
    let (mut lines, mut lines_utf_16) = (LineCounter::default(), LineCounter::default());
    let mut may_be_utf_16 = false;
    for_each_chunk(open(), observer, |chunk, is_last| {
        survey.add_chunk(chunk, is_last);
        // Text in a single-byte encoding has no zero bytes, or few.
        may_be_utf_16 |= chunk.contains(&0);
        for &byte in chunk {
            lines.add(byte, false);
            if may_be_utf_16 {
                lines_utf_16.add(byte, true);
            }
        }
    })?;
    let declared: Vec<&str> = declared.into_iter().collect();
    let choice = survey.choose_encoding(set, &declared, || {
        let mut detector = legacy_detector();
        for_each_chunk(open(), observer, |chunk, is_last| {
            detector.feed(chunk, is_last);
        })?;
        Ok(detected_legacy(&detector))
    })?;
    let encoding = choice.encoding;
    let is_utf_8 = encoding == encoding_rs::UTF_8;
    let is_utf_16 = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    Ok(TextSurvey {
        is_lossy: !is_utf_8 || survey.has_invalid(),
        may_hold_utf_8: encoding.is_single_byte() && survey.has_sequences(),
        lines: if is_utf_16 { lines_utf_16 } else { lines }.line_count(),
        choice,
    })
}

fn for_each_chunk(
    mut reader: impl Read,
    observer: &dyn FetchObserver,
    mut take_chunk: impl FnMut(&[u8], bool),
) -> Result<(), FetchError> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        if observer.should_stop() {
            return Err(FetchError::Stopped);
        }
        match reader.read(&mut buffer) {
            Ok(0) => {
                take_chunk(&[], true);
                return Ok(());
            }
            Ok(count) => take_chunk(&buffer[..count], false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(disk_error(&error)),
        }
    }
}

/// Counts lines: each ends with a line feed, a carriage return, or both.
#[derive(Clone, Copy, Default)]
struct LineCounter {
    breaks: u64,
    previous: u8,
    has_open_line: bool,
}

impl LineCounter {
    fn add(&mut self, byte: u8, skip_zeros: bool) {
        if skip_zeros && byte == 0 {
            return;
        }
        match byte {
            b'\n' if self.previous == b'\r' => {}
            b'\n' | b'\r' => {
                self.breaks += 1;
                self.has_open_line = false;
            }
            _ => self.has_open_line = true,
        }
        self.previous = byte;
    }

    fn line_count(self) -> u64 {
        self.breaks + u64::from(self.has_open_line)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::{DateTime, Utc};

    use super::{TextSurvey, survey_text};
    use crate::fetch::{FetchError, FetchObserver};

    /// Stops after this many calls.
    struct StopAfter(AtomicU32);

    impl FetchObserver for StopAfter {
        fn report_received(&self, _: u64, _: Option<u64>) {}
        fn report_wait(&self, _: &str, _: DateTime<Utc>) {}
        fn should_stop(&self) -> bool {
            self.0.fetch_sub(1, Ordering::Relaxed) == 0
        }
    }

    fn survey(bytes: &[u8]) -> TextSurvey {
        survey_text(|| bytes, None, None, &StopAfter(u32::MAX.into())).expect("memory")
    }

    #[test]
    fn the_observer_is_asked_at_every_piece_of_every_pass() {
        let bytes = b"Bj\xF6rk\n".repeat(50_000);
        for asked in 0..10 {
            let ended = survey_text(|| &bytes[..], None, None, &StopAfter(asked.into()));
            assert!(matches!(ended, Err(FetchError::Stopped)), "at the {asked}th time");
        }
    }

    #[test]
    fn lines_are_counted_in_every_encoding() {
        assert_eq!(survey("título".as_bytes()).lines, 1);
        assert_eq!(survey(b"a\r\nb\rc\n\n").lines, 4);
        let utf_16: Vec<u8> = "id,title\n1,Blå\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(survey(&utf_16).lines, 2);
    }

    #[test]
    fn invalid_bytes_and_stray_utf_8_are_detected() {
        let clean = survey("título".as_bytes());
        assert!(!clean.is_lossy && !clean.may_hold_utf_8);
        assert!(survey(&[&"ä".repeat(40_000).into_bytes()[..], b"\xFF"].concat()).is_lossy);
        assert!(survey(b"\xE9,\xE9,\xE9,\xC3\xA9\n").may_hold_utf_8);
        assert!(!survey(b"\xE9,\xE9,\xE9\n").may_hold_utf_8);
    }
}
