//! Builds the feed of a catalog from the runs that changed it last.
//!
//! A run that changed few items has an entry for each of them, any other run has one entry for all. So neither the feed
//! nor the work grows with the number of changes.

use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Builder;

use super::field_lines::FieldLines;
use super::view::{CatalogFeed, CatalogFeedEntry};
use super::xml_characters::to_single_line;
use crate::domain::change_set::{Change, ChangeKind, ItemFields};
use crate::domain::item::content_digest;
use crate::domain::source::{Noun, Source};
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::clip_name;
use crate::store::catalogs::Catalog;
use crate::store::changes::ChangeCounts;
use crate::store::recent_changes::RunWithChanges;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::item_title::fields_title;

/// The most entries of a feed, the newest ones. A run has at least one.
pub(super) const MAX_ENTRIES: u32 = 50;
/// The most changes of a run that has an entry for each of them.
const MAX_LISTED_CHANGES: u32 = 20;

/// The catalog that a feed is about.
pub(super) struct FeedContext<'a> {
    pub(super) state: &'a AppState,
    pub(super) source: &'a Source,
    pub(super) catalog: &'a Catalog,
    /// The time at which the source was added.
    pub(super) added_at: DateTime<Utc>,
    /// Scheme and host of all links.
    pub(super) origin: &'a str,
}

impl FeedContext<'_> {
    /// Builds the feed of these runs, which are sorted from the newest. `self_link` is the link to the feed.
    pub(super) fn build_feed(&self, runs: &[RunWithChanges], self_link: &str) -> Result<CatalogFeed, WebError> {
        let Self { source, added_at, .. } = self;
        Ok(CatalogFeed {
            id: format_id(&format!("catalog {} {}", source.id.0, added_at.timestamp_micros())),
            subtitle: to_single_line(&format!("{}: added, updated and removed {}", source.title(), source.noun.many)),
            title: to_single_line(source.title()),
            self_link: format!("{}{self_link}", self.origin),
            catalog_link: self.catalog_link(),
            updated: runs.first().map_or(*added_at, |run| run.finished_at),
            entries: self.build_entries(runs)?,
        })
    }

    fn build_entries(&self, runs: &[RunWithChanges]) -> Result<Vec<CatalogFeedEntry>, WebError> {
        let Self { state, source, .. } = self;
        let runs = select_runs(runs);
        let ids: Vec<SyncId> = runs.iter().filter(|run| is_listed(run)).map(|run| run.id).collect();
        let mut changes = state.store.changes_of_runs(source.id, &ids, MAX_ENTRIES * MAX_LISTED_CHANGES)?;
        let keys: Vec<&str> = changes.values().flatten().map(|change| change.key.as_str()).collect();
        let item_ids = state.store.live_item_ids(source.id, &keys)?;
        let mut entries = Vec::new();
        for run in runs {
            if !is_listed(run) {
                entries.push(self.summarize_run(run));
                continue;
            }
            for change in changes.remove(&run.id).unwrap_or_default() {
                let link = item_ids.get(&change.key).map(|id| state.links.item(source.slug.as_str(), id));
                entries.extend(self.describe_change(run, &change, link)?);
            }
        }
        entries.truncate(MAX_ENTRIES as usize);
        Ok(entries)
    }

    /// Returns the entry of a change; `None` if only columns differ that are not in the catalog any more.
    fn describe_change(
        &self,
        run: &RunWithChanges,
        change: &Change,
        link: Option<String>,
    ) -> Result<Option<CatalogFeedEntry>, WebError> {
        let lines = FieldLines::new(change.kind, change.field_changes(), self.catalog);
        if change.kind == ChangeKind::Updated && lines.is_empty() {
            return Ok(None);
        }
        let title = self.title_change(change);
        let html = lines.render().map_err(|error| WebError::internal("a template could not be rendered", &error))?;
        Ok(Some(CatalogFeedEntry {
            // The key comes last, because it may contain anything.
            id: format_id(&format!("change {} {}", run.id, change.key)),
            title,
            updated: run.finished_at,
            link: link.map(|link| format!("{}{link}", self.origin)),
            categories: vec![change.kind.as_str()],
            text: lines.to_text(),
            html,
        }))
    }

    fn title_change(&self, change: &Change) -> String {
        let (mut before, mut after) = change.parse_sides();
        let retain = |fields: &mut ItemFields| fields.retain(|(name, _)| self.catalog.columns.contains(name));
        retain(&mut before);
        retain(&mut after);
        let fields = if after.is_empty() { before } else { after };
        let title = clip_name(&to_single_line(fields_title(&fields, &self.source.noun.one).unwrap_or(&change.key)));
        match change.kind {
            ChangeKind::Added => title,
            ChangeKind::Updated => format!("Updated: {title}"),
            ChangeKind::Removed => format!("Removed: {title}"),
        }
    }

    fn summarize_run(&self, run: &RunWithChanges) -> CatalogFeedEntry {
        let title = to_single_line(&format_counts(run.counts, &self.source.noun));
        let kinds = ChangeKind::ALL.iter().filter(|kind| run.counts.of_kind(**kind) > 0);
        CatalogFeedEntry {
            id: format_id(&format!("run {}", run.id)),
            updated: run.finished_at,
            link: Some(self.catalog_link()),
            categories: kinds.map(|kind| kind.as_str()).collect(),
            html: format!("<p>{}.</p>", quick_xml::escape::escape(&title)),
            text: format!("{title}."),
            title,
        }
    }

    fn catalog_link(&self) -> String {
        format!("{}{}", self.origin, self.state.links.catalog(self.source.slug.as_str()))
    }
}

