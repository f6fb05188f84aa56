//! Reads `LOCKSTEP_GOOGLE_CREDENTIALS`: the key of a service account, as the path of a file or as its content. Messages
//! never show the content, nor a value that may be a key instead of a path.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::domain::text::measures;
use crate::fetch::ServiceAccount;

/// Key files are a few kilobytes. More than this is not read.
const MAX_KEY_FILE_BYTES: u64 = 1_000_000;
/// How long reading the file may take.
const READ_TIMEOUT: Duration = Duration::from_secs(4);

/// The key of a service account, and where it was found.
#[derive(Clone, Debug)]
pub struct GoogleCredentials {
    /// The account with its key.
    pub account: ServiceAccount,
    /// The key file, unless the setting holds the key itself.
    pub file: Option<PathBuf>,
    /// The mode of the key file, if users other than its owner may access it.
    pub open_to_others: Option<u32>,
}

impl GoogleCredentials {
    /// Returns a warning if users other than its owner may access the key file.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let (file, mode) = (self.file.as_ref()?.display(), self.open_to_others?);
        Some(format!(
            "other users of this machine may read the key in LOCKSTEP_GOOGLE_CREDENTIALS ({file} has mode {mode:o}). \
             Restrict access: chmod 600 {file}"
        ))
    }
}

/// Reads and checks the credentials in `value`.
///
/// # Errors
/// What is wrong with the value, as the rest of a line after the setting's name: no valid key, an unreadable file, or a
/// disk that does not respond.
pub(super) fn read_credentials(value: &OsStr) -> Result<GoogleCredentials, String> {
    let text = value.to_str().map(|text| text.trim_start_matches('\u{feff}').trim());
    if let Some(text) = text.filter(|text| is_key_content(text)) {
        let account = text.parse().map_err(|error| format!("{error}"))?;
        return Ok(GoogleCredentials { account, file: None, open_to_others: None });
    }
    let path = PathBuf::from(value);
    let (shown, thread_path) = (display_path(&path), path.clone());
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("credentials".to_owned());
    // After the timeout the result is dropped.
    let spawned = thread.spawn(move || drop(sender.send(read_key_file(&thread_path))));
    let result = spawned.ok().and_then(|_| receiver.recv_timeout(READ_TIMEOUT).ok());
    let (text, mode) = result
        .ok_or_else(|| {
            format!("{shown} was not read within {}. Check its disk.", measures::format_limit(READ_TIMEOUT))
        })?
        .map_err(|problem| format!("{shown} {problem}"))?;
    let account = text.parse().map_err(|error| format!("{shown} cannot be used: {error}"))?;
    Ok(GoogleCredentials { account, file: Some(path), open_to_others: Some(mode).filter(|mode| mode & 0o077 != 0) })
}

/// Whether the value is a key of any kind, not the path of a file.
fn is_key_content(text: &str) -> bool {
    text.starts_with('{') || text.starts_with("-----BEGIN") || (text.starts_with("AIza") && !text.contains('.'))
}

/// Reads the key file: its content and mode.
fn read_key_file(path: &Path) -> Result<(String, u32), String> {
    // Checked before opening, because opening a pipe waits for its writer.
    let metadata = std::fs::metadata(path).map_err(|error| explain_unreadable(&error))?;
    if !metadata.is_file() {
        return Err("is not a regular file. Use the path of the JSON key file.".to_owned());
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text));
    match read {
        Ok(_) => Ok((text, metadata.permissions().mode() & 0o777)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err("is not text. Use the JSON key file of a service account, not a P12 file.".to_owned())
        }
        Err(error) => Err(explain_unreadable(&error)),
    }
}

fn explain_unreadable(error: &io::Error) -> String {
    let fix = match error.kind() {
        io::ErrorKind::NotFound => "Put the JSON key file of the service account there, or correct the path",
        _ => "Give the user that runs Lockstep read access",
    };
    format!("cannot be read: {error}. {fix}.")
}

/// Returns the path for messages, if the value is certainly a path. Otherwise it could be a key in another form.
fn display_path(path: &Path) -> String {
    let is_path = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) || path.exists();
    if is_path { path.display().to_string().escape_debug().to_string() } else { "the file that it names".to_owned() }
}
