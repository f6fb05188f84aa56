//! The data folder and those in it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Access;

use super::check_result::{CheckResult, CheckState};
use super::shell_quote::quoted;
use super::status;
use crate::config::{Settings, StatusAt};
use crate::domain::text::measures;

/// With less room than this a sync of a big source may not end well …
const LITTLE: u64 = 1_000_000_000;
/// … and with less than this none does.
const NONE: u64 = 100_000_000;

/// Looks at them.
pub(super) fn check(settings: &Settings) -> Vec<CheckResult> {
    let folder = &settings.data_dir;
    let mut findings = data_folder(folder);
    if findings.iter().any(|finding| finding.state == CheckState::Wrong) {
        return findings;
    }
    findings.push(room(nearest(folder)));
    if matches!(settings.status, StatusAt::File) {
        findings.push(status::in_files(&folder.join("status")));
    }
    for (check, name) in [("log folder", "logs"), ("uploads", "uploads"), ("temporary files", "tmp")] {
        findings.push(inner(check, &folder.join(name)));
    }
    findings
}

fn data_folder(folder: &Path) -> Vec<CheckResult> {
    const CHECK: &str = "data folder";
    let shown = folder.display();
    let elsewhere = "Choose another folder with LOCKSTEP_DATA_DIR";
    let data = match fs::metadata(folder) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![not_there_yet(CHECK, folder, "LOCKSTEP_DATA_DIR")];
        }
        Err(error) => {
            return vec![CheckResult::wrong(CHECK, format!("{shown} cannot be looked at: {error}"), elsewhere)];
        }
    };
    if !data.is_dir() {
        let message = format!("{shown} is not a folder");
        return vec![CheckResult::wrong(CHECK, message, format!("{elsewhere}, or move that file away"))];
    }
    if let Err(error) = try_writing(folder) {
        return vec![CheckResult::wrong(
            CHECK,
            format!("{shown} cannot be written to: {error}"),
            write_fix(&error, folder),
        )];
    }
    vec![
        read_by_others(CHECK, folder, &data)
            .unwrap_or_else(|| CheckResult::ok(CHECK, format!("{shown} can be written to"))),
    ]
}

/// What is to be said of a file or folder that the first start makes; `settings` say where it is.
pub(super) fn not_there_yet(check: &'static str, path: &Path, settings: &str) -> CheckResult {
    let (shown, above) = (path.display(), nearest(path));
    match rustix::fs::access(above, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => {
            let fix = format!("If there should be one, see that {settings} names it.");
            CheckResult::warning(check, format!("{shown} is not there yet; it is made at the first start"), fix)
        }
        Err(error) => {
            let error = io::Error::from(error);
            let message = format!("{shown} is not there and cannot be made in {}: {error}", above.display());
            CheckResult::wrong(check, message, write_fix(&error, above))
        }
    }
}

/// The folder on the way to `path` that is there.
fn nearest(path: &Path) -> &Path {
    let there = path.ancestors().find(|it| it.exists());
    there.unwrap_or(if path.is_absolute() { Path::new("/") } else { Path::new(".") })
}

/// What is to be said of a file or folder that others than its owner can read.
pub(super) fn read_by_others(check: &'static str, path: &Path, data: &Metadata) -> Option<CheckResult> {
    let mode = data.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let message = format!("other users of this machine may look into {} (its mode is {mode:o})", path.display());
        let fix = format!("chmod go= {}", quoted(&path.to_string_lossy()));
        CheckResult::warning(check, message, fix)
    })
}

fn try_writing(folder: &Path) -> io::Result<()> {
    use io::Write;
    // A name that the status folder would clear away if this were killed.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(b"{}")
}

/// What to do about a folder that cannot be written to.
fn write_fix(error: &io::Error, folder: &Path) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free some space there.".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "Its disk is read-only: see dmesg, or how it is mounted.".to_owned(),
        _ => {
            format!("Let the user that runs Lockstep write there: chown -R USER {}", quoted(&folder.to_string_lossy()))
        }
    }
}

fn room(folder: &Path) -> CheckResult {
    const CHECK: &str = "disk";
    let disk = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => {
            return CheckResult::warning(CHECK, format!("its free space is not known: {error}"), "Look with df.");
        }
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let message = format!("{} free where {} is", measures::bytes(free), folder.display());
    let fix = format!(
        "Free some space, or move the data folder. See what takes it: du -sh {}/*",
        quoted(&folder.to_string_lossy())
    );
    // File systems that do not count files say that there are none.
    let out_of_files = disk.f_files > 0 && disk.f_favail < 100;
    if out_of_files {
        CheckResult::wrong(CHECK, format!("no more files can be made where {} is", folder.display()), fix)
    } else if free < NONE {
        CheckResult::wrong(CHECK, message, fix)
    } else if free < LITTLE {
        CheckResult::warning(CHECK, message, fix)
    } else {
        CheckResult::ok(CHECK, message)
    }
}

/// A folder that is made when something is to be put into it.
fn inner(check: &'static str, folder: &Path) -> CheckResult {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return CheckResult::ok(check, format!("{} is made when it is needed", folder.display()));
        }
        Ok(data) if data.is_dir() => {}
        Ok(_) => {
            let fix = format!("Move that file away: mv {0} {0}.old", quoted(&folder.to_string_lossy()));
            return CheckResult::wrong(check, format!("{} is not a folder", folder.display()), fix);
        }
        Err(error) => {
            let fix = "Let the user that runs Lockstep look there.";
            return CheckResult::wrong(check, format!("{} cannot be looked at: {error}", folder.display()), fix);
        }
    }
    match try_writing(folder) {
        Ok(()) => CheckResult::ok(check, format!("{} can be written to", folder.display())),
        Err(error) => {
            let message = format!("{} cannot be written to: {error}", folder.display());
            CheckResult::wrong(check, message, write_fix(&error, folder))
        }
    }
}
