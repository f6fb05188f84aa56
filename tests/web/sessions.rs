//! Cookies of sessions, over plain HTTP and HTTPS, and what ends a session.

use lockstep::domain::account::Role;

use super::site::{PASSWORD, SiteResponse, TestSite};

const LOGIN_FIELDS: [(&str, &str); 2] = [("username", "ada"), ("password", PASSWORD)];

fn set_cookie(reply: &SiteResponse) -> &str {
    reply.header("set-cookie").expect("a cookie")
}

#[test]
fn a_session_over_https_has_a_cookie_that_no_other_host_can_set() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    site.add_user("ada", Role::Viewer);
    let proxied = site.visitor().with_header("X-Forwarded-Proto", "https");
    let login = proxied.post_form("/login", &LOGIN_FIELDS);
    let set = set_cookie(&login);
    assert!(set.starts_with("__Host-lockstep_session="), "{set}");
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/;"] {
        assert!(set.contains(part), "{part}: {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let cookie = login.cookie().expect("a cookie");
    assert_eq!(proxied.with_header("Cookie", &cookie).get("/settings/account").status, 200);
    // A plain connection could have set a cookie without the prefix.
    let (_, token) = cookie.split_once('=').expect("a value");
    for path in ["/login", "/nothing", "/api/health"] {
        assert_eq!(proxied.get(path).header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        assert_eq!(site.visitor().get(path).header("strict-transport-security"), None, "{path} over plain HTTP");
    }
    let planted = proxied.with_header("Cookie", &format!("lockstep_session={token}"));
    assert_eq!(planted.get("/settings/account").status, 303);
    let logout = proxied.with_header("Cookie", &cookie).post("/logout");
    assert!(set_cookie(&logout).starts_with("__Host-lockstep_session=;"), "{}", set_cookie(&logout));
    assert_eq!(proxied.with_header("Cookie", &cookie).get("/settings/account").status, 303);
}

#[test]
fn a_forwarded_scheme_counts_only_from_a_trusted_proxy() {
    let site = TestSite::with_trusted_proxies("10.0.0.1");
    site.add_user("ada", Role::Viewer);
    let login = site.visitor().with_header("X-Forwarded-Proto", "https").post_form("/login", &LOGIN_FIELDS);
    assert!(set_cookie(&login).starts_with("lockstep_session=") && !set_cookie(&login).contains("Secure"));
}

#[test]
fn a_public_url_with_https_makes_cookies_secure_and_keeps_them_below_its_path() {
    let site = TestSite::with_public_url("https://intranet.example/lockstep");
    site.add_user("ada", Role::Viewer);
    let login = site.visitor().post_form("/login", &LOGIN_FIELDS);
    let set = set_cookie(&login);
    assert!(set.starts_with("__Secure-lockstep_session="), "{set}");
    assert!(set.contains("Secure") && set.contains("Path=/lockstep;"), "{set}");
    let person = site.visitor().with_header("Cookie", &login.cookie().expect("a cookie"));
    assert_eq!(person.get("/settings/account").status, 200);
}

#[test]
fn a_new_role_ends_the_sessions_of_a_user_and_renews_the_own_one() {
    let site = TestSite::new();
    let (ada, bob) = (site.add_person("ada", Role::Admin), site.add_person("bob", Role::Viewer));
    let id = |name: &str| site.store.user_by_name(name).expect("an answer").expect("the user").0.id;
    assert_eq!(ada.post_form(&format!("/settings/users/{}/role", id("bob")), &[("role", "admin")]).status, 303);
    assert_eq!(bob.get("/settings/account").status, 303, "bob must log in again");
    let demoted = ada.post_form(&format!("/settings/users/{}/role", id("ada")), &[("role", "viewer")]);
    let cookie = demoted.cookie().expect("a new session");
    assert_eq!(ada.get("/settings/account").status, 303, "the old session has ended");
    let ada = site.visitor().with_header("Cookie", &cookie);
    assert!(ada.get("/settings/account").body.contains("Viewer"));
    assert_eq!(ada.get("/settings/users").status, 403);
}

#[test]
fn doctor_learns_of_a_proxy_that_is_not_trusted() {
    let site = TestSite::with_trusted_proxies("10.0.0.1");
    let noted = || std::fs::read(site.data_dir().join("lockstep.db-wal")).unwrap_or_default();
    let has_note = || noted().windows(19).any(|part| part == b"untrusted_forwarder");
    site.visitor().with_header("X-Forwarded-For", "203.0.113.9").get("/api/health");
    site.visitor().get("/login");
    assert!(!has_note(), "polls write nothing, and requests without the header neither");
    site.visitor().with_header("X-Forwarded-For", "203.0.113.9").get("/login");
    crate::support::waiting::wait_for("the note", has_note);
}
