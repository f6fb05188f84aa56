//! A real PostgreSQL, started by the first test that asks for it and shared by all tests of a run.
//!
//! Under `cargo nextest` every test is a process, under `cargo test` all are threads of one process. A locked file
//! named after the run lets the first test start the server and the others find it. A shell loop stops the server and
//! deletes its folder when the run has ended, however it ended.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use lockstep::store::{DatabaseAddress, Store};
use uuid::Uuid;

use super::postgres_server::PostgresServer;

/// The database that is migrated once and copied for each test.
const TEMPLATE_NAME: &str = "migrated";

/// A fresh, migrated database on that server; it is dropped at the end.
pub(crate) struct PostgresDatabase {
    name: String,
    url: String,
}

impl PostgresDatabase {
    pub(crate) fn create() -> Self {
        Self::copy_of(TEMPLATE_NAME)
    }

    /// An empty database, not migrated.
    pub(crate) fn create_empty() -> Self {
        Self::copy_of("template0")
    }

    fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        run_maintenance_sql(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { url: format!("{}/{name}", server_address()), name }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        run_maintenance_sql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs a statement in the maintenance database.
fn run_maintenance_sql(sql: &str) {
    let url = format!("{}/postgres", server_address());
    let mut conn = PgConnection::establish(&url).expect("a connection to the test server");
    conn.batch_execute(sql).expect("a database made or dropped");
}

/// The address of the server, without a database.
fn server_address() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        // As the store does before its own first connection, which is later. If libpq initialises OpenSSL,
        // it is cleaned up at exit while threads still connect.
        openssl::init();
        // Under nextest, our parent, the run lasts as long as the parent; otherwise as long as this process.
        let (run, lasts) = match std::env::var("NEXTEST_RUN_ID") {
            Ok(run) => (run, std::os::unix::process::parent_id()),
            Err(_) => (format!("process-{}", std::process::id()), std::process::id()),
        };
        let note = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-{run}"));
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&note).expect("a note");
        file.lock().expect("the note's lock");
        let mut address = String::new();
        file.read_to_string(&mut address).expect("the note");
        if address.is_empty() {
            address = start_shared_server(lasts, &note);
            file.seek(SeekFrom::Start(0)).expect("the note");
            file.write_all(address.as_bytes()).expect("the note");
        }
        address
    })
}

/// Starts the server for as long as the process `lasts`, and makes the template.
fn start_shared_server(lasts: u32, note: &Path) -> String {
    let server = PostgresServer::start(lasts, note);
    let address = server.address();
    let maintenance = format!("{address}/postgres");
    let mut conn = PgConnection::establish(&maintenance).expect("a connection to the test server");
    conn.batch_execute(&format!("CREATE DATABASE {TEMPLATE_NAME}")).expect("a template");
    let template = DatabaseAddress::Postgres(format!("{address}/{TEMPLATE_NAME}"));
    let store = Store::open(&template, 1, lockstep::domain::defaults::LEASE_DURATION).expect("the template");
    store.migrate().expect("a migrated template");
    address
}
