//! Who may use which route: one table, which every request is checked by.

use self::AccessRule::{Account, Admin, Everyone};

/// Who may use a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessRule {
    /// Visitors too. What they see of a catalog depends on whether it is public, which its handler decides.
    Everyone,
    /// Users who are logged in, and programs with a token.
    Account,
    /// Admins, and programs with the token of an admin.
    Admin,
}

/// The rules of one route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteRule {
    /// The pattern of its path, as in the table of routes.
    pub pattern: &'static str,
    /// Who may read it: GET, HEAD and OPTIONS.
    pub read: AccessRule,
    /// Who may send something to it: all other methods.
    pub change: AccessRule,
}

/// The rules of all routes. A route that is missing here is closed to everybody.
pub const ROUTE_RULES: [RouteRule; 81] = [
    rule("/api/sync/status/{id}", Everyone, Everyone),
    rule("/catalog/{slug}/sync-status", Everyone, Everyone),
    rule("/sync-badge", Everyone, Everyone),
    rule("/api/sync", Admin, Admin),
    rule("/api/sync/{id}/cancel", Admin, Admin),
    rule("/api/sync/{id}/undo", Admin, Admin),
    rule("/api/sync/{id}/removals", Admin, Admin),
    rule("/api/sync/{id}/removals/keep", Admin, Admin),
    rule("/api/sources/{slug}/pause", Admin, Admin),
    rule("/api/sources/{slug}/resume", Admin, Admin),
    rule("/api/sources", Everyone, Everyone),
    rule("/api/catalog/{slug}/items", Everyone, Everyone),
    rule("/api/catalog/{slug}/items/{id}/history", Account, Account),
    rule("/api/audit", Admin, Admin),
    rule("/api/history", Account, Account),
    rule("/api/history/{id}", Account, Account),
    rule("/api/history/{id}/changes", Account, Account),
    rule("/api/history/{id}/issues", Account, Account),
    rule("/api/health", Everyone, Everyone),
    rule("/api/health/sync", Everyone, Everyone),
    rule("/api/openapi.json", Everyone, Everyone),
    rule("/api/sync-sheets-bg", Everyone, Admin),
    rule("/api/sync-sheets", Admin, Admin),
    rule("/catalog/sync-status", Everyone, Everyone),
    rule("/catalog/sync-status/", Everyone, Everyone),
    rule("/", Everyone, Everyone),
    rule("/syncs", Admin, Admin),
    rule("/catalog/{slug}.feed.json", Everyone, Everyone),
    rule("/catalog/{slug}.atom", Everyone, Everyone),
    rule("/catalog/{slug}.{extension:csv|json|ndjson|xlsx}", Everyone, Everyone),
    rule("/catalog/{slug}", Everyone, Everyone),
    rule("/catalog/{slug}/items/{id}", Everyone, Everyone),
    rule("/catalog/{slug}/default-view", Admin, Admin),
    rule("/catalog/{slug}/sync", Admin, Admin),
    rule("/catalog/{slug}/sync/cancel", Admin, Admin),
    rule("/catalog/{slug}/sync/dismiss", Everyone, Everyone),
    rule("/catalog/{slug}/sync/apply", Admin, Admin),
    rule("/catalog/{slug}/sync/removals", Admin, Admin),
    rule("/catalog/{slug}/sync/removals.csv", Admin, Admin),
    rule("/catalog/{slug}/schedule/pause", Admin, Admin),
    rule("/catalog/{slug}/schedule/resume", Admin, Admin),
    rule("/catalog/{slug}/feeds", Account, Account),
    rule("/history", Account, Account),
    rule("/history/{id}", Account, Account),
    rule("/history/{id}/sync-status", Account, Account),
    rule("/history/{id}/changes.csv", Account, Account),
    rule("/history/{id}/changes.json", Account, Account),
    rule("/history/{id}/changes/item", Account, Account),
    rule("/history/{id}/changes/value", Account, Account),
    rule("/history/{id}/issues.csv", Account, Account),
    rule("/history/{id}/log", Admin, Admin),
    rule("/history/{id}/corrected-rows", Admin, Admin),
    rule("/history/{id}/undo", Admin, Admin),
    rule("/login", Everyone, Everyone),
    rule("/logout", Everyone, Everyone),
    rule("/setup", Everyone, Everyone),
    rule("/settings", Admin, Admin),
    rule("/settings/users", Admin, Admin),
    rule("/settings/users/new", Admin, Admin),
    rule("/settings/users/{id}", Admin, Admin),
    rule("/settings/users/{id}/role", Admin, Admin),
    rule("/settings/users/{id}/password", Admin, Admin),
    rule("/settings/users/{id}/remove", Admin, Admin),
    rule("/settings/tokens", Admin, Admin),
    rule("/settings/tokens/new", Admin, Admin),
    rule("/settings/tokens/{id}/revoke", Admin, Admin),
    rule("/settings/account", Account, Account),
    rule("/settings/account/password", Account, Account),
    rule("/settings/account/sessions", Account, Account),
    rule("/settings/audit", Admin, Admin),
    rule("/settings/about", Admin, Admin),
    rule("/settings/sources", Admin, Admin),
    rule("/settings/sources/new", Admin, Admin),
    rule("/settings/sources/{slug}", Admin, Admin),
    rule("/settings/sources/{slug}/remove", Admin, Admin),
    rule("/settings/sources/{slug}/public-page", Admin, Admin),
    rule("/settings/schedule-preview", Admin, Admin),
    rule("/robots.txt", Everyone, Everyone),
    rule("/sitemap.xml", Everyone, Everyone),
    rule("/sitemap-{slug:[a-z0-9-]+}-{after:[0-9]+}.xml", Everyone, Everyone),
    rule("/favicon.ico", Everyone, Everyone),
];

const fn rule(pattern: &'static str, read: AccessRule, change: AccessRule) -> RouteRule {
    RouteRule { pattern, read, change }
}

/// Returns the rule for a request with this pattern. A path that is no route has no pattern; its response shows nothing
/// to anybody. `None` for a route without a rule.
pub(in crate::web) fn find_access_rule(pattern: Option<&str>, is_read: bool) -> Option<AccessRule> {
    let Some(pattern) = pattern else { return Some(Everyone) };
    let route = ROUTE_RULES.iter().find(|route| route.pattern == pattern)?;
    Some(if is_read { route.read } else { route.change })
}

#[cfg(test)]
mod tests {
    use super::{AccessRule, find_access_rule};

    #[test]
    fn a_route_without_a_rule_is_closed() {
        assert_eq!(find_access_rule(Some("/api/new-route"), true), None);
        assert_eq!(find_access_rule(None, true), Some(AccessRule::Everyone), "no route");
        assert_eq!(find_access_rule(Some("/api/sync-sheets-bg"), true), Some(AccessRule::Everyone));
        assert_eq!(find_access_rule(Some("/api/sync-sheets-bg"), false), Some(AccessRule::Admin));
    }
}
