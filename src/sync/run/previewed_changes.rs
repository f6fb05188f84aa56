//! The changes that a sync would make: what a preview shows, and what a sync that applies the preview compares.

use super::comparison::StoredItems;
use super::context::RunContext;
use super::run_stop::RunStop;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::changes_digest::ChangesDigest;
use crate::domain::guards::GuardVerdict;

/// How many removed items are read at once.
const REMOVALS_PER_READ: usize = 1000;

/// The changes that a sync would make: a digest of all of them, and the first ones by name.
pub(in crate::sync) struct PreviewedChanges {
    /// The digest of all changes.
    pub(in crate::sync) digest: ChangesDigest,
    /// The first changes.
    pub(in crate::sync) kept: Vec<Change>,
    /// The keys of the first items that would be withheld.
    pub(in crate::sync) withheld: Vec<String>,
    max_kept: usize,
}

impl PreviewedChanges {
    /// Creates an empty set of which at most `max_kept` changes are kept by name.
    pub(in crate::sync) fn new(max_kept: usize) -> Self {
        Self { digest: ChangesDigest::default(), kept: Vec::new(), withheld: Vec::new(), max_kept }
    }

    /// Adds a change.
    pub(in crate::sync) fn add_change(&mut self, change: Change) {
        self.digest.add_change(&change);
        if self.kept.len() < self.max_kept {
            self.kept.push(change);
        }
    }

    /// Adds the columns of the source, what the guards allow, and the items that are not in the source: as removals, or
    /// as withheld ones.
    ///
    /// # Errors
    /// [`RunStop`] when the stored items cannot be read, or the run has to end.
    pub(in crate::sync) fn add_outcome(
        &mut self,
        context: &RunContext<'_>,
        columns: &[String],
        verdict: GuardVerdict,
        missing: &[String],
    ) -> Result<(), RunStop> {
        self.digest.add_columns(columns);
        self.digest.add_verdict(verdict);
        missing.iter().for_each(|key| self.digest.add_missing_item(key));
        let named = &missing[..missing.len().min(self.max_kept)];
        if matches!(verdict, GuardVerdict::Apply | GuardVerdict::KeyChanged) {
            self.add_removals(context, named)
        } else {
            self.withheld = named.to_vec();
            Ok(())
        }
    }

    /// Keeps the removal of the items with these keys, with the fields that they have.
    fn add_removals(&mut self, context: &RunContext<'_>, removals: &[String]) -> Result<(), RunStop> {
        for keys in removals.chunks(REMOVALS_PER_READ) {
            let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
            let fields = context.stored_fields(&wanted)?;
            self.kept.extend(keys.iter().map(|key| Change {
                key: key.clone(),
                kind: ChangeKind::Removed,
                before: fields.get(key).cloned(),
                after: None,
            }));
        }
        Ok(())
    }
}
