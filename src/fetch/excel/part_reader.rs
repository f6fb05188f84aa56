//! Reads a workbook's bytes and the parts of its ZIP archive within limits.
//!
//! Everything that the `calamine` crate reads from a workbook is measured first, so that calamine does not allocate
//! more than these limits allow, whatever the directory of the archive declares.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::workbook_errors::{corrupt_workbook, over_max_bytes, password_protected, too_large_unpacked};
use super::xml_token::{TokenTooLong, XmlToken};
use crate::domain::text::counts::group_digits;
use crate::fetch::http::body_file::{BodyFile, BodyReader};
use crate::fetch::{FetchError, FetchObserver};

/// The most entries of an archive.
const MAX_ENTRIES: usize = 20_000;

/// Ends reading after a cancel, or when the time of the run is over.
#[derive(Clone, Copy)]
pub(super) struct ReadLimit<'a> {
    pub(super) observer: &'a dyn FetchObserver,
    pub(super) ends: Instant,
}

impl ReadLimit<'_> {
    /// `Ok` while the fetch may continue.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] after a cancel, `timeout` when the time is over.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        if self.observer.should_stop() {
            return Err(FetchError::Stopped);
        }
        if Instant::now() >= self.ends {
            return Err(FetchError::failed(
                "timeout",
                "Reading the workbook timed out. Delete tabs and rows that are not needed, or raise \
                 LOCKSTEP_FETCH_TIMEOUT.",
            ));
        }
        Ok(())
    }
}

/// A workbook's bytes with their own position. Reading fails after a cancel or a timeout.
pub(super) struct WorkbookBytes<'a> {
    content: &'a BodyFile,
    reader: BodyReader<'a>,
    at: u64,
    limit: ReadLimit<'a>,
}

impl<'a> WorkbookBytes<'a> {
    pub(super) fn new(content: &'a BodyFile, limit: ReadLimit<'a>) -> Self {
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
    /// The names as written, by their lower-case form with `/`, with which calamine looks them up.
    names: HashMap<String, String>,
    limit: ReadLimit<'a>,
}

impl<'a> PartArchive<'a> {
    /// Reads the directory of the archive.
    ///
    /// # Errors
    /// `corrupt_workbook` when it has no directory, `too_large` when it has more than [`MAX_ENTRIES`] entries.
    pub(super) fn open(content: &'a BodyFile, limit: ReadLimit<'a>) -> Result<Self, FetchError> {
        let end = |error: FetchError| limit.check().err().unwrap_or(error);
        // Each entry of the directory has this mark. They are counted before the directory is read into memory.
        let entries = count_occurrences(&mut WorkbookBytes::new(content, limit), b"PK\x01\x02")
            .map_err(|_| end(corrupt_workbook()))?;
        if entries > MAX_ENTRIES {
            return Err(too_large_unpacked(&format!(
                "It has more than {} files inside.",
                group_digits(MAX_ENTRIES as u64)
            )));
        }
        let zip = ZipArchive::new(WorkbookBytes::new(content, limit)).map_err(|_| end(corrupt_workbook()))?;
        let form = |name: &str| name.replace('\\', "/").to_ascii_lowercase();
        let names = zip.file_names().map(|name| (form(name), name.to_owned())).collect();
        Ok(Self { zip, names, limit })
    }

    /// Whether there is a part of this name.
    pub(super) fn has_part(&self, name: &str) -> bool {
        self.names.contains_key(&name.to_ascii_lowercase())
    }

    /// Opens the part with this name, of which at most `max` bytes may be read. `None` if there is none.
    ///
    /// # Errors
    /// `too_large` when the directory declares a larger size, `password_protected` when the part is encrypted,
    /// `corrupt_workbook` when it is damaged.
    pub(super) fn open_part(&mut self, name: &str, max: PartBound) -> Result<Option<PartReader<'_, 'a>>, FetchError> {
        let Some(name) = self.names.get(&name.to_ascii_lowercase()) else { return Ok(None) };
        match self.zip.by_name(name) {
            Ok(file) if file.size() > max.bytes() => Err(max.error()),
            Ok(file) => {
                let left = max.bytes();
                Ok(Some(PartReader { file, limit: self.limit, left, max, token: XmlToken::default() }))
            }
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => Err(password_protected()),
            Err(_) => Err(self.limit.check().err().unwrap_or_else(corrupt_workbook)),
        }
    }
}

/// The most unpacked bytes of a part.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartBound {
    /// A number that no setting changes.
    Fixed(u64),
    /// A number that depends on LOCKSTEP_MAX_BYTES.
    OfMaxBytes(u64),
}

impl PartBound {
    const fn bytes(self) -> u64 {
        let (Self::Fixed(bytes) | Self::OfMaxBytes(bytes)) = self;
        bytes
    }

    /// The error for a part that is larger than this.
    fn error(self) -> FetchError {
        let max = self.bytes().div_ceil(1_000_000);
        let what = format!("One of its parts has more than {max} MB when unpacked.");
        match self {
            Self::Fixed(_) => too_large_unpacked(&what),
            Self::OfMaxBytes(_) => over_max_bytes(&what),
        }
    }
}

/// How many times `mark` occurs.
fn count_occurrences(from: &mut impl Read, mark: &[u8; 4]) -> io::Result<usize> {
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

/// Reads a part while it is unpacked: at most `max` bytes.
pub(super) struct PartReader<'z, 'a> {
    file: ZipFile<'z, WorkbookBytes<'a>>,
    limit: ReadLimit<'a>,
    left: u64,
    max: PartBound,
    token: XmlToken,
}

impl<'a> PartReader<'_, 'a> {
    /// The limit that ends reading.
    pub(super) fn limit(&self) -> ReadLimit<'a> {
        self.limit
    }

    /// Explains why reading failed: the end of the fetch, too many bytes, or a damaged file.
    pub(super) fn explain_io_error(limit: &ReadLimit<'_>, error: &io::Error) -> FetchError {
        if let Err(ended) = limit.check() {
            return ended;
        }
        let inner = error.get_ref();
        if let Some(max) = inner.and_then(|inner| inner.downcast_ref::<OverBound>()) {
            return max.0.error();
        }
        match inner.and_then(|inner| inner.downcast_ref::<TokenTooLong>()) {
            Some(TokenTooLong(what)) => too_large_unpacked(what),
            None => corrupt_workbook(),
        }
    }
}

/// The error for a part with more bytes than allowed.
#[derive(Debug, thiserror::Error)]
#[error("the part is larger than {0:?}")]
struct OverBound(PartBound);

impl Read for PartReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit.check().map_err(io::Error::other)?;
        let count = self.file.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(OverBound(self.max)))?;
        Ok(count)
    }
}

/// An XML part whose tags, and the text between them, are limited in length, because a parser keeps each in memory.
pub(super) struct XmlPart<'z, 'a>(pub(super) PartReader<'z, 'a>);

impl Read for XmlPart<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.0.token.take(&buffer[..count]).map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::count_occurrences;

    #[test]
    fn a_mark_is_counted_across_pieces() {
        let mut text = vec![b'x'; 64 * 1024 - 2];
        text.extend_from_slice(b"PK\x01\x02 PK\x01\x02");
        assert_eq!(count_occurrences(&mut text.as_slice(), b"PK\x01\x02").expect("read"), 2);
    }
}
