//! Checks the file of a SQLite database: its file system and its permissions.

use std::io;
use std::path::Path;

use super::check_result::CheckResult;
use super::folders::{check_access_of_others, report_missing};
use super::shell_quote::quote_for_shell;

/// File systems that several machines share, where SQLite's locks do not work.
const NETWORK_FILE_SYSTEMS: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "lustre",
    "afs",
];

/// Checks the file. Also returns whether it exists.
pub(super) fn check_database_file(path: &Path) -> (Vec<CheckResult>, bool) {
    let mut results: Vec<CheckResult> = check_file_system(path).into_iter().collect();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            results.push(report_missing("database", path, "LOCKSTEP_DATA_DIR or DATABASE_URL"));
            (results, false)
        }
        // Opening the database reports what is wrong.
        Err(_) => (results, true),
        Ok(data) => {
            results.extend(check_access_of_others("database", path, &data));
            results.extend(check_writable(path));
            results.extend(check_disk(path));
            (results, true)
        }
    }
}

/// Reports a file on a network file system.
fn check_file_system(path: &Path) -> Option<CheckResult> {
    let folder = std::fs::canonicalize(path.parent().filter(|folder| !folder.as_os_str().is_empty())?).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = find_file_system(&mounts, &folder)?;
    NETWORK_FILE_SYSTEMS.contains(&kind).then(|| {
        let message =
            format!("{} is on a network file system ({kind}), where SQLite's locks do not work", path.display());
        CheckResult::wrong("database", message, "Move it to a local disk, or use PostgreSQL (DATABASE_URL).")
    })
}

/// Finds the file system of a folder in `/proc/self/mountinfo`: `36 35 98:0 /root /mnt rw - ext4 /dev/sda rw`.
fn find_file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mounts_above = mounts.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mount_point = mount.split(' ').nth(4)?.replace("\\040", " ");
        folder.starts_with(&mount_point).then(|| (mount_point.len(), kind.split(' ').next()))
    });
    // If two file systems are mounted at one path, the later one hides the earlier.
    mounts_above.max_by_key(|(length, _)| *length)?.1
}

/// Asks the disk to confirm what was written to the database. This changes nothing.
fn check_disk(path: &Path) -> Option<CheckResult> {
    let log = path.with_file_name(format!("{}-wal", path.file_name()?.to_string_lossy()));
    let confirm = |path: &Path| match std::fs::File::open(path).and_then(|file| file.sync_all()) {
        // SQLite deletes its log with the last connection.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Some((path.display().to_string(), error)),
        _ => None,
    };
    let (file, error) = confirm(path).or_else(|| confirm(&log))?;
    let fix = "Check the disk and the kernel's log (dmesg). Copy the data folder to another disk before you go on.";
    let message = format!("the disk does not confirm what was written to {file}: {error}");
    Some(CheckResult::wrong("disk", message, fix))
}

/// Reports a file that cannot be written to. SQLite would open it, and fail at the first write.
fn check_writable(path: &Path) -> Option<CheckResult> {
    let error = std::fs::OpenOptions::new().append(true).open(path).err()?;
    let fix = format!(
        "Give the user that runs Lockstep write access: chown USER {}*",
        quote_for_shell(&path.to_string_lossy())
    );
    Some(CheckResult::wrong("database", format!("{} is not writable: {error}", path.display()), fix))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::find_file_system;

    #[test]
    fn the_file_system_of_a_folder_is_the_nearest_mount() {
        let mounts = "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n\
                      30 22 0:50 / /srv rw - nfs4 nas:/srv rw\n\
                      31 30 8:2 / /srv/data\\040here rw - xfs /dev/sdb rw\n";
        assert_eq!(find_file_system(mounts, Path::new("/home/x")), Some("ext4"));
        assert_eq!(find_file_system(mounts, Path::new("/srv/data")), Some("nfs4"));
        assert_eq!(find_file_system(mounts, Path::new("/srvx")), Some("ext4"));
        assert_eq!(find_file_system(mounts, Path::new("/srv/data here/a")), Some("xfs"));
    }
}
