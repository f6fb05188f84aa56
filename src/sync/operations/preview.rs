//! The end of a preview: what a sync would do, by name, and what it would refuse.

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::sync_failure::SyncFailure;
use crate::store::finish::RunEnding;
use crate::sync::run::RunContext;
use crate::sync::run::outcome::{RunFindings, RunStop};

/// How many removals are kept by name; all are counted.
const PREVIEWED_REMOVALS: usize = 10_000;

impl RunContext<'_> {
    /// Adds what would be removed, the keys `gone`, to what was found, and ends the run. Nothing of the catalog was
    /// written.
    pub(in crate::sync) fn previewed(
        &self,
        findings: &mut RunFindings,
        mut changes: Vec<Change>,
        gone: &[String],
        tally: ChangeTally,
        verdict: GuardVerdict,
        failure: Option<&SyncFailure>,
    ) -> Result<RunEnding, RunStop> {
        for keys in gone[..gone.len().min(PREVIEWED_REMOVALS)].chunks(1000) {
            let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
            let fields = self.outlast(|| self.engine.store.stored_fields(self.source.id, &wanted))?;
            changes.extend(keys.iter().map(|key| Change {
                key: key.clone(),
                kind: ChangeKind::Removed,
                before: fields.get(key).cloned(),
                after: None,
            }));
        }
        findings.changes = changes;
        self.finalize(findings.stats)?;
        Ok(std::mem::take(findings).previewed(&self.source, tally, verdict, failure))
    }
}
