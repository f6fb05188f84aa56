//! A database that goes away under open pages: they say so, keep what they show, and heal.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use lockstep::store::DatabaseAddress;

use super::{albums, serve_half};
use crate::support::browser::Browser;
use crate::support::postgres_server::PostgresServer;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn the_pages_say_that_the_database_is_away_and_heal_when_it_is_back() {
    let note = std::env::temp_dir().join(format!("lockstep-note-{}", uuid::Uuid::new_v4()));
    let postgres = PostgresServer::start(std::process::id(), &note);
    let mut conn = PgConnection::establish(&format!("{}/postgres", postgres.address())).expect("a connection");
    conn.batch_execute("CREATE DATABASE lockstep").expect("a database");
    let home = ServerSetup::at_address(DatabaseAddress::Postgres(format!("{}/lockstep", postgres.address())));
    let server = home.start();
    home.add_admin_and_token();
    let outside = StubServer::start();
    serve_half(&outside, "/albums.csv", &albums(4000));
    outside.then("/albums.csv", StubReply::csv(albums(60)));
    home.add_url("albums", outside.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.sees("#panel-message", "Fetching");

    postgres.stop("fast");
    browser.sees("#panel-note", "Database unavailable, retrying…");
    browser.sees("#panel-message", "Fetching");
    postgres.start_again();
    browser.until("the note goes", || browser.text("#panel-note").is_empty());
    browser.sees("#panel-message", "Fetching");
    browser.click("#panel-cancel");
    browser.sees("#panel-title", "Sync cancelled");

    postgres.stop("fast");
    browser.go(&server.url("/catalog/albums"));
    browser.sees("h1", "Database not responding");
    postgres.start_again();
    browser.sees("h1", "The albums");
}
