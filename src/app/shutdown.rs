//! Detects the signals that shut down this process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

/// Returns a flag that becomes true at the first SIGINT or SIGTERM. The second one ends the process at once, with the
/// exit code 128 plus the signal's number.
///
/// # Errors
/// When the operating system refuses a signal handler.
pub fn watch_shutdown_signals() -> io::Result<Arc<AtomicBool>> {
    let requested = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the first signal finds the flag false and sets it, and only the second ends the process.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&requested))?;
        signal_hook::flag::register(signal, Arc::clone(&requested))?;
    }
    Ok(requested)
}
