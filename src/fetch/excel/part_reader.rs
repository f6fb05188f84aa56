//! Bounded access to a workbook's bytes and to the parts of its ZIP archive.
//!
//! Everything that the `calamine` crate reads of a workbook is gone through here first, so that it never has to
//! allocate more than these limits allow, whatever the archive's directory claims.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::failure::{corrupt, password_protected, too_large_unpacked};
use crate::domain::text_counts::grouped;
use crate::fetch::http::spool::{Reader, Spooled};
use crate::fetch::{FetchError, Watch};

/// The most entries of an archive.
const MAX_ENTRIES: usize = 20_000;
/// The longest piece of XML between two tags, and the longest tag.
const MAX_TOKEN_BYTES: u64 = 2 * 1024 * 1024;

/// When reading has to end: on a cancel, or when the time of the run is over.
#[derive(Clone, Copy)]
pub(super) struct ReadLimit<'a> {
    pub(super) watch: &'a dyn Watch,
    pub(super) ends: Instant,
}

impl ReadLimit<'_> {
    /// Whether to go on.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] after a cancel, `timeout` when the time is over.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        if self.watch.should_stop() {
            return Err(FetchError::Stopped);
        }
        if Instant::now() >= self.ends {
            return Err(FetchError::failed(
                "timeout",
                "The workbook could not be read in time. Delete tabs and rows that are not needed, or raise \
                 LOCKSTEP_FETCH_TIMEOUT.",
            ));
        }
        Ok(())
    }
}

/// A workbook's bytes with a position of its own. Reading fails once the limit says stop.
pub(super) struct WorkbookBytes<'a> {
    content: &'a Spooled,
    reader: Reader<'a>,
    at: u64,
    limit: ReadLimit<'a>,
}

impl<'a> WorkbookBytes<'a> {
    pub(super) fn new(content: &'a Spooled, limit: ReadLimit<'a>) -> Self {
        Self { content, reader: content.reader(0), at: 0, limit }
    }
}

impl Read for WorkbookBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit.check().map_err(io::Error::other)?;
        let count = self.reader.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for WorkbookBytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.content.bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.reader = self.content.reader(self.at);
        Ok(self.at)
    }
}

/// The parts of a workbook's ZIP archive.
pub(super) struct PartArchive<'a> {
    zip: ZipArchive<WorkbookBytes<'a>>,
    /// The names as they are written, by their form in lower case and with `/`, as calamine looks them up.
    names: HashMap<String, String>,
    limit: ReadLimit<'a>,
}

impl<'a> PartArchive<'a> {
    /// Reads the directory of the archive.
    ///
    /// # Errors
    /// `corrupt_workbook` where it has none, or more entries than a workbook has.
    pub(super) fn open(content: &'a Spooled, limit: ReadLimit<'a>) -> Result<Self, FetchError> {
        let end = |error: FetchError| limit.check().err().unwrap_or(error);
        // Each entry has this mark in the directory. Counted before the directory is read into memory.
        let entries = count(&mut WorkbookBytes::new(content, limit), b"PK\x01\x02").map_err(|_| end(corrupt()))?;
        if entries > MAX_ENTRIES {
            return Err(too_large_unpacked(&format!("It has more than {} files inside.", grouped(MAX_ENTRIES as u64))));
        }
        let zip = ZipArchive::new(WorkbookBytes::new(content, limit)).map_err(|_| end(corrupt()))?;
        let form = |name: &str| name.replace('\\', "/").to_ascii_lowercase();
        let names = zip.file_names().map(|name| (form(name), name.to_owned())).collect();
        Ok(Self { zip, names, limit })
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains_key(&name.to_ascii_lowercase())
    }

    /// A part, of which at most `most` bytes may be read; `None` where there is none of this name.
    ///
    /// # Errors
    /// `workbook_too_large` where the directory admits to more, `password_protected`, `corrupt_workbook`.
    pub(super) fn part(&mut self, name: &str, most: u64) -> Result<Option<PartReader<'_, 'a>>, FetchError> {
        let Some(name) = self.names.get(&name.to_ascii_lowercase()) else { return Ok(None) };
        match self.zip.by_name(name) {
            Ok(file) if file.size() > most => Err(too_large_unpacked(&over(most))),
            Ok(file) => Ok(Some(PartReader { file, limit: self.limit, left: most, most, token: Token::default() })),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => Err(password_protected()),
            Err(_) => Err(self.limit.check().err().unwrap_or_else(corrupt)),
        }
    }
}

fn over(most: u64) -> String {
    format!("One of its parts has more than {} MB when unpacked.", most.div_ceil(1_000_000))
}

/// How often `mark` occurs.
fn count(from: &mut impl Read, mark: &[u8; 4]) -> io::Result<usize> {
    let (mut buffer, mut kept, mut found) = (vec![0; 64 * 1024], 0, 0);
    loop {
        let count = from.read(&mut buffer[kept..])?;
        if count == 0 {
            return Ok(found);
        }
        let all = kept + count;
        found += buffer[..all].windows(mark.len()).filter(|window| window == mark).count();
        // The last bytes may be the beginning of a mark.
        kept = all.min(mark.len() - 1);
        buffer.copy_within(all - kept..all, 0);
    }
}

