//! A database outage under open pages: they report it, keep their content, and recover.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use lockstep::store::DatabaseAddress;

use super::{format_albums, serve_half};
use crate::support::browser::Browser;
use crate::support::postgres_server::PostgresServer;
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn pages_show_a_database_outage_and_recover_from_it() {
    let note = std::env::temp_dir().join(format!("lockstep-note-{}", uuid::Uuid::new_v4()));
    let postgres = PostgresServer::start(std::process::id(), &note);
    let mut conn = PgConnection::establish(&format!("{}/postgres", postgres.address())).expect("a connection");
    conn.batch_execute("CREATE DATABASE lockstep").expect("a database");
    let setup = ServerSetup::at_address(DatabaseAddress::Postgres(format!("{}/lockstep", postgres.address())));
    let server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    serve_half(&stub, "/albums.csv", &format_albums(4000));
    stub.queue_reply("/albums.csv", StubReply::csv(format_albums(60)));
    setup.add_url("albums", stub.url("/albums.csv"));
    let browser = Browser::open();
    browser.log_in(&server.url("/login?next=/catalog/albums"));
    browser.click("#panel-sync");
    browser.wait_for_text("#panel-message", "Fetching");

    postgres.stop("fast");
    browser.wait_for_text("#panel-note", "Database unavailable, retrying…");
    browser.wait_for_text("#panel-message", "Fetching");
    postgres.start_again();
    browser.wait_for_condition("the note disappears", || browser.element_text("#panel-note").is_empty());
    browser.wait_for_text("#panel-message", "Fetching");
    browser.click("#panel-cancel");
    browser.wait_for_text("#panel-title", "Sync cancelled");

    postgres.stop("fast");
    browser.open_page(&server.url("/catalog/albums"));
    browser.wait_for_text("h1", "Database not responding");
    postgres.start_again();
    browser.wait_for_text("h1", "The albums");
}
