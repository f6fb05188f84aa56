//! Users, sessions and tokens: the last admin, removal, and when something was last used.

use std::sync::Barrier;
use std::time::Duration;

use lockstep::domain::account::{CredentialHash, Role, TokenLimits, UserAccount};
use lockstep::domain::session_lifetimes::SessionLifetimes;
use lockstep::store::Store;
use lockstep::store::admins::UserChange;

use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    the_last_admin_can_be_neither_demoted_nor_removed,
    two_admins_who_take_each_other_away_at_once_leave_one,
    a_removed_user_has_no_sessions_and_one_with_a_new_role_must_log_in_again,
    a_use_is_written_at_most_once_in_five_minutes,
    a_session_ends_after_a_time_without_use_and_after_a_time_in_all,
    servers_that_start_at_once_print_one_setup_link,
    sessions_are_listed_and_ended_by_an_id_that_is_not_their_hash,
    a_changed_password_ends_all_sessions_but_one,
    sessions_and_tokens_of_the_version_before_are_listed_without_times,
}

/// A session ends after two hours without use, and after five in all.
const LIFETIMES: SessionLifetimes =
    SessionLifetimes { idle: Duration::from_secs(2 * 3600), total: Duration::from_secs(5 * 3600) };
/// How often two admins take each other away.
const ROUNDS: usize = 25;

fn add_user(store: &Store, name: &str, role: Role) -> UserAccount {
    store.add_user(&name.parse().expect("a name"), role, "hash").expect("a user");
    store.user_by_name(name).expect("an answer").expect("the user").0
}

fn begin_session(store: &Store, user: &UserAccount, hash: &str, user_agent: &str) {
    store.begin_session(user, hash, LIFETIMES, user_agent).expect("a session");
}

fn the_last_admin_can_be_neither_demoted_nor_removed(db: &TestDatabase) {
    let store = db.store();
    let (ada, bob) = (add_user(&store, "ada", Role::Admin), add_user(&store, "bob", Role::Viewer));
    assert_eq!(store.change_role(ada.id, Role::Viewer).expect("an answer"), UserChange::LastAdmin);
    assert_eq!(store.remove_user(ada.id).expect("an answer"), UserChange::LastAdmin);
    assert_eq!(store.change_role(ada.id, Role::Admin).expect("an answer"), UserChange::Done, "nothing is lost");
    assert_eq!(store.change_role(bob.id, Role::Admin).expect("an answer"), UserChange::Done);
    assert_eq!(store.change_role(ada.id, Role::Viewer).expect("an answer"), UserChange::Done);
    assert_eq!(store.remove_user(bob.id).expect("an answer"), UserChange::LastAdmin);
    assert_eq!(store.remove_user(ada.id).expect("an answer"), UserChange::Done, "a viewer can always be removed");
    assert_eq!(store.remove_user(ada.id).expect("an answer"), UserChange::NoSuchUser);
    assert_eq!(store.change_role(ada.id, Role::Viewer).expect("an answer"), UserChange::NoSuchUser);
}

fn two_admins_who_take_each_other_away_at_once_leave_one(db: &TestDatabase) {
    // Two servers.
    let (one, other) = (db.store(), db.second_store());
    let ada = add_user(&one, "ada", Role::Admin);
    for round in 0..ROUNDS {
        one.change_role(ada.id, Role::Admin).expect("an admin");
        let name = format!("bob {round}");
        let bob = add_user(&one, &name, Role::Admin);
        let start = Barrier::new(2);
        let changes = std::thread::scope(|scope| {
            let demoted = scope.spawn(|| {
                start.wait();
                one.change_role(ada.id, Role::Viewer).expect("an answer")
            });
            let removed = scope.spawn(|| {
                start.wait();
                match round % 2 {
                    0 => other.change_role(bob.id, Role::Viewer).expect("an answer"),
                    _ => other.remove_user(bob.id).expect("an answer"),
                }
            });
            [demoted.join().expect("an end"), removed.join().expect("an end")]
        });
        let refused = changes.iter().filter(|change| **change == UserChange::LastAdmin).count();
        assert_eq!((refused, db.count_rows("users", "role = 'admin'")), (1, 1), "round {round}: {changes:?}");
        one.change_role(ada.id, Role::Admin).expect("an admin");
        one.change_role(bob.id, Role::Viewer).expect("an answer");
    }
}

