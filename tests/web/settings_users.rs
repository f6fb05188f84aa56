//! The settings of users: add, change the role, reset the password, remove.

use lockstep::domain::account::Role;

use super::site::{PASSWORD, SiteClient, SiteResponse, TestSite};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    an_added_user_logs_in_with_the_password_that_is_shown_once,
    a_refused_name_is_named_beside_its_field_and_nothing_typed_is_lost,
    a_role_counts_at_once,
    a_reset_password_ends_all_sessions_of_the_user,
    a_removed_user_is_logged_out_and_stays_in_the_history,
    the_last_admin_stays,
    an_admin_who_removes_themselves_is_logged_out,
}

pub(super) fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

/// The id of a user.
fn id_of(site: &TestSite, name: &str) -> i64 {
    site.store.user_by_name(name).expect("an answer").expect("the user").0.id
}

/// The secret on a page that shows one.
#[track_caller]
pub(super) fn shown_secret<'a>(page: &'a SiteResponse, id: &str) -> &'a str {
    let (_, rest) = page.body.split_once(&format!("<code id=\"{id}\">")).expect("a secret");
    rest.split_once('<').expect("its end").0
}

/// The cookie of a login with this password; `None` if it is refused.
fn log_in(site: &TestSite, name: &str, password: &str) -> Option<String> {
    site.visitor().post_form("/login", &[("username", name), ("password", password)]).cookie()
}

fn add(admin: &SiteClient<'_>, name: &str, role: &str) -> SiteResponse {
    admin.post_form("/settings/users", &[("username", name), ("role", role)])
}

fn an_added_user_logs_in_with_the_password_that_is_shown_once(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    assert_eq!(admin.get("/settings/users/new").status, 200);
    let added = add(&admin, " bob ", "viewer");
    assert_eq!((added.status, added.header("cache-control"), added.header("location")), (200, Some("no-store"), None));
    let password = shown_secret(&added, "password");
    assert_eq!(password.len(), 19);
    assert!(added.body.contains("/login</a>"), "{}", added.body);
    let cookie = log_in(&site, "bob", password).expect("a session");
    assert_eq!(site.visitor().with_header("Cookie", &cookie).get("/api/catalog/drafts/items").status, 200);
    // A reload sends the form once more.
    let again = add(&admin, "bob", "viewer");
    assert_eq!(again.status, 422);
    assert!(log_in(&site, "bob", password).is_some(), "the password is the same");
    let list = admin.get("/settings/users").body;
    for shown in ["ada", "bob", "You", "Admin", "Viewer"] {
        assert!(list.contains(shown), "{shown}: {list}");
    }
    assert!(!list.contains(password) && !list.contains("Not yet"), "both have logged in: {list}");
    assert!(add(&admin, "eve", "owner").body.contains("User added"));
    assert_eq!(
        site.store.user_by_name("eve").expect("an answer").expect("eve").0.role,
        Role::Viewer,
        "the lesser role"
    );
}

fn a_refused_name_is_named_beside_its_field_and_nothing_typed_is_lost(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    for (name, error) in [
        ("ada", "A user called ada already exists."),
        ("", "A name must have 1 to 64 characters, no line breaks and no invisible characters."),
        ("ad\u{200b}a", "A name must have 1 to 64 characters, no line breaks and no invisible characters."),
        (&*"x".repeat(65), "A name must have 1 to 64 characters, no line breaks and no invisible characters."),
    ] {
        let page = add(&admin, name, "admin");
        assert_eq!(page.status, 422);
        assert!(page.body.contains("id=\"username-error\"") && page.body.contains(error), "{}", page.body);
        assert!(page.body.contains(&format!("value=\"{name}\"")), "{}", page.body);
        assert!(page.body.contains("value=\"admin\" checked"), "{}", page.body);
    }
    let hostile = add(&admin, "<script>alert(1)</script>", "viewer");
    assert_eq!(hostile.status, 200);
    for page in [hostile.body, admin.get("/settings/users").body] {
        assert!(page.contains("alert(1)") && !page.contains("<script>alert"), "{page}");
    }
}

