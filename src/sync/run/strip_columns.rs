//! Takes columns that are left out of a public catalog out of the items that a run does not write: those whose rows are
//! refused, and those whose removal waits.

use super::RunContext;
use super::outcome::RunStop;

/// How many names of columns are looked for at once.
const MAX_NAMES: usize = 100;

impl RunContext<'_> {
    /// Takes the columns called like one of `columns` out of all items of the catalog, page by page, each in a
    /// transaction that is fenced. What is left when the run ends early, the next one does.
    pub(super) fn strip_columns(&self, columns: &[String]) -> Result<(), RunStop> {
        for columns in columns.chunks(MAX_NAMES) {
            let mut after = 0;
            loop {
                if let Some(reason) = self.signal.reason() {
                    return Err(RunStop::Early(reason));
                }
                let page = self.outlast(|| self.engine.store.items_to_strip(self.source.id, columns, after))?;
                let Some(last) = page.last() else { break };
                after = last.id;
                self.outlast(|| self.reporter.strip_items(&page, columns))?;
            }
        }
        Ok(())
    }
}
