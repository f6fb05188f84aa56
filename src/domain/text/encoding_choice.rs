//! Chooses the text encoding of a whole file, for tables and feeds alike.
//!
//! In order of precedence: a byte order mark, the encoding set for the source, the encoding that server or file declare
//! unless the bytes contradict it, and the bytes themselves. All bytes are examined before decoding, so that one wrong
//! byte cannot change how the other letters are read.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::shortening::shorten_text;
use crate::domain::text::encoding::encoding_name;

/// The number of bytes kept from the beginning, for byte order marks and the pattern of UTF-16.
const START_BYTES: usize = 4096;

/// The number of non-ASCII letters from which a guess is useful.
const MIN_GUESS_LETTERS: u64 = 3;

/// Why an encoding was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EncodingBasis {
    /// The file begins with a byte order mark.
    ByteOrderMark,
    /// It is set for the source.
    Setting,
    /// The server or the file itself declares it, and the bytes do not contradict.
    Declaration,
    /// The bytes leave hardly any other encoding: valid UTF-8, or the zero bytes of UTF-16.
    Bytes,
    /// Most of the non-ASCII bytes are valid UTF-8; the others are replaced.
    MostlyUtf8,
    /// Lines end with carriage returns alone, as files of the classic Mac OS do.
    MacLineEnds,
    /// Letter frequencies.
    Guess,
}

/// The encoding chosen for a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodingChoice {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// The length of the byte order mark at the beginning, in bytes. The mark is not part of the text.
    pub mark_bytes: usize,
    /// Why it was chosen.
    pub basis: EncodingBasis,
    /// The declared encoding that the bytes contradict, as written.
    pub contradicted: Option<String>,
}