fn a_removed_user_has_no_sessions_and_one_with_a_new_role_must_log_in_again(db: &TestDatabase) {
    let store = db.store();
    let (ada, bob) = (add_user(&store, "ada", Role::Admin), add_user(&store, "bob", Role::Admin));
    begin_session(&store, &ada, "of ada", "");
    begin_session(&store, &bob, "of bob", "");
    let role = |hash| store.session_actor(hash).expect("an answer").map(|known| known.actor.role);
    assert_eq!(store.change_role(bob.id, Role::Viewer).expect("an answer"), UserChange::Done);
    assert_eq!((role("of ada"), role("of bob")), (Some(Role::Admin), None));
    begin_session(&store, &bob, "of bob again", "");
    assert_eq!(store.change_role(bob.id, Role::Viewer).expect("an answer"), UserChange::Done, "as before");
    assert_eq!(role("of bob again"), Some(Role::Viewer), "the role is the same");
    assert_eq!(store.remove_user(bob.id).expect("an answer"), UserChange::Done);
    assert_eq!((role("of ada"), role("of bob again")), (Some(Role::Admin), None));
    assert_eq!(db.count_rows("sessions", "1 = 1"), 1);
}

fn a_use_is_written_at_most_once_in_five_minutes(db: &TestDatabase) {
    let store = db.store();
    let ada = add_user(&store, "ada", Role::Admin);
    assert_eq!(store.list_active_users().expect("users")[0].last_active_at, None);
    begin_session(&store, &ada, "of ada", "");
    store.add_token(&"bot".parse().expect("a name"), Role::Viewer, TokenLimits::default(), "of bot").expect("a token");
    let session = CredentialHash::Session("of ada".to_owned());
    let token = CredentialHash::Token("of bot".to_owned());
    assert!(!store.record_use(&session, LIFETIMES).expect("an answer"), "a login is a use");
    assert!(store.record_use(&token, LIFETIMES).expect("an answer"));
    assert!(!store.record_use(&token, LIFETIMES).expect("an answer"));
    assert!(!store.record_use(&CredentialHash::Session("of bot".to_owned()), LIFETIMES).expect("an answer"));
    assert!(!store.record_use(&CredentialHash::Token("of nobody".to_owned()), LIFETIMES).expect("an answer"));
    let before = store.list_active_users().expect("users")[0].last_active_at;
    assert!(before.is_some());
    for (table, column) in [("sessions", "last_used_at"), ("users", "last_active_at"), ("api_tokens", "last_used_at")] {
        db.run_sql(&format!("UPDATE {table} SET {column} = '2026-11-01 00:00:00'"));
    }
    let known = store.session_actor("of ada").expect("an answer").expect("a session");
    assert!(known.is_news(chrono::Utc::now()));
    assert!(
        store.record_use(&session, LIFETIMES).expect("an answer")
            && store.record_use(&token, LIFETIMES).expect("an answer")
    );
    let known = store.session_actor("of ada").expect("an answer").expect("a session");
    assert!(!known.is_news(chrono::Utc::now()));
    assert!(store.list_active_users().expect("users")[0].last_active_at >= before);
    assert!(store.list_tokens().expect("tokens")[0].last_used_at >= before);
}

fn sessions_are_listed_and_ended_by_an_id_that_is_not_their_hash(db: &TestDatabase) {
    let store = db.store();
    let (ada, bob) = (add_user(&store, "ada", Role::Admin), add_user(&store, "bob", Role::Viewer));
    for hash in ["laptop", "phone", "desktop"] {
        begin_session(&store, &ada, hash, &"é".repeat(400));
    }
    begin_session(&store, &bob, "of bob", "curl/8");
    let sessions = store.list_sessions(ada.id, "phone").expect("sessions");
    assert_eq!(sessions.iter().map(|session| session.is_current).collect::<Vec<_>>(), [true, false, false]);
    assert!(sessions.iter().all(|session| session.user_agent == "é".repeat(300)), "it is cut");
    assert!(sessions.iter().all(|session| session.created_at.is_some() && session.last_used_at.is_some()));
    assert!(sessions.iter().all(|session| session.public_id.len() == 32));
    let of_bob = &store.list_sessions(bob.id, "").expect("sessions")[0].public_id;
    assert!(!store.end_user_session(ada.id, of_bob).expect("an answer"), "of another user");
    assert!(!store.end_user_session(ada.id, "laptop").expect("an answer"), "the hash is no id");
    assert!(store.end_user_session(ada.id, &sessions[1].public_id).expect("an answer"));
    assert!(!store.end_user_session(ada.id, &sessions[1].public_id).expect("an answer"), "it has ended");
    assert_eq!(store.end_other_sessions(ada.id, "phone").expect("an answer"), 1);
    assert!(store.session_actor("phone").expect("an answer").is_some());
    assert!(store.session_actor("of bob").expect("an answer").is_some());
    assert_eq!(store.session_account("phone").expect("an answer"), Some(ada));
}

