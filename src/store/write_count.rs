//! Counts the transactions of this process that write, so that what was read before one is not taken for what is
//! there after it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A moment at which no transaction of this process was writing. While [`Store::write_mark`] returns the same mark,
/// none has begun since.
///
/// [`Store::write_mark`]: super::Store::write_mark
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WriteMark(u64);

/// How many transactions that write have begun, and how many have ended.
#[derive(Debug, Default)]
pub(super) struct WriteCount {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A transaction that writes, until it is dropped.
pub(super) struct CountedWrite<'a>(&'a WriteCount);

impl WriteCount {
    /// Counts a transaction. Call this before it begins, and drop the result after it has ended.
    pub(super) fn begin(&self) -> CountedWrite<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        CountedWrite(self)
    }

    /// Returns the current mark; `None` while a transaction writes.
    pub(super) fn mark(&self) -> Option<WriteMark> {
        // Read the other way round, one that begins in between and another that ends would look like none.
        let ended = self.ended.load(Ordering::SeqCst);
        let begun = self.begun.load(Ordering::SeqCst);
        (begun == ended).then_some(WriteMark(begun))
    }
}

impl Drop for CountedWrite<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::WriteCount;

    #[test]
    fn a_mark_stays_until_a_transaction_begins_and_there_is_none_while_one_writes() {
        let count = WriteCount::default();
        let before = count.mark();
        assert!(before.is_some());
        assert_eq!(count.mark(), before);
        let (first, second) = (count.begin(), count.begin());
        assert_eq!(count.mark(), None);
        drop(first);
        assert_eq!(count.mark(), None, "the other still writes");
        drop(second);
        assert!(count.mark().is_some());
        assert_ne!(count.mark(), before);
    }
}
