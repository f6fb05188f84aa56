//! The settings of the own account, and when sessions and tokens were last used.

use lockstep::domain::account::Role;

use super::settings_users::open_site;
use super::site::{PASSWORD, SiteClient, SiteResponse, TestSite};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    the_own_password_is_changed_by_those_who_know_it,
    a_refused_password_is_never_sent_back,
    sessions_are_named_in_plain_words_and_ended,
    a_use_is_written_once_and_a_poll_of_status_never_writes,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1";

/// A client that logged in with this browser.
fn log_in<'a>(site: &'a TestSite, password: &str, user_agent: &str) -> SiteClient<'a> {
    let browser = site.visitor().with_header("User-Agent", user_agent);
    let reply = browser.post_form("/login", &[("username", "bob"), ("password", password)]);
    browser.with_header("Cookie", &reply.cookie().expect("a session"))
}

fn change(client: &SiteClient<'_>, current: &str, new: &str, repeated: &str) -> SiteResponse {
    let fields = [("current_password", current), ("new_password", new), ("repeated_password", repeated)];
    client.post_form("/settings/account/password", &fields)
}

fn is_logged_in(client: &SiteClient<'_>) -> bool {
    client.get("/api/catalog/drafts/items").status == 200
}

fn the_own_password_is_changed_by_those_who_know_it(db: &TestDatabase) {
    let site = open_site(db);
    site.add_user("bob", Role::Viewer);
    let (here, elsewhere) = (log_in(&site, PASSWORD, FIREFOX), log_in(&site, PASSWORD, IPHONE));
    let page = here.get("/settings/account").body;
    assert!(page.contains("Your account") && !page.contains("/settings/users"), "a viewer has one tab: {page}");
    let changed = change(&here, PASSWORD, "a new password", "a new password");
    assert_eq!(changed.header("location"), Some("/settings/account?done=password"), "{}", changed.body);
    assert!(here.get("/settings/account?done=password").body.contains("Password changed."));
    assert!(is_logged_in(&here) && !is_logged_in(&elsewhere));
    let old = site.visitor().post_form("/login", &[("username", "bob"), ("password", PASSWORD)]);
    assert_eq!(old.status, 401);
    assert!(is_logged_in(&log_in(&site, "a new password", IPHONE)));
}

fn a_refused_password_is_never_sent_back(db: &TestDatabase) {
    let site = open_site(db);
    site.add_user("bob", Role::Viewer);
    let (here, elsewhere) = (log_in(&site, PASSWORD, FIREFOX), log_in(&site, PASSWORD, IPHONE));
    for (typed, field, error) in [
        (["not the password", "a new password", "a new password"], "current-error", "Incorrect password."),
        ([PASSWORD, "seven c", "seven c"], "new-error", "at least 8 characters"),
        ([PASSWORD, "a new password", "another one entirely"], "repeated-error", "The passwords do not match."),
        (["", "", ""], "new-error", "at least 8 characters"),
    ] {
        let [current, new, repeated] = typed;
        let refused = change(&here, current, new, repeated);
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains(&format!("id=\"{field}\"")) && refused.body.contains(error), "{}", refused.body);
        for secret in typed.iter().filter(|secret| !secret.is_empty()) {
            assert!(!refused.body.contains(secret), "{secret}: {}", refused.body);
        }
    }
    assert!(is_logged_in(&here) && is_logged_in(&elsewhere), "nothing was changed");
    let program = site.add_program("bot", Role::Admin);
    assert_eq!(program.get("/settings/account").status, 303, "a token has no account");
    for path in ["/settings/account/password", "/settings/account/sessions"] {
        assert_eq!(site.visitor().post(path).header("location"), Some("/login?next=%2F"), "{path}");
        assert_eq!(here.with_header("Sec-Fetch-Site", "cross-site").post(path).status, 403, "{path}");
    }
}

/// The ids of the sessions that can be ended on a page.
fn ended_ids(page: &str) -> Vec<&str> {
    let ids = page.split("name=\"session\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    ids.filter(|id| *id != "others").collect()
}

fn sessions_are_named_in_plain_words_and_ended(db: &TestDatabase) {
    let site = open_site(db);
    site.add_user("bob", Role::Viewer);
    let [here, phone, third] = [FIREFOX, IPHONE, "curl/8"].map(|browser| log_in(&site, PASSWORD, browser));
    let page = phone.get("/settings/account").body;
    for words in ["Firefox on Linux", "Safari on iPhone <span class=\"text-tally\">This session", "curl"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let ids = ended_ids(&page);
    assert_eq!(ids.len(), 2, "this session is ended by logging out");
    let hashes = db.select_texts("SELECT token_hash AS value FROM sessions");
    assert!(hashes.iter().flatten().all(|hash| !page.contains(hash.as_str())), "no hash is in a page");
    let ended = phone.post_form("/settings/account/sessions", &[("session", ids[0])]);
    assert_eq!(ended.header("location"), Some("/settings/account?done=ended"));
    assert!(phone.get("/settings/account?done=ended").body.contains("Session ended."));
    assert_eq!([&here, &phone, &third].map(is_logged_in).iter().filter(|lives| **lives).count(), 2);
    assert!(is_logged_in(&phone));
    let ended = phone.post_form("/settings/account/sessions", &[("session", "others")]);
    assert_eq!(ended.header("location"), Some("/settings/account?done=others"));
    assert_eq!([&here, &phone, &third].map(is_logged_in), [false, true, false]);
    assert!(!phone.get("/settings/account").body.contains("Log out everywhere else"));
}

fn a_use_is_written_once_and_a_poll_of_status_never_writes(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let program = site.add_program("bot", Role::Viewer);
    let run = site.begin_sync(&site.albums);
    let age = "UPDATE sessions SET last_used_at = '2026-11-01 00:00:00'; \
               UPDATE users SET last_active_at = '2026-11-01 00:00:00'";
    db.run_sql(age);
    let mark = site.store.write_mark();
    let status = format!("/api/sync/status/{run}");
    for poll in [&*status, "/api/health", "/api/health/sync", "/sync-badge", "/catalog/albums/sync-status"] {
        assert_eq!(admin.get(poll).status, 200, "{poll}");
        assert_eq!(program.get(poll).status, 200, "{poll}");
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(site.store.write_mark(), mark, "polls of status write nothing");
    let used = |table: &str| db.count_rows(table, "last_used_at > '2026-11-02 00:00:00'");
    assert_eq!((used("sessions"), used("api_tokens")), (0, 0));

    // Many uses at once are one write each.
    std::thread::scope(|scope| {
        for client in [&admin, &program] {
            for _ in 0..6 {
                scope.spawn(|| assert_eq!(client.get("/api/sources").status, 200));
            }
        }
    });
    wait_for("the uses are written", || (used("sessions"), used("api_tokens")) == (1, 1));
    assert_eq!(db.count_rows("users", "last_active_at > '2026-11-02 00:00:00'"), 1);
    wait_for("the writes have ended", || site.store.write_mark().is_some());
    let mark = site.store.write_mark();
    // Even if the database forgets, this server does not write again.
    db.run_sql(age);
    for path in ["/", "/history", "/api/sources", "/catalog/albums"] {
        assert_eq!(admin.get(path).status, 200, "{path}");
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!((site.store.write_mark(), used("sessions")), (mark, 0));
    let list = admin.get("/settings/tokens").body;
    assert!(!list.contains("Never"), "{list}");
}
