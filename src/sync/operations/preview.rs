//! The end of a preview: what a sync would do, by name, and what it would refuse.

use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::guards::{Tally, Verdict};
use crate::domain::sync_failure::SyncFailure;
use crate::store::finish::Ending;
use crate::sync::run::Run;
use crate::sync::run::outcome::{Findings, Stopped};

/// How many removals are kept by name; all are counted.
const PREVIEWED_REMOVALS: usize = 10_000;

impl Run<'_> {
    /// Adds what would be removed, the keys `gone`, to what was found, and ends the run. Nothing of the catalog was
    /// written.
    pub(in crate::sync) fn previewed(
        &self,
        findings: &mut Findings,
        mut changes: Vec<Change>,
        gone: &[String],
        tally: Tally,
        verdict: Verdict,
        failure: Option<&SyncFailure>,
    ) -> Result<Ending, Stopped> {
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
