//! From bytes to text: which encoding a file is in, found in one pass over it, or two when it has to be guessed.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::fetch::http::spool::disk;
use crate::fetch::{FetchError, Watch};

/// How much is looked at before the watch is asked again.
const PIECE: usize = 64 * 1024;

/// How a file is to be read as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct Writing {
    pub(in crate::fetch) encoding: &'static Encoding,
    /// Length of the byte order mark, which is not text.
    pub(in crate::fetch) mark: u64,
    /// Whether U+FFFD in the decoded text can stand for bytes that could not be decoded.
    pub(in crate::fetch) lossy: bool,
    /// How many lines it has; the last one counts without a line break, too.
    pub(in crate::fetch) lines: u64,
}

/// Finds out how the file that `open` opens is written. `declared` is what the server called its charset.
///
/// # Errors
/// When the file cannot be read, or `watch` says stop.
pub(in crate::fetch) fn examine<R: Read>(
    open: impl Fn() -> R,
    declared: Option<&str>,
    watch: &dyn Watch,
) -> Result<Writing, FetchError> {
    let mut survey = Survey::default();
    each_piece(open(), watch, |piece, last| survey.look(piece, last))?;
    let declared = declared.and_then(|label| Encoding::for_label(label.as_bytes())).filter(|e| *e != REPLACEMENT);
    let (encoding, mark) = if let Some((encoding, mark)) = Encoding::for_bom(&survey.start) {
        (encoding, mark as u64)
    } else if let Some(encoding) = declared.filter(|e| !survey.contradicts(e)) {
        (encoding, 0)
    } else if let Some(encoding) = survey.wide() {
        (encoding, 0)
    } else if survey.is_utf_8() {
        (UTF_8, 0)
    } else {
        (guess(open(), watch)?, 0)
    };
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    let lines = if wide { survey.lines_wide } else { survey.lines };
    Ok(Writing { encoding, mark, lossy: encoding != UTF_8 || survey.broken > 0, lines: lines.count() })
}

fn guess(reader: impl Read, watch: &dyn Watch) -> Result<&'static Encoding, FetchError> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    each_piece(reader, watch, |piece, last| {
        detector.feed(piece, last);
    })?;
    Ok(detector.guess(None, Utf8Detection::Deny))
}

fn each_piece(mut reader: impl Read, watch: &dyn Watch, mut look: impl FnMut(&[u8], bool)) -> Result<(), FetchError> {
    let mut buffer = vec![0; PIECE];
    loop {
        if watch.should_stop() {
            return Err(FetchError::Stopped);
        }
        match reader.read(&mut buffer) {
            Ok(0) => {
                look(&[], true);
                return Ok(());
            }
            Ok(count) => look(&buffer[..count], false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(disk(&error)),
        }
    }
}

/// What one pass over the bytes tells.
#[derive(Default)]
struct Survey {
    start: Vec<u8>,
    /// The bytes of a character that is cut in two by the end of a piece.
    rest: Vec<u8>,
    /// Characters of more than one byte that are right UTF-8.
    whole: u64,
    /// Places that are not UTF-8.
    broken: u64,
    lines: Lines,
    lines_wide: Lines,
}

impl Survey {
    fn look(&mut self, piece: &[u8], last: bool) {
        let room = 4096 - self.start.len();
        self.start.extend_from_slice(&piece[..piece.len().min(room)]);
        let wide = self.start.contains(&0);
        for &byte in piece {
            self.lines.look(byte, false);
            if wide {
                self.lines_wide.look(byte, true);
            }
        }
        self.utf_8(piece, last);
    }

    fn utf_8(&mut self, piece: &[u8], last: bool) {
        let mut joined = std::mem::take(&mut self.rest);
        let bytes = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            &joined
        };
        let mut done = 0;
        for chunk in bytes.utf8_chunks() {
            let valid = chunk.valid();
            // Every character of more than one byte begins with a byte of 0xC0 or more.
            self.whole += valid.bytes().filter(|b| *b >= 0xC0).count() as u64;
            done += valid.len() + chunk.invalid().len();
            if chunk.invalid().is_empty() {
                continue;
            }
            let cut = done == bytes.len() && chunk.invalid().len() < 4 && !last;
            if cut && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none()) {
                self.rest = chunk.invalid().to_vec();
            } else {
                self.broken += 1;
            }
        }
    }

    /// UTF-8 with at most a few broken places: any other reading would spoil all the right ones.
    fn is_utf_8(&self) -> bool {
        self.broken == 0 || self.whole / 10 > self.broken
    }

    /// UTF-16 without a mark: in most text every other byte is zero.
    fn wide(&self) -> Option<&'static Encoding> {
        let pairs = self.start.len() / 2;
        let zeros = |offset| self.start.chunks_exact(2).filter(|pair| pair[offset] == 0).count();
        let (first, second) = (zeros(0), zeros(1));
        let mostly = |many: usize, few: usize| pairs >= 2 && many * 10 >= pairs * 7 && few * 10 <= pairs;
        if mostly(second, first) {
            Some(UTF_16LE)
        } else if mostly(first, second) {
            Some(UTF_16BE)
        } else {
            None
        }
    }

    /// A declared encoding that cannot be: pairs of bytes for text of single ones or the reverse, UTF-8 for what is
    /// not, one of single bytes for what is right UTF-8 with more than ASCII in it. Others are believed: most bytes
    /// could be any of them.
    fn contradicts(&self, declared: &'static Encoding) -> bool {
        let wide = declared == UTF_16LE || declared == UTF_16BE;
        if wide {
            self.wide().is_none() && self.broken == 0
        } else if declared == UTF_8 {
            self.wide().is_some() || !self.is_utf_8()
        } else {
            self.wide().is_some() || declared.is_single_byte() && self.broken == 0 && self.whole > 0
        }
    }
}

