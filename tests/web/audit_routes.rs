//! What each route that people may send something to is recorded as.

use lockstep::domain::audit::AuditAction;
use lockstep::web::access_rules::{AccessRule, ROUTE_RULES};

/// The routes, and what they record. A new one has to be added here.
const RECORDED_ROUTES: [(&str, &[AuditAction]); 35] = {
    use AuditAction as Did;
    [
        ("/api/sync", &[Did::SyncStarted, Did::PreviewStarted]),
        ("/api/sync/{id}/cancel", &[Did::RunCancelled]),
        ("/api/sync/{id}/undo", &[Did::UndoStarted]),
        ("/api/sync/{id}/removals", &[Did::RemovalStarted]),
        ("/api/sync/{id}/removals/keep", &[Did::RemovalsKept]),
        ("/api/sources/{slug}/pause", &[Did::SchedulePaused]),
        ("/api/sources/{slug}/resume", &[Did::ScheduleResumed]),
        ("/api/sync-sheets-bg", &[Did::SyncStarted]),
        ("/api/sync-sheets", &[Did::SyncStarted]),
        ("/syncs", &[Did::SyncStarted]),
        ("/catalog/{slug}/default-view", &[Did::DefaultViewChanged]),
        ("/catalog/{slug}/sync", &[Did::SyncStarted, Did::PreviewStarted]),
        ("/catalog/{slug}/sync/cancel", &[Did::RunCancelled]),
        // It sets a cookie.
        ("/catalog/{slug}/sync/dismiss", &[]),
        ("/catalog/{slug}/sync/removals", &[Did::RemovalStarted, Did::RemovalsKept]),
        ("/catalog/{slug}/schedule/pause", &[Did::SchedulePaused]),
        ("/catalog/{slug}/schedule/resume", &[Did::ScheduleResumed]),
        ("/history/{id}/corrected-rows", &[Did::SourceChanged]),
        ("/history/{id}/undo", &[Did::UndoStarted]),
        ("/login", &[Did::LoggedIn]),
        // A person may always leave.
        ("/logout", &[]),
        ("/setup", &[Did::UserAdded, Did::LoggedIn]),
        ("/settings/users", &[Did::UserAdded]),
        ("/settings/users/{id}/role", &[Did::RoleChanged]),
        ("/settings/users/{id}/password", &[Did::PasswordChanged]),
        ("/settings/users/{id}/remove", &[Did::UserRemoved]),
        ("/settings/tokens", &[Did::TokenCreated]),
        ("/settings/tokens/{id}/revoke", &[Did::TokenRevoked]),
        ("/settings/account/password", &[Did::PasswordChanged]),
        ("/settings/account/sessions", &[Did::SessionsEnded]),
        ("/settings/sources", &[Did::SourceAdded]),
        // It looks at the source and saves nothing.
        ("/settings/sources/new", &[]),
        ("/settings/sources/{slug}", &[Did::SourceChanged]),
        ("/settings/sources/{slug}/remove", &[Did::SourceRemoved]),
        ("/settings/sources/{slug}/public-page", &[Did::PublicPageChanged]),
    ]
};

#[test]
fn every_route_that_changes_something_says_what_is_recorded() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/routes.rs");
    let text = std::fs::read_to_string(file).expect("the table of routes");
    let services = text.split("resource(").skip(1);
    let changing = services.filter(|service| service.contains("post().to("));
    let mut missing: Vec<&str> = changing
        .filter_map(|service| service.split('"').nth(1))
        .filter(|pattern| !RECORDED_ROUTES.iter().any(|(recorded, _)| recorded == pattern))
        .collect();
    missing.sort_unstable();
    assert_eq!(missing, [""; 0], "say what these record");
    let changing = text.split("resource(").filter(|service| service.contains("post().to("));
    let patterns: Vec<&str> = changing.filter_map(|service| service.split('"').nth(1)).collect();
    for (pattern, _) in RECORDED_ROUTES {
        assert!(patterns.contains(&pattern), "{pattern} is no route that people can send something to");
    }
    let all: Vec<AuditAction> = RECORDED_ROUTES.iter().flat_map(|(_, actions)| actions.iter().copied()).collect();
    let never: Vec<&AuditAction> = AuditAction::ALL
        .iter()
        // Only the command line can do this.
        .filter(|action| !all.contains(action) && **action != AuditAction::SecretsDiscarded)
        .collect();
    assert!(never.is_empty(), "no route records {never:?}");
    let readable = ROUTE_RULES.iter().filter(|rule| rule.pattern.contains("audit"));
    assert!(readable.clone().count() == 2 && readable.clone().all(|rule| rule.read == AccessRule::Admin));
}
