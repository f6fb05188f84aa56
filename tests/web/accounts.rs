//! Set-up, log in, log out.

use std::cell::Cell;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use lockstep::domain::account::Role;
use lockstep::domain::secret::token_hash;

use super::site::{PASSWORD, SiteResponse, TestSite};
use crate::support::load_clock::LoadClock;

fn log_in(site: &TestSite, name: &str, password: &str, next: &str) -> SiteResponse {
    site.visitor().post_form("/login", &[("username", name), ("password", password), ("next", next)])
}

#[test]
fn login_starts_a_new_session_and_logout_ends_it() {
    let site = TestSite::new();
    site.add_user("ada", Role::Viewer);
    let planted = site.visitor().with_header("Cookie", "lockstep_session=planted");
    let reply =
        planted.post_form("/login", &[("username", " ada "), ("password", PASSWORD), ("next", "/catalog/albums")]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/catalog/albums")));
    let set = reply.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("planted") && !set.contains("Secure"), "{set}");
    let cookie = reply.cookie().expect("a cookie");
    let (_, token) = cookie.split_once('=').expect("a value");
    assert!(site.store.session_actor(token).expect("an answer").is_none(), "only the hash is kept");
    assert!(site.store.session_actor(&token_hash(token)).expect("an answer").is_some());

    let person = site.visitor().with_header("Cookie", &cookie);
    assert_eq!(person.get("/api/catalog/drafts/items").status, 200);
    assert_eq!(person.get("/login?next=/settings").header("location"), Some("/settings"));
    // A second login ends the first session.
    let again = person.post_form("/login", &[("username", "ada"), ("password", PASSWORD)]);
    assert_ne!(again.cookie(), Some(cookie.clone()));
    assert_eq!(person.get("/api/catalog/drafts/items").status, 401);

    let person = site.visitor().with_header("Cookie", &again.cookie().expect("a cookie"));
    let out = person.post("/logout");
    assert_eq!((out.status, out.header("location")), (303, Some("/")));
    assert!(out.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
    assert_eq!(person.get("/api/catalog/drafts/items").status, 401, "the session is deleted, not only its cookie");
    assert_eq!(person.post("/logout").status, 303, "once more does no harm");
}

#[test]
fn a_session_that_cannot_be_read_hinders_no_login_and_no_logout() {
    let site = TestSite::new();
    site.add_user("ada", Role::Viewer);
    let sessions = ["bob", "eve"].map(|name| site.add_person(name, Role::Viewer));
    let file = site.data_dir().join("lockstep.db").display().to_string();
    let mut sqlite = diesel::SqliteConnection::establish(&file).expect("a connection");
    let damage = "PRAGMA ignore_check_constraints = ON; UPDATE users SET role = 'owner' WHERE name <> 'ada'";
    sqlite.batch_execute(damage).expect("damaged users");
    for person in &sessions {
        assert_eq!(person.get("/catalog/albums").status, 500, "the caller is looked up");
    }
    let login = sessions[0].post_form("/login", &[("username", "ada"), ("password", PASSWORD)]);
    assert_eq!(login.status, 303, "{}", login.body);
    assert_eq!(sessions[1].post("/logout").status, 303);
    for person in &sessions {
        assert_eq!(person.get("/catalog/albums").status, 200, "the session has ended");
    }
}

#[test]
fn a_failed_login_does_not_reveal_which_part_was_wrong() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    site.add_user("ada", Role::Viewer);
    let addresses = Cell::new(0_u8);
    let timed = |name: &str| {
        // Each guess comes from another address, because an address is soon blocked.
        addresses.set(addresses.get() + 1);
        let visitor = site.visitor().with_header("X-Forwarded-For", &format!("203.0.113.{}", addresses.get()));
        let start = Instant::now();
        let fields = [("username", name), ("password", "not my password"), ("next", "/settings")];
        (visitor.post_form("/login", &fields), start.elapsed())
    };
    // Alternating, and the fastest of each, until the times are alike: other tests hash passwords at the same time.
    let (mut wrong_took, mut unknown_took) = (Duration::MAX, Duration::MAX);
    let alike = |one: Duration, other: Duration| one.max(other) < one.min(other) * 3;
    for turn in 0..40 {
        if turn >= 6 && alike(wrong_took, unknown_took) {
            break;
        }
        let ((wrong, one), (unknown, other)) = (timed("ada"), timed("eve"));
        (wrong_took, unknown_took) = (wrong_took.min(one), unknown_took.min(other));
        assert_eq!((wrong.status, unknown.status), (401, 401));
        assert_eq!(wrong.body.replace("ada", "eve"), unknown.body);
        assert!(wrong.cookie().is_none());
        assert!(wrong.body.contains("value=\"ada\"") && wrong.body.contains("value=\"/settings\""), "{}", wrong.body);
        assert!(!wrong.body.contains("not my password"));
    }
    assert!(
        alike(wrong_took, unknown_took),
        "{wrong_took:?} for a wrong password, {unknown_took:?} for an unknown name"
    );
    assert_eq!(log_in(&site, "", "", "").status, 401);
    assert_eq!(log_in(&site, "a\0da", PASSWORD, "").status, 401);
    assert_eq!(site.visitor().post("/login").status, 401, "missing fields are empty ones");
}

