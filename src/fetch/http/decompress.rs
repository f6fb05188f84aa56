//! Decompresses bodies. Gzip is detected by its first bytes, because many servers send it without declaring it, or
//! declare it without sending it. Deflate is detected by `Content-Encoding` (RFC 9110, section 8.4).

use std::fmt;
use std::io::{self, Cursor, ErrorKind, Read};

use flate2::read::{DeflateDecoder, ZlibDecoder};
use ureq::http::{HeaderMap, header};

use super::cancel_token::CancelToken;
use super::gzip_members::GzipMembers;
use super::response_status::ResponseOrigin;
use crate::domain::text::shortening::shorten_text;
use crate::fetch::FetchError;

/// The first bytes of every gzip file (RFC 1952, section 2.3.1): its magic number and the only method.
const GZIP_START: [u8; 3] = [0x1F, 0x8B, 0x08];

/// Codings that are not supported: those of IANA's registry, and a few others that servers use.
const UNSUPPORTED_CODINGS: [&str; 16] = [
    "aes128gcm",
    "br",
    "bzip2",
    "compress",
    "dcb",
    "dcz",
    "exi",
    "lz4",
    "lzma",
    "pack200-gzip",
    "sdch",
    "snappy",
    "x-bzip2",
    "x-compress",
    "xz",
    "zstd",
];

/// How many bytes compressed data may be longer than its content: some data compresses badly.
const SLACK_BYTES: u64 = 256 * 1024;

/// How a body is decoded according to its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BodyCoding {
    /// Gzip if its first bytes are those of gzip, otherwise not compressed.
    ByContent,
    /// `deflate`, which cannot be detected by first bytes.
    Deflate,
}

/// The coding that `headers` declare. Values that are not codings (`none`, `UTF-8`, `binary`) are ignored; gzip is
/// detected by content.
///
/// # Errors
/// `bad_answer` for a coding that Lockstep does not support. Requests accept gzip only, so such a server ignores them.
pub(super) fn body_coding(headers: &HeaderMap, origin: &ResponseOrigin) -> Result<BodyCoding, FetchError> {
    let mut coding = BodyCoding::ByContent;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for word in String::from_utf8_lossy(value.as_bytes()).split(',') {
            let word = word.trim().trim_matches('"').to_ascii_lowercase();
            if UNSUPPORTED_CODINGS.contains(&word.as_str()) {
                return Err(FetchError::failed(
                    "bad_answer",
                    format!(
                        "{} sent the file compressed as “{}”, which Lockstep cannot read. Configure the server to \
                         send it uncompressed or with gzip.",
                        origin.host,
                        shorten_text(&word),
                    ),
                ));
            }
            if word == "deflate" || word == "x-deflate" {
                coding = BodyCoding::Deflate;
            }
        }
    }
    Ok(coding)
}

/// A body that is decompressed while it is read.
pub(super) struct DecompressedBody<'a> {
    reader: Box<dyn Read + 'a>,
    /// Whether it was compressed: then `Content-Length` is not the length of the content.
    pub(super) was_compressed: bool,
}