/// Returns the runs that the entries of a feed are made of.
fn select_runs(runs: &[RunWithChanges]) -> &[RunWithChanges] {
    let mut entries = 0;
    let is_beyond = |run: &RunWithChanges| {
        let is_full = entries >= u64::from(MAX_ENTRIES);
        entries += if is_listed(run) { count_changes(run.counts) } else { 1 };
        is_full
    };
    &runs[..runs.iter().position(is_beyond).unwrap_or(runs.len())]
}

/// Returns whether a run has an entry for each of its changes.
const fn is_listed(run: &RunWithChanges) -> bool {
    count_changes(run.counts) <= MAX_LISTED_CHANGES as u64
}

const fn count_changes(counts: ChangeCounts) -> u64 {
    counts.added.saturating_add(counts.updated).saturating_add(counts.removed)
}

/// Formats the changes of a run: "12,000 albums added, 3 updated, 40 removed".
fn format_counts(counts: ChangeCounts, noun: &Noun) -> String {
    let mut parts: Vec<String> = Vec::new();
    for kind in ChangeKind::ALL {
        let count = counts.of_kind(*kind);
        if count > 0 {
            let noun = if parts.is_empty() { format!("{} ", noun.for_count(count)) } else { String::new() };
            parts.push(format!("{} {noun}{kind}", group_digits(count)));
        }
    }
    parts.join(", ")
}

/// Returns an id that says nothing about the installation, and is the same for the same text.
fn format_id(text: &str) -> String {
    Builder::from_custom_bytes(content_digest(text)).into_uuid().urn().to_string()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{ChangeCounts, Noun, RunWithChanges, SyncId, format_counts, format_id, select_runs};

    fn run(added: u64, updated: u64, removed: u64) -> RunWithChanges {
        let counts = ChangeCounts { added, updated, removed };
        RunWithChanges { id: SyncId::new(), finished_at: DateTime::UNIX_EPOCH, counts }
    }

    #[test]
    fn a_feed_is_made_of_as_many_runs_as_fill_it() {
        let count = |runs: &[RunWithChanges]| select_runs(runs).len();
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&vec![run(1_000_000, 0, 0); 60]), 50, "a run with many changes is one entry");
        assert_eq!(count(&vec![run(1, 0, 0); 60]), 50);
        assert_eq!(count(&vec![run(10, 5, 5); 60]), 3, "20 changes each: 60 entries, of which the last are cut");
        assert_eq!(count(&vec![run(10, 5, 6); 60]), 50);
    }

    #[test]
    fn the_changes_of_a_run_are_summarized_in_words() {
        let noun: Noun = "album/albums".parse().expect("a noun");
        assert_eq!(format_counts(run(1_000_000, 0, 0).counts, &noun), "1,000,000 albums added");
        assert_eq!(format_counts(run(0, 1, 40).counts, &noun), "1 album updated, 40 removed");
        assert_eq!(format_counts(run(21, 2, 3).counts, &noun), "21 albums added, 2 updated, 3 removed");
    }

    #[test]
    fn ids_are_stable() {
        assert_eq!(format_id("run a"), "urn:uuid:4ece8f01-7f44-889e-8bb2-58755446ca46");
        assert_ne!(format_id("run a"), format_id("run b"));
    }
}
