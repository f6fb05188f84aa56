//! Reads and writes how the catalogs of sources present themselves.

use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::Store;
use super::error::StoreError;
use super::schema::sources;
use crate::domain::audit::AuditAction;
use crate::domain::frame_hosts::FrameHosts;
use crate::domain::public_page::PublicPage;
use crate::domain::source::SourceId;

/// The columns of a source that say how its catalog presents itself.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sources)]
pub(super) struct PublicPageRow {
    page_title: Option<String>,
    page_description: String,
    is_indexed: bool,
    frame_hosts: String,
}

impl From<PublicPageRow> for PublicPage {
    fn from(row: PublicPageRow) -> Self {
        Self {
            title: row.page_title,
            description: row.page_description,
            is_indexed: row.is_indexed,
            frame_hosts: FrameHosts::from_stored(&row.frame_hosts),
        }
    }
}

impl Store {
    /// Changes how the catalog of a source presents itself, also while a run is active: a run does not depend on it.
    /// Returns whether the source exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn set_public_page(&self, id: SourceId, page: &PublicPage) -> Result<bool, StoreError> {
        self.write(|conn| {
            let changed = diesel::update(sources::table.find(id.0))
                .set((
                    sources::page_title.eq(page.title.as_deref()),
                    sources::page_description.eq(&page.description),
                    sources::is_indexed.eq(page.is_indexed),
                    sources::frame_hosts.eq(page.frame_hosts.to_directive()),
                ))
                .execute(conn)?;
            if changed > 0 {
                self.record_action(conn, AuditAction::PublicPageChanged, AuditSubject::Source(id.0), None, None)?;
            }
            Ok(changed > 0)
        })
    }
}
