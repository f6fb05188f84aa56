//! A segment: the items of a catalog at one time, stored by column, so that a search or a filter reads only the columns
//! that it needs, one block of items after the other.
//!
//! A segment is in memory while it is small and in a temporary file otherwise. The file has no name, so it is gone
//! when the segment is dropped or the process ends, however it ends.

mod block;
mod bytes;
mod column_writer;
mod dictionary;
mod layout;
mod reader;
mod writer;

pub(super) use block::{CellBlock, CodeBlock, TextBlock, TextForm};
pub(super) use bytes::{ByteSink, SegmentBytes};
pub(super) use reader::ItemSegment;
pub(super) use writer::SegmentWriter;
