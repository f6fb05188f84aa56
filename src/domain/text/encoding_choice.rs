//! Chooses the text encoding of a whole file, for tables and feeds alike.
//!
//! A byte order mark is believed first, then the encoding set for the source, then what the server or the file declares
//! unless the bytes contradict it, then the bytes themselves. All bytes are weighed before one is decoded, so that one
//! wrong byte cannot change how every other letter is read.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::shortening::shorten;
use crate::domain::text::encoding::encoding_name;

/// How many bytes of the beginning are kept, for byte order marks and the pattern of UTF-16.
const START_BYTES: usize = 4096;

/// From how many letters that are not ASCII on a guess is worth something.
const FEW_LETTERS: u64 = 3;

/// Why an encoding was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EncodingBasis {
    /// The file begins with a byte order mark.
    ByteOrderMark,
    /// An admin set it for the source.
    Setting,
    /// The server or the file itself declares it, and the bytes do not contradict.
    Declaration,
    /// The bytes can hardly be anything else: valid UTF-8, or the zeros of UTF-16.
    Bytes,
    /// Most of what is not ASCII is valid UTF-8; the rest is replaced.
    MostlyUtf8,
    /// Lines end with carriage returns alone, as files of the classic Mac OS do.
    MacLineEnds,
    /// Letter frequencies.
    Guess,
}

/// The encoding that a file is read in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodingChoice {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// How many bytes the byte order mark at the beginning has; it is not text.
    pub mark_bytes: usize,
    /// Why it was chosen.
    pub basis: EncodingBasis,
    /// The declared encoding that the bytes contradict, as it was written.
    pub contradicted: Option<String>,
}

impl EncodingChoice {
    /// A message for people about a doubtful choice: why it is doubtful and what to do. `None` if there is no doubt.
    pub fn describe_doubt(&self) -> Option<String> {
        let name = self.encoding.name();
        let why: Cow<'_, str> = match (&self.contradicted, self.basis) {
            (Some(declared), _) if encoding_named(declared).is_none() => {
                format!("The declared text encoding “{declared}” is unknown").into()
            }
            (Some(declared), _) => format!("The declared text encoding “{declared}” does not match the content").into(),
            (None, EncodingBasis::Guess) => "No text encoding is declared".into(),
            (None, EncodingBasis::MacLineEnds) => "The line ends are those of the classic Mac OS".into(),
            (None, _) => return None,
        };
        Some(format!(
            "{why}, so the text was read as {name}. If characters look wrong, set the encoding in the source settings."
        ))
    }
}

/// What one pass over the bytes of a file finds out about its encoding.
#[derive(Default, Debug)]
pub struct EncodingSurvey {
    start: Vec<u8>,
    /// The bytes of a character that is cut in two by the end of a piece.
    rest: Vec<u8>,
    /// Characters of more than one byte that are valid UTF-8.
    sequences: u64,
    /// Bytes that are not UTF-8, the runs in which they stand, and the longest of these.
    invalid_bytes: u64,
    invalid_runs: u64,
    longest_run: u64,
    run: u64,
    has_line_feed: bool,
    has_carriage_return: bool,
}

