//! `LOCKSTEP_GOOGLE_CREDENTIALS`: the key of a service account, named by its file or given whole. Nothing of it is ever
//! shown, nor a value that may be a key given in place of a path.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::fetch::ServiceAccount;

/// Keys are a few kilobytes.
const MOST: u64 = 1_000_000;
/// How long a disk may take to give the file out.
const LIMIT: Duration = Duration::from_secs(4);

/// The key of a service account, and where it was found.
#[derive(Clone, Debug)]
pub struct GoogleCredentials {
    /// The account with its key.
    pub account: ServiceAccount,
    /// The file, if it was one.
    pub file: Option<PathBuf>,
    /// The file's mode where others than its owner may look into it.
    pub open_to_others: Option<u32>,
}

impl GoogleCredentials {
    /// What is to be said of a file that others than its owner can read.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let (file, mode) = (self.file.as_ref()?.display(), self.open_to_others?);
        Some(format!(
            "other users of this machine may read the key in LOCKSTEP_GOOGLE_CREDENTIALS (the mode of {file} is {mode:o}); \
             keep them out: chmod 600 {file}"
        ))
    }
}

/// Reads and checks what is given.
pub(super) fn read(given: &OsStr) -> Result<GoogleCredentials, String> {
    let text = given.to_str().map(|text| text.trim_start_matches('\u{feff}').trim());
    if let Some(text) = text.filter(|text| is_content(text)) {
        let account = text.parse().map_err(|error| format!("{error}"))?;
        return Ok(GoogleCredentials { account, file: None, open_to_others: None });
    }
    let path = PathBuf::from(given);
    let (say, hear) = mpsc::channel();
    let (shown, opened) = (shown(&path), path.clone());
    let thread = std::thread::Builder::new().name("credentials".to_owned());
    // Nobody hears it when it comes too late.
    let spawned = thread.spawn(move || drop(say.send(content(&opened))));
    let content = spawned.ok().and_then(|_| hear.recv_timeout(LIMIT).ok());
    let (text, mode) = content
        .ok_or_else(|| format!("{shown} was not read within 4 seconds. See whether its disk is well."))?
        .map_err(|wrong| format!("{shown} {wrong}"))?;
    let account = text.parse().map_err(|error| format!("{shown} cannot be used: {error}"))?;
    Ok(GoogleCredentials { account, file: Some(path), open_to_others: Some(mode).filter(|mode| mode & 0o077 != 0) })
}

/// Whether it is a key, of whatever kind, and not the path of one.
fn is_content(text: &str) -> bool {
    text.starts_with('{') || text.starts_with("-----BEGIN") || (text.starts_with("AIza") && !text.contains('.'))
}

/// The file's content and mode.
fn content(path: &Path) -> Result<(String, u32), String> {
    // Asked before opening: opening a pipe waits for its other end.
    let about = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !about.is_file() {
        return Err("is not a regular file. Name the JSON key file itself.".to_owned());
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text));
    match read {
        Ok(_) => Ok((text, about.permissions().mode() & 0o777)),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err("is not text. Name the JSON key file of a service account, not a P12 file.".to_owned())
        }
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &std::io::Error) -> String {
    let fix = match error.kind() {
        std::io::ErrorKind::NotFound => "Put the JSON key file of the service account there, or name the right file",
        _ => "Let the user that Lockstep runs as read it",
    };
    format!("cannot be read: {error}. {fix}.")
}

/// A path that is surely one. Any other value may be a key that was given in some other form.
fn shown(path: &Path) -> String {
    let is_one = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) || path.exists();
    if is_one { path.display().to_string().escape_debug().to_string() } else { "the file that it names".to_owned() }
}
