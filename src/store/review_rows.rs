//! Reads the reviews of sources, and keeps what an admin decided about a list while the list of a source that fails
//! takes its place: a source that is emptied for one sync must not make the next one forget the decision.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::connection::AnyConnection;
use super::error::StoreError;
use super::schema::removal_reviews;
use super::stored_values::{parse_json, parse_value, to_json};
use crate::domain::removal_review::{RemovalReview, ReviewReason, WithheldRemovals};
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// The review of a source, as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = removal_reviews)]
pub(super) struct ReviewRow {
    sync_id: String,
    source_id: i64,
    reason: String,
    digest: String,
    item_count: i64,
    additions: i64,
    kept_at: Option<NaiveDateTime>,
    kept_by: Option<String>,
    kept_list: Option<String>,
}

impl TryFrom<ReviewRow> for RemovalReview {
    type Error = StoreError;

    fn try_from(row: ReviewRow) -> Result<Self, StoreError> {
        let count =
            |number: i64, column| u64::try_from(number).map_err(|error| StoreError::corrupt_value(column)(&error));
        let kept_before = if row.kept_at.is_some() { None } else { KeptList::of_review(&row)? };
        Ok(Self {
            id: parse_value("removal_reviews.sync_id", &row.sync_id)?,
            kept_before: kept_before.map(|list| Ok::<_, StoreError>((list.id()?, list.digest))).transpose()?,
            source_id: SourceId(row.source_id),
            reason: parse_value("removal_reviews.reason", &row.reason)?,
            digest: row.digest,
            item_count: count(row.item_count, "removal_reviews.item_count")?,
            additions: count(row.additions, "removal_reviews.additions")?,
            // Both columns are written together.
            kept: row.kept_at.map(|time| time.and_utc()).zip(row.kept_by),
        })
    }
}

/// Returns the row of a source's review.
pub(super) fn find_row(conn: &mut AnyConnection, source_id: i64) -> QueryResult<Option<ReviewRow>> {
    let row = removal_reviews::table.filter(removal_reviews::source_id.eq(source_id)).select(ReviewRow::as_select());
    row.first(conn).optional()
}

/// Returns the review of a source.
pub(super) fn find_review(conn: &mut AnyConnection, source_id: i64) -> Result<Option<RemovalReview>, StoreError> {
    find_row(conn, source_id)?.map(RemovalReview::try_from).transpose()
}

/// A list whose items an admin decided to keep.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptList {
    pub(super) sync_id: String,
    reason: String,
    digest: String,
    item_count: i64,
    kept_at: NaiveDateTime,
    kept_by: String,
}

impl KeptList {
    /// Returns the list that this review is, or that it took the place of, if an admin decided to keep its items.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored value is not one that this program writes.
    pub(super) fn of_review(row: &ReviewRow) -> Result<Option<Self>, StoreError> {
        if let (Some(kept_at), Some(kept_by)) = (row.kept_at, &row.kept_by) {
            return Ok(Some(Self {
                sync_id: row.sync_id.clone(),
                reason: row.reason.clone(),
                digest: row.digest.clone(),
                item_count: row.item_count,
                kept_at,
                kept_by: kept_by.clone(),
            }));
        }
        row.kept_list.as_deref().map(|text| parse_json("removal_reviews.kept_list", text)).transpose()
    }

    /// Returns the id of the list.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored value is not one that this program writes.
    pub(super) fn id(&self) -> Result<SyncId, StoreError> {
        parse_value("removal_reviews.kept_list", &self.sync_id)
    }

    /// Returns whether these removals are the ones that the admin decided about.
    pub(super) fn lists(&self, withheld: &WithheldRemovals) -> bool {
        withheld.reason.may_be_kept() && self.digest == withheld.digest
    }

    /// Returns the text that is stored beside a list withheld for this reason; `None` if that list is decided anew.
    ///
    /// # Errors
    /// [`StoreError`] when the value cannot be written.
    pub(super) fn stored_beside(&self, reason: ReviewReason) -> Result<Option<String>, StoreError> {
        (!reason.may_be_kept()).then(|| to_json("removal_reviews.kept_list", self)).transpose()
    }

    /// Stores it as the review of its source again.
    pub(super) fn restore(self, conn: &mut AnyConnection, source_id: i64) -> QueryResult<()> {
        diesel::insert_into(removal_reviews::table)
            .values((
                removal_reviews::sync_id.eq(self.sync_id),
                removal_reviews::source_id.eq(source_id),
                removal_reviews::reason.eq(self.reason),
                removal_reviews::digest.eq(self.digest),
                removal_reviews::item_count.eq(self.item_count),
                removal_reviews::additions.eq(0),
                removal_reviews::kept_at.eq(Some(self.kept_at)),
                removal_reviews::kept_by.eq(Some(self.kept_by)),
            ))
            .execute(conn)
            .map(drop)
    }
}
