//! Repairs the container of an `.xls` file ([MS-CFB]) so that the crate `cfb` can read it.
//!
//! The allocation table of a container fills whole sectors, and its unused entries should be marked as free. Some
//! programs (SheetJS) write ends of chains there, and `cfb` reports these as missing sectors.

use std::io::{self, Read, Seek, SeekFrom};

use super::part_reader::{ReadLimit, WorkbookBytes};
use crate::fetch::http::body_file::BodyFile;

/// The size of a sector in the third version of the format, and of the header before the first one.
const SECTOR_BYTES: u64 = 512;
/// How many entries of the allocation table a sector has.
const ENTRIES_PER_SECTOR: u64 = SECTOR_BYTES / 4;
/// How many sectors of the table the header can name.
const MAX_TABLE_SECTORS: u64 = 109;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const FREE_SECTOR: u32 = 0xFFFF_FFFF;
/// The largest number of a sector. Larger numbers have special meanings.
const MAX_SECTOR: u32 = 0xFFFF_FFFA;

/// A workbook's bytes, followed by zeros up to a given length.
pub(super) struct PaddedBytes<'a> {
    bytes: WorkbookBytes<'a>,
    length: u64,
    at: u64,
}

impl<'a> PaddedBytes<'a> {
    /// Adds zeros for all sectors that the allocation table has entries for. `None` if used sectors are missing, or if
    /// this is not such a container.
    pub(super) fn new(content: &'a BodyFile, limit: ReadLimit<'a>) -> Option<Self> {
        let sectors = content.bytes.checked_sub(SECTOR_BYTES)? / SECTOR_BYTES;
        let header = sector_at(content, 0)?;
        let (shift, table_sectors) = (header[30], u64::from(u32_at(&header, 44)));
        if u32::from(shift) != SECTOR_BYTES.ilog2() || table_sectors > MAX_TABLE_SECTORS {
            return None;
        }
        let mut number = 0;
        for place in 0..usize::try_from(table_sectors).ok()? {
            let table = sector_at(content, SECTOR_BYTES * (u64::from(u32_at(&header, 76 + 4 * place)) + 1))?;
            for entry in (0..table.len()).step_by(4).map(|at| u32_at(&table, at)) {
                let is_there = number < sectors;
                let leads_out = entry <= MAX_SECTOR && u64::from(entry) >= sectors;
                if (is_there && leads_out) || (!is_there && ![END_OF_CHAIN, FREE_SECTOR].contains(&entry)) {
                    return None;
                }
                number += 1;
            }
        }
        let length = SECTOR_BYTES * (1 + table_sectors * ENTRIES_PER_SECTOR);
        Some(Self { bytes: WorkbookBytes::new(content, limit), length, at: 0 })
    }
}

fn sector_at(content: &BodyFile, at: u64) -> Option<[u8; 512]> {
    let mut sector = [0; 512];
    content.reader(at).read_exact(&mut sector).ok()?;
    Some(sector)
}

fn u32_at(sector: &[u8; 512], at: usize) -> u32 {
    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]])
}

impl Read for PaddedBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.bytes.read(buffer)?;
        if count == 0 {
            let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
            count = buffer.len().min(left);
            buffer[..count].fill(0);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for PaddedBytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.bytes.seek(SeekFrom::Start(self.at))
    }
}
