//! Refused requests to every described operation: bad tokens, missing permissions, unknown things, wrong parameters.

use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::sync_id::SyncId;
use lockstep::web::access_rules::{AccessRule, ROUTE_RULES};

use super::answer_recorder::{AnswerRecorder, DescribedOperation, PathValues};
use crate::web::site::{SiteClient, TestSite};

/// Sends what must be refused to all operations. `values` are parameters with which they succeed.
pub(super) fn record_refusals(
    recorder: &mut AnswerRecorder,
    site: &TestSite,
    admin: &SiteClient<'_>,
    values: PathValues<'_>,
) {
    let wrong = site.visitor().with_header("Authorization", "Bearer wrong").with_header("Accept", "application/json");
    let viewer = site.add_program("reader", Role::Viewer);
    let limits = TokenLimits { only_source: Some(site.drafts.id), ..TokenLimits::default() };
    let limited = site.add_limited_program(limits).with_header("Accept", "application/json");
    let other_site = admin.with_header("Origin", "https://other.example");
    let unknown_run = SyncId::new().to_string();
    let unknown = PathValues { slug: "missing", run: &unknown_run, item: "987654321" };
    for operation in recorder.list_operations() {
        let DescribedOperation { method, path, statuses, .. } = &operation;
        let mut expect = |client: &SiteClient<'_>, address: &str, body: Option<&str>, status: u16| {
            if statuses.contains(&status) {
                let reply = recorder.send(client, method, path, address, body);
                assert_eq!(reply.status, status, "{method} {address}: {}", reply.body);
            }
        };
        let known = values.fill_in(path);
        let body = (path == "/api/sync").then_some(r#"{"source":"missing"}"#);
        expect(&wrong, &known, body, 401);
        if method == "POST" {
            expect(&other_site, &known, body, 403);
        }
        if is_for_admins(method, path) {
            expect(&viewer, &known, body, 403);
        }
        if let Some(address) = address_of_other_source(path, values) {
            expect(&limited, &address, body, 403);
        }
        // The start of a sheet names nothing that could be unknown.
        if !(method == "POST" && path.starts_with("/api/sync-sheets")) {
            expect(admin, &unknown_address(path, unknown), body, 404);
        }
        expect(admin, &wrong_address(path, values), Some("{}").filter(|_| path == "/api/sync"), 400);
        if statuses.contains(&304) {
            let version = admin.get(&known).header("etag").expect("a version").to_owned();
            expect(&admin.with_header("If-None-Match", &version), &known, None, 304);
        }
        expect(admin, &known, None, 204);
        expect(admin, &known, Some(&format!("\"{}\"", "x".repeat(70_000))), 413);
    }
    // Without credentials: private catalogs, and what needs an account.
    let drafts = PathValues { slug: "drafts", ..values };
    for operation in recorder.list_operations() {
        let DescribedOperation { method, path, .. } = &operation;
        recorder.send(&site.visitor(), method, path, &drafts.fill_in(path), None);
    }
}

/// An address that names a public source which a limited token is not for; `None` if the operation names no source.
fn address_of_other_source(path: &str, values: PathValues<'_>) -> Option<String> {
    match path {
        "/api/history" => Some(format!("/api/history?source={}", values.slug)),
        "/api/sync-sheets-bg" | "/catalog/sync-status" | "/catalog/sync-status/" => Some(path.to_owned()),
        _ => path.contains("{slug}").then(|| values.fill_in(path)),
    }
}

/// Whether only admins may call an operation.
fn is_for_admins(method: &str, path: &str) -> bool {
    let route = ROUTE_RULES.iter().find(|route| route.pattern == path);
    route.is_some_and(|route| if method == "POST" { route.change } else { route.read } == AccessRule::Admin)
}

/// An address that names something that does not exist.
fn unknown_address(path: &str, unknown: PathValues<'_>) -> String {
    match path {
        "/api/history" => "/api/history?source=missing".to_owned(),
        "/api/sync-sheets-bg" | "/catalog/sync-status" | "/catalog/sync-status/" => {
            format!("{path}?syncId={}", unknown.run)
        }
        _ => unknown.fill_in(path),
    }
}

/// An address with a parameter that is refused.
fn wrong_address(path: &str, values: PathValues<'_>) -> String {
    let query = match path {
        "/history/{id}/changes.csv" | "/history/{id}/changes.json" => "?kind=nothing",
        "/api/sync" => "",
        _ => "?nothing=1",
    };
    format!("{}{query}", values.fill_in(path))
}
