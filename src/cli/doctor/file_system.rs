//! The file of a SQLite database: where it lies and who may use it.

use std::io;
use std::path::Path;

use super::check_result::CheckResult;
use super::folders::{not_there_yet, read_by_others};
use super::shell_quote::quoted;

/// Looks at it; answers also whether there is one that can be opened.
pub(super) fn check(path: &Path) -> (Vec<CheckResult>, bool) {
    let mut findings: Vec<CheckResult> = network(path).into_iter().collect();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.push(not_there_yet("database", path, "LOCKSTEP_DATA_DIR or DATABASE_URL"));
            (findings, false)
        }
        // What is wrong with it is said by what opens it.
        Err(_) => (findings, true),
        Ok(data) => {
            findings.extend(read_by_others("database", path, &data));
            findings.extend(not_writable(path));
            (findings, true)
        }
    }
}

/// What is to be said of a file on a disk that other machines have too.
fn network(path: &Path) -> Option<CheckResult> {
    let folder = std::fs::canonicalize(path.parent().filter(|folder| !folder.as_os_str().is_empty())?).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = file_system(&mounts, &folder)?;
    let shared = [
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
    shared.contains(&kind).then(|| {
        let message =
            format!("{} is on a network file system ({kind}), on which SQLite's locks do not work", path.display());
        CheckResult::wrong("database", message, "Put it on a disk of this machine, or use PostgreSQL (DATABASE_URL).")
    })
}

/// The file system that a folder is on, out of `/proc/self/mountinfo`: `36 35 98:0 /root /mnt rw - ext4 /dev/sda rw`.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let on = mounts.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let at = mount.split(' ').nth(4)?.replace("\\040", " ");
        folder.starts_with(&at).then(|| (at.len(), kind.split(' ').next()))
    });
    // Of two at one place the later one covers the earlier.
    on.max_by_key(|(length, _)| *length)?.1
}

/// SQLite would open such a file, and say so at the first write only.
fn not_writable(path: &Path) -> Option<CheckResult> {
    let error = std::fs::OpenOptions::new().append(true).open(path).err()?;
    let fix = format!("Let the user that runs Lockstep write to it: chown USER {}*", quoted(&path.to_string_lossy()));
    Some(CheckResult::wrong("database", format!("{} cannot be written to: {error}", path.display()), fix))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_system;

    #[test]
    fn a_folder_is_on_the_file_system_that_is_mounted_nearest() {
        let mounts = "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n\
                      30 22 0:50 / /srv rw - nfs4 nas:/srv rw\n\
                      31 30 8:2 / /srv/data\\040here rw - xfs /dev/sdb rw\n";
        assert_eq!(file_system(mounts, Path::new("/home/x")), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/srv/data")), Some("nfs4"));
        assert_eq!(file_system(mounts, Path::new("/srvx")), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/srv/data here/a")), Some("xfs"));
    }
}
