//! Decides whether the changes of a sync may be applied, so that an empty, suddenly small or re-keyed source does not
//! damage a catalog. The decision is made before the first write.

/// Up to this number, removals are never withheld: small catalogs often change by half.
const MAX_SMALL_REMOVALS: u64 = 10;

/// The changes that a complete fetch would make to a catalog.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ChangeTally {
    /// The number of items in the catalog now.
    pub live: u64,
    /// The number of items when the catalog last matched its source. Items added since, by runs that withheld removals
    /// or were cut short, must not make the same removals look like a smaller share in the next run.
    pub settled: u64,
    /// The number of rows that can be used.
    pub usable_rows: u64,
    /// The number of these rows whose keys are not in the catalog.
    pub additions: u64,
    /// The number of items in the catalog that are not in the source.
    pub removals: u64,
    /// Whether rows or keys may have been misread, so that items may be in the source although they were not found.
    pub doubtful: bool,
}

/// The changes that may be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuardVerdict {
    /// Additions, updates and removals.
    Apply,
    /// Additions and updates. The removals need confirmation, because they are more than half of the catalog.
    WithholdRemovals,
    /// Additions and updates. The removals are withheld, because rows or keys may have been misread.
    WithholdInDoubt,
    /// Additions and updates. The removals are withheld, because an admin decided to keep some of these items.
    WithholdKept,
    /// Nothing, because the source has no usable row.
    EmptySource,
    /// Nothing, because additions and removals are so many that the key column must have changed.
    KeyChanged,
}

impl GuardVerdict {
    /// Returns whether a sync writes anything.
    #[must_use]
    pub const fn applies_additions(self) -> bool {
        match self {
            Self::Apply | Self::WithholdRemovals | Self::WithholdInDoubt | Self::WithholdKept => true,
            Self::EmptySource | Self::KeyChanged => false,
        }
    }
}

impl ChangeTally {
    /// Returns the verdict for a catalog without a list of removals. `accept_rekey` confirms that additions and
    /// removals of more than half are intended.
    #[must_use]
    pub const fn decide_verdict(self, accept_rekey: bool) -> GuardVerdict {
        self.decide_with_list(accept_rekey, 0, false)
    }

    /// Returns the verdict for a catalog that has a list of removals which waits for a decision or was kept.
    /// `listed_missing` is the number of its items that are still missing.
    #[must_use]
    pub const fn decide_with_list(self, accept_rekey: bool, listed_missing: u64, is_kept: bool) -> GuardVerdict {
        let baseline = if self.settled < self.live { self.settled } else { self.live };
        let removes_most = self.removals > MAX_SMALL_REMOVALS && self.removals * 2 > baseline;
        let is_rekey = self.has_other_keys(listed_missing);
        // An accepted change of keys may have been interrupted: its items are in the catalog already.
        let adds_most = (self.additions + (self.live - baseline)) * 2 > baseline;
        if self.usable_rows == 0 {
            GuardVerdict::EmptySource
        } else if accept_rekey && (is_rekey || removes_most && adds_most) {
            // An admin accepted both.
            GuardVerdict::Apply
        } else if is_rekey {
            GuardVerdict::KeyChanged
        } else if removes_most {
            GuardVerdict::WithholdRemovals
        } else if self.doubtful && self.removals > 0 {
            GuardVerdict::WithholdInDoubt
        } else if is_kept && listed_missing > 0 && !accept_rekey {
            GuardVerdict::WithholdKept
        } else {
            GuardVerdict::Apply
        }
    }

    /// Returns whether more than half of the items are newly missing, and new rows are more than half as many as the
    /// items. Items that were missing before, and the size of the catalog at that time, say nothing about the key
    /// column.
    const fn has_other_keys(self, listed_missing: u64) -> bool {
        let known = self.live.saturating_sub(listed_missing);
        let missing = self.removals.saturating_sub(listed_missing);
        missing > MAX_SMALL_REMOVALS && missing * 2 > known && self.additions * 2 > known
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeTally, GuardVerdict};

    const fn tally(live: u64, additions: u64, removals: u64) -> ChangeTally {
        ChangeTally {
            live,
            settled: live,
            usable_rows: live - removals + additions,
            additions,
            removals,
            doubtful: false,
        }
    }

