//! `/settings/audit`: who did what, and from where, for admins. Nothing here can be changed.

use std::collections::HashSet;

use actix_web::web;

use super::audit_view::{AuditLine, AuditPage};
use crate::domain::audit::{AuditAction, AuditChannel, AuditEntry};
use crate::domain::sync_id::SyncId;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

const ENTRIES_PER_PAGE: u64 = 50;

/// `GET /settings/audit`.
pub(in crate::web) async fn page(app: AppContext, query: web::Query<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let requested = trimmed_value(&query, "page").parse().unwrap_or(1).clamp(1, u64::from(u32::MAX));
        let (entries, total, page) = load_page(requested, ENTRIES_PER_PAGE, |page| {
            Ok(state.store.list_audit_entries((page - 1) * ENTRIES_PER_PAGE, ENTRIES_PER_PAGE)?)
        })?;
        let runs: Vec<SyncId> = entries.iter().filter_map(run_of).collect();
        // Entries are kept longer than the history.
        let known_runs = state.store.known_runs(&runs)?;
        let link = |page| state.links.audit_page(page);
        HtmlResponse::render(&AuditPage {
            frame: page_frame(state, Some(&actor), "Audit log", NavSection::Settings)?,
            pager: PageLinks::new(page, ENTRIES_PER_PAGE, entries.len() as u64, total, link),
            entries: entries.into_iter().map(|entry| audit_line(&state.links, &known_runs, entry)).collect(),
        })
    })
    .await
}

/// The run that an entry is about.
fn run_of(entry: &AuditEntry) -> Option<SyncId> {
    entry.sync_id.as_deref()?.parse().ok()
}

fn audit_line(links: &LinkBuilder, known_runs: &HashSet<SyncId>, entry: AuditEntry) -> AuditLine {
    let run = run_of(&entry).filter(|id| known_runs.contains(id)).map(|id| links.run(&id));
    let AuditEntry { at, actor, channel, address, action, subject, detail, .. } = entry;
    let channel = match channel.parse() {
        Ok(AuditChannel::Browser) => "Browser".to_owned(),
        Ok(AuditChannel::Token) => "API token".to_owned(),
        Ok(AuditChannel::CommandLine) => "Command line".to_owned(),
        Err(_) => channel,
    };
    let (action, icon) = match action.parse::<AuditAction>() {
        Ok(known) => (known.label().to_owned(), icon(known)),
        // A later version runs beside this one.
        Err(_) => (action.replace('_', " "), "rows"),
    };
    AuditLine { at: time_label(at), actor, channel, address, action, icon, subject, detail, run }
}

/// The icon of what an action is about.
const fn icon(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SyncStarted | AuditAction::PreviewStarted | AuditAction::RemovalStarted => "sync",
        AuditAction::UndoStarted => "undo",
        AuditAction::RunCancelled => "stop",
        AuditAction::RemovalsKept
        | AuditAction::SourceAdded
        | AuditAction::SourceChanged
        | AuditAction::SourceRemoved
        | AuditAction::PublicPageChanged
        | AuditAction::DefaultViewChanged => "rows",
        AuditAction::SecretsDiscarded => "shield",
        AuditAction::SchedulePaused | AuditAction::ScheduleResumed => "clock",
        AuditAction::UserAdded
        | AuditAction::RoleChanged
        | AuditAction::PasswordChanged
        | AuditAction::UserRemoved
        | AuditAction::LoggedIn
        | AuditAction::SessionsEnded => "user",
        AuditAction::TokenCreated | AuditAction::TokenRevoked => "key",
    }
}
