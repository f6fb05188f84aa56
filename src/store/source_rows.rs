//! The rows of sources: to and from what admins set up. Locations are encrypted.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::any_connection::AnyConnection;
use super::error::StoreError;
use super::public_pages::PublicPageRow;
use super::schema::sources;
use super::secret_sealer::SecretSealer;
use super::stored_values::{parse_json, parse_secret_json, parse_value, to_json};
use crate::domain::location::SourceLocation;
use crate::domain::max_age::MaxAge;
use crate::domain::schedule::StoredSchedule;
use crate::domain::source::{Noun, Source, SourceDraft, SourceId};

/// A source as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sources)]
pub(super) struct SourceRow {
    id: i64,
    slug: String,
    name: String,
    noun_one: String,
    noun_many: String,
    kind: String,
    location: String,
    key_column: String,
    schedule: Option<String>,
    schedule_zone: Option<String>,
    public: bool,
    read_options: String,
    stale_after: Option<i64>,
    paused_at: Option<NaiveDateTime>,
    #[diesel(embed)]
    page: PublicPageRow,
}

impl SourceRow {
    /// Returns the source of the row. Its location is decrypted.
    pub(super) fn into_source(self, sealer: &SecretSealer) -> Result<Source, StoreError> {
        let row = self;
        let slug = parse_value("sources.slug", &row.slug)?;
        let location: SourceLocation =
            parse_secret_json("sources.location", &sealer.open("sources.location", &row.location)?)?;
        Ok(Source {
            id: SourceId(row.id),
            slug,
            name: row.name,
            noun: Noun { one: row.noun_one, many: row.noun_many },
            kind: row.kind,
            location,
            key_column: row.key_column,
            schedule: row.schedule.map(|cron| StoredSchedule { cron, zone: row.schedule_zone }),
            public: row.public,
            read_options: parse_json("sources.read_options", &row.read_options)?,
            stale_after: row.stale_after.and_then(MaxAge::from_seconds),
            paused_at: row.paused_at.map(|time| time.and_utc()),
            page: row.page.into(),
        })
    }
}

/// The columns that a draft sets, both for adding and for changing a source.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sources, treat_none_as_null = true)]
pub(super) struct SourceValues<'a> {
    slug: &'a str,
    name: &'a str,
    noun_one: &'a str,
    noun_many: &'a str,
    kind: &'a str,
    location: &'a str,
    key_column: &'a str,
    schedule: Option<&'a str>,
    schedule_zone: Option<&'a str>,
    public: bool,
    read_options: String,
    stale_after: Option<i64>,
    next_run_at: Option<NaiveDateTime>,
}

impl<'a> SourceValues<'a> {
    /// Returns the columns of `draft`. `location` is its location as JSON text.
    pub(super) fn from_draft(
        draft: &'a SourceDraft,
        location: &'a str,
        next_run_at: Option<NaiveDateTime>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            slug: draft.slug.as_str(),
            name: &draft.name,
            noun_one: &draft.noun.one,
            noun_many: &draft.noun.many,
            kind: &draft.kind,
            location,
            key_column: &draft.key_column,
            schedule: draft.schedule.as_ref().map(|schedule| schedule.cron.as_str()),
            schedule_zone: draft.schedule.as_ref().and_then(|schedule| schedule.zone.as_deref()),
            public: draft.public,
            read_options: to_json("sources.read_options", &draft.read_options)?,
            stale_after: draft.stale_after.map(MaxAge::as_seconds),
            next_run_at,
        })
    }
}

/// Returns the location as it is stored: encrypted if it may contain secrets.
pub(super) fn stored_location(
    conn: &mut AnyConnection,
    sealer: &SecretSealer,
    location: &SourceLocation,
) -> Result<String, StoreError> {
    let text = to_json("sources.location", location)?;
    if location.addresses().is_empty() { Ok(text) } else { sealer.seal(conn, "sources.location", text) }
}