fn a_changed_password_ends_all_sessions_but_one(db: &TestDatabase) {
    let store = db.store();
    let (ada, bob) = (add_user(&store, "ada", Role::Admin), add_user(&store, "bob", Role::Viewer));
    for (user, hash) in [(&ada, "kept"), (&ada, "other"), (&bob, "of bob")] {
        begin_session(&store, user, hash, "");
    }
    assert!(store.change_own_password(ada.id, "new hash", "kept").expect("an answer"));
    let lives = |hash| store.session_actor(hash).expect("an answer").is_some();
    assert_eq!((lives("kept"), lives("other"), lives("of bob")), (true, false, true));
    assert_eq!(store.user_by_name("ada").expect("an answer").expect("the user").1, "new hash");
    assert!(store.change_password("ada", "newest hash").expect("an answer"));
    assert_eq!((lives("kept"), lives("of bob")), (false, true));
    assert!(!store.change_own_password(-1, "hash", "kept").expect("an answer"));
}

fn sessions_and_tokens_of_the_version_before_are_listed_without_times(db: &TestDatabase) {
    let store = db.store();
    let ada = add_user(&store, "ada", Role::Admin);
    // As the version before writes them.
    db.run_sql(&format!(
        "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ('old', {}, '2099-01-01 00:00:00');
         INSERT INTO api_tokens (name, role, token_hash, created_at) VALUES ('bot', 'viewer', 'hash', '2026-01-01 00:00:00')",
        ada.id
    ));
    let sessions = store.list_sessions(ada.id, "").expect("sessions");
    assert_eq!((sessions.len(), sessions[0].created_at, sessions[0].last_used_at), (1, None, None));
    assert_eq!(sessions[0].user_agent, "");
    let token = &store.list_tokens().expect("tokens")[0];
    assert_eq!((token.last_used_at, store.find_token(token.id).expect("an answer").as_ref()), (None, Some(token)));
    assert!(store.record_use(&CredentialHash::Session("old".to_owned()), LIFETIMES).expect("an answer"));
    assert!(store.list_sessions(ada.id, "").expect("sessions")[0].last_used_at.is_some());
}

fn a_session_ends_after_a_time_without_use_and_after_a_time_in_all(db: &TestDatabase) {
    let store = db.store();
    let ada = add_user(&store, "ada", Role::Admin);
    begin_session(&store, &ada, "of ada", "");
    let session = CredentialHash::Session("of ada".to_owned());
    let is_open = || store.session_actor("of ada").expect("an answer").is_some();
    let now = chrono::Utc::now().naive_utc();
    let hours_ago = |column: &str, hours: i64| {
        let time = (now - chrono::TimeDelta::hours(hours)).format("%Y-%m-%d %H:%M:%S");
        db.run_sql(&format!("UPDATE sessions SET {column} = '{time}'"));
    };
    // As if it had begun four hours ago and were used now: one hour is left of the five.
    hours_ago("created_at", 4);
    hours_ago("last_used_at", 1);
    assert!(is_open() && store.record_use(&session, LIFETIMES).expect("an answer"));
    let left = |minutes: i64| {
        let time = (now + chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%d %H:%M:%S");
        db.count_rows("sessions", &format!("expires_at > '{time}'"))
    };
    assert_eq!((left(55), left(65)), (1, 0));
    // As if it had begun just now: two hours are left.
    hours_ago("created_at", 0);
    hours_ago("last_used_at", 1);
    assert!(store.record_use(&session, LIFETIMES).expect("an answer"));
    assert_eq!((left(115), left(125)), (1, 0));
    hours_ago("expires_at", 0);
    assert!(!is_open());
    assert!(store.list_sessions(ada.id, "").expect("sessions").is_empty());
}

fn servers_that_start_at_once_print_one_setup_link(db: &TestDatabase) {
    let servers = [db.store(), db.second_store()];
    for round in 0..ROUNDS {
        // In every second round there is a link, which has expired.
        let change = match round % 2 {
            0 => "DELETE FROM house_facts WHERE name LIKE 'setup_token%'",
            _ => "UPDATE house_facts SET value = '1' WHERE name = 'setup_token_expires_at'",
        };
        db.run_sql(change);
        let start = Barrier::new(2);
        let tokens = std::thread::scope(|scope| {
            let print = |server: usize| {
                let (store, start) = (&servers[server], &start);
                scope.spawn(move || {
                    start.wait();
                    store.setup_token(&format!("{round} of {server}")).expect("an answer").expect("a token")
                })
            };
            [print(0), print(1)].map(|printed| printed.join().expect("a token"))
        });
        assert_eq!(tokens[0], tokens[1], "round {round}");
        assert!(tokens[0].starts_with(&format!("{round} of ")), "{tokens:?}");
    }
}
