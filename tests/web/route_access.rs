//! Every route is walked by everybody: visitors, viewers, admins, ended sessions, revoked tokens and other sites.

use std::collections::BTreeSet;
use std::path::Path;

use lockstep::domain::account::Role;
use lockstep::domain::secret::token_hash;
use lockstep::domain::session_lifetimes::SessionLifetimes;
use lockstep::web::access_rules::{AccessRule, ROUTE_RULES};

use super::site::{SiteClient, SiteResponse, TestSite};

/// Routes whose response a program gets as data, wherever their path is.
const DATA_ENDINGS: [&str; 4] = [".csv", ".json", ".atom", ".xlsx"];

/// Routes about the first sheet. The site has none, which visitors do not learn.
const SHEET_PATTERNS: [&str; 3] = ["/api/sync-sheets-bg", "/catalog/sync-status", "/catalog/sync-status/"];

/// The patterns in the table of routes, as its text lists them.
fn patterns_of_routes() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/routes.rs");
    let text = std::fs::read_to_string(file).expect("the table of routes");
    let calls = text.split("resource(").skip(1).map(|rest| rest.split(')').next().expect("the end of a call"));
    let quoted = |call: &str| call.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    // A pattern with parentheses would be cut off: there is none.
    calls.flat_map(quoted).collect()
}

/// A path of the route, with ids that belong to nothing.
fn path_of(pattern: &str) -> String {
    let is_settings = pattern.starts_with("/settings/");
    // An admin would remove the source.
    let (id, slug) =
        if is_settings { ("999", "nothing") } else { ("sync_01990000-0000-7000-8000-000000000000", "albums") };
    let mut path = pattern.replace("{id}", id).replace("{slug}", slug).replace("{slug:[a-z0-9-]+}", slug);
    path = path.replace("{after:[0-9]+}", "0").replace("{extension:csv|json|ndjson|xlsx}", "csv");
    assert!(!path.contains('{'), "{path}");
    path
}

fn is_data(path: &str) -> bool {
    path.starts_with("/api/") || DATA_ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn send(client: &SiteClient<'_>, method: &str, path: &str) -> SiteResponse {
    match method {
        "GET" => client.get(path),
        _ if path.starts_with("/api/") => client.post_json(path, "{}"),
        _ => client.post(path),
    }
}

/// Whether the response sends its reader to the login.
fn asks_to_log_in(response: &SiteResponse) -> bool {
    let to_login = response.header("location").is_some_and(|location| location.starts_with("/login?"));
    response.status == 401 || (response.status == 303 && to_login)
}

/// A session of `name`, as a client with its cookie.
fn session_of<'a>(site: &'a TestSite, name: &str, lifetimes: SessionLifetimes) -> SiteClient<'a> {
    let (user, _) = site.store.user_by_name(name).expect("an answer").expect("the user");
    let token = lockstep::domain::secret::generate_token().expect("random bytes");
    site.store.begin_session(&user, &token_hash(&token), lifetimes, "").expect("a session");
    site.visitor().with_header("Cookie", &format!("lockstep_session={token}"))
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let ruled: BTreeSet<String> = ROUTE_RULES.iter().map(|rule| rule.pattern.to_owned()).collect();
    assert_eq!(patterns_of_routes(), ruled);
    assert_eq!(ruled.len(), ROUTE_RULES.len(), "no pattern twice");
}

#[test]
fn every_route_lets_in_only_those_whom_its_rule_names() {
    let site = TestSite::new();
    site.add_user("ada", Role::Admin);
    site.add_user("bob", Role::Viewer);
    let (admin_program, viewer_program) =
        (site.add_program("robot", Role::Admin), site.add_program("reader", Role::Viewer));
    let revoked = site.add_program("gone", Role::Admin);
    assert!(site.store.revoke_token("gone").expect("revoked"));
    let ended = SessionLifetimes { idle: std::time::Duration::ZERO, ..SessionLifetimes::default() };
    for route in ROUTE_RULES {
        for (method, rule) in [("GET", route.read), ("POST", route.change)] {
            let path = path_of(route.pattern);
            let what = format!("{method} {path}");
            let visitor = send(&site.visitor(), method, &path);
            if visitor.status == 405 {
                continue;
            }
            let is_login = path == "/login";
            let lasting = SessionLifetimes::default();
            let expired = send(&session_of(&site, "ada", ended), method, &path);
            let viewer = send(&session_of(&site, "bob", lasting), method, &path);
            let admin = send(&session_of(&site, "ada", lasting), method, &path);
            for (who, response) in [("a visitor", &visitor), ("an ended session", &expired)] {
                let is_refused = asks_to_log_in(response);
                // Wrong credentials are 401, too.
                let expected = rule != AccessRule::Everyone || (is_login && method == "POST");
                // What is hidden from visitors looks missing, or as if it were shown after a login.
                let is_open = rule == AccessRule::Everyone;
                let is_hidden = is_open && (response.status == 404 || SHEET_PATTERNS.contains(&route.pattern));
                assert!(is_refused == expected || is_hidden, "{what} as {who}: {}", response.status);
            }
            assert_eq!(viewer.status == 403, rule == AccessRule::Admin, "{what} as a viewer: {}", viewer.status);
            let is_setup = path == "/setup";
            assert!(is_setup || admin.status != 403, "{what} as an admin: {}", admin.status);
            assert!(is_login || !asks_to_log_in(&admin), "{what} as an admin: {}", admin.status);
            assert!(admin.status < 500 && viewer.status < 500 && visitor.status < 500, "{what}");
            let with_token = [&admin_program, &viewer_program].map(|program| send(program, method, &path));
            if is_data(&path) {
                assert_eq!(send(&revoked, method, &path).expect_refusal(), (401, "bad_token".to_owned()), "{what}");
                assert!(![401, 403].contains(&with_token[0].status), "{what}: {}", with_token[0].status);
                assert_eq!(with_token[1].status == 403, rule == AccessRule::Admin, "{what}: {}", with_token[1].status);
            } else {
                // A token means nothing on a page.
                assert_eq!(with_token[0].status, visitor.status, "{what} with a token");
            }
            if method == "POST" {
                let elsewhere = session_of(&site, "ada", lasting).with_header("Origin", "https://evil.example");
                assert_eq!(send(&elsewhere, method, &path).status, 403, "{what} from another site");
            }
        }
    }
    assert_eq!(site.store.list_users().expect("users").len(), 2, "nobody was added or removed");
    assert_eq!(site.store.list_sources().expect("sources").len(), 2);
}
