//! Pseudorandom numbers that are the same in every run.

/// A sequence of numbers (SplitMix64) for a seed.
pub(crate) struct SeededRandom(u64);

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn next_below(&mut self, limit: u64) -> u64 {
        self.next_u64() % limit
    }

    /// True in `chance` of a hundred cases.
    pub(crate) fn next_chance(&mut self, chance: u64) -> bool {
        self.next_below(100) < chance
    }

    /// A number from 0 to 1.
    pub(crate) fn next_share(&mut self) -> f64 {
        self.next_below(1_000_001) as f64 / 1_000_000.0
    }
}
