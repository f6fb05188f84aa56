//! Marks of what a process has written.

use lockstep::domain::account::{Role, TokenLimits};

use crate::support::{TestDatabase, on_both_databases};

on_both_databases! { a_mark_changes_with_every_write_of_the_process_whichever_connections_it_uses }

fn a_mark_changes_with_every_write_of_the_process_whichever_connections_it_uses(db: &TestDatabase) {
    let (pages, other) = (db.store(), db.second_store());
    let engine = pages.with_own_connections(1).expect("connections");
    let mark = pages.write_mark();
    assert!(mark.is_some());
    pages.list_sources().expect("sources");
    other.add_token(&"other".parse().expect("a name"), Role::Viewer, TokenLimits::default(), "1").expect("a token");
    assert_eq!((pages.write_mark(), engine.write_mark()), (mark, mark), "reading, and another process");
    engine.add_token(&"ada".parse().expect("a name"), Role::Viewer, TokenLimits::default(), "2").expect("a token");
    let next = pages.write_mark();
    assert!(next.is_some() && next != mark);
    engine
        .add_token(&"ada".parse().expect("a name"), Role::Viewer, TokenLimits::default(), "3")
        .expect_err("a name twice");
    assert!(pages.write_mark().is_some(), "a write that failed has ended, too");
}
