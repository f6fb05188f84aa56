//! Builds the changes on the page of a run: tabs by kind, search, downloads, and one page of the grid.

use super::list_query::RunListQuery;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::operation::OperationKind;
use crate::domain::record::SyncRecord;
use crate::domain::run_text::change_labels::{
    change_label, change_labels, changes_download_label, found_changes_label, no_such_changes_notice,
};
use crate::store::changes::ChangePage;
use crate::web::changes::grid::{ChangeGroup, GridBuilder};
use crate::web::changes::kept_changes::{count_kinds, find_kept_part};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::filter_notice::unknown_filter_notice;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::panel::lines::ChangeIcon;

/// The number of changed items on a page.
const CHANGES_PER_PAGE: u64 = 50;

/// The changes of a run, as its page shows them.
#[derive(Debug, Clone)]
pub(in crate::web) struct ChangeSection {
    /// The heading.
    pub title: &'static str,
    /// All changes, then one tab for each kind of which there are any.
    pub tabs: Vec<ChangeTab>,
    /// The link that the search form is sent to.
    pub search_link: String,
    /// The notice about a filter that was not applied.
    pub filter_notice: Option<String>,
    /// The kind of changes as a value of the query; empty for all.
    pub kind: &'static str,
    /// The words that are searched for; empty if nothing is.
    pub search: String,
    /// The link to the changes without the search.
    pub clear_link: String,
    /// How many changes a search found: "3 changes found for “blue”"; empty without a search.
    pub found_label: String,
    /// The links to the listed changes as files, with their labels: "Download CSV".
    pub downloads: Vec<(String, String)>,
    /// The changes of this page.
    pub groups: Vec<ChangeGroup>,
    /// How many changes were counted, but not kept.
    pub more: Option<u64>,
    /// The links to other pages.
    pub pager: PageLinks,
}

/// The tab of a kind of change, or of all.
#[derive(Debug, Clone)]
pub(in crate::web) struct ChangeTab {
    /// The link to these changes.
    pub href: String,
    /// The name of its icon; `None` for all changes.
    pub icon: Option<&'static str>,
    /// The number of changes. During a search it is the number that was found.
    pub count: u64,
    /// The label after the number: "updated".
    pub label: &'static str,
    /// Whether these changes are shown.
    pub is_selected: bool,
}

/// The selected page of the changes of a finished run; `None` if it changed nothing.
pub(super) fn build_change_section(
    state: &AppState,
    record: &SyncRecord,
    noun: &str,
    query: &RunListQuery,
) -> Result<Option<ChangeSection>, WebError> {
    let (id, run_kind) = (record.summary.id, record.summary.kind);
    let counted_by_run = count_kinds(&record.summary.stats);
    let shown_kinds: Vec<ChangeKind> =
        counted_by_run.iter().filter(|(_, count)| *count > 0).map(|(kind, _)| *kind).collect();
    if shown_kinds.is_empty() {
        return Ok(None);
    }
    // A kind of which there are no changes has no tab.
    let kind = query.kind.filter(|kind| shown_kinds.contains(kind));
    let filter_notice = match query.kind {
        Some(absent) if kind.is_none() => Some(no_such_changes_notice(absent, run_kind)),
        None if !query.unknown_kind.is_empty() => {
            Some(unknown_filter_notice(&query.unknown_kind, "added, updated or removed"))
        }
        _ => None,
    };
    let query = RunListQuery { kind, ..query.clone() };
    let filter = query.filter();
    let (found, total, page) = load_page(query.page, CHANGES_PER_PAGE, |page| {
        let found = state.store.change_page(id, &filter, page, CHANGES_PER_PAGE)?;
        let total = found.total;
        Ok((found, total))
    })?;
    let query = RunListQuery { page, ..query };
    let is_searching = !query.search.is_empty();
    let count_of = |kind: ChangeKind, count: u64| if is_searching { found.counts.of_kind(kind) } else { count };
    let counts: Vec<(ChangeKind, u64)> =
        counted_by_run.into_iter().filter(|(_, count)| *count > 0).map(|(kind, n)| (kind, count_of(kind, n))).collect();
    let listed: u64 =
        counts.iter().filter(|(kind, _)| query.kind.is_none_or(|shown| shown == *kind)).map(|(_, count)| count).sum();
    let kept = find_kept_part(state, &record.summary, &filter.kinds)?;
    let link_to = |page| RunListQuery { page, ..query.clone() }.link(&state.links, id, "changes");
    Ok(Some(ChangeSection {
        title: change_labels(run_kind).changes_title,
        tabs: change_tabs(&counts, run_kind, |kind| {
            (query.kind == kind, RunListQuery { kind, page: 1, ..query.clone() }.link(&state.links, id, "changes"))
        }),
        search_link: state.links.run(&id),
        filter_notice,
        kind: query.kind_text(),
        found_label: if is_searching { found_changes_label(total, &query.search, kept) } else { String::new() },
        clear_link: RunListQuery { search: String::new(), page: 1, ..query.clone() }.link(&state.links, id, "changes"),
        downloads: [("csv", "CSV"), ("json", "JSON")]
            .map(|(extension, format)| {
                let label = changes_download_label(format, kept, is_searching);
                (query.download_link(&state.links, id, extension), label)
            })
            .into(),
        more: listed.checked_sub(total).filter(|more| *more > 0),
        pager: PageLinks::new(page, CHANGES_PER_PAGE, found.changes.len() as u64, total, link_to),
        groups: build_groups(state, record, noun, &found)?,
        search: query.search,
    }))
}

/// A tab for all changes if there are several kinds, and one for each kind. `link` returns whether a kind is shown, and
/// the link to it.
fn change_tabs(
    counts: &[(ChangeKind, u64)],
    run_kind: OperationKind,
    link: impl Fn(Option<ChangeKind>) -> (bool, String),
) -> Vec<ChangeTab> {
    let tab = |kind: Option<ChangeKind>, count: u64| {
        let (is_selected, href) = link(kind);
        let label = kind.map_or("changes", |kind| change_label(kind, run_kind));
        ChangeTab { href, icon: kind.map(ChangeIcon::icon), count, label, is_selected }
    };
    let all = (counts.len() > 1).then(|| tab(None, counts.iter().map(|(_, count)| count).sum()));
    all.into_iter().chain(counts.iter().map(|&(kind, count)| tab(Some(kind), count))).collect()
}

fn build_groups(
    state: &AppState,
    record: &SyncRecord,
    noun: &str,
    found: &ChangePage,
) -> Result<Vec<ChangeGroup>, WebError> {
    let keys: Vec<&str> = found.changes.iter().map(|change: &Change| change.key.as_str()).collect();
    let item_ids = state.store.live_item_ids(record.source_id, &keys)?;
    // The source may have another slug since.
    let source = state.store.source_by_id(record.source_id)?;
    let slug = source.as_ref().map(|source| source.slug.as_str());
    let mut grid = GridBuilder::new(&state.links, slug, noun, item_ids);
    let run = record.summary.id.to_string();
    Ok(found.changes.iter().map(|change| grid.group(&run, record.summary.kind, change)).collect())
}
