//! Keeps the best of several values that a feed gives for one field.

/// A value and its rank. Of two values of the same rank the first is kept.
pub(super) struct BestValue<T> {
    pub(super) value: Option<T>,
    pub(super) rank: u8,
}

impl<T> Default for BestValue<T> {
    fn default() -> Self {
        Self { value: None, rank: 0 }
    }
}

impl<T> BestValue<T> {
    /// Replaces the value if `rank` is higher.
    pub(super) fn offer(&mut self, rank: u8, value: Option<T>) {
        if rank > self.rank && value.is_some() {
            (self.value, self.rank) = (value, rank);
        }
    }

    /// Replaces the value if `rank` is higher or equal. Used for dates, because the second of two dates is a
    /// correction.
    pub(super) fn offer_last(&mut self, rank: u8, value: Option<T>) {
        if rank >= self.rank && value.is_some() {
            (self.value, self.rank) = (value, rank);
        }
    }
}