impl EncodingChoice {
    /// A message for people about a doubtful choice: why it is doubtful and what to do. `None` if there is no doubt.
    pub fn describe_doubt(&self) -> Option<String> {
        let name = self.encoding.name();
        let why: Cow<'_, str> = match (&self.contradicted, self.basis) {
            (Some(declared), _) if find_encoding(declared).is_none() => {
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

/// Statistics about the bytes of a file, from which its encoding is chosen.
#[derive(Default, Debug)]
pub struct EncodingSurvey {
    start: Vec<u8>,
    /// The bytes of a character that was split by the end of a chunk.
    split_character: Vec<u8>,
    /// The number of valid UTF-8 characters of more than one byte.
    sequences: u64,
    /// The number of bytes that are not UTF-8, the number of runs of such bytes, and the length of the longest run.
    invalid_bytes: u64,
    invalid_runs: u64,
    longest_run: u64,
    current_run: u64,
    has_line_feed: bool,
    has_carriage_return: bool,
}

impl EncodingSurvey {
    /// Returns the statistics of a file in memory.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut survey = Self::default();
        survey.add_chunk(bytes, true);
        survey
    }

    /// Adds the next chunk of the file. `is_last` is true for the last one.
    pub fn add_chunk(&mut self, chunk: &[u8], is_last: bool) {
        let free_space = START_BYTES - self.start.len();
        self.start.extend_from_slice(&chunk[..chunk.len().min(free_space)]);
        self.has_line_feed |= chunk.contains(&b'\n');
        self.has_carriage_return |= chunk.contains(&b'\r');
        self.add_utf_8(chunk, is_last);
    }

    fn add_utf_8(&mut self, chunk: &[u8], is_last: bool) {
        let mut joined = std::mem::take(&mut self.split_character);
        let bytes = if joined.is_empty() {
            chunk
        } else {
            joined.extend_from_slice(chunk);
            &joined
        };
        let mut done = 0;
        for chunk in bytes.utf8_chunks() {
            let (valid, invalid) = (chunk.valid(), chunk.invalid());
            // Every character of more than one byte begins with a byte of 0xC0 or more.
            self.sequences += valid.bytes().filter(|byte| *byte >= 0xC0).count() as u64;
            if !valid.is_empty() {
                self.current_run = 0;
            }
            done += valid.len() + invalid.len();
            if invalid.is_empty() {
                continue;
            }
            let is_cut = done == bytes.len() && !is_last;
            if is_cut && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none()) {
                self.split_character = invalid.to_vec();
                continue;
            }
            self.invalid_runs += u64::from(self.current_run == 0);
            self.current_run += invalid.len() as u64;
            self.invalid_bytes += invalid.len() as u64;
            self.longest_run = self.longest_run.max(self.current_run);
        }
    }

    /// Returns whether some bytes are not valid UTF-8.
    pub const fn has_invalid(&self) -> bool {
        self.invalid_runs > 0
    }

    /// Returns whether there are valid UTF-8 characters of more than one byte.
    pub const fn has_sequences(&self) -> bool {
        self.sequences > 0
    }

    /// Returns the encoding set for a source with several files, unless the bytes of this one contradict it. Invalid
    /// bytes do not contradict UTF-8; they are replaced.
    pub fn unless_contradicted<'a>(&self, set: Option<&'a str>) -> Option<&'a str> {
        set.filter(|label| {
            find_encoding(label).is_some_and(|encoding| encoding == UTF_8 || !self.contradicts_encoding(encoding))
        })
    }

    /// Chooses the encoding. `set` is the source's setting, `declared` are the declarations of server and file, the
    /// most trusted first, and `guess` detects a legacy encoding from all bytes if nothing else decides.
    ///
    /// # Errors
    /// The errors of `guess`.
    pub fn choose_encoding<E>(
        &self,
        set: Option<&str>,
        declared: &[&str],
        guess: impl FnOnce() -> Result<&'static Encoding, E>,
    ) -> Result<EncodingChoice, E> {
        let choice = |encoding, basis| EncodingChoice { encoding, mark_bytes: 0, basis, contradicted: None };
        if let Some((encoding, mark_bytes)) = Encoding::for_bom(&self.start) {
            return Ok(EncodingChoice { mark_bytes, ..choice(encoding, EncodingBasis::ByteOrderMark) });
        }
        if let Some(encoding) = set.and_then(find_encoding) {
            return Ok(choice(encoding, EncodingBasis::Setting));
        }
        let mut contradicted = None;
        for label in declared {
            match find_encoding(label) {
                Some(encoding) if !self.contradicts_encoding(encoding) => {
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
            // The detector needs more than a few single letters, and in double-byte encodings no invalid byte is alone.
            let is_western =
                self.longest_run == 1 && (!guessed.is_single_byte() || self.invalid_bytes <= MIN_GUESS_LETTERS);
            (if is_western { WINDOWS_1252 } else { guessed }, EncodingBasis::Guess)
        };
        // Plain ASCII is the same in the declared and in the chosen encoding, and the zero bytes of UTF-16 leave no
        // doubt.
        let is_plain = !self.has_invalid() && !self.has_sequences();
        let is_certain = |label: &&str| is_utf_16(encoding) || is_plain && find_encoding(label).is_some();
        let contradicted = contradicted.filter(|label| !is_certain(label)).map(shorten_text);
        Ok(EncodingChoice { contradicted, ..choice(encoding, basis) })
    }

    /// Returns whether the file is UTF-8 with damaged characters: valid sequences outnumber invalid bytes, or the
    /// invalid bytes are very few.
    const fn is_mostly_utf_8(&self) -> bool {
        const MAX_DAMAGED_RUNS: u64 = 2;
        const MAX_SEQUENCE_BYTES: u64 = 4;
        let is_damaged = self.invalid_runs <= MAX_DAMAGED_RUNS && self.longest_run <= MAX_SEQUENCE_BYTES;
        self.sequences >= self.invalid_bytes || is_damaged && self.sequences >= self.invalid_runs
    }

    /// Detects UTF-16 without a byte order mark by its zero bytes.
    fn utf_16(&self) -> Option<&'static Encoding> {
        // A tag at the beginning is sufficient, whatever letters follow.
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
        // In other scripts the separators and line ends have one, unlike in other encodings.
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

    /// Returns whether the bytes contradict this declared encoding: double-byte text declared as single-byte or the
    /// reverse, invalid UTF-8 declared as UTF-8, or UTF-8 with non-ASCII characters declared as a single-byte encoding.
    /// Other declarations are accepted unless everything is valid UTF-8, which text in other encodings hardly ever is.
    fn contradicts_encoding(&self, declared: &'static Encoding) -> bool {
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

    /// Returns UTF-16 with the byte order found in the bytes, because it is often declared wrongly.
    fn byte_order(&self, declared: &'static Encoding) -> &'static Encoding {
        if is_utf_16(declared) { self.utf_16().unwrap_or(declared) } else { declared }
    }
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Returns the encoding with this label (<https://encoding.spec.whatwg.org/#names-and-labels>), unless it is not a text
/// encoding.
pub fn find_encoding(label: &str) -> Option<&'static Encoding> {
    encoding_name(label.trim()).ok().and_then(|name| Encoding::for_label(name.as_bytes()))
}

/// Creates a detector of legacy encodings, to be fed with all bytes of a file.
pub fn legacy_detector() -> EncodingDetector {
    EncodingDetector::new(Iso2022JpDetection::Allow)
}

/// Returns the legacy encoding that `detector` found.
pub fn detected_legacy(detector: &EncodingDetector) -> &'static Encoding {
    detector.guess(None, Utf8Detection::Deny)
}

/// Detects the legacy encoding of a file in memory.
pub fn detect_legacy(bytes: &[u8]) -> &'static Encoding {
    let mut detector = legacy_detector();
    detector.feed(bytes, true);
    detected_legacy(&detector)
}

#[cfg(test)]
mod tests;
