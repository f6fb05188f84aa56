//! Content on its way into a temporary file: bounded, hashed, and turned away if it is a web page.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cancel_token::{CancelToken, FetchEnd};
use super::decompress::{DecompressedBody, is_damage_error, is_over_limit_error};
use crate::domain::text::web_page::begins_as_web_page;
use crate::fetch::{FetchError, FetchObserver};

/// How much of the beginning is looked at before the rest is taken.
const SNIFFED_BYTES: usize = 2048;

/// Content in a temporary file without a name, readable by this process alone, gone when dropped.
#[derive(Debug)]
pub(in crate::fetch) struct BodyFile {
    file: File,
    /// How long it is.
    pub(in crate::fetch) bytes: u64,
    /// SHA-256 in hexadecimal.
    pub(in crate::fetch) hash: String,
}

/// Why content was not taken.
#[derive(Debug)]
pub(in crate::fetch) enum BodyRejection {
    /// The fetch must end.
    Ended(FetchEnd),
    /// More than may be taken.
    TooLarge,
    /// It is a web page.
    Html,
    /// It is compressed, and the compressed data is cut or damaged: the error says which.
    Damaged(io::Error),
    /// It could not be read to its end.
    Broken(io::Error),
    /// It could not be written down.
    Disk(FetchError),
}

impl BodyFile {
    /// Takes everything from `from` into a file in `folder`, at most `limit` bytes. What is compressed with gzip is
    /// taken decompressed: length and hash are those of the content, and `total`, the length of what comes, is told
    /// no further.
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
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { file, bytes, hash })
    }

    /// Leaves its last `count` bytes out from now on. The hash stays that of what came.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(in crate::fetch) fn truncate_end(&mut self, count: u64) -> io::Result<()> {
        let bytes = self.bytes.saturating_sub(count);
        self.file.set_len(bytes)?;
        self.bytes = bytes;
        Ok(())
    }

    /// Reads from position `at`, independently of every other reader.
    pub(in crate::fetch) fn reader(&self, at: u64) -> BodyReader<'_> {
        BodyReader { file: &self.file, at }
    }
}

/// A temporary file without a name in `folder`, which is made if it is missing.
pub(in crate::fetch) fn create_temporary_file(folder: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::tempfile_in(folder)
}

/// That the temporary file failed.
pub(in crate::fetch) fn disk_error(error: &io::Error) -> FetchError {
    FetchError::failed(
        "disk",
        format!(
            "Could not use the temporary file in the data folder ({error}). Check whether the disk is full or \
                 read-only."
        ),
    )
}

/// A reader with a position of its own.
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
