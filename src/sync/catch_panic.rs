//! Catches panics of background threads, so that one failed step does not end its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs one step of a thread that must keep running. `None` when the step panicked; that is logged with `task`, the
/// name of the step in the log. The panic hook logs the place of the panic.
pub(super) fn catch_panic<T>(task: &str, step: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(step));
    result.inspect_err(|_| log::error!("{task} panicked; its thread keeps running")).ok()
}

#[cfg(test)]
mod tests {
    use super::catch_panic;

    #[test]
    fn a_panic_returns_none() {
        assert_eq!(catch_panic("a test", || 7), Some(7));
        assert_eq!(catch_panic::<()>("a test", || panic!("caught")), None);
    }
}
