//! The guards that keep an empty, a suddenly small or a re-keyed source from harming a catalog.
//! They are judged before the first write.

/// Up to this many removals are never withheld: a small catalog changes by halves in ordinary work.
const FEW: u64 = 10;

/// What a complete fetch would do to a catalog.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Items in the catalog now.
    pub live: u64,
    /// Rows that can be taken.
    pub taken: u64,
    /// Of these, keys that are not in the catalog.
    pub additions: u64,
    /// Items of the catalog that are not in the source.
    pub removals: u64,
}

/// What may be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything.
    Apply,
    /// Additions and updates; the removals wait for a person's word.
    WithholdRemovals,
    /// Nothing: there is no row to take.
    EmptySource,
    /// Nothing: so many keys came and went that the key column must have changed.
    KeyChanged,
}

impl Tally {
    /// The verdict. `accept_rekey` is a person's word that additions and removals over half are meant.
    #[must_use]
    pub const fn judge(self, accept_rekey: bool) -> Verdict {
        let most_would_go = self.removals > FEW && self.removals * 2 > self.live;
        let most_are_new = self.additions * 2 > self.live;
        if self.taken == 0 {
            Verdict::EmptySource
        } else if !most_would_go || (most_are_new && accept_rekey) {
            Verdict::Apply
        } else if most_are_new {
            Verdict::KeyChanged
        } else {
            Verdict::WithholdRemovals
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, Verdict};

    const fn tally(live: u64, additions: u64, removals: u64) -> Tally {
        Tally { live, taken: live - removals + additions, additions, removals }
    }

    #[test]
    fn half_of_a_catalog_may_go_and_one_more_may_not() {
        assert_eq!(tally(100, 0, 50).judge(false), Verdict::Apply);
        assert_eq!(tally(100, 0, 51).judge(false), Verdict::WithholdRemovals);
    }

    #[test]
    fn ten_removals_are_always_few() {
        assert_eq!(tally(11, 0, 10).judge(false), Verdict::Apply);
        assert_eq!(tally(12, 0, 11).judge(false), Verdict::WithholdRemovals);
    }

    #[test]
    fn a_changed_key_column_is_seen_and_can_be_meant() {
        assert_eq!(tally(100, 100, 100).judge(false), Verdict::KeyChanged);
        assert_eq!(tally(100, 100, 100).judge(true), Verdict::Apply);
        assert_eq!(tally(100, 50, 100).judge(true), Verdict::WithholdRemovals);
    }

    #[test]
    fn an_empty_source_removes_nothing_whatever_its_size() {
        assert_eq!(tally(1, 0, 1).judge(true), Verdict::EmptySource);
        assert_eq!(tally(0, 0, 0).judge(false), Verdict::EmptySource);
    }

    #[test]
    fn a_first_load_applies() {
        assert_eq!(tally(0, 500, 0).judge(false), Verdict::Apply);
    }
}
