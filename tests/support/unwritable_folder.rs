//! Folders that not even root can write to: immutable ones, and small file systems.
//!
//! A container may not be allowed to create these. Then the tests that need them print it, and so does
//! `status::folders::what_these_tests_need_is_allowed_here`, whose output is always shown.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn command_succeeds(program: &str, args: &[&str], path: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(args).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A folder in which nothing can be made, changed or deleted, until this is dropped.
pub(crate) struct ImmutableFolder(PathBuf);

impl ImmutableFolder {
    /// `None` where that is not allowed.
    pub(crate) fn make(folder: &Path) -> Option<Self> {
        command_succeeds("chattr", &["+i"], folder).then(|| Self(folder.to_owned()))
    }
}

impl Drop for ImmutableFolder {
    fn drop(&mut self) {
        let repairs = command_succeeds("chattr", &["-i"], &self.0);
        assert!(repairs || std::thread::panicking(), "{} stays immutable", self.0.display());
    }
}

/// A small file system at a folder, until this is dropped.
pub(crate) struct SmallFileSystem(PathBuf);

impl SmallFileSystem {
    /// Mounts one of this many kibibytes. `None` where that is not allowed.
    pub(crate) fn mount(folder: &Path, kibibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let options = ["-t", "tmpfs", "-o", &format!("size={kibibytes}k,mode=0700"), "tmpfs"];
        command_succeeds("mount", &options, folder).then(|| Self(folder.to_owned()))
    }

    /// Fills it to the last byte; again, if something has become free since.
    pub(crate) fn fill(&self) {
        let path = self.0.join("rubbish");
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
        let error = loop {
            if let Err(error) = file.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    /// Makes room again.
    pub(crate) fn free_space(&self) {
        std::fs::remove_file(self.0.join("rubbish")).expect("the rubbish");
    }

    /// Makes it read-only, or writable again.
    pub(crate) fn read_only(&self, yes: bool) {
        let option = if yes { "remount,ro" } else { "remount,rw" };
        assert!(command_succeeds("mount", &["-o", option], &self.0), "{option}");
    }
}

impl Drop for SmallFileSystem {
    fn drop(&mut self) {
        let is_unmounted = command_succeeds("umount", &[], &self.0) || command_succeeds("umount", &["-l"], &self.0);
        assert!(is_unmounted || std::thread::panicking(), "{} stays mounted", self.0.display());
    }
}

/// Whether this process is bound by the permissions of folders. A process of root is not: then the test `name` runs in
/// a child process without that privilege, and the caller has nothing more to do.
pub(crate) fn is_bound_by_permissions(name: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o500);
    let held = std::fs::write(folder.path().join("x"), "").is_err();
    mode(0o700);
    if held {
        return true;
    }
    assert!(std::env::var_os(WITHOUT_CAPABILITIES_VAR).is_none(), "it still ignores permissions");
    let without = "-dac_override,-dac_read_search,-fowner";
    let again = Command::new("setpriv")
        .args([&format!("--bounding-set={without}"), &format!("--inh-caps={without}")])
        .arg(std::env::current_exe().expect("this binary"))
        .args([name, "--exact", "--nocapture"])
        .env(WITHOUT_CAPABILITIES_VAR, "1")
        .status();
    match again {
        Ok(status) if status.code() == Some(127) => report_not_tried("a folder without permission"),
        Ok(status) => assert!(status.success(), "{name}, without passing over permissions: {status}"),
        Err(_) => report_not_tried("a folder without permission"),
    }
    false
}

/// Set in the child process that runs without the privilege.
const WITHOUT_CAPABILITIES_VAR: &str = "LOCKSTEP_TEST_HELD_TO_PERMISSIONS";

/// Prints that something was not tested.
pub(crate) fn report_not_tried(what: &str) {
    eprintln!("NOT TRIED: {what} (this machine does not allow it)");
}
