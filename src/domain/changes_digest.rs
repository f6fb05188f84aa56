//! A digest of a whole set of changes, by which a sync finds out whether it would do what its preview showed.

use sha2::{Digest, Sha256};

use super::change_set::Change;
use super::guards::GuardVerdict;

/// The digest of a set of changes, built one change at a time. The order of the changes does not matter: a source whose
/// rows were only reordered has the same changes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ChangesDigest {
    /// The sum of the SHA-256 digests of all parts, as two numbers that wrap around.
    sums: [u128; 2],
}

impl ChangesDigest {
    /// Adds the change of an item.
    pub fn add_change(&mut self, change: &Change) {
        let Change { key, kind, before, after } = change;
        let before = before.as_deref().unwrap_or_default();
        self.add_part(&[kind.as_str(), key, before, after.as_deref().unwrap_or_default()]);
    }

    /// Adds an item that is not in the source.
    pub fn add_missing_item(&mut self, key: &str) {
        self.add_part(&["missing", key]);
    }

    /// Adds the columns of the source.
    pub fn add_columns(&mut self, columns: &[String]) {
        let parts: Vec<&str> = std::iter::once("columns").chain(columns.iter().map(String::as_str)).collect();
        self.add_part(&parts);
    }

    /// Adds what the guards allow.
    pub fn add_verdict(&mut self, verdict: GuardVerdict) {
        let verdict = match verdict {
            GuardVerdict::Apply => "apply",
            GuardVerdict::WithholdRemovals => "withhold",
            GuardVerdict::WithholdInDoubt => "doubt",
            GuardVerdict::WithholdKept => "kept",
            GuardVerdict::EmptySource => "empty",
            GuardVerdict::KeyChanged => "rekey",
        };
        self.add_part(&["verdict", verdict]);
    }

    /// Returns the digest as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        let [high, low] = self.sums;
        format!("{high:032x}{low:032x}")
    }

    fn add_part(&mut self, texts: &[&str]) {
        let mut hasher = Sha256::new();
        for text in texts {
            // The length keeps the texts apart: "ab", "c" is not "a", "bc".
            hasher.update(text.len().to_le_bytes());
            hasher.update(text.as_bytes());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        for (sum, half) in self.sums.iter_mut().zip(digest.chunks_exact(16)) {
            let number = half.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
            *sum = sum.wrapping_add(number);
        }
    }
}

/// Returns the digest of a list of keys, as 64 hexadecimal digits. The order of the keys does not matter.
#[must_use]
pub fn keys_digest(keys: &[String]) -> String {
    let mut digest = ChangesDigest::default();
    keys.iter().for_each(|key| digest.add_missing_item(key));
    digest.to_hex()
}

#[cfg(test)]
mod tests {
    use super::ChangesDigest;
    use crate::domain::change_set::{Change, ChangeKind};

    fn change(key: &str, after: &str) -> Change {
        let before = Some("[[\"id\",\"1\"]]".to_owned());
        Change { key: key.to_owned(), kind: ChangeKind::Updated, before, after: Some(after.to_owned()) }
    }

    fn digest(changes: &[Change]) -> String {
        let mut digest = ChangesDigest::default();
        changes.iter().for_each(|change| digest.add_change(change));
        digest.to_hex()
    }

    #[test]
    fn the_order_of_changes_does_not_matter_and_everything_else_does() {
        let (one, two) = (change("1", "a"), change("2", "b"));
        assert_eq!(digest(&[one.clone(), two.clone()]), digest(&[two.clone(), one.clone()]));
        let others = [
            digest(std::slice::from_ref(&one)),
            digest(&[one.clone(), one.clone()]),
            digest(&[one.clone(), change("2", "c")]),
            digest(&[change("2", "a"), change("1", "b")]),
            digest(&[Change { kind: ChangeKind::Added, ..one.clone() }, two.clone()]),
        ];
        assert!(!others.contains(&digest(&[one, two])));
    }

    #[test]
    fn keys_and_columns_are_kept_apart() {
        let columns = |names: &[&str]| {
            let mut digest = ChangesDigest::default();
            digest.add_columns(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
            digest.to_hex()
        };
        assert_ne!(columns(&["ab", "c"]), columns(&["a", "bc"]));
        assert_ne!(columns(&["a", "b"]), columns(&["b", "a"]));
        let mut missing = ChangesDigest::default();
        missing.add_missing_item("columns");
        assert_ne!(missing.to_hex(), columns(&[]));
    }
}
