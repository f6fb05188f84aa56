//! Reads and writes sources, as admins have set them up.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::added_spans;
use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::{clock, lock};
use super::error::StoreError;
use super::installation;
use super::issues;
use super::operations;
use super::retries;
use super::reviews;
use super::schema::{
    catalogs, column_snapshots, item_changes, items, removal_reviews, settled_changes, sources, withheld_items,
};
use super::secret_sealer::SecretSealer;
use super::source_rows::{SourceRow, SourceValues, stored_location};
use super::stored_values::map_taken;
use super::tokens;
use super::unused_layouts;
use crate::domain::audit::AuditAction;
use crate::domain::source::{Slug, Source, SourceDraft, SourceId};
use crate::domain::source_changes::describe_changes;
use crate::domain::sync_id::SyncId;
use crate::domain::text::comparable_form::is_same_form;

/// When a source was added and became public.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceTimes {
    /// The time at which it was added.
    pub added_at: DateTime<Utc>,
    /// The time at which it last became public after having been private; `None` if it never did.
    pub public_since: Option<DateTime<Utc>>,
}

/// The result of changing or removing a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SourceChange {
    /// The change was made.
    Done,
    /// A run of the source is active; nothing was changed.
    Busy,
    /// The source does not exist.
    NoSuchSource,
}

fn insert_source(
    conn: &mut AnyConnection,
    sealer: &SecretSealer,
    draft: &SourceDraft,
    next_run_at: Option<NaiveDateTime>,
) -> Result<Source, StoreError> {
    let slug = draft.slug.as_str();
    if sources::table.filter(sources::slug.eq(slug)).count().get_result::<i64>(conn)? > 0 {
        return Err(StoreError::Taken { what: format!("a source called {slug}") });
    }
    let now = clock::now(conn)?.naive_utc();
    let location = stored_location(conn, sealer, &draft.location)?;
    diesel::insert_into(sources::table)
        .values((
            SourceValues::from_draft(draft, &location, next_run_at)?,
            sources::schedule_since.eq(draft.schedule.is_some().then_some(now)),
            sources::created_at.eq(now),
        ))
        .execute(conn)?;
    let row: SourceRow = sources::table.filter(sources::slug.eq(slug)).select(SourceRow::as_select()).first(conn)?;
    let source = row.into_source(sealer)?;
    diesel::insert_into(catalogs::table).values(catalogs::source_id.eq(source.id.0)).execute(conn)?;
    installation::insert_fact_if_absent(conn, installation::HAD_A_SOURCE, "yes")?;
    Ok(source)
}

/// Locks the source's row, so that no run can be accepted meanwhile. Returns `None` if the source may be changed,
/// otherwise the result to return.
fn lock_unless_busy(conn: &mut AnyConnection, source_id: i64) -> Result<Option<SourceChange>, StoreError> {
    if !lock::wait_for_source(conn, source_id)? {
        return Ok(Some(SourceChange::NoSuchSource));
    }
    Ok(operations::active_run_of(conn, source_id)?.map(|_| SourceChange::Busy))
}

