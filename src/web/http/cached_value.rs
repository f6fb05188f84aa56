//! Keeps a value that every page needs for a moment, so that many requests cost one query.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long a value is reused.
const REUSED_FOR: Duration = Duration::from_secs(1);

/// A value that is loaded at most about once a second. It stays in this process: other servers load their own.
#[derive(Debug, Default)]
pub struct CachedValue<T>(Mutex<Option<(Instant, T)>>);

impl<T: Clone> CachedValue<T> {
    /// Returns the kept value, or loads it if it is too old. Requests that find it too old at the same time load it at
    /// the same time: none waits for the query of another.
    pub(in crate::web) fn get_or_load<E>(&self, load: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let kept = self.0.lock().clone();
        if let Some((at, value)) = kept
            && at.elapsed() < REUSED_FOR
        {
            return Ok(value);
        }
        let value = load()?;
        *self.0.lock() = Some((Instant::now(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{CachedValue, Instant, REUSED_FOR};

    #[test]
    fn a_value_is_loaded_once_until_it_is_too_old_and_a_failure_is_not_kept() {
        let cached = CachedValue::<u64>::default();
        assert_eq!(cached.get_or_load(|| Err("away")), Err("away"));
        assert_eq!(cached.get_or_load(|| Ok::<_, ()>(3)), Ok(3));
        assert_eq!(cached.get_or_load(|| Err("not asked")), Ok(3));
        *cached.0.lock() = Instant::now().checked_sub(REUSED_FOR).map(|at| (at, 3));
        assert_eq!(cached.get_or_load(|| Ok::<_, ()>(4)), Ok(4));
    }
}
