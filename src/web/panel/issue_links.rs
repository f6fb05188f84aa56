//! Links issues to the cells of their source.

use crate::domain::cell_range::CellPlace;
use crate::domain::issue::Issue;
use crate::domain::kept_cells::ReadTable;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// Builds the links to the cells that the issues of one run are about.
pub(in crate::web) struct IssueLinks<'a> {
    state: &'a AppState,
    source: Option<&'a Source>,
    /// The table that the run read.
    pub(in crate::web) table: ReadTable,
}

impl<'a> IssueLinks<'a> {
    /// Reads the columns of the run. `source` is its source; `None` if it was removed, or for readers who may not know
    /// its place: a link names the spreadsheet.
    pub(in crate::web) fn load(state: &'a AppState, source: Option<&'a Source>, run: SyncId) -> Result<Self, WebError> {
        Ok(Self { state, source, table: state.store.find_read_table(run)?.unwrap_or_default() })
    }

    /// The link to the cell of an issue, or to its row. `None` if the source does not show its cells on web pages.
    pub(in crate::web) fn cell_link(&self, issue: &Issue) -> Option<String> {
        let column = issue.column.as_deref().and_then(|name| self.table.position_of(name));
        let place = CellPlace { tab: self.table.tab, column, row: issue.row? };
        self.state.control.cell_link(self.source?, place)
    }
}
