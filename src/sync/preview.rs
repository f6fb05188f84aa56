//! The end of a preview: what a sync would do, by name, and what it would refuse.

use super::compare::KeyIndex;
use super::outcome::{Findings, Stopped};
use super::run::Run;
use super::survey::Survey;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::guards::Verdict;
use crate::store::finish::Ending;

/// How many removals are kept by name; all are counted.
const PREVIEWED_REMOVALS: usize = 10_000;

impl Run<'_> {
    /// Adds what would be removed to what was found, and ends the run. Nothing of the catalog was written.
    pub(super) fn previewed(
        &self,
        findings: &mut Findings,
        mut changes: Vec<Change>,
        index: &KeyIndex,
        survey: &Survey,
        verdict: Verdict,
    ) -> Result<Ending, Stopped> {
        let gone = self.removals(index)?;
        for keys in gone[..gone.len().min(PREVIEWED_REMOVALS)].chunks(1000) {
            let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
            let fields = self.engine.store.stored_fields(self.source.id, &wanted)?;
            changes.extend(keys.iter().map(|key| Change {
                key: key.clone(),
                kind: ChangeKind::Removed,
                before: fields.get(key).cloned(),
                after: None,
            }));
        }
        findings.changes = changes;
        findings.stats.removed = survey.tally.removals;
        self.finalize(findings.stats)?;
        let (caution, withheld) = match verdict {
            Verdict::Apply => (None, 0),
            Verdict::WithholdRemovals => (
                Some("A sync would keep what it would remove: that is more than half of the catalog."),
                survey.tally.removals,
            ),
            Verdict::EmptySource => {
                (Some("A sync would be refused: the source has no rows to take."), survey.tally.removals)
            }
            Verdict::KeyChanged => (
                Some("A sync would be refused: so much comes and goes that the key column may have changed."),
                survey.tally.removals,
            ),
        };
        Ok(std::mem::take(findings).previewed(survey.tally, caution, withheld))
    }
}