fn a_role_counts_at_once(db: &TestDatabase) {
    let site = open_site(db);
    let (ada, bob) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let of_bob = format!("/settings/users/{}", id_of(&site, "bob"));
    let set = |role| ada.post_form(&format!("{of_bob}/role"), &[("role", role)]);
    assert_eq!(bob.get("/settings/users").status, 403);
    let page = ada.get(&of_bob).body;
    assert!(page.contains("value=\"viewer\" checked"), "{page}");
    assert_eq!(set("admin").header("location"), Some(&*format!("{of_bob}?done=role")));
    assert!(ada.get(&format!("{of_bob}?done=role")).body.contains("Role changed."));
    assert_eq!(bob.get("/settings/users").header("location"), Some("/login?next=%2Fsettings%2Fusers"));
    let bob = log_in(&site, "bob", PASSWORD).expect("a session");
    assert_eq!(site.visitor().with_header("Cookie", &bob).get("/settings/users").status, 200);
    assert_eq!(set("viewer").status, 303);
    let bob = log_in(&site, "bob", PASSWORD).expect("a session");
    assert_eq!(site.visitor().with_header("Cookie", &bob).get("/settings/users").status, 403);
    assert_eq!(set("owner").status, 422);
    assert_eq!(ada.post_form("/settings/users/999/role", &[("role", "admin")]).status, 404);
    assert_eq!(ada.get("/settings/users/bob").status, 404);
    // Who demotes themselves reads on where a viewer may.
    set("admin");
    let own = format!("/settings/users/{}/role", id_of(&site, "ada"));
    let demoted = ada.post_form(&own, &[("role", "viewer")]);
    assert_eq!(demoted.header("location"), Some("/settings/account?done=role"));
    let ada = site.visitor().with_header("Cookie", &demoted.cookie().expect("a new session"));
    assert_eq!(ada.get("/settings/users").status, 403);
    assert!(ada.get("/settings/account?done=role").body.contains("You are a viewer now"));
}

fn a_reset_password_ends_all_sessions_of_the_user(db: &TestDatabase) {
    let site = open_site(db);
    let (ada, bob) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let reset = ada.post(&format!("/settings/users/{}/password", id_of(&site, "bob")));
    assert_eq!((reset.status, reset.header("cache-control")), (200, Some("no-store")));
    let password = shown_secret(&reset, "password");
    assert_eq!(bob.get("/api/catalog/drafts/items").status, 401, "the session has ended");
    assert_eq!(log_in(&site, "bob", PASSWORD), None);
    assert!(log_in(&site, "bob", password).is_some());
    let own = ada.post(&format!("/settings/users/{}/password", id_of(&site, "ada")));
    assert_eq!(own.header("location"), Some("/settings/account"), "the own one is changed by those who know it");
    assert!(log_in(&site, "ada", PASSWORD).is_some());
}

fn a_removed_user_is_logged_out_and_stays_in_the_history(db: &TestDatabase) {
    let site = open_site(db);
    let (ada, bob) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Admin));
    let started = bob.post_json("/api/sync", r#"{"source":"albums"}"#).json();
    let run = started["syncId"].as_str().expect("an id");
    site.run_queued(run);
    let remove = format!("/settings/users/{}/remove", id_of(&site, "bob"));
    let page = ada.get(&remove).body;
    assert!(page.contains("Remove bob?") && !page.contains("your own account"), "{page}");
    assert_eq!(bob.get("/api/catalog/drafts/items").status, 200, "a page changes nothing");
    assert_eq!(ada.post(&remove).header("location"), Some("/settings/users?done=removed"));
    assert_eq!(bob.get("/api/catalog/drafts/items").status, 401);
    assert_eq!(log_in(&site, "bob", PASSWORD), None);
    assert!(!ada.get("/settings/users?done=removed").body.contains("bob"));
    assert_eq!(ada.get(&format!("/api/history/{run}")).json()["requestedBy"], "bob");
    assert_eq!((ada.get(&remove).status, ada.post(&remove).status), (404, 404));
}

fn the_last_admin_stays(db: &TestDatabase) {
    let site = open_site(db);
    let ada = site.add_person("ada", Role::Admin);
    site.add_user("bob", Role::Viewer);
    let own = format!("/settings/users/{}", id_of(&site, "ada"));
    let page = ada.get(&format!("{own}/remove")).body;
    assert!(page.contains("ada is the last admin") && !page.contains("form-danger"), "{page}");
    for (path, role) in [("remove", ""), ("role", "viewer")] {
        let refused = ada.post_form(&format!("{own}/{path}"), &[("role", role)]);
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("ada is the last admin"), "{}", refused.body);
        assert!(refused.body.contains("</html>"));
    }
    assert_eq!(ada.get("/settings/users").status, 200);
}

fn an_admin_who_removes_themselves_is_logged_out(db: &TestDatabase) {
    let site = open_site(db);
    let ada = site.add_person("ada", Role::Admin);
    site.add_user("bob", Role::Admin);
    let remove = format!("/settings/users/{}/remove", id_of(&site, "ada"));
    assert!(ada.get(&remove).body.contains("This is your own account."));
    let removed = ada.post(&remove);
    assert_eq!((removed.status, removed.header("location")), (303, Some("/")));
    assert!(removed.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(ada.get("/api/catalog/drafts/items").status, 401);
}
