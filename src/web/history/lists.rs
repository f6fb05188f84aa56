//! Adds the selected pages of changes and issues to the page of a run.

use super::issues::issue_row;
use super::page_links::PageLinks;
use super::view::{KindTab, RunPage};
use crate::domain::progress::RunStats;
use crate::domain::record::SyncRecord;
use crate::domain::source::{Noun, Source};
use crate::domain::sync_id::SyncId;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::links::with_query;
use crate::web::panel::issue_links::IssueLinks;
use crate::web::panel::lines::{ChangeKind, ChangeLabels as _, ChangeLine, IssueLine};

/// The number of changes, and of issues, on a page.
const ENTRIES_PER_PAGE: u64 = 25;

/// The pages of changes and issues that a query selects.
#[derive(Clone, Copy)]
struct SelectedPages {
    kind: Option<ChangeKind>,
    changes: u64,
    issues: u64,
}

impl SelectedPages {
    fn parse(query: &FormValues) -> Self {
        let number = |name| trimmed_value(query, name).parse().unwrap_or(1).max(1);
        let kind = trimmed_value(query, "kind").parse().ok();
        Self { kind, changes: number("changes"), issues: number("issues") }
    }

    /// The link to these pages, at the section `part`.
    fn link(self, state: &AppState, id: SyncId, part: &str) -> String {
        let number = |page: u64| if page > 1 { page.to_string() } else { String::new() };
        let (changes, issues) = (number(self.changes), number(self.issues));
        let kind = self.kind.map_or("", ChangeKind::as_str);
        let path = state.links.run(&id);
        format!("{}#{part}", with_query(&path, &[("kind", kind), ("changes", &changes), ("issues", &issues)]))
    }
}

/// Adds the selected page of changes.
pub(super) fn add_changes(
    state: &AppState,
    page: &mut RunPage,
    record: &SyncRecord,
    noun: &Noun,
    query: &FormValues,
) -> Result<(), WebError> {
    let (id, stats) = (record.summary.id, record.summary.stats);
    let asked = SelectedPages::parse(query);
    let RunStats { added, updated, removed, .. } = stats;
    let mut counts = vec![(ChangeKind::Added, added), (ChangeKind::Updated, updated), (ChangeKind::Removed, removed)];
    // The changes of a run are deleted with its source.
    counts.retain(|(_, count)| *count > 0 && !page.is_source_removed);
    let requested = asked.kind.filter(|kind| counts.iter().any(|(known, _)| known == kind));
    let selected: Option<ChangeKind> = requested.or_else(|| counts.first().map(|(kind, _)| *kind));
    let link = |kind, changes| SelectedPages { kind: Some(kind), changes, ..asked }.link(state, id, "changes");
    if let Some(selected) = selected {
        let (found, at) = load_page(asked.changes, |at| {
            let found = state.store.change_page(id, selected, at, ENTRIES_PER_PAGE)?;
            Ok((found.changes, found.total))
        })?;
        page.run.changes = found.0.iter().map(|change| ChangeLine::new(change, &noun.one)).collect();
        page.changes = PageLinks::new(at, ENTRIES_PER_PAGE, found.0.len() as u64, found.1, |at| link(selected, at));
    }
    page.kinds = counts
        .iter()
        .map(|&(kind, count)| KindTab {
            href: link(kind, 1),
            label: kind.label(),
            icon: kind.icon(),
            count,
            is_selected: selected == Some(kind),
        })
        .collect();
    Ok(())
}

/// Adds the selected page of issues. `total` is the number of kept issues.
pub(super) fn add_issues(
    state: &AppState,
    page: &mut RunPage,
    record: &SyncRecord,
    source: Option<&Source>,
    total: u64,
    query: &FormValues,
) -> Result<(), WebError> {
    let (id, asked) = (record.summary.id, SelectedPages::parse(query));
    let load = |at| Ok((state.store.list_issues(id, at, ENTRIES_PER_PAGE)?, total));
    let ((found, _), at) = load_page(asked.issues, load)?;
    page.issues.pages = PageLinks::new(at, ENTRIES_PER_PAGE, found.len() as u64, total, |issues| {
        SelectedPages { issues, ..asked }.link(state, id, "issues")
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

/// The entries of the requested page, or else of the last page, with the number of that page.
fn load_page<T>(
    requested: u64,
    load: impl Fn(u64) -> Result<(Vec<T>, u64), WebError>,
) -> Result<((Vec<T>, u64), u64), WebError> {
    let found = load(requested)?;
    let last = found.1.div_ceil(ENTRIES_PER_PAGE).max(1);
    if requested <= last { Ok((found, requested)) } else { Ok((load(last)?, last)) }
}