impl EncodingSurvey {
    /// The survey of a file that is in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut survey = Self::default();
        survey.add(bytes, true);
        survey
    }

    /// Adds the next piece of the file; `is_last` with the end of it.
    pub fn add(&mut self, piece: &[u8], is_last: bool) {
        let free_space = START_BYTES - self.start.len();
        self.start.extend_from_slice(&piece[..piece.len().min(free_space)]);
        self.has_line_feed |= piece.contains(&b'\n');
        self.has_carriage_return |= piece.contains(&b'\r');
        self.add_utf_8(piece, is_last);
    }

    fn add_utf_8(&mut self, piece: &[u8], is_last: bool) {
        let mut joined = std::mem::take(&mut self.rest);
        let bytes = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            &joined
        };
        let mut done = 0;
        for chunk in bytes.utf8_chunks() {
            let (valid, invalid) = (chunk.valid(), chunk.invalid());
            // Every character of more than one byte begins with a byte of 0xC0 or more.
            self.sequences += valid.bytes().filter(|byte| *byte >= 0xC0).count() as u64;
            if !valid.is_empty() {
                self.run = 0;
            }
            done += valid.len() + invalid.len();
            if invalid.is_empty() {
                continue;
            }
            let is_cut = done == bytes.len() && !is_last;
            if is_cut && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none()) {
                self.rest = invalid.to_vec();
                continue;
            }
            self.invalid_runs += u64::from(self.run == 0);
            self.run += invalid.len() as u64;
            self.invalid_bytes += invalid.len() as u64;
            self.longest_run = self.longest_run.max(self.run);
        }
    }

    /// Whether some bytes are not valid UTF-8.
    pub const fn has_invalid(&self) -> bool {
        self.invalid_runs > 0
    }

    /// Whether there are valid UTF-8 characters of more than one byte.
    pub const fn has_sequences(&self) -> bool {
        self.sequences > 0
    }

    /// The encoding `set` for a source of several files, unless the bytes of this one contradict it. Bytes that are not
    /// UTF-8 do not contradict UTF-8: they are replaced.
    pub fn fitting<'a>(&self, set: Option<&'a str>) -> Option<&'a str> {
        set.filter(|label| {
            encoding_named(label).is_some_and(|encoding| encoding == UTF_8 || !self.contradicts(encoding))
        })
    }

    /// Chooses the encoding. `set` is the source's setting, `declared` what server and file call it, the most trusted
    /// first, and `guess` detects a legacy encoding from all bytes where nothing else decides.
    ///
    /// # Errors
    /// Whatever `guess` fails with.
    pub fn choose<E>(
        &self,
        set: Option<&str>,
        declared: &[&str],
        guess: impl FnOnce() -> Result<&'static Encoding, E>,
    ) -> Result<EncodingChoice, E> {
        let choice = |encoding, basis| EncodingChoice { encoding, mark_bytes: 0, basis, contradicted: None };
        if let Some((encoding, mark_bytes)) = Encoding::for_bom(&self.start) {
            return Ok(EncodingChoice { mark_bytes, ..choice(encoding, EncodingBasis::ByteOrderMark) });
        }
        if let Some(encoding) = set.and_then(encoding_named) {
            return Ok(choice(encoding, EncodingBasis::Setting));
        }
        let mut contradicted = None;
        for label in declared {
            match encoding_named(label) {
                Some(encoding) if !self.contradicts(encoding) => {
                    return Ok(choice(self.byte_order(encoding), EncodingBasis::Declaration));
                }
                _ => {
                    contradicted.get_or_insert(*label);
                }
            }
        }
        let (encoding, basis) = if let Some(encoding) = self.utf_16() {
            (encoding, EncodingBasis::Bytes)
        } else if !self.has_invalid() {
            (UTF_8, EncodingBasis::Bytes)
        } else if self.is_mostly_utf_8() {
            (UTF_8, EncodingBasis::MostlyUtf8)
        } else if self.has_carriage_return && !self.has_line_feed {
            (MACINTOSH, EncodingBasis::MacLineEnds)
        } else {
            let guessed = guess()?;
            // A few letters alone say nothing to the detector, and pairs of bytes leave no letter alone.
            let is_western = self.longest_run == 1 && (!guessed.is_single_byte() || self.invalid_bytes <= FEW_LETTERS);
            (if is_western { WINDOWS_1252 } else { guessed }, EncodingBasis::Guess)
        };
        // Plain ASCII is the same in what was declared and in what is chosen, and the zeros of UTF-16 leave no doubt.
        let is_plain = !self.has_invalid() && !self.has_sequences();
        let is_certain = |label: &&str| is_utf_16(encoding) || is_plain && encoding_named(label).is_some();
        let contradicted = contradicted.filter(|label| !is_certain(label)).map(shorten);
        Ok(EncodingChoice { contradicted, ..choice(encoding, basis) })
    }

    /// UTF-8 although some bytes are not: its valid sequences outnumber its invalid bytes, or these are so few that
    /// single characters must have been damaged.
    const fn is_mostly_utf_8(&self) -> bool {
        const MOST_DAMAGED: u64 = 2;
        const LONGEST_SEQUENCE: u64 = 4;
        let is_damaged = self.invalid_runs <= MOST_DAMAGED && self.longest_run <= LONGEST_SEQUENCE;
        self.sequences >= self.invalid_bytes || is_damaged && self.sequences >= self.invalid_runs
    }

    /// UTF-16 without a byte order mark, told by its zero bytes.
    fn utf_16(&self) -> Option<&'static Encoding> {
        // A tag at the very beginning says it outright, whatever letters follow.
        match self.start[..] {
            [b'<', 0, second, 0, ..] if second != 0 => return Some(UTF_16LE),
            [0, b'<', 0, second, ..] if second != 0 => return Some(UTF_16BE),
            _ => {}
        }
        let pairs = self.start.len() / 2;
        let zeros = |offset| self.start.chunks_exact(2).filter(|pair| pair[offset] == 0).count();
        let (first, second) = (zeros(0), zeros(1));
        // Latin text has a zero in nearly every pair.
        let is_latin = |many: usize, few: usize| pairs >= 2 && many * 10 >= pairs * 7 && few * 10 <= pairs;
        // In other scripts separators and line ends have one, and in other encodings they have none.
        let is_structural = |byte: u8| matches!(byte, b'\n' | b'\t' | b',' | b';' | b' ');
        let all = self.start.iter().filter(|byte| is_structural(**byte)).count();
        let paired = |value: usize, zero: usize| {
            let is_paired = |pair: &&[u8]| is_structural(pair[value]) && pair[zero] == 0;
            let count = self.start.chunks_exact(2).filter(is_paired).count();
            count >= 2 && count * 10 >= all * 6
        };
        if is_latin(second, first) || paired(0, 1) {
            Some(UTF_16LE)
        } else if is_latin(first, second) || paired(1, 0) {
            Some(UTF_16BE)
        } else {
            None
        }
    }

    /// Whether the bytes cannot be of this declared encoding: pairs of bytes for text of single ones or the reverse,
    /// UTF-8 for what is not, a single-byte encoding for what is UTF-8 with more than ASCII in it. Others are believed
    /// unless all is valid UTF-8: their text hardly ever is.
    fn contradicts(&self, declared: &'static Encoding) -> bool {
        let utf_16 = self.utf_16();
        if is_utf_16(declared) {
            utf_16.is_none() && !self.has_invalid()
        } else if declared == UTF_8 {
            utf_16.is_some() || !self.is_mostly_utf_8()
        } else {
            let is_utf_8 = self.sequences > 0 && self.is_mostly_utf_8();
            utf_16.is_some() || is_utf_8 && (declared.is_single_byte() || !self.has_invalid())
        }
    }

    /// UTF-16 is often declared with the wrong byte order; the bytes know it.
    fn byte_order(&self, declared: &'static Encoding) -> &'static Encoding {
        if is_utf_16(declared) { self.utf_16().unwrap_or(declared) } else { declared }
    }
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// The encoding of that label (<https://encoding.spec.whatwg.org/#names-and-labels>), unless it is none for text.
pub fn encoding_named(label: &str) -> Option<&'static Encoding> {
    encoding_name(label.trim()).ok().and_then(|name| Encoding::for_label(name.as_bytes()))
}

/// A detector of legacy encodings. It is fed with all bytes of a file.
pub fn legacy_detector() -> EncodingDetector {
    EncodingDetector::new(Iso2022JpDetection::Allow)
}

/// The legacy encoding that `detector` found.
pub fn detected_legacy(detector: &EncodingDetector) -> &'static Encoding {
    detector.guess(None, Utf8Detection::Deny)
}

/// The legacy encoding of a file that is in memory.
pub fn detect_legacy(bytes: &[u8]) -> &'static Encoding {
    let mut detector = legacy_detector();
    detector.feed(bytes, true);
    detected_legacy(&detector)
}

#[cfg(test)]
mod tests;