/// Counts lines: each ends with a line feed, a carriage return, or both.
#[derive(Clone, Copy, Default)]
struct Lines {
    breaks: u64,
    before: u8,
    open: bool,
}

impl Lines {
    fn look(&mut self, byte: u8, skip_zeros: bool) {
        if skip_zeros && byte == 0 {
            return;
        }
        match byte {
            b'\n' if self.before == b'\r' => {}
            b'\n' | b'\r' => {
                self.breaks += 1;
                self.open = false;
            }
            _ => self.open = true,
        }
        self.before = byte;
    }

    fn count(self) -> u64 {
        self.breaks + u64::from(self.open)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::{DateTime, Utc};
    use encoding_rs::{GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::super::decoding::Decoding;
    use super::{Writing, examine};
    use crate::fetch::{FetchError, Watch};

    /// Says stop when it was asked so many times.
    struct Asked(AtomicU32);

    impl Watch for Asked {
        fn received(&self, _: u64, _: Option<u64>) {}
        fn waiting(&self, _: &str, _: DateTime<Utc>) {}
        fn should_stop(&self) -> bool {
            self.0.fetch_sub(1, Ordering::Relaxed) == 0
        }
    }

    fn written(bytes: &[u8], declared: Option<&str>) -> (Writing, String) {
        let writing = examine(|| bytes, declared, &Asked(u32::MAX.into())).expect("memory");
        let mut text = String::new();
        Decoding::new(&bytes[usize::try_from(writing.mark).expect("small")..], writing.encoding)
            .read_to_string(&mut text)
            .expect("UTF-8");
        (writing, text)
    }

    #[test]
    fn whoever_watches_is_asked_at_every_piece_of_every_pass() {
        let bytes = b"Bj\xF6rk\n".repeat(50_000);
        for asked in 0..10 {
            let ended = examine(|| &bytes[..], None, &Asked(asked.into()));
            assert!(matches!(ended, Err(FetchError::Stopped)), "at the {asked}th time");
        }
    }

    #[test]
    fn a_byte_order_mark_beats_what_was_declared() {
        let (writing, text) = written("\u{FEFF}id\nä".as_bytes(), Some("iso-8859-1"));
        assert_eq!((writing.encoding, text.as_str()), (UTF_8, "id\nä"));
        let (writing, text) = written(b"\xFF\xFEi\0d\0\n\0\xE4\0", Some("utf-8"));
        assert_eq!((writing.encoding, text.as_str(), writing.lines), (UTF_16LE, "id\nä", 2));
        let (writing, text) = written(b"\xFE\xFF\0i\0d", None);
        assert_eq!((writing.encoding, text.as_str()), (UTF_16BE, "id"));
    }

    #[test]
    fn a_declared_charset_beats_a_guess() {
        let (writing, text) = written(b"caf\xE9", Some("ISO-8859-1"));
        assert_eq!((writing.encoding, text.as_str()), (WINDOWS_1252, "café"));
        let (writing, text) = written(b"\xB4\xBA\xBD\xDA", Some("gb2312"));
        assert_eq!((writing.encoding, text.as_str()), (GBK, "春节"));
    }

    #[test]
    fn a_declared_charset_is_not_believed_against_the_bytes() {
        let (writing, text) = written(b"id;name\n1;Bj\xF6rk\n", Some("utf-8"));
        assert_eq!((writing.encoding, text.as_str()), (WINDOWS_1252, "id;name\n1;Björk\n"));
        for declared in ["iso-8859-1", "windows-1251", "us-ascii"] {
            let (writing, text) = written("id;name\n1;Björk\n".as_bytes(), Some(declared));
            assert_eq!((writing.encoding, text.as_str()), (UTF_8, "id;name\n1;Björk\n"), "{declared}");
        }
        // Of a few broken places in much that is right, the declared encoding is right, too.
        let (writing, text) = written(&["ä".repeat(50).as_bytes(), b"\xFF"].concat(), Some("utf-8"));
        assert!(writing.encoding == UTF_8 && writing.lossy && text.ends_with("ä\u{FFFD}"));
        // These two bytes are right UTF-8 as well.
        assert_eq!(written(b"\xC4\xA3", Some("gb2312")).1, "模");
        assert_eq!(written(b"\xC2\xBB", Some("shift_jis")).1, "ﾂｻ");
    }

    #[test]
    fn valid_utf_8_beats_guesses_and_a_few_broken_bytes_do_not_spoil_it() {
        assert_eq!(
            written("título".as_bytes(), None),
            (Writing { encoding: UTF_8, mark: 0, lossy: false, lines: 1 }, "título".to_owned())
        );
        let mut bytes = "ä".repeat(40_000).into_bytes();
        bytes.push(0xFF);
        let (writing, text) = written(&bytes, None);
        assert!(writing.encoding == UTF_8 && writing.lossy && text.ends_with("ä\u{FFFD}"));
    }

    #[test]
    fn wide_text_is_known_without_a_mark() {
        let wide: Vec<u8> = "id,title\n1,Blå\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (writing, text) = written(&wide, None);
        assert_eq!((writing.encoding, text.as_str(), writing.lines), (UTF_16LE, "id,title\n1,Blå\n", 2));
    }

    #[test]
    fn what_is_nothing_else_is_the_old_western_encoding() {
        let (writing, text) = written(b"Artist;Titel\nBj\xF6rk;D\xE9but\n", None);
        assert_eq!((writing.encoding, text.as_str()), (WINDOWS_1252, "Artist;Titel\nBjörk;Début\n"));
    }
}