    #[test]
    fn withheld_removals_are_withheld_again() {
        // 100 items; 49 stayed and 50 came; the 51 were kept, so the catalog has 150.
        let again = ChangeTally { settled: 100, ..tally(150, 0, 51) };
        assert_eq!(again.decide_verdict(false), GuardVerdict::WithholdRemovals);
        let cut_short = ChangeTally { settled: 40_000, ..tally(50_000, 9_600, 20_400) };
        assert_eq!(cut_short.decide_verdict(false), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn an_accepted_change_of_keys_continues_after_it_was_interrupted() {
        let rest = ChangeTally { settled: 60_000, ..tally(88_000, 32_000, 60_000) };
        assert_eq!(rest.decide_verdict(true), GuardVerdict::Apply);
        let last = ChangeTally { settled: 60_000, ..tally(119_000, 1_000, 60_000) };
        assert_eq!(last.decide_verdict(true), GuardVerdict::Apply);
    }

    #[test]
    fn half_of_a_catalog_may_be_removed_and_one_more_may_not() {
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
        assert_eq!(ChangeTally { doubtful: true, ..tally(100, 100, 100) }.decide_verdict(true), GuardVerdict::Apply);
        // This number of removals needs confirmation, which takes precedence.
        assert_eq!(
            ChangeTally { doubtful: true, ..tally(100, 0, 60) }.decide_verdict(false),
            GuardVerdict::WithholdRemovals
        );
    }

    #[test]
    fn a_changed_key_column_is_detected_and_can_be_accepted() {
        assert_eq!(tally(100, 100, 100).decide_verdict(false), GuardVerdict::KeyChanged);
        assert_eq!(tally(100, 100, 100).decide_verdict(true), GuardVerdict::Apply);
        assert_eq!(tally(100, 50, 100).decide_verdict(true), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn other_keys_need_many_removals_of_more_than_half_and_as_many_new_rows() {
        // Few, however small the catalog is.
        assert_eq!(tally(10, 10, 10).decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(tally(11, 11, 11).decide_verdict(false), GuardVerdict::KeyChanged);
        // Exactly half of the items is not most of them.
        assert_eq!(tally(100, 100, 50).decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(tally(100, 100, 20).decide_verdict(false), GuardVerdict::Apply);
        assert_eq!(tally(100, 50, 51).decide_verdict(false), GuardVerdict::WithholdRemovals);
        assert_eq!(tally(100, 51, 51).decide_verdict(false), GuardVerdict::KeyChanged);
    }

    #[test]
    fn an_empty_source_removes_nothing_whatever_its_size() {
        assert_eq!(tally(1, 0, 1).decide_verdict(true), GuardVerdict::EmptySource);
        assert_eq!(tally(0, 0, 0).decide_verdict(false), GuardVerdict::EmptySource);
    }

    #[test]
    fn items_that_an_admin_kept_are_not_removed_without_a_new_question() {
        let half = tally(30, 0, 15);
        assert_eq!(half.decide_with_list(false, 15, true), GuardVerdict::WithholdKept);
        assert_eq!(half.decide_with_list(false, 15, false), GuardVerdict::Apply);
        assert_eq!(half.decide_with_list(false, 0, true), GuardVerdict::Apply, "none of the kept items is missing");
    }

    #[test]
    fn items_that_were_missing_before_do_not_look_like_a_changed_key() {
        let with_new_rows = ChangeTally { settled: 30, ..tally(40, 21, 31) };
        assert_eq!(with_new_rows.decide_verdict(false), GuardVerdict::KeyChanged);
        assert_eq!(with_new_rows.decide_with_list(false, 25, true), GuardVerdict::WithholdRemovals);
        assert_eq!(with_new_rows.decide_with_list(false, 5, true), GuardVerdict::KeyChanged);
        assert_eq!(with_new_rows.decide_with_list(true, 5, true), GuardVerdict::Apply);
    }

    #[test]
    fn a_catalog_that_grew_beside_kept_items_does_not_look_like_a_changed_key() {
        // 40 items of which 25 were kept; the sheet grew to 615 rows, and 21 of them were deleted.
        let grown = ChangeTally { settled: 40, ..tally(640, 30, 46) };
        assert_eq!(grown.decide_with_list(false, 25, true), GuardVerdict::WithholdRemovals);
        assert_eq!(grown.decide_verdict(false), GuardVerdict::WithholdRemovals, "another list replaced the kept one");
        let few_settled = ChangeTally { settled: 0, ..tally(995, 0, 15) };
        assert_eq!(few_settled.decide_verdict(false), GuardVerdict::WithholdRemovals);
    }

    #[test]
    fn a_first_load_applies() {
        assert_eq!(tally(0, 500, 0).decide_verdict(false), GuardVerdict::Apply);
    }
}