impl<'a> DecompressedBody<'a> {
    /// Decompresses `from` if it begins like gzip; otherwise reads it unchanged. At most `limit` compressed bytes and
    /// [`SLACK_BYTES`] are read.
    ///
    /// # Errors
    /// When the first bytes of `from` cannot be read.
    pub(super) fn gzip(mut from: impl Read + 'a, limit: u64, cancel: &'a CancelToken) -> io::Result<Self> {
        let mut start = Vec::with_capacity(GZIP_START.len());
        from.by_ref().take(GZIP_START.len() as u64).read_to_end(&mut start)?;
        let was_compressed = start == GZIP_START;
        let whole = Cursor::new(start).chain(from);
        let reader: Box<dyn Read + 'a> = match was_compressed {
            true => Box::new(NamedReader {
                name: "gzip",
                inner: GzipMembers::new(BoundedReader::new(whole, limit, cancel)),
            }),
            false => Box::new(whole),
        };
        Ok(Self { reader, was_compressed })
    }

    /// Decompresses the rest of this body as `deflate`: with a zlib header, or without, as some servers send it.
    ///
    /// # Errors
    /// When the first bytes of the rest cannot be read.
    pub(super) fn deflate(mut self, limit: u64, cancel: &'a CancelToken) -> io::Result<Self> {
        let mut start = Vec::with_capacity(2);
        self.reader.by_ref().take(2).read_to_end(&mut start)?;
        let has_header = matches!(start[..], [first, second]
            if first & 0x0F == 8 && (u16::from(first) * 256 + u16::from(second)).is_multiple_of(31));
        let is_empty = start.is_empty();
        let whole = BoundedReader::new(Cursor::new(start).chain(self.reader), limit, cancel);
        let reader: Box<dyn Read + 'a> = match has_header {
            _ if is_empty => Box::new(whole),
            true => Box::new(NamedReader { name: "zlib", inner: ZlibDecoder::new(whole) }),
            false => Box::new(NamedReader { name: "deflate", inner: DeflateDecoder::new(whole) }),
        };
        Ok(Self { reader, was_compressed: true })
    }
}

impl Read for DecompressedBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// The error for more compressed data than the limit.
#[derive(Debug)]
struct DecompressionLimit;

impl fmt::Display for DecompressionLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more compressed data than may be read")
    }
}

impl std::error::Error for DecompressionLimit {}

/// Whether `error` means that there is more compressed data than the limit.
pub(super) fn is_over_limit_error(error: &io::Error) -> bool {
    is_caused_by::<DecompressionLimit>(error)
}

fn is_caused_by<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<E>()).is_some()
}

/// Whether `error` means that compressed data is damaged.
pub(super) fn is_damage_error(error: &io::Error) -> bool {
    is_caused_by::<DamageError>(error)
}

/// Whether `error` means that compressed data ends early: its transfer may have been interrupted.
pub(super) fn is_truncated(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<DamageError>()).is_some_and(|damage| damage.is_truncated)
}

/// The input of a decoder: at most `left` bytes, and an error after a cancel. Without it, a decoder that produces no
/// output (from a million empty gzip members) would not stop before the end of its input.
struct BoundedReader<'a, R> {
    inner: R,
    left: u64,
    cancel: &'a CancelToken,
}

impl<'a, R> BoundedReader<'a, R> {
    fn new(inner: R, limit: u64, cancel: &'a CancelToken) -> Self {
        Self { inner, left: limit.saturating_add(SLACK_BYTES), cancel }
    }
}

impl<R: Read> Read for BoundedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The caller checks the token again for the reason.
        self.cancel.check().map_err(|_| io::Error::from(ErrorKind::TimedOut))?;
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(DecompressionLimit))?;
        Ok(count)
    }
}

/// The error for truncated or damaged compressed data.
#[derive(Debug)]
struct DamageError {
    name: &'static str,
    is_truncated: bool,
}

impl fmt::Display for DamageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_truncated { "ends in the middle" } else { "is damaged" };
        write!(f, "its {} data {what}", self.name)
    }
}

impl std::error::Error for DamageError {}

/// A decoder whose errors name the format. Errors of its input pass through unchanged.
struct NamedReader<R> {
    name: &'static str,
    inner: R,
}

impl<R: Read> Read for NamedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let is_of_source = error.raw_os_error().is_some()
                || is_caused_by::<ureq::Error>(&error)
                || is_caused_by::<DecompressionLimit>(&error)
                || is_caused_by::<DamageError>(&error);
            match error.kind() {
                _ if is_of_source => error,
                kind @ (ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
                    let damage = DamageError { name: self.name, is_truncated: kind == ErrorKind::UnexpectedEof };
                    io::Error::new(ErrorKind::InvalidData, damage)
                }
                _ => error,
            }
        })
    }
}

#[cfg(test)]
mod tests;
