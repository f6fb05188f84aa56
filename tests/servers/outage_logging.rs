//! What is logged while a database is unavailable.

use std::thread;
use std::time::Duration;

use crate::support::log_files::{event_names, read_log_lines};
use crate::support::server_process::ServerSetup;
use crate::support::waiting::wait_for;
use crate::support::{FlakyPgProxy, TestDatabase};

#[test]
fn an_outage_of_the_database_costs_a_handful_of_log_lines() {
    let db = TestDatabase::postgres();
    let proxy = FlakyPgProxy::to_database(&db);
    let setup = ServerSetup::at_address(proxy.address());
    let server = setup.start();
    let seen = || event_names(&read_log_lines(&setup, "health.jsonl")).join(" ");
    wait_for("the first line", || seen() == "started");

    proxy.cut_connections();
    wait_for("the outage is seen", || seen() == "started database_away");
    thread::sleep(Duration::from_secs(25));
    proxy.restore_connections();
    wait_for("its end is seen", || seen() == "started database_away database_back");
    let health = read_log_lines(&setup, "health.jsonl");
    assert_eq!((&health[1]["healthy"], &health[1]["databaseAnswers"]), (&false.into(), &false.into()));
    assert_eq!((&health[2]["healthy"], &health[2]["waiting"]), (&true.into(), &0.into()));
    let log = server.log();
    assert_eq!(log.matches("the database is unavailable").count(), 1, "{log}");
    assert_eq!(log.matches("the database is available again after").count(), 1, "{log}");
    let troubles = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).count();
    assert!(troubles <= 8, "{troubles} lines:\n{log}");
}
