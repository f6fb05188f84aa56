//! The bytes of a segment, in memory or in a temporary file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The size of the buffer of a temporary file, in bytes.
const FILE_BUFFER_BYTES: usize = 256 << 10;

/// Bytes that are written once, from the beginning to the end.
pub(in crate::catalog_index) struct ByteSink {
    folder: PathBuf,
    max_memory_bytes: usize,
    bytes: SinkBytes,
    /// The number of bytes written.
    pub(super) length: u64,
}

enum SinkBytes {
    Memory(Vec<u8>),
    File(BufWriter<File>),
}

impl ByteSink {
    /// Creates an empty sink. Up to `max_memory_bytes` stay in memory; more go to a temporary file in `folder`.
    pub(in crate::catalog_index) fn new(folder: &Path, max_memory_bytes: usize) -> Self {
        Self { folder: folder.to_owned(), max_memory_bytes, bytes: SinkBytes::Memory(Vec::new()), length: 0 }
    }

    /// Appends bytes to what was written before.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be created or written, because the disk is full for instance.
    pub(in crate::catalog_index) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        match &mut self.bytes {
            SinkBytes::Memory(written) if written.len() + bytes.len() <= self.max_memory_bytes => {
                written.extend_from_slice(bytes);
                Ok(())
            }
            SinkBytes::Memory(written) => {
                // Without a name, so that the system removes it with its last handle.
                let mut file = BufWriter::with_capacity(FILE_BUFFER_BYTES, tempfile::tempfile_in(&self.folder)?);
                file.write_all(written)?;
                file.write_all(bytes)?;
                self.bytes = SinkBytes::File(file);
                Ok(())
            }
            SinkBytes::File(file) => file.write_all(bytes),
        }
    }

    /// Returns what was written.
    ///
    /// # Errors
    /// [`io::Error`] when the temporary file cannot be written.
    pub(in crate::catalog_index) fn finish(self) -> io::Result<SegmentBytes> {
        Ok(match self.bytes {
            SinkBytes::Memory(bytes) => SegmentBytes::Memory(bytes),
            SinkBytes::File(file) => SegmentBytes::File(file.into_inner().map_err(io::IntoInnerError::into_error)?),
        })
    }
}

/// The bytes of a segment.
#[derive(Debug)]
pub(in crate::catalog_index) enum SegmentBytes {
    Memory(Vec<u8>),
    File(File),
}

impl SegmentBytes {
    /// Reads `length` bytes from `offset` into `buffer`, whose former content is lost.
    ///
    /// # Errors
    /// [`io::Error`] when the file cannot be read, or ends before.
    pub(in crate::catalog_index) fn read(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                buffer.clear();
                let start = usize::try_from(offset).map_err(io::Error::other)?;
                let part = start.checked_add(length).and_then(|end| bytes.get(start..end));
                buffer.extend_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Self::File(file) => {
                // What it has is overwritten: only the bytes by which it grows are set twice.
                buffer.resize(length, 0);
                file.read_exact_at(buffer, offset)
            }
        }
    }

    /// Returns how many bytes of memory they take.
    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(_) => 0,
        }
    }
}
