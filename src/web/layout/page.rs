//! Builds the frame of a page: title, navigation, notice and badge.

use super::badge::build_badge;
use super::freshness_mark::count_stale_sources;
use super::view::{NavSection, PageFrame, PageUser};
use crate::domain::account::{Actor, Role};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The frame of a page for `actor`, or for a visitor, who sees nothing of syncs.
pub(in crate::web) fn page_frame(
    state: &AppState,
    actor: Option<&Actor>,
    title: impl Into<String>,
    section: NavSection,
) -> Result<PageFrame, WebError> {
    let user = actor.map(|actor| PageUser { name: actor.name.clone(), is_admin: actor.role == Role::Admin });
    let frame = PageFrame { links: state.links.clone(), title: title.into(), user, section, ..PageFrame::default() };
    if actor.is_none() {
        return Ok(frame);
    }
    Ok(PageFrame { stale_sources: count_stale_sources(state)?, badge: build_badge(state, actor)?, ..frame })
}
