//! Excludes columns that are hidden in the source from a public catalog until an admin allows them, so that hiding a
//! column, or adding a hidden one, never publishes it.

use super::comparison::StoredItems;
use super::context::RunContext;
use super::run_stop::RunStop;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::issue::Issue;
use crate::domain::item::ColumnLayout;
use crate::domain::rows::row::{CellRepair, TextRow};
use crate::domain::run_text::hidden_columns::{excluded_column_message, hidden_key_message};
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::domain::source::{Source, Validators};
use crate::domain::text::comparable_form::{is_same_form, position_of};
use crate::fetch::{FetchError, FetchedContent, RowReader};
use crate::store::catalogs::Catalog;
use crate::store::column_snapshots::ColumnSnapshot;

/// The maximum number of columns in a single query.
const MAX_COLUMNS_PER_QUERY: usize = 100;

/// Content without the columns that must not be published.
struct PublishedContent {
    whole: Box<dyn FetchedContent>,
    columns: Vec<String>,
    /// For each column of the whole content, whether it is published.
    is_published: Vec<bool>,
    excluded: Vec<String>,
}

/// The hidden columns of `content` that must not be in the catalog of `source`.
fn unpublished_columns<'c>(source: &Source, content: &'c dyn FetchedContent) -> impl Iterator<Item = &'c String> {
    let allowed = &source.read_options.published_hidden_columns;
    content.hidden_columns().iter().filter(move |name| source.public && position_of(allowed, name).is_none())
}

/// Excludes the columns from `content` that must not be in the catalog of `source`, except the key column: a source
/// whose key column is hidden is refused ([`refuse_hidden_key`]).
pub(in crate::sync) fn exclude_hidden_columns(
    source: &Source,
    content: Box<dyn FetchedContent>,
) -> Box<dyn FetchedContent> {
    let is_key = |name: &str| is_same_form(name, &source.key_column);
    let excluded: Vec<String> = unpublished_columns(source, &*content).filter(|name| !is_key(name)).cloned().collect();
    if excluded.is_empty() {
        return content;
    }
    let is_published: Vec<bool> = content.columns().iter().map(|name| !excluded.contains(name)).collect();
    let columns = content.columns().iter().filter(|name| !excluded.contains(name)).cloned().collect();
    Box::new(PublishedContent { whole: content, columns, is_published, excluded })
}

/// Refuses content whose key column is hidden and must not be published: keys are part of every item.
///
/// # Errors
/// [`SyncFailure`] (`hidden_key_column`).
pub(super) fn refuse_hidden_key(
    source: &Source,
    layout: &ColumnLayout,
    content: &dyn FetchedContent,
) -> Result<(), SyncFailure> {
    let key = content.columns().get(layout.key_position());
    match unpublished_columns(source, content).find(|name| Some(*name) == key) {
        Some(name) => Err(SyncFailure::new("hidden_key_column", hidden_key_message(name, &source.slug), "")),
        None => Ok(()),
    }
}

