//! Adds the selected page of issues to the page of a run.

use super::issues::issue_row;
use super::list_query::RunListQuery;
use super::view::RunPage;
use crate::domain::record::SyncRecord;
use crate::domain::source::Source;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormValues;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::panel::issue_links::IssueLinks;
use crate::web::panel::lines::IssueLine;

/// The number of issues on a page.
const ENTRIES_PER_PAGE: u64 = 25;

/// Adds the selected page of issues. `total` is the number of kept issues.
pub(super) fn add_issues(
    state: &AppState,
    page: &mut RunPage,
    record: &SyncRecord,
    source: Option<&Source>,
    total: u64,
    query: &FormValues,
) -> Result<(), WebError> {
    let (id, asked) = (record.summary.id, RunListQuery::parse(query));
    let load = |at| Ok((state.store.list_issues(id, at, ENTRIES_PER_PAGE)?, total));
    let (found, _, at) = load_page(asked.issues, ENTRIES_PER_PAGE, load)?;
    page.issues.pages = PageLinks::new(at, ENTRIES_PER_PAGE, found.len() as u64, total, |issues| {
        RunListQuery { issues, ..asked.clone() }.link(&state.links, id, "issues")
    });
    if record.summary.stats.feeds.is_some() {
        page.run.issues = found.into_iter().map(|issue| IssueLine::new(issue, true, None)).collect();
        return Ok(());
    }
    let links = IssueLinks::load(state, source, id)?;
    let columns = links.table.kept_columns();
    page.issues.rows = found.iter().map(|issue| issue_row(issue, &links, &columns)).collect();
    Ok(())
}
