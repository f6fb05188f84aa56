//! Builds the history on the page of an item: what runs did to it, newest first.

use std::collections::HashMap;

use crate::domain::operation::OperationKind;
use crate::domain::run_text::kind_label;
use crate::domain::source::Source;
use crate::store::item_history::ItemHistoryEntry;
use crate::web::changes::grid::{ChangeGroup, GridBuilder, UnlistedFields};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::layout::time_label::{TimeLabel, time_label};

/// The number of entries on a page.
const ENTRIES_PER_PAGE: u64 = 20;

/// One page of the history of an item.
#[derive(Debug, Clone)]
pub(in crate::web) struct ItemHistory {
    /// The entries, newest first.
    pub entries: Vec<ItemHistoryLine>,
    /// The links to other pages.
    pub pager: PageLinks,
}

/// What one run did to the item.
#[derive(Debug, Clone)]
pub(in crate::web) struct ItemHistoryLine {
    /// The time of the change.
    pub time: TimeLabel,
    /// The run: "Sync by ada"; `None` if its record was deleted.
    pub run_label: Option<String>,
    /// The link to the run.
    pub run_link: String,
    /// The fields before and after.
    pub group: ChangeGroup,
}

/// The requested page of the history of an item; `None` if the item was removed meanwhile. `item_link` is the link to
/// the page of the item.
pub(super) fn build_item_history(
    state: &AppState,
    source: &Source,
    id: &str,
    page: u64,
    item_link: &str,
) -> Result<Option<ItemHistory>, WebError> {
    let (found, total, page) = load_page(page, ENTRIES_PER_PAGE, |page| {
        let found = state.store.item_history(source.id, id, page, ENTRIES_PER_PAGE)?;
        let total = found.as_ref().map_or(0, |found| found.total);
        Ok((found, total))
    })?;
    let Some(found) = found else { return Ok(None) };
    let mut grid = GridBuilder::new(&state.links, None, &source.noun.one, HashMap::new());
    let mut line = |entry: &ItemHistoryEntry| {
        let run = entry.run.to_string();
        let mut group = grid.group(&run, OperationKind::Sync, &entry.change);
        // The page with all fields is part of the history of runs.
        group.rest =
            group.rest.map(|rest| UnlistedFields { href: rest.href.filter(|_| entry.details.is_some()), ..rest });
        ItemHistoryLine {
            time: time_label(entry.at),
            run_label: entry.details.as_ref().map(|run| format!("{} by {}", kind_label(run.kind), run.requested_by)),
            run_link: state.links.run(&run),
            group,
        }
    };
    let entries: Vec<ItemHistoryLine> = found.entries.iter().map(&mut line).collect();
    let separator = if item_link.contains('?') { '&' } else { '?' };
    let link = |page: u64| format!("{item_link}{separator}page={page}#history");
    let shown = entries.len() as u64;
    Ok(Some(ItemHistory { entries, pager: PageLinks::new(page, ENTRIES_PER_PAGE, shown, total, link) }))
}
