//! Stores the removals that wait for a decision: at most one list for each source.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::lock::wait_for_source;
use super::dialect::{bulk_keys, clock};
use super::error::StoreError;
use super::operations::active_run_of;
use super::review_rows::{KeptList, ReviewRow, find_review, find_row};
use super::schema::{items, removal_reviews, sync_records, withheld_items};
use crate::domain::audit::AuditAction;
use crate::domain::removal_review::{RemovalReview, WithheldRemovals};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// What becomes of the removals of a source that wait for a decision, at the end of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum ReviewChange {
    /// They stay as they are.
    #[default]
    Unchanged,
    /// None are left.
    Resolved,
    /// These were withheld. The same list as before keeps its decision.
    Withheld(WithheldRemovals),
    /// A preview would withhold the items with these keys; the decision stays as it is.
    Forecast(Vec<String>),
}

/// The result of the decision to keep the items of a review.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeepOutcome {
    /// The items are kept.
    Kept,
    /// A run of the source, with this id, is active.
    AlreadyRunning(SyncId),
    /// The list was replaced, or its items were removed, since.
    Outdated,
}

/// Makes the change at the end of `run`. Returns the id of the review that lists what the run withheld.
pub(super) fn apply_change(
    conn: &mut AnyConnection,
    source_id: i64,
    run: &str,
    change: &ReviewChange,
) -> Result<Option<String>, StoreError> {
    let withheld = match change {
        ReviewChange::Unchanged => return Ok(None),
        ReviewChange::Resolved => return delete_review(conn, source_id).map(|()| None),
        ReviewChange::Forecast(keys) => {
            bulk_keys::insert_withheld(conn, run, source_id, keys)?;
            return Ok(None);
        }
        ReviewChange::Withheld(withheld) => withheld,
    };
    let current = find_row(conn, source_id)?;
    let kept = current.as_ref().map(KeptList::of_review).transpose()?.flatten();
    if let Some(review) = current.map(RemovalReview::try_from).transpose()?
        && review.lists(withheld)
        // A decision holds for the additions that were counted, too.
        && withheld.additions <= review.additions
    {
        // The counts are those of the latest run.
        let additions = i64::try_from(withheld.additions).unwrap_or(i64::MAX);
        diesel::update(removal_reviews::table.find(review.id.to_string()))
            .set(removal_reviews::additions.eq(additions))
            .execute(conn)?;
        return Ok(Some(review.id.to_string()));
    }
    if let Some(kept) = kept.clone().filter(|kept| kept.lists(withheld)) {
        // The source is again as it was when an admin decided.
        delete_lists(conn, source_id, Some(&kept.sync_id))?;
        let id = kept.sync_id.clone();
        kept.restore(conn, source_id)?;
        return Ok(Some(id));
    }
    let kept_list = kept.as_ref().map(|kept| kept.stored_beside(withheld.reason)).transpose()?.flatten();
    delete_lists(conn, source_id, kept.as_ref().filter(|_| kept_list.is_some()).map(|kept| kept.sync_id.as_str()))?;
    diesel::insert_into(removal_reviews::table)
        .values((
            removal_reviews::kept_list.eq(kept_list),
            removal_reviews::sync_id.eq(run),
            removal_reviews::source_id.eq(source_id),
            removal_reviews::reason.eq(withheld.reason.as_str()),
            removal_reviews::digest.eq(&withheld.digest),
            removal_reviews::item_count.eq(i64::try_from(withheld.keys.len()).unwrap_or(i64::MAX)),
            removal_reviews::additions.eq(i64::try_from(withheld.additions).unwrap_or(i64::MAX)),
        ))
        .execute(conn)?;
    bulk_keys::insert_withheld(conn, run, source_id, &withheld.keys)?;
    Ok(Some(run.to_owned()))
}

/// Deletes the review of a source that waits for a decision about items of which none are in the catalog any more: an
/// undo removed them.
pub(super) fn delete_without_items(conn: &mut AnyConnection, source_id: i64) -> Result<(), StoreError> {
    let Some(review) = find_review(conn, source_id)?.filter(RemovalReview::is_open) else { return Ok(()) };
    let live = withheld_items::table
        .inner_join(items::table.on(is_listed_item()))
        .filter(withheld_items::sync_id.eq(review.id.to_string()))
        .filter(items::removed_at.is_null());
    let has_items: bool = diesel::select(exists(live)).get_result(conn)?;
    if has_items { Ok(()) } else { delete_review(conn, source_id) }
}

