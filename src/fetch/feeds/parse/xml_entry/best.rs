//! What was said of something, as far as it was said best.

/// A value and how well it is said; of two said equally well the first stays.
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
    pub(super) fn offer(&mut self, rank: u8, value: Option<T>) {
        if rank > self.rank && value.is_some() {
            (self.value, self.rank) = (value, rank);
        }
    }

    /// Of two said equally well the last stays: who writes a date twice has changed it.
    pub(super) fn offer_last(&mut self, rank: u8, value: Option<T>) {
        if rank >= self.rank && value.is_some() {
            (self.value, self.rank) = (value, rank);
        }
    }
}