/// An unpacked part on its way: bounded as a whole, and for XML between tags.
pub(super) struct PartReader<'z, 'a> {
    file: ZipFile<'z, WorkbookBytes<'a>>,
    limit: ReadLimit<'a>,
    left: u64,
    most: u64,
    token: Token,
}

impl<'a> PartReader<'_, 'a> {
    /// When reading has to end.
    pub(super) fn limit(&self) -> ReadLimit<'a> {
        self.limit
    }

    /// Why reading failed: the limit, a bomb, or a damaged file.
    pub(super) fn explain(limit: &ReadLimit<'_>, error: &io::Error) -> FetchError {
        if let Err(ended) = limit.check() {
            return ended;
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TooMuch>()) {
            Some(TooMuch(what)) => too_large_unpacked(what),
            None => corrupt(),
        }
    }
}

/// A part has more than it may have.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooMuch(pub(super) String);

impl Read for PartReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit.check().map_err(io::Error::other)?;
        let count = self.file.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TooMuch(over(self.most))))?;
        Ok(count)
    }
}

/// An XML part whose text between two tags, and whose tags, are bounded: what a parser has to keep at once.
pub(super) struct XmlPart<'z, 'a>(pub(super) PartReader<'z, 'a>);

impl Read for XmlPart<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.0.token.take(&buffer[..count]).map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Where in XML a reader is.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
enum MarkupPart {
    #[default]
    Text,
    /// In a tag, with the quotation mark that is open.
    Tag(Option<u8>),
    /// After `<!`, until it is known what it is.
    Declaration,
    /// In a comment, CDATA or a processing instruction, which ends with these bytes before a `>` and is at least so
    /// long.
    Until([u8; 2], u64),
}

/// Measures how long the pieces of XML are that a parser keeps as one.
#[derive(Default)]
struct Token {
    inside: MarkupPart,
    length: u64,
    /// The last two bytes.
    last: [u8; 2],
}

impl Token {
    fn take(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        for &byte in bytes {
            self.length += 1;
            let next = match (self.inside, byte) {
                (MarkupPart::Text, b'<') => Some(MarkupPart::Tag(None)),
                (MarkupPart::Tag(None), b'!') if self.length == 2 => Some(MarkupPart::Declaration),
                (MarkupPart::Tag(None), b'?') if self.length == 2 => Some(MarkupPart::Until([0, b'?'], 4)),
                (MarkupPart::Tag(None), b'"' | b'\'') => Some(MarkupPart::Tag(Some(byte))),
                (MarkupPart::Tag(Some(quote)), _) if byte == quote => Some(MarkupPart::Tag(None)),
                (MarkupPart::Tag(None), b'>') => Some(MarkupPart::Text),
                (MarkupPart::Declaration, b'-') => Some(MarkupPart::Until([b'-', b'-'], 7)),
                (MarkupPart::Declaration, b'[') => Some(MarkupPart::Until([b']', b']'], 12)),
                (MarkupPart::Declaration, _) => {
                    return Err(TooMuch("It declares XML entities, which no workbook does.".to_owned()));
                }
                (MarkupPart::Until([first, second], least), b'>')
                    if self.last[1] == second && (first == 0 || self.last[0] == first) && self.length >= least =>
                {
                    Some(MarkupPart::Text)
                }
                _ => None,
            };
            if let Some(next) = next {
                let begins = matches!((self.inside, next), (MarkupPart::Text, _) | (_, MarkupPart::Text));
                self.inside = next;
                if begins {
                    self.length = u64::from(next != MarkupPart::Text);
                }
            }
            self.last = [self.last[1], byte];
            if self.length > MAX_TOKEN_BYTES {
                return Err(TooMuch("It has a cell or a tag of more than 2 MiB.".to_owned()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TOKEN_BYTES, Token, count};

    #[test]
    fn a_token_is_measured_across_what_looks_like_tags() {
        let long = usize::try_from(MAX_TOKEN_BYTES).expect("a size");
        let bad = [
            format!("<a>{}", "x".repeat(long + 1)),
            format!("<a b='{}", ">".repeat(long + 1)),
            format!("<!--{}", "<a>".repeat(long / 2)),
            format!("<![CDATA[{}", "<a>".repeat(long / 2)),
            format!("<?x {}", "<a>".repeat(long / 2)),
            "<!DOCTYPE a>".to_owned(),
        ];
        for text in bad {
            assert!(Token::default().take(text.as_bytes()).is_err(), "{}…", &text[..12]);
        }
        let fine = "<?xml version='1.0'?><!-- a > b --><a b=\"x>y\"><![CDATA[<]]>]]>text</a>".repeat(100_000);
        assert!(Token::default().take(fine.as_bytes()).is_ok());
    }

    #[test]
    fn a_mark_is_counted_across_pieces() {
        let mut text = vec![b'x'; 64 * 1024 - 2];
        text.extend_from_slice(b"PK\x01\x02 PK\x01\x02");
        assert_eq!(count(&mut text.as_slice(), b"PK\x01\x02").expect("read"), 2);
    }
}
