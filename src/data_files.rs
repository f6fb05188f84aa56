//! Opens files in the data folder. A symbolic link in the place of a file is not followed, and nothing but a regular
//! file is read or written: a pipe would block its reader, and a device never ends.
//!
//! Folders may be links: an operator may keep the logs on another disk.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens an existing regular file for reading.
///
/// # Errors
/// The error of the operating system, such as `NotFound`; `InvalidInput` when it is a symbolic link, or not a regular
/// file.
pub fn open_data_file(path: &Path) -> io::Result<File> {
    open_without_following(path, OpenOptions::new().read(true))
}

/// Opens a regular file for reading and appending, and creates it for its owner alone if it is missing.
///
/// # Errors
/// As [`open_data_file`], except that a missing file is created.
pub fn open_for_appending(path: &Path) -> io::Result<File> {
    open_without_following(path, OpenOptions::new().read(true).append(true).create(true).mode(0o600))
}

/// Reads a whole regular file of at most `max_bytes` bytes.
///
/// # Errors
/// As [`open_data_file`]; `FileTooLarge` when the file has more bytes. No more than one byte beyond the limit is read.
pub fn read_small_file(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open_data_file(path)?;
    let length = file.metadata()?.len();
    let mut content = Vec::with_capacity(usize::try_from(length.min(max_bytes)).unwrap_or(0) + 1);
    // The length may be wrong: the file may grow meanwhile.
    file.take(max_bytes + 1).read_to_end(&mut content)?;
    if content.len() as u64 > max_bytes {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {max_bytes} bytes")));
    }
    Ok(content)
}

/// Whether a text is the id of an upload, and therefore safe as part of a path.
#[must_use]
pub fn is_upload_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Deletes the upload with this id in `folder`. A missing upload is no error.
///
/// # Errors
/// The error of the operating system when the file cannot be deleted; `InvalidInput` when `id` is not an upload id.
pub fn remove_upload(folder: &Path, id: &str) -> io::Result<()> {
    if !is_upload_id(id) {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not the id of an upload"));
    }
    match std::fs::remove_file(folder.join(id)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open_without_following(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // NONBLOCK: opening a pipe would wait for its other end. Regular files ignore it.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|error| {
        match error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            true => io::Error::new(ErrorKind::InvalidInput, "it is a symbolic link"),
            false => error,
        }
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{open_data_file, open_for_appending, read_small_file};

    #[test]
    fn only_regular_files_are_opened_and_links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "text").expect("written");
        symlink(path("file"), path("link")).expect("a link");
        symlink(path("new"), path("dangling")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).expect("a pipe");
        for name in ["link", "dangling", "pipe", "."] {
            assert!(open_data_file(&path(name)).is_err(), "{name}");
            assert!(open_for_appending(&path(name)).is_err(), "{name}");
            assert!(read_small_file(&path(name), 100).is_err(), "{name}");
        }
        assert!(!path("new").exists(), "nothing was created through the link");
        assert_eq!(read_small_file(&path("file"), 4).expect("readable"), b"text");
        assert_eq!(read_small_file(&path("file"), 3).expect_err("too large").kind(), ErrorKind::FileTooLarge);
        assert_eq!(open_data_file(&path("none")).expect_err("missing").kind(), ErrorKind::NotFound);
        let created = open_for_appending(&path("new")).expect("created").metadata().expect("metadata");
        assert_eq!(created.permissions().mode() & 0o777, 0o600);
    }
}
