//! Checks the data folder and the folders in it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Access;

use super::check_result::{CheckResult, CheckState};
use super::shell_quote::quote_for_shell;
use super::status::check_status_folder;
use crate::config::{Settings, StatusStoreSetting};
use crate::domain::text::measures;

/// With less free space than this, the sync of a large source may fail.
const LOW_DISK_BYTES: u64 = 1_000_000_000;
/// With less free space than this, every sync may fail.
const FULL_DISK_BYTES: u64 = 100_000_000;
/// A file system that can create fewer files than this counts as full.
const MIN_FREE_FILES: u64 = 100;

/// Checks the data folder, its disk, and the folders in it.
pub(super) fn check_folders(settings: &Settings) -> Vec<CheckResult> {
    let folder = &settings.data_dir;
    let mut results = check_data_folder(folder);
    if results.iter().any(|result| result.state == CheckState::Wrong) {
        return results;
    }
    results.push(check_disk_space(nearest_existing(folder)));
    if matches!(settings.status_store, StatusStoreSetting::File) {
        results.push(check_status_folder(&folder.join("status")));
    }
    for (check, name) in [("log folder", "logs"), ("uploads", "uploads"), ("temporary files", "tmp")] {
        results.push(check_inner_folder(check, &folder.join(name)));
    }
    results
}

fn check_data_folder(folder: &Path) -> Vec<CheckResult> {
    const CHECK: &str = "data folder";
    let shown = folder.display();
    let choose_another = "Choose another folder with LOCKSTEP_DATA_DIR";
    let data = match fs::metadata(folder) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![report_missing(CHECK, folder, "LOCKSTEP_DATA_DIR")];
        }
        Err(error) => {
            return vec![CheckResult::wrong(CHECK, format!("{shown} cannot be accessed: {error}"), choose_another)];
        }
    };
    if !data.is_dir() {
        let message = format!("{shown} is not a folder");
        return vec![CheckResult::wrong(CHECK, message, format!("{choose_another}, or move that file away"))];
    }
    if let Err(error) = try_to_write(folder) {
        return vec![CheckResult::wrong(CHECK, format!("{shown} is not writable: {error}"), write_fix(&error, folder))];
    }
    vec![
        check_access_of_others(CHECK, folder, &data)
            .unwrap_or_else(|| CheckResult::ok(CHECK, format!("{shown} is writable"))),
    ]
}

/// Reports a missing file or folder that the first start creates. `settings` names the settings of its path.
pub(super) fn report_missing(check: &'static str, path: &Path, settings: &str) -> CheckResult {
    let (shown, above) = (path.display(), nearest_existing(path));
    match rustix::fs::access(above, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => {
            let fix = format!("If it should exist, check {settings}.");
            CheckResult::warning(check, format!("{shown} does not exist yet; it is created at the first start"), fix)
        }
        Err(error) => {
            let error = io::Error::from(error);
            let message = format!("{shown} does not exist and cannot be created in {}: {error}", above.display());
            CheckResult::wrong(check, message, write_fix(&error, above))
        }
    }
}

/// Finds the nearest ancestor of `path` that exists.
fn nearest_existing(path: &Path) -> &Path {
    let existing = path.ancestors().find(|ancestor| ancestor.exists());
    existing.unwrap_or(if path.is_absolute() { Path::new("/") } else { Path::new(".") })
}

/// Reports a file or folder that others than its owner may access.
pub(super) fn check_access_of_others(check: &'static str, path: &Path, data: &Metadata) -> Option<CheckResult> {
    let mode = data.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let message = format!("other users of this machine may access {} (mode {mode:o})", path.display());
        let fix = format!("chmod go= {}", quote_for_shell(&path.to_string_lossy()));
        CheckResult::warning(check, message, fix)
    })
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    use io::Write;
    // The status folder removes files of this name if this process is killed before it does.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(b"{}")
}

/// The fix for a folder that is not writable.
fn write_fix(error: &io::Error, folder: &Path) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free up space there.".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "Its disk is read-only. Check dmesg, and how it is mounted.".to_owned(),
        _ => {
            format!(
                "Give the user that runs Lockstep write access: chown -R USER {}",
                quote_for_shell(&folder.to_string_lossy())
            )
        }
    }
}

fn check_disk_space(folder: &Path) -> CheckResult {
    const CHECK: &str = "disk";
    let disk = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => {
            return CheckResult::warning(CHECK, format!("its free space is unknown: {error}"), "Check it with df.");
        }
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let message = format!("{} free on the disk of {}", measures::format_bytes(free), folder.display());
    let fix = format!(
        "Free up space, or move the data folder. Find large folders with: du -sh {}/*",
        quote_for_shell(&folder.to_string_lossy())
    );
    // File systems that do not count files report zero.
    let out_of_files = disk.f_files > 0 && disk.f_favail < MIN_FREE_FILES;
    if out_of_files {
        CheckResult::wrong(CHECK, format!("no more files can be created on the disk of {}", folder.display()), fix)
    } else if free < FULL_DISK_BYTES {
        CheckResult::wrong(CHECK, message, fix)
    } else if free < LOW_DISK_BYTES {
        CheckResult::warning(CHECK, message, fix)
    } else {
        CheckResult::ok(CHECK, message)
    }
}

/// Checks a folder in the data folder. It is created when it is needed.
fn check_inner_folder(check: &'static str, folder: &Path) -> CheckResult {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return CheckResult::ok(check, format!("{} is created when needed", folder.display()));
        }
        Ok(data) if data.is_dir() => {}
        Ok(_) => {
            let fix = format!("Move that file away: mv {0} {0}.old", quote_for_shell(&folder.to_string_lossy()));
            return CheckResult::wrong(check, format!("{} is not a folder", folder.display()), fix);
        }
        Err(error) => {
            let fix = "Give the user that runs Lockstep access.";
            return CheckResult::wrong(check, format!("{} cannot be accessed: {error}", folder.display()), fix);
        }
    }
    match try_to_write(folder) {
        Ok(()) => CheckResult::ok(check, format!("{} is writable", folder.display())),
        Err(error) => {
            let message = format!("{} is not writable: {error}", folder.display());
            CheckResult::wrong(check, message, write_fix(&error, folder))
        }
    }
}