#[test]
fn login_never_redirects_to_another_site() {
    let site = TestSite::new();
    site.add_user("ada", Role::Viewer);
    for next in ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "/.//evil.example"] {
        let reply = log_in(&site, "ada", PASSWORD, next);
        assert_eq!((reply.status, reply.header("location")), (303, Some("/")), "{next:?}");
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = site.visitor().get(&format!("/login?next={query}")).body;
        assert!(page.contains("name=\"next\" value=\"/\"") && !page.contains("evil"), "{next:?}: {page}");
    }
}

#[test]
fn many_concurrent_logins_are_all_answered() {
    let site = TestSite::new();
    site.add_user("ada", Role::Viewer);
    std::thread::scope(|scope| {
        let logins: Vec<_> = (0..12).map(|_| scope.spawn(|| log_in(&site, "ada", PASSWORD, "/").status)).collect();
        let clock = LoadClock::start();
        assert_eq!(site.visitor().get("/api/health").status, 200, "others do not wait for hashes");
        assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
        for login in logins {
            assert_eq!(login.join().expect("a login"), 303);
        }
    });
}

#[test]
fn the_setup_link_works_once_and_for_a_day() {
    let site = TestSite::new();
    let token = site.store.setup_token("the-secret-of-the-link").expect("an answer").expect("a token");
    let visitor = site.visitor();
    for path in ["/setup", "/setup?token=", "/setup?token=guessed"] {
        let page = visitor.get(path);
        assert_eq!(page.status, 403, "{path}");
        assert!(page.body.contains("printed") && !page.body.contains(&token), "{}", page.body);
    }
    let page = visitor.get(&format!("/setup?token={token}"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("name=\"token\" value=\"{token}\"")), "{}", page.body);

    let create = |token: &str, name: &str, password: &str| {
        visitor.post_form("/setup", &[("token", token), ("username", name), ("password", password)])
    };
    assert_eq!(create("guessed", "eve", PASSWORD).status, 403);
    age_setup_link(&site, 25);
    for expired in [visitor.get(&format!("/setup?token={token}")), create(&token, "eve", PASSWORD)] {
        assert_eq!(expired.status, 403);
        assert!(expired.body.contains("has expired: it works for 24 hours. Restart Lockstep"), "{}", expired.body);
    }
    assert!(!site.store.has_admin().expect("an answer"));
    let token = site.store.setup_token("the-secret-of-another-link").expect("an answer").expect("a token");
    assert_eq!(token, "the-secret-of-another-link", "the next start prints a new link");
    let unfit = create(&token, "ada", "tiny");
    assert_eq!(unfit.status, 422);
    assert!(unfit.body.contains("value=\"ada\"") && unfit.body.contains("at least 8 characters"), "{}", unfit.body);
    assert!(!unfit.body.contains("tiny"), "{}", unfit.body);
    let unfit = create(&token, "a\nb", "tiny");
    assert!(unfit.body.contains("id=\"username-error\"") && unfit.body.contains("id=\"password-error\""));

    let made = create(&token, "ada", PASSWORD);
    assert_eq!((made.status, made.header("location")), (303, Some("/")));
    let ada = site.visitor().with_header("Cookie", &made.cookie().expect("a session"));
    assert_eq!(ada.get("/api/catalog/drafts/items").status, 200, "the new admin is logged in");
    let again = create(&token, "eve", PASSWORD);
    assert_eq!((again.status, again.header("location"), again.cookie()), (303, Some("/login"), None));
    assert_eq!(visitor.get(&format!("/setup?token={token}")).header("location"), Some("/login"));
    assert_eq!(log_in(&site, "ada", PASSWORD, "").status, 303);
}

/// Lets the set-up link be this many hours older.
fn age_setup_link(site: &TestSite, hours: i64) {
    let file = site.data_dir().join("lockstep.db").display().to_string();
    let mut sqlite = diesel::SqliteConnection::establish(&file).expect("a connection");
    let aged =
        format!("UPDATE house_facts SET value = value - {} WHERE name = 'setup_token_expires_at'", hours * 3_600_000);
    sqlite.batch_execute(&aged).expect("an older link");
}

#[test]
fn an_admin_from_elsewhere_closes_the_setup_link() {
    let site = TestSite::new();
    let token = site.store.setup_token("the-secret-of-the-link").expect("an answer").expect("a token");
    let hash = lockstep::domain::secret::hash_password(PASSWORD).expect("a hash");
    site.store.add_user(&"ada".parse().expect("a name"), Role::Admin, &hash).expect("a user");
    let fields = [("token", &*token), ("username", "eve"), ("password", PASSWORD)];
    let reply = site.visitor().post_form("/setup", &fields);
    assert_eq!((reply.status, reply.header("location"), reply.cookie()), (303, Some("/login"), None));
    assert_eq!(site.store.setup_token("another").expect("an answer"), None);
}

#[test]
fn only_one_of_two_people_with_the_setup_link_becomes_admin() {
    let site = TestSite::new();
    let token = site.store.setup_token("the-secret-of-the-link").expect("an answer").expect("a token");
    std::thread::scope(|scope| {
        let make = |name: &'static str| {
            let (site, token) = (&site, &token);
            move || {
                let fields = [("token", token.as_str()), ("username", name), ("password", PASSWORD)];
                site.visitor().post_form("/setup", &fields).cookie().is_some()
            }
        };
        let tries: Vec<_> = ["ada", "eve", "bob", "joe"].into_iter().map(|name| scope.spawn(make(name))).collect();
        let made = tries.into_iter().filter_map(|made| made.join().expect("a try").then_some(())).count();
        assert_eq!(made, 1);
    });
    assert_eq!(site.store.list_users().expect("users").len(), 1);
}
