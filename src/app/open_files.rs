//! Raises the limit of open files, of which each connection needs one or two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many open files as the server can use. Some systems allow a thousand million, for which nothing here has a use.
const MAX_OPEN_FILES: u64 = 16_384;

/// Raises the limit of open files as far as the system allows and the server can use it. Returns the limit.
pub(super) fn raise_open_file_limit() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current.unwrap_or(u64::MAX);
    let wanted = maximum.unwrap_or(u64::MAX).min(MAX_OPEN_FILES);
    if wanted <= current {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            log::warn!("the limit of open files stays at {current}: {error}");
            current
        }
    }
}
