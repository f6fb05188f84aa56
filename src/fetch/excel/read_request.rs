//! Describes what to read from a workbook, and within which limits.

use std::path::Path;

use super::part_reader::{PartBound, ReadLimit};
use crate::domain::read_options::ReadOptions;
use crate::fetch::http::body_file::BodyFile;

/// How much larger an unpacked tab may be than the same cells as CSV, because of the markup around each cell.
const MARKUP_FACTOR: u64 = 8;

/// A workbook, the options to read it with, and the limits of reading.
pub(super) struct ReadRequest<'a> {
    pub(super) content: &'a BodyFile,
    pub(super) options: &'a ReadOptions,
    /// The folder for temporary files.
    pub(super) folder: &'a Path,
    /// The most bytes that the texts of all rows may have together.
    pub(super) max_bytes: u64,
    pub(super) limit: ReadLimit<'a>,
}

impl ReadRequest<'_> {
    /// The most unpacked bytes of the part that holds the cells.
    pub(super) fn max_part(&self) -> PartBound {
        PartBound::OfMaxBytes(self.max_bytes.saturating_mul(MARKUP_FACTOR))
    }
}
