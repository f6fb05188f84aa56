//! Ports that a server can have again after a restart.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port outside the ephemeral range: no other process gets it while the server is down.
pub(crate) fn reserve_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id() * 64 + NEXT.fetch_add(1, Ordering::SeqCst);
        let port = u16::try_from(10_000 + number % 20_000).expect("a port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
