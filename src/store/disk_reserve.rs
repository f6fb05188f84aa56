//! Keeps room on the disk of a SQLite database for what must be written even when the disk is full: how a run ended,
//! and logins.
//!
//! A file beside the database takes up the room. When the disk is full, the file is shortened step by step, and small
//! writes use its place. Items do not: a run that fills the disk fails, and none is started until there is room for the
//! whole file again. The steps are small because a program that fills the disk also takes what was given back just
//! then.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

use crate::data_files::open_for_appending;

/// The sizes of the file on a small and on a large disk. In between it is an eighth of the disk. It has to hold what
/// SQLite still has to move from its log into the database, which is 4 MB and sometimes more, and some small writes.
const RESERVE_LIMITS: (u64, u64) = (1024 * 1024, 16 * 1024 * 1024);
/// The unit of `st_blocks`.
const BLOCK_BYTES: u64 = 512;
/// A disk with less free space than this part of the reserve counts as full. As much is given back in one step.
const FULL_DISK_PART: u64 = 8;

/// The file that takes up the room.
#[derive(Clone, Debug)]
pub(super) struct DiskReserve {
    path: PathBuf,
    folder: PathBuf,
    database: PathBuf,
}

impl DiskReserve {
    /// The reserve beside the database file at `database`. Creates nothing.
    pub(super) fn beside(database: &Path) -> Self {
        // The log of SQLite is beside the file itself, and not beside a link to it.
        let database = &database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self { path: path.into(), folder: folder.unwrap_or(Path::new(".")).to_owned(), database: database.to_owned() }
    }

    /// Gives back a step of the room if the disk is full, so that small writes succeed. Returns whether it did.
    pub(super) fn release_if_disk_full(&self) -> bool {
        self.is_disk_full() && self.release_step()
    }

    /// Shortens the file by a step. Returns whether room was given back.
    pub(super) fn release_step(&self) -> bool {
        let (held, Some(disk)) = (self.held_bytes(), self.measure_disk()) else { return false };
        let left = held.saturating_sub(disk.step());
        if held == 0 || open_for_appending(&self.path).and_then(|file| file.set_len(left)).is_err() {
            return false;
        }
        if held >= disk.reserve {
            log::error!(
                "the disk of the database is full: the reserve {} is given back. Syncs start again when there is space",
                self.path.display()
            );
        } else if left == 0 {
            log::error!(
                "the disk of the database is full and the reserve is used up: nothing can be saved until there is space"
            );
        }
        true
    }

    /// Whether the disk is full but for the reserve. An unknown amount of free space counts as enough.
    pub(super) fn is_disk_full(&self) -> bool {
        self.measure_disk().is_some_and(|disk| disk.free < disk.step())
    }

    /// Whether any of the reserve was given back, and there is no room yet to take it up again.
    pub(super) fn is_released(&self) -> bool {
        self.measure_disk().is_some_and(|disk| disk.free + self.held_bytes() < disk.reserve + disk.step())
    }

    /// Takes up the room if it is not taken, and returns whether the disk has room for a run.
    pub(super) fn hold(&self) -> bool {
        let Some(disk) = self.measure_disk() else { return true };
        if self.is_released() || self.is_disk_full() {
            return false;
        }
        if self.held_bytes() < disk.reserve
            && let Err(error) = self.fill(disk.reserve)
        {
            log::warn!("no room could be reserved in {}: {error}", self.path.display());
            return error.kind() != io::ErrorKind::StorageFull;
        }
        true
    }

    fn fill(&self, bytes: u64) -> io::Result<()> {
        let mut file = open_for_appending(&self.path)?;
        if let Err(error) = self.give_to_owner_of_database(&file) {
            log::debug!("{} stays with its owner: {error}", self.path.display());
        }
        match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            // Not every file system can reserve room without writing.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill_with_zeros(&mut file, bytes),
            filled => Ok(filled?),
        }
    }

    /// The bytes that the file takes up. A file with holes is longer than that.
    pub(super) fn held_bytes(&self) -> u64 {
        let file = std::fs::symlink_metadata(&self.path).ok().filter(std::fs::Metadata::is_file);
        file.map_or(0, |file| file.len().min(file.blocks().saturating_mul(BLOCK_BYTES)))
    }

    /// Gives the file to the owner of the database, who must be able to shorten it, if a command of root created it.
    fn give_to_owner_of_database(&self, file: &File) -> io::Result<()> {
        let (database, own) = (std::fs::metadata(&self.database)?, file.metadata()?);
        if (own.uid(), own.gid()) != (database.uid(), database.gid()) {
            std::os::unix::fs::fchown(file, Some(database.uid()), Some(database.gid()))?;
        }
        Ok(())
    }

    fn measure_disk(&self) -> Option<DiskSpace> {
        // Some file systems do not say how large they are.
        let disk = statvfs(&self.folder).ok().filter(|disk| disk.f_blocks > 0)?;
        let (smallest, largest) = RESERVE_LIMITS;
        let size = disk.f_blocks.saturating_mul(disk.f_frsize);
        Some(DiskSpace {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            reserve: (size / 8).clamp(smallest, largest),
        })
    }
}

/// The free space of a disk, and the size of the reserve on a disk of its size, in bytes.
struct DiskSpace {
    free: u64,
    reserve: u64,
}

impl DiskSpace {
    /// How much is given back at once. A disk with less free space counts as full.
    fn step(&self) -> u64 {
        self.reserve / FULL_DISK_PART
    }
}

fn fill_with_zeros(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = [0_u8; 64 * 1024];
    let mut left = bytes.saturating_sub(file.metadata()?.len());
    while left > 0 {
        let length = left.min(zeros.len() as u64);
        file.write_all(&zeros[..usize::try_from(length).unwrap_or(zeros.len())])?;
        left -= length;
    }
    Ok(())
}