impl Store {
    /// Adds a source. `next_run_at` is the first scheduled start.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the slug is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_source(&self, draft: &SourceDraft, next_run_at: Option<NaiveDateTime>) -> Result<Source, StoreError> {
        let added = self.write(|conn| {
            let source = insert_source(conn, &self.sealer, draft, next_run_at)?;
            let slug = AuditSubject::Named(draft.slug.as_str());
            self.record_action(conn, AuditAction::SourceAdded, slug, Some(&draft.kind), None)?;
            Ok(source)
        });
        map_taken(added, &format!("a source called {}", draft.slug))
    }

    /// Adds a source if this database never had one. Returns whether it was added. Several servers may call this at the
    /// same time.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn add_first_source(&self, draft: &SourceDraft) -> Result<bool, StoreError> {
        self.write(|conn| {
            // The fact serves as a lock: on PostgreSQL a second server waits for its key until this transaction
            // commits.
            if !installation::insert_fact_if_absent(conn, installation::HAD_A_SOURCE, "yes")? {
                return Ok(false);
            }
            insert_source(conn, &self.sealer, draft, None).map(|_| true)
        })
    }

    /// Changes the settings of a source. Its validators are deleted, so that the next sync compares everything. A
    /// paused schedule stays paused, also if it is removed and another one is set later.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the slug is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn change_source(
        &self,
        id: SourceId,
        draft: &SourceDraft,
        next_run_at: Option<NaiveDateTime>,
    ) -> Result<SourceChange, StoreError> {
        let changed = self.write(|conn| {
            if let Some(refusal) = lock_unless_busy(conn, id.0)? {
                return Ok(refusal);
            }
            let row: SourceRow = sources::table.find(id.0).select(SourceRow::as_select()).first(conn)?;
            let source = row.into_source(&self.sealer)?;
            let changes = describe_changes(&source, draft);
            let Source { schedule, paused_at, key_column, public: was_public, .. } = source;
            if !is_same_form(&key_column, &draft.key_column) {
                // The list names keys of the former column: all of them would count as missing.
                reviews::delete_review(conn, id.0)?;
            }
            let is_paused = paused_at.is_some();
            let now = clock::now(conn)?.naive_utc();
            let has_other_schedule = draft.schedule != schedule;
            let location = stored_location(conn, &self.sealer, &draft.location)?;
            let next_run_at = next_run_at.filter(|_| !is_paused);
            retries::clear_retry(conn, id.0)?;
            diesel::update(sources::table.find(id.0))
                .set((
                    SourceValues::from_draft(draft, &location, next_run_at)?,
                    has_other_schedule.then(|| sources::schedule_since.eq(now)),
                    (draft.public && !was_public).then(|| sources::public_since.eq(now)),
                ))
                .execute(conn)?;
            diesel::update(catalogs::table.find(id.0)).set(catalogs::validators.eq("{}")).execute(conn)?;
            let (action, subject) = (AuditAction::SourceChanged, AuditSubject::Source(id.0));
            self.record_action(conn, action, subject, changes.as_deref(), None)?;
            Ok(SourceChange::Done)
        });
        map_taken(changed, &format!("a source called {}", draft.slug))
    }

    /// Records that rows of the uploaded file of a source were corrected after the run `after`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn record_corrected_rows(&self, id: SourceId, after: SyncId) -> Result<(), StoreError> {
        let (action, source) = (AuditAction::SourceChanged, AuditSubject::Source(id.0));
        self.write(|conn| self.record_action(conn, action, source, Some("corrected rows"), Some(&after.to_string())))
    }

    /// Removes a source with its catalog, its changes and the cells of its skipped rows, unless a run of it is active.
    /// The records of its runs are kept as long as those of other sources.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn remove_source(&self, id: SourceId) -> Result<SourceChange, StoreError> {
        self.write(|conn| {
            if let Some(refusal) = lock_unless_busy(conn, id.0)? {
                return Ok(refusal);
            }
            self.record_action(conn, AuditAction::SourceRemoved, AuditSubject::Source(id.0), None, None)?;
            // The database deletes these tokens with the source.
            for token in tokens::active_tokens_of(conn, id)? {
                let token = AuditSubject::Named(&token);
                self.record_action(conn, AuditAction::TokenRevoked, token, Some("with its source"), None)?;
            }
            // These tables have no foreign key. Its check would lock the source's row with every batch, and admission
            // locks that row without waiting.
            diesel::delete(item_changes::table.filter(item_changes::source_id.eq(id.0))).execute(conn)?;
            added_spans::delete_source_spans(conn, id.0)?;
            diesel::delete(column_snapshots::table.filter(column_snapshots::source_id.eq(id.0))).execute(conn)?;
            diesel::delete(settled_changes::table.filter(settled_changes::source_id.eq(id.0))).execute(conn)?;
            diesel::delete(withheld_items::table.filter(withheld_items::source_id.eq(id.0))).execute(conn)?;
            diesel::delete(removal_reviews::table.filter(removal_reviews::source_id.eq(id.0))).execute(conn)?;
            issues::delete_source_cells(conn, id.0)?;
            diesel::delete(items::table.filter(items::source_id.eq(id.0))).execute(conn)?;
            let now = clock::now(conn)?.naive_utc();
            unused_layouts::mark_source_removed(conn, id.0, now)?;
            diesel::delete(sources::table.find(id.0)).execute(conn)?;
            Ok(SourceChange::Done)
        })
    }

    /// Returns the source with this slug; `None` also for text that is not a slug.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_source(&self, slug: &str) -> Result<Option<Source>, StoreError> {
        let Ok(slug) = slug.parse::<Slug>() else { return Ok(None) };
        self.read(|conn| {
            let row = sources::table.filter(sources::slug.eq(slug.as_str())).select(SourceRow::as_select());
            let row: Option<SourceRow> = row.first(conn).optional()?;
            row.map(|row| row.into_source(&self.sealer)).transpose()
        })
    }

    /// Returns the source with this id.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn source_by_id(&self, id: SourceId) -> Result<Option<Source>, StoreError> {
        self.read(|conn| {
            let row = sources::table.find(id.0).select(SourceRow::as_select());
            let row: Option<SourceRow> = row.first(conn).optional()?;
            row.map(|row| row.into_source(&self.sealer)).transpose()
        })
    }

    /// Returns when a source was added and when it became public; `None` if it was removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn source_times(&self, id: SourceId) -> Result<Option<SourceTimes>, StoreError> {
        self.read(|conn| {
            let times = sources::table.find(id.0).select((sources::created_at, sources::public_since));
            let times: Option<(NaiveDateTime, Option<NaiveDateTime>)> = times.first(conn).optional()?;
            Ok(times.map(|(added_at, public_since)| SourceTimes {
                added_at: added_at.and_utc(),
                public_since: public_since.map(|time| time.and_utc()),
            }))
        })
    }

    /// Returns all sources, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_sources(&self) -> Result<Vec<Source>, StoreError> {
        self.read(|conn| {
            let rows = sources::table.order((sources::name, sources::id)).select(SourceRow::as_select());
            let rows: Vec<SourceRow> = rows.load(conn)?;
            rows.into_iter().map(|row| row.into_source(&self.sealer)).collect()
        })
    }
}
