//! Decompresses gzip files of several members (RFC 1952, section 2.2). Zero bytes after a member are skipped, because
//! tapes and block devices fill their last block with them; `gunzip` and Python's `gzip` skip them, too.
//!
//! flate2's own reader of several members reports such zero bytes as a damaged member.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// The first byte of a member (RFC 1952, section 2.3.1).
const MEMBER_START: u8 = 0x1F;

/// Reads the decompressed content of all members, one after the other.
pub(super) struct GzipMembers<R> {
    /// The member that is being read. `None` after the last one.
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> GzipMembers<R> {
    /// Decompresses `from`, which begins with a member.
    pub(super) fn new(from: R) -> Self {
        Self { member: Some(GzDecoder::new(BufReader::new(from))) }
    }
}

impl<R: Read> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let has_more = has_member(member.get_mut())?;
            let ended = self.member.take().filter(|_| has_more);
            self.member = ended.map(|ended| GzDecoder::new(ended.into_inner()));
        }
        Ok(0)
    }
}

/// Skips zero bytes. Returns whether another member follows.
///
/// # Errors
/// `InvalidData` when something other than a member follows, and any error of `from`.
fn has_member(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = match from.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            return Ok(false);
        }
        match bytes.iter().position(|byte| *byte != 0) {
            Some(at) if bytes[at] == MEMBER_START => {
                from.consume(at);
                return Ok(true);
            }
            Some(_) => return Err(ErrorKind::InvalidData.into()),
            None => {
                let zeros = bytes.len();
                from.consume(zeros);
            }
        }
    }
}
