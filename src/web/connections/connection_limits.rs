//! How many connections there may be, and how long each may wait for its client.

use std::time::Duration;

/// The most connections, however many files may be open: each takes some 30 kB of memory.
const MAX_CONNECTIONS: usize = 4096;
/// The fewest connections, however few files may be open.
const MIN_CONNECTIONS: usize = 16;
/// Open files that connections leave for the database, the status of runs, logs and fetches.
const RESERVED_FILES: usize = 128;
/// Files that a connection may need: its socket, and an upload or a download.
const FILES_PER_CONNECTION: usize = 2;
/// The most connections of one address whose request is incomplete. Browsers open some before they need them.
const MAX_INCOMPLETE: usize = 128;
/// An address may use this part of all connections for incomplete requests: a fourth.
const INCOMPLETE_SHARE: usize = 4;

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The most connections.
    pub max_connections: usize,
    /// The most connections of one address whose request has not arrived completely.
    pub max_incomplete: usize,
    /// How long a client may take for the head of a request.
    pub head_timeout: Duration,
    /// How long a connection stays open without a request.
    pub idle_timeout: Duration,
    /// After each such period of waiting for a body, `min_body_bytes` must have arrived.
    pub body_period: Duration,
    /// How many bytes of a body must arrive in a period.
    pub min_body_bytes: usize,
    /// How long the rest of a body that nobody reads may take after the response.
    pub drain_timeout: Duration,
    /// How long a client may accept nothing of a response.
    pub write_timeout: Duration,
}

impl ConnectionLimits {
    /// The limits of a process that may have this many files open.
    #[must_use]
    pub fn for_open_files(files: u64) -> Self {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let free = files.saturating_sub(RESERVED_FILES) / FILES_PER_CONNECTION;
        let max_connections = free.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS);
        Self {
            max_connections,
            max_incomplete: (max_connections / INCOMPLETE_SHARE).min(MAX_INCOMPLETE),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(5),
            // 273 bytes a second: a modem is ten times as fast.
            body_period: Duration::from_secs(15),
            min_body_bytes: 4096,
            drain_timeout: Duration::from_secs(5),
            // The system accepts much at once, so a slow client seems to accept nothing for a while.
            write_timeout: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionLimits;

    #[test]
    fn connections_and_their_files_leave_files_in_reserve() {
        for (files, max_connections, max_incomplete) in
            [(64, 16, 4), (256, 64, 16), (1024, 448, 112), (20_000, 4096, 128), (u64::MAX, 4096, 128)]
        {
            let limits = ConnectionLimits::for_open_files(files);
            assert_eq!((limits.max_connections, limits.max_incomplete), (max_connections, max_incomplete), "{files}");
        }
    }
}
