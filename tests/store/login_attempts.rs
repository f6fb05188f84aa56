//! Attempts to log in are counted for all servers together.

use std::net::IpAddr;

use lockstep::domain::client_network::ClientNetwork;
use lockstep::domain::login_limits::{MAX_ACCOUNT_FAILURES, MAX_NETWORK_ATTEMPTS};
use lockstep::store::Store;
use lockstep::store::login_attempts::{LoginAdmission, LoginCaller};

use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    simultaneous_attempts_on_two_servers_never_exceed_the_limit,
    attempts_are_forgotten_after_a_while_and_after_the_clock_was_set_back,
    a_login_that_succeeds_leaves_no_attempt,
    the_stored_attempts_do_not_contain_the_username,
}

fn caller(name: &str, address: &str) -> LoginCaller {
    LoginCaller::new(name, ClientNetwork::from(address.parse::<IpAddr>().expect("an address")))
}

fn is_allowed(store: &Store, caller: &LoginCaller) -> bool {
    matches!(store.begin_login_attempt(caller).expect("an answer"), LoginAdmission::Allowed(_))
}

fn simultaneous_attempts_on_two_servers_never_exceed_the_limit(db: &TestDatabase) {
    let servers = [db.store(), db.second_store()];
    let allowed: usize = std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..60)
            .map(|number| {
                let store = &servers[number % 2];
                scope.spawn(move || usize::from(is_allowed(store, &caller(&format!("user {number}"), "203.0.113.9"))))
            })
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().expect("an attempt")).sum()
    });
    assert_eq!(allowed, MAX_NETWORK_ATTEMPTS);
    let blocked = servers[0].check_login_attempt(&caller("ada", "203.0.113.9")).expect("an answer");
    assert!(matches!(blocked, Some(LoginAdmission::Blocked { .. })), "{blocked:?}");
    assert_eq!(servers[0].check_login_attempt(&caller("ada", "203.0.113.10")).expect("an answer"), None);
}

fn attempts_are_forgotten_after_a_while_and_after_the_clock_was_set_back(db: &TestDatabase) {
    let store = db.store();
    let ada = caller("ada", "203.0.113.9");
    for number in 0..MAX_ACCOUNT_FAILURES {
        assert!(is_allowed(&store, &ada), "attempt {number}");
    }
    assert!(!is_allowed(&store, &ada));
    for shifted in ["2026-11-01 00:00:00", "2099-01-01 00:00:00"] {
        db.run_sql(&format!("UPDATE login_attempts SET attempted_at = '{shifted}'"));
        assert_eq!(store.check_login_attempt(&ada).expect("an answer"), None, "{shifted}");
        assert!(is_allowed(&store, &ada), "{shifted}");
        assert_eq!(db.count_rows("login_attempts", "1 = 1"), 1, "the others are deleted");
    }
}

fn a_login_that_succeeds_leaves_no_attempt(db: &TestDatabase) {
    let store = db.store();
    let ada = caller(" ada ", "203.0.113.9");
    let LoginAdmission::Allowed(attempt) = store.begin_login_attempt(&ada).expect("an answer") else {
        panic!("the first attempt was blocked");
    };
    assert_eq!(db.count_rows("login_attempts", "1 = 1"), 1, "it counts as failed until it has succeeded");
    store.forget_login_attempt(&attempt).expect("an answer");
    assert_eq!(db.count_rows("login_attempts", "1 = 1"), 0);
}

fn the_stored_attempts_do_not_contain_the_username(db: &TestDatabase) {
    let store = db.store();
    assert!(is_allowed(&store, &caller("my secret password", "2001:db8:1:2::7")));
    assert_eq!(db.count_rows("login_attempts", "account LIKE '%secret%' OR network LIKE '%secret%'"), 0);
    assert_eq!(db.count_rows("login_attempts", "network = '2001:db8:1:2::/64'"), 1);
}
