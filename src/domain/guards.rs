//! The guards that keep an empty, a suddenly small or a re-keyed source from harming a catalog.
//! They are judged before the first write.

/// Up to this many removals are never withheld: a small catalog changes by halves in ordinary work.
const MAX_SMALL_REMOVALS: u64 = 10;

/// What a complete fetch would do to a catalog.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ChangeTally {
    /// Items in the catalog now.
    pub live: u64,
    /// Items that were in it when it was last in step with its source. What a run added that withheld its removals, or
    /// was cut short, comes on top, and must not make the same removals look like a smaller part at the next run.
    pub settled: u64,
    /// Rows that can be taken.
    pub taken: u64,
    /// Of these, keys that are not in the catalog.
    pub additions: u64,
    /// Items of the catalog that are not in the source.
    pub removals: u64,
    /// Whether rows or keys may have been misread, so that an item that seems gone may still be in the source.
    pub doubtful: bool,
}

/// What may be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuardVerdict {
    /// Additions, updates and removals are applied.
    Apply,
    /// Additions and updates; the removals wait for a person's word.
    WithholdRemovals,
    /// Additions and updates. An item that seems gone may still be in the source, in a row that was misread.
    WithholdInDoubt,
    /// Nothing: there is no row to take.
    EmptySource,
    /// Nothing: so many keys came and went that the key column must have changed.
    KeyChanged,
}

impl ChangeTally {
    /// The verdict. `accept_rekey` is a person's word that additions and removals over half are meant.
    #[must_use]
    pub const fn decide_verdict(self, accept_rekey: bool) -> GuardVerdict {
        let whole = if self.settled < self.live { self.settled } else { self.live };
        let most_would_go = self.removals > MAX_SMALL_REMOVALS && self.removals * 2 > whole;
        // What came since the catalog was in step is part of the same change of its source.
        let most_are_new = (self.additions + (self.live - whole)) * 2 > whole;
        if self.taken == 0 {
            GuardVerdict::EmptySource
        } else if !most_would_go || (most_are_new && accept_rekey) {
            if self.doubtful && self.removals > 0 { GuardVerdict::WithholdInDoubt } else { GuardVerdict::Apply }
        } else if most_are_new {
            GuardVerdict::KeyChanged
        } else {
            GuardVerdict::WithholdRemovals
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeTally, GuardVerdict};

    const fn tally(live: u64, additions: u64, removals: u64) -> ChangeTally {
        ChangeTally { live, settled: live, taken: live - removals + additions, additions, removals, doubtful: false }
    }

    #[test]
    fn what_was_withheld_once_is_withheld_the_second_time() {
        // 100 items; 49 stayed and 50 came; the 51 were kept, so the catalog has 150.
        let again = ChangeTally { settled: 100, ..tally(150, 0, 51) };
        assert_eq!(again.decide_verdict(false), GuardVerdict::WithholdRemovals);
        let cut_short = ChangeTally { settled: 40_000, ..tally(50_000, 9_600, 20_400) };
        assert_eq!(cut_short.decide_verdict(false), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn a_change_of_keys_that_was_meant_goes_on_after_it_was_cut_short() {
        let rest = ChangeTally { settled: 60_000, ..tally(88_000, 32_000, 60_000) };
        assert_eq!(rest.decide_verdict(true), GuardVerdict::Apply);
        let last = ChangeTally { settled: 60_000, ..tally(119_000, 1_000, 60_000) };
        assert_eq!(last.decide_verdict(true), GuardVerdict::Apply);
    }

    #[test]
    fn half_of_a_catalog_may_go_and_one_more_may_not() {
        assert_eq!(tally(100, 0, 50).decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(tally(100, 0, 51).decide_verdict(false), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn ten_removals_are_always_few() {
        assert_eq!(tally(11, 0, 10).decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(tally(12, 0, 11).decide_verdict(false), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn in_doubt_about_rows_or_keys_nothing_is_removed() {
        let doubtful = ChangeTally { doubtful: true, ..tally(100, 5, 1) };
        assert_eq!(doubtful.decide_verdict(false), GuardVerdict::WithholdInDoubt);
        assert_eq!(ChangeTally { removals: 0, ..doubtful }.decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(
            ChangeTally { doubtful: true, ..tally(100, 100, 100) }.decide_verdict(true),
            GuardVerdict::WithholdInDoubt
        );
        // Of so many more is to be said than that.
        assert_eq!(
            ChangeTally { doubtful: true, ..tally(100, 0, 60) }.decide_verdict(false),
            GuardVerdict::WithholdRemovals
        );
    }

    #[test]
    fn a_changed_key_column_is_seen_and_can_be_meant() {
        assert_eq!(tally(100, 100, 100).decide_verdict(false), GuardVerdict::KeyChanged);
        assert_eq!(tally(100, 100, 100).decide_verdict(true), GuardVerdict::Apply);
        assert_eq!(tally(100, 50, 100).decide_verdict(true), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn an_empty_source_removes_nothing_whatever_its_size() {
        assert_eq!(tally(1, 0, 1).decide_verdict(true), GuardVerdict::EmptySource);
        assert_eq!(tally(0, 0, 0).decide_verdict(false), GuardVerdict::EmptySource);
    }

    #[test]
    fn a_first_load_applies() {
        assert_eq!(tally(0, 500, 0).decide_verdict(false), GuardVerdict::Apply);
    }
}