/// Deletes the review of a source with its lists.
pub(super) fn delete_review(conn: &mut AnyConnection, source_id: i64) -> Result<(), StoreError> {
    delete_lists(conn, source_id, None)
}

/// Deletes the review of a source with its lists, except the items of the list `kept`.
fn delete_lists(conn: &mut AnyConnection, source_id: i64, kept: Option<&str>) -> Result<(), StoreError> {
    let Some(review) = find_review(conn, source_id)? else { return Ok(()) };
    let lists = [Some(review.id), review.kept_before.map(|(id, _)| id)];
    let lists = lists.into_iter().flatten().map(|id| id.to_string());
    for list in lists.filter(|list| Some(list.as_str()) != kept) {
        diesel::delete(withheld_items::table.filter(withheld_items::sync_id.eq(&list))).execute(conn)?;
    }
    diesel::delete(removal_reviews::table.find(review.id.to_string())).execute(conn)?;
    Ok(())
}

impl Store {
    /// Returns the removals of a source that wait for a decision, or that a person decided to keep.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_review(&self, source: SourceId) -> Result<Option<RemovalReview>, StoreError> {
        self.read(|conn| find_review(conn, source.0))
    }

    /// Returns the removals of all sources that wait for a decision, without those that a person decided to keep.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_open_reviews(&self) -> Result<Vec<RemovalReview>, StoreError> {
        self.read(|conn| {
            let open = removal_reviews::table.filter(removal_reviews::kept_at.is_null()).select(ReviewRow::as_select());
            open.load::<ReviewRow>(conn)?.into_iter().map(RemovalReview::try_from).collect()
        })
    }

    /// Returns the review that lists what a run withheld; `None` if it withheld nothing, or if the list was replaced or
    /// decided since.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn review_of_run(&self, run: SyncId) -> Result<Option<RemovalReview>, StoreError> {
        self.read(|conn| {
            let row = removal_reviews::table
                .inner_join(sync_records::table.on(sync_records::review.eq(removal_reviews::sync_id.nullable())))
                .filter(sync_records::id.eq(run.to_string()))
                .select(ReviewRow::as_select());
            row.first(conn).optional()?.map(RemovalReview::try_from).transpose()
        })
    }

    /// Keeps the items that a review of this source lists: nothing is asked until the list changes. The row of the
    /// source is locked meanwhile, so that of a removal and this decision only one is accepted.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn keep_withheld_items(&self, source: SourceId, review: SyncId, by: &str) -> Result<KeepOutcome, StoreError> {
        self.write(|conn| {
            if !wait_for_source(conn, source.0)? {
                return Ok(KeepOutcome::Outdated);
            }
            // A removal of the list may be running.
            if let Some(active) = active_run_of(conn, source.0)? {
                return Ok(KeepOutcome::AlreadyRunning(active));
            }
            let kept =
                (removal_reviews::kept_at.eq(clock::now(conn)?.naive_utc()), removal_reviews::kept_by.eq(Some(by)));
            let stored = removal_reviews::table.find(review.to_string());
            let open = stored.clone().filter(removal_reviews::kept_at.is_null());
            let is_decided = diesel::update(open).set(kept).execute(conn)? > 0;
            // Whoever decided first stays named.
            let is_kept = is_decided || diesel::select(exists(stored)).get_result(conn)?;
            if is_decided {
                let (action, run) = (AuditAction::RemovalsKept, review.to_string());
                self.record_action(conn, action, AuditSubject::Source(source.0), None, Some(&run))?;
            }
            Ok(if is_kept { KeepOutcome::Kept } else { KeepOutcome::Outdated })
        })
    }

    /// Returns up to `limit` of the keys that a review lists, in their order, starting after the key `after`. Start
    /// with the empty text; an empty page is the end.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn withheld_keys(&self, review: SyncId, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            let page = withheld_items::table
                .filter(withheld_items::sync_id.eq(review.to_string()))
                .filter(withheld_items::key.gt(after))
                .order(withheld_items::key)
                .limit(limit)
                .select(withheld_items::key);
            Ok(page.load(conn)?)
        })
    }
}

/// The condition that a listed key and an item belong together.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn is_listed_item() -> _ {
    items::source_id.eq(withheld_items::source_id).and(items::key.eq(withheld_items::key))
}