/// Returns the names that columns excluded from `content` may have in items of `catalog`, without those that `layout`
/// keeps.
fn names_in_items(content: &dyn FetchedContent, catalog: &Catalog, layout: &ColumnLayout) -> Vec<String> {
    let excluded = content.excluded_columns();
    // A run stores its columns with its first batch, even if it does not complete. Items that it did not write have the
    // columns of the last sync that completed.
    let stored = catalog.columns.iter().chain(catalog.settled_columns());
    let never_synced = excluded.iter().filter(|_| catalog.settled.is_none());
    let mut names: Vec<String> = Vec::new();
    for name in stored.chain(never_synced) {
        if position_of(excluded, name).is_some() && !layout.column_names().contains(name) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Removes the columns that were left out of `content` from all items of the catalog, also from those that the run does
/// not write: items whose rows are refused, items whose removal is withheld, and soft-deleted items, which an undo may
/// return; from the stored changes of these items; and from the columns that an undo restores. Those of the catalog
/// become `kept`. Each page is one fenced transaction. If the run ends early, the next one removes the rest.
///
/// # Errors
/// [`RunStop`] when the database refuses, or the run has to end.
pub(in crate::sync) fn strip_excluded_columns(
    context: &RunContext<'_>,
    content: &dyn FetchedContent,
    layout: &ColumnLayout,
    kept: &ColumnSnapshot,
) -> Result<(), RunStop> {
    let names = names_in_items(content, &context.catalog, layout);
    for columns in names.chunks(MAX_COLUMNS_PER_QUERY) {
        let mut after = String::new();
        loop {
            context.check_stop()?;
            let store = &context.engine.store;
            let page = context.retry_while_unavailable(|| store.items_to_strip(context.source.id, columns, &after))?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.key);
            context.retry_while_unavailable(|| context.reporter.strip_items(&page, columns))?;
        }
        let mut after = 0;
        loop {
            context.check_stop()?;
            let store = &context.engine.store;
            let page = context.retry_while_unavailable(|| store.changes_to_strip(context.source.id, columns, after))?;
            let Some(last) = page.last() else { break };
            after = last.id;
            context.retry_while_unavailable(|| context.reporter.strip_changes(&page, columns))?;
        }
    }
    if !names.is_empty() {
        context.retry_while_unavailable(|| context.reporter.strip_column_names(&names, kept))?;
    }
    Ok(())
}

/// Returns the warnings about the columns that were excluded from `content`.
pub(super) fn excluded_column_notes(source: &Source, content: &dyn FetchedContent) -> impl Iterator<Item = Issue> {
    let note = |name: &String| {
        Issue::noted(
            Some(source.read_options.header_row_number()),
            Some(name.clone()),
            excluded_column_message(name, &source.slug),
        )
    };
    content.excluded_columns().iter().map(note)
}

impl PublishedContent {
    fn published_row(&self, row: TextRow) -> TextRow {
        let is_published = |at: usize| self.is_published.get(at).copied().unwrap_or(true);
        // The position of a cell after the excluded ones before it are removed.
        let moved = |at: usize| at - (0..at).filter(|at| !is_published(*at)).count();
        let kept = |cells: Vec<String>| -> Vec<String> {
            cells.into_iter().enumerate().filter(|(at, _)| is_published(*at)).map(|(_, cell)| cell).collect()
        };
        let places = |of: Vec<usize>| of.into_iter().filter(|at| is_published(*at)).map(moved).collect();
        let repairs = row.repairs.into_iter().filter(|repair| repair.column.is_none_or(is_published));
        TextRow {
            cells: kept(row.cells),
            width: row.width.map(moved),
            inner_rows: row.inner_rows.into_iter().map(kept).collect(),
            repairs: repairs.map(|repair| CellRepair { column: repair.column.map(moved), ..repair }).collect(),
            unsaved_formulas: places(row.unsaved_formulas),
            rounded_numbers: places(row.rounded_numbers),
            ..row
        }
    }
}

impl FetchedContent for PublishedContent {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn validators(&self) -> &Validators {
        self.whole.validators()
    }

    fn byte_count(&self) -> u64 {
        self.whole.byte_count()
    }

    fn line_count(&self) -> u64 {
        self.whole.line_count()
    }

    fn is_complete(&self) -> bool {
        self.whole.is_complete()
    }

    fn column_type(&self, position: usize) -> Option<ColumnType> {
        let staying = self.is_published.iter().enumerate().filter(|(_, is_published)| **is_published);
        let (at, _) = staying.into_iter().nth(position)?;
        self.whole.column_type(at)
    }

    fn hidden_columns(&self) -> &[String] {
        self.whole.hidden_columns()
    }

    fn excluded_columns(&self) -> &[String] {
        &self.excluded
    }

    fn tab_number(&self) -> Option<u64> {
        self.whole.tab_number()
    }

    fn excluded_positions(&self) -> Vec<usize> {
        let excluded = self.is_published.iter().enumerate().filter(|(_, is_published)| !**is_published);
        excluded.map(|(position, _)| position).collect()
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let rows = self.whole.rows()?;
        Ok(Box::new(rows.map(|row| row.map(|row| self.published_row(row)))))
    }
}
