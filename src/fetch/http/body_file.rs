//! Writes content to a temporary file: limited in size, hashed, and refused if it is a web page.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cancel_token::{CancelToken, FetchEnd};
use super::decompress::{DecompressedBody, is_damage_error, is_over_limit_error};
use crate::domain::text::hex::to_hex;
use crate::domain::text::web_page::begins_as_web_page;
use crate::fetch::{FetchError, FetchObserver};

/// How many bytes are checked for a web page before the rest is written.
const SNIFFED_BYTES: usize = 2048;

/// Content in an unnamed temporary file that only this process can read. It is removed on drop.
#[derive(Debug)]
pub(in crate::fetch) struct BodyFile {
    file: File,
    /// Length in bytes, after decompression.
    pub(in crate::fetch) bytes: u64,
    /// SHA-256 in hexadecimal.
    pub(in crate::fetch) hash: String,
}

/// Why content was refused.
#[derive(Debug)]
pub(in crate::fetch) enum BodyRejection {
    /// The fetch was cancelled or timed out.
    Ended(FetchEnd),
    /// It is larger than the limit.
    TooLarge,
    /// It is a web page.
    Html,
    /// Its compressed data is truncated or damaged.
    Damaged(io::Error),
    /// Reading failed before its end.
    Broken(io::Error),
    /// Writing the temporary file failed.
    Disk(FetchError),
}

impl BodyFile {
    /// Writes the content of `from` to a file in `folder`, at most `limit` bytes. Gzip is decompressed; length and hash
    /// are those of the decompressed content. `total` is the expected length, if it is known. It is reported with the
    /// progress unless the content is compressed.
    pub(in crate::fetch) fn take(
        from: impl Read,
        folder: &Path,
        limit: u64,
        total: Option<u64>,
        cancel: &CancelToken,
        observer: &dyn FetchObserver,
    ) -> Result<Self, BodyRejection> {
        if total.is_some_and(|total| total > limit) {
            return Err(BodyRejection::TooLarge);
        }
        let unreadable = |error: io::Error| match cancel.check() {
            Err(ended) => BodyRejection::Ended(ended),
            Ok(()) if is_over_limit_error(&error) => BodyRejection::TooLarge,
            Ok(()) if is_damage_error(&error) => BodyRejection::Damaged(error),
            Ok(()) => BodyRejection::Broken(error),
        };
        let mut from = DecompressedBody::gzip(from, limit, cancel).map_err(unreadable)?;
        let total = total.filter(|_| !from.was_compressed);
        let mut file = create_temporary_file(folder).map_err(|error| BodyRejection::Disk(disk_error(&error)))?;
        let mut hash = Sha256::new();
        let mut bytes = 0_u64;
        let mut start = Vec::with_capacity(SNIFFED_BYTES);
        let mut is_sniffed = false;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            cancel.check().map_err(BodyRejection::Ended)?;
            let count = match from.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            let piece = &buffer[..count];
            if !is_sniffed {
                start.extend_from_slice(&piece[..piece.len().min(SNIFFED_BYTES - start.len())]);
                is_sniffed = start.len() == SNIFFED_BYTES || count == 0;
                if is_sniffed && begins_as_web_page(&start) {
                    return Err(BodyRejection::Html);
                }
            }
            if count == 0 {
                break;
            }
            bytes += count as u64;
            if bytes > limit {
                return Err(BodyRejection::TooLarge);
            }
            hash.update(piece);
            file.write_all(piece).map_err(|error| BodyRejection::Disk(disk_error(&error)))?;
            observer.report_received(bytes, total);
        }
        let hash = to_hex(&hash.finalize());
        Ok(Self { file, bytes, hash })
    }

    /// Removes the last `count` bytes. The hash stays that of the received content.
    ///
    /// # Errors
    /// When the temporary file cannot be truncated.
    pub(in crate::fetch) fn truncate_end(&mut self, count: u64) -> io::Result<()> {
        let bytes = self.bytes.saturating_sub(count);
        self.file.set_len(bytes)?;
        self.bytes = bytes;
        Ok(())
    }

    /// A reader from position `at`, independent of other readers.
    pub(in crate::fetch) fn reader(&self, at: u64) -> BodyReader<'_> {
        BodyReader { file: &self.file, at }
    }
}

/// Creates an unnamed temporary file in `folder`. The folder is created if it is missing.
pub(in crate::fetch) fn create_temporary_file(folder: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::tempfile_in(folder)
}

/// The error for a temporary file that cannot be used.
pub(in crate::fetch) fn disk_error(error: &io::Error) -> FetchError {
    FetchError::failed(
        "disk",
        format!(
            "Could not use the temporary file in the data folder ({error}). Check that the disk is not full or \
             read-only."
        ),
    )
}

/// A reader with its own position.
#[derive(Debug)]
pub(in crate::fetch) struct BodyReader<'a> {
    file: &'a File,
    at: u64,
}

impl<'a> BodyReader<'a> {
    /// Reads `file` from its beginning.
    pub(in crate::fetch) const fn new(file: &'a File) -> Self {
        Self { file, at: 0 }
    }
}

impl Read for BodyReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
