//! How many passwords can be guessed, and who is slowed down.

use std::time::Duration;

use lockstep::domain::account::Role;

use super::site::{PASSWORD, SiteResponse, TestSite};
use crate::support::socket_client::SocketClient;

/// How many guesses of one address are checked within a minute.
const CHECKED_GUESSES: usize = 15;

/// A login from an address behind the trusted proxy.
fn log_in_from(site: &TestSite, address: &str, name: &str, password: &str) -> SiteResponse {
    let visitor = site.visitor().with_header("X-Forwarded-For", address);
    visitor.post_form("/login", &[("username", name), ("password", password), ("next", "/history")])
}

fn statuses(replies: &[SiteResponse], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

#[test]
fn an_address_that_guesses_is_blocked_for_a_minute_and_told_until_when() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    site.add_user("ada", Role::Admin);
    let guess = |number: usize| log_in_from(&site, "203.0.113.9", &format!("user {number}"), "wrong password");
    let replies: Vec<SiteResponse> = (0..40).map(guess).collect();
    assert_eq!((statuses(&replies, 401), statuses(&replies, 429)), (CHECKED_GUESSES, 40 - CHECKED_GUESSES));
    let blocked = &replies[39];
    let wait: u64 = blocked.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(blocked.body.contains("Too many failed logins. Try again at <relative-time"), "{}", blocked.body);
    assert!(blocked.body.contains("value=\"user 39\"") && blocked.body.contains("value=\"/history\""));
    // The right password is not checked either: the answer would tell that it is right.
    let right = log_in_from(&site, "203.0.113.9", "ada", PASSWORD);
    assert_eq!((right.status, right.cookie()), (429, None));
    assert_eq!(log_in_from(&site, "203.0.113.10", "ada", PASSWORD).status, 303, "other addresses are not slowed down");
}

#[test]
fn simultaneous_guesses_do_not_exceed_the_limit() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    let replies: Vec<SiteResponse> = std::thread::scope(|scope| {
        let guess = |number: usize| {
            let site = &site;
            scope.spawn(move || log_in_from(site, "203.0.113.9", &format!("user {number}"), "wrong password"))
        };
        let guesses: Vec<_> = (0..40).map(guess).collect();
        guesses.into_iter().map(|guess| guess.join().expect("a guess")).collect()
    });
    assert_eq!((statuses(&replies, 401), statuses(&replies, 429)), (CHECKED_GUESSES, 40 - CHECKED_GUESSES));
}

#[test]
fn addresses_of_one_ipv6_network_share_one_limit() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    let guess = |number: usize| log_in_from(&site, &format!("2001:db8:1:2::{number:x}"), "ada", "wrong password");
    let replies: Vec<SiteResponse> = (1..=30).map(guess).collect();
    assert!(statuses(&replies, 401) <= CHECKED_GUESSES, "{}", statuses(&replies, 401));
    assert_eq!(log_in_from(&site, "2001:db8:1:3::1", "eve", "wrong password").status, 401, "another network");
}

#[test]
fn a_stranger_cannot_lock_the_owner_of_an_account_out() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    site.add_user("ada", Role::Admin);
    // Ten networks guess the password of ada; then all that failed are slowed down, and nobody else.
    for network in 0..10 {
        assert_eq!(log_in_from(&site, &format!("203.0.113.{network}"), "ada", "wrong password").status, 401);
    }
    for network in 0..10 {
        let reply = log_in_from(&site, &format!("203.0.113.{network}"), "ada", PASSWORD);
        let wait: u64 = reply.header("retry-after").expect("a wait").parse().expect("seconds");
        assert!(reply.status == 429 && (60..=900).contains(&wait), "{} {wait}", reply.status);
        assert_eq!(log_in_from(&site, &format!("203.0.113.{network}"), "eve", "wrong password").status, 401);
    }
    assert_eq!(log_in_from(&site, "198.51.100.7", "ada", PASSWORD).status, 303);
    // An admin who resets the password ends the wait.
    let hash = lockstep::domain::secret::hash_password("a new password").expect("a hash");
    assert!(site.store.change_password("ada", &hash).expect("an answer"));
    assert_eq!(log_in_from(&site, "203.0.113.1", "ada", "a new password").status, 303);
}

#[test]
fn logins_that_succeed_are_not_limited() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    site.add_user("ada", Role::Admin);
    for _ in 0..3 * CHECKED_GUESSES {
        assert_eq!(log_in_from(&site, "203.0.113.9", "ada", PASSWORD).status, 303);
    }
}

#[test]
fn a_guesser_cannot_choose_an_address_without_a_trusted_proxy() {
    let site = TestSite::new();
    let guess = |number: usize| log_in_from(&site, &format!("203.0.113.{number}"), "ada", "wrong password");
    let replies: Vec<SiteResponse> = (0..30).map(guess).collect();
    assert!(statuses(&replies, 401) <= CHECKED_GUESSES, "{}", statuses(&replies, 401));
    assert!(statuses(&replies, 429) >= 30 - CHECKED_GUESSES);
}

#[test]
fn bytes_that_are_no_text_do_not_hide_the_address_that_a_proxy_adds() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    let body = "username=ada&password=wrong+password";
    let guess = |number: usize| {
        let mut client = SocketClient::connect(site.address);
        let mut request =
            format!("POST /login HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: 66.0.{number}.1\r\n", site.address);
        request.push_str("X-Forwarded-For: ");
        client.send(&request);
        client.send_bytes(b"\xff\xe9");
        client.send(&format!(
            ", 203.0.113.9\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        client.read_head()
    };
    let heads: Vec<String> = (0..30).map(guess).collect();
    let checked = heads.iter().filter(|head| head.starts_with("HTTP/1.1 401")).count();
    assert!(checked <= CHECKED_GUESSES, "{checked}: {}", heads[0]);
    // The proxy itself, and others behind it, are not blocked.
    assert_eq!(log_in_from(&site, "203.0.113.10", "bob", "wrong password").status, 401);
}

#[test]
fn the_current_password_cannot_be_guessed_in_the_settings_either() {
    let site = TestSite::new();
    let person = site.add_person("ada", Role::Admin);
    let guess = |password: &str| {
        let fields = [
            ("current_password", password),
            ("new_password", "another password"),
            ("repeated_password", "another password"),
        ];
        person.post_form("/settings/account/password", &fields)
    };
    let replies: Vec<SiteResponse> = (0..20).map(|_| guess("wrong password")).collect();
    assert!((1..=CHECKED_GUESSES).contains(&statuses(&replies, 422)), "{}", statuses(&replies, 422));
    let blocked = guess(PASSWORD);
    assert!(blocked.status == 429 && blocked.header("retry-after").is_some(), "{}", blocked.status);
    assert!(blocked.body.contains("Too many wrong passwords. Try again at"), "{}", blocked.body);
}

#[test]
fn blocked_guesses_wait_for_no_hash() {
    let site = TestSite::with_trusted_proxies("127.0.0.1");
    for number in 0..CHECKED_GUESSES {
        log_in_from(&site, "203.0.113.9", &format!("user {number}"), "wrong password");
    }
    // Two hundred blocked guesses beside one login.
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(log_in_from(&site, "203.0.113.9", "ada", "wrong password").status, 429);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(log_in_from(&site, "198.51.100.7", "ada", "wrong password").status, 401);
    });
}
