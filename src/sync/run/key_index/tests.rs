//! Tests which row has which item, for any spellings of stored keys and of the keys of rows.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::{KeyClaim, KeyIndex, RowComparison};
use crate::domain::change_set::KnownItem;
use crate::domain::text::comparable_form::comparable_form;

/// Three spellings each of two forms.
const SPELLINGS: [&str; 6] = ["a", "a\u{200b}", "\u{feff}a", "b c", "b\u{a0}c", "b  c"];

fn form(key: &str) -> String {
    comparable_form(key).into_owned()
}

/// An index of these keys, live or not.
fn index(stored: &[(&str, bool)]) -> KeyIndex {
    let mut index = KeyIndex::with_capacity(0);
    for (n, &(key, live)) in (1_u8..).zip(stored) {
        index.add_known_item(key, KnownItem { hash: [n; 16], live, changed_at: chrono::DateTime::default() });
    }
    index
}

#[test]
fn an_exact_spelling_is_preferred_in_any_order() {
    let mut index = index(&[("a", true)]);
    assert_eq!(index.claim_key("\u{feff}a", 2), KeyClaim::TakenByForm);
    assert_eq!(index.claim_key("a\u{200b}", 3), KeyClaim::Duplicate(2));
    assert_eq!(index.claim_key("a", 4), KeyClaim::TakenFrom(2));
    assert_eq!(index.claim_key("a", 5), KeyClaim::Duplicate(4));
    assert_eq!(index.claim_key("\u{feff}a", 6), KeyClaim::Duplicate(4));
    assert!(index.find_row("\u{feff}a", 2).is_none() && index.find_row("a", 4).is_some());
    assert_eq!(index.change_tally().usable_rows, 1);
}

#[test]
fn a_live_item_is_preferred_to_a_removed_one() {
    let mut index = index(&[("a", false), ("a\u{200b}", true)]);
    assert_eq!(index.claim_key("a", 2), KeyClaim::TakenByForm);
    assert_eq!(index.keep_equal_items().count, 0);
    assert!(index.lacks_spellings());
    index.set_spelling("a\u{200b}");
    let found = index.find_row("a", 2).expect("found");
    assert_eq!((found.comparison, found.stored_key.as_deref()), (RowComparison::Present([2; 16]), Some("a\u{200b}")));
    assert_eq!((index.change_tally().additions, index.change_tally().removals), (0, 0));
}

proptest! {
    #[test]
    fn every_row_has_one_item_or_is_a_duplicate_and_no_equal_item_leaves(
        stored in prop::collection::vec((0..SPELLINGS.len(), any::<bool>()), 0..6),
        rows in prop::collection::vec(0..SPELLINGS.len(), 0..10),
    ) {
        let mut known = HashSet::new();
        let stored: Vec<(&str, bool)> =
            stored.into_iter().filter(|(at, _)| known.insert(*at)).map(|(at, live)| (SPELLINGS[at], live)).collect();
        let mut index = index(&stored);
        let rows: Vec<(u32, &str)> = (2..).zip(rows).map(|(row, at)| (row, SPELLINGS[at])).collect();
        let mut refused = HashSet::new();
        for &(row, key) in &rows {
            match index.claim_key(key, row) {
                KeyClaim::Duplicate(first) => prop_assert!(first < row && refused.insert(row)),
                KeyClaim::TakenFrom(earlier) => prop_assert!(earlier < row && refused.insert(earlier)),
                KeyClaim::Taken | KeyClaim::TakenByForm => {}
            }
        }
        index.keep_equal_items();
        stored.iter().for_each(|(key, _)| index.set_spelling(key));
        let mut items: HashMap<String, u32> = HashMap::new();
        for &(row, key) in &rows {
            let found = index.find_row(key, row);
            prop_assert_eq!(found.is_some(), !refused.contains(&row), "row {}", row);
            let Some(found) = found else { continue };
            let item = found.stored_key.as_deref().unwrap_or(key).to_owned();
            prop_assert_eq!(form(&item), form(key));
            let is_stored = stored.iter().find(|(key, _)| *key == item);
            prop_assert_eq!(matches!(found.comparison, RowComparison::New), is_stored.is_none());
            // A row has an item by form only if no row spells the key like the catalog.
            let is_live = |spelling: &str| stored.contains(&(spelling, true));
            if item != key {
                prop_assert!(rows.iter().all(|(_, other)| form(other) != form(key) || !is_live(other)));
            }
            prop_assert_eq!(items.insert(item, row), None, "one row has an item");
        }
        for (key, live) in &stored {
            let has_row = rows.iter().any(|(_, row_key)| form(row_key) == form(key));
            prop_assert_eq!(index.has_left(key), *live && !has_row, "{:?}", key);
        }
        let tally = index.change_tally();
        prop_assert_eq!(tally.usable_rows, (rows.len() - refused.len()) as u64);
    }
}
