//! Another session has locked a table of PostgreSQL: pages, programs and commands soon learn that the database is busy.

use std::time::{Duration, Instant};

use serde_json::json;

use super::write_albums;
use crate::support::TestDatabase;
use crate::support::http_client::TestHttpClient;
use crate::support::load_clock::LoadClock;
use crate::support::server_process::{ADMIN_LOGIN, ServerAnswer, ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;

/// The promise: every page and every call is answered within this time.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The tables that requests use. Each is locked in turn.
const TABLES: [&str; 8] =
    ["sources", "sync_operations", "sync_records", "sessions", "users", "api_tokens", "catalogs", "items"];

/// What waits for each table, at least.
const WAITING: [(&str, &str); 11] = [
    ("sources", "start"),
    ("sources", "start on the page"),
    ("sources", "poll of a program"),
    ("sources", "page"),
    ("sync_operations", "start"),
    ("sync_operations", "start on the page"),
    ("sync_operations", "poll of a program"),
    ("sync_operations", "poll of the panel"),
    ("sync_records", "history"),
    ("sessions", "page"),
    ("users", "login"),
];

type NamedRequest<'a> = (&'static str, Box<dyn Fn() -> Option<ServerAnswer> + Send + Sync + 'a>);

fn list_requests<'a>(server: &'a ServerProcess, admin: &'a TestHttpClient, id: &str) -> Vec<NamedRequest<'a>> {
    let (name, password) = ADMIN_LOGIN;
    let login = format!("username={name}&password={}", password.replace(' ', "+"));
    let poll = format!("/api/sync/status/{id}");
    let get = |name, path: &'static str| -> NamedRequest<'a> { (name, Box::new(move || admin.get(path))) };
    vec![
        ("start", Box::new(|| Some(server.post("/api/sync", &json!({ "source": "albums" }))))),
        ("start on the page", Box::new(|| admin.submit_form("/catalog/albums/sync", "action=sync"))),
        ("poll of a program", Box::new(move || server.try_get(&poll))),
        get("poll of the panel", "/catalog/albums/sync-status"),
        get("page", "/catalog/albums"),
        get("dashboard", "/"),
        get("history", "/history"),
        get("settings", "/settings/sources"),
        ("items", Box::new(|| server.try_get("/api/catalog/albums/items?q=title"))),
        ("login", Box::new(move || TestHttpClient::anonymous(server.address()).submit_form("/login", &login))),
    ]
}

/// Sends a request while `table` is locked. Returns its name if it was refused.
fn send_while_locked(table: &str, (name, send): &NamedRequest<'_>) -> Option<&'static str> {
    let clock = LoadClock::start();
    let answer = send().unwrap_or_else(|| panic!("{table}: no answer to the {name}"));
    let took = clock.elapsed();
    assert!(took < ANSWER_LIMIT, "{table}: the {name} took {took:?} ({})", answer.status);
    println!("{table}: the {name} took {took:?}: {}", answer.status);
    if answer.status < 500 {
        return None;
    }
    assert_eq!(answer.status, 503, "{table}, {name}: {}", answer.body);
    assert!(answer.retry_after.is_some_and(|seconds| seconds.parse::<u64>().is_ok()), "{table}, {name}");
    let body = answer.body;
    assert!(body.contains("database_busy") || body.contains("Database busy"), "{table}, {name}: {body}");
    Some(name)
}

#[test]
fn while_a_table_is_locked_every_request_is_answered_within_two_seconds() {
    let db = TestDatabase::postgres();
    let setup = ServerSetup::on_database(&db);
    let server = setup.start();
    setup.add_admin_and_token();
    let csv = setup.path("albums.csv");
    write_albums(&csv, 20, "Title");
    setup.add_file("albums", &csv);
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "completed");
    let admin = TestHttpClient::logged_in_admin(server.address());
    // The status files are gone, so polls read the database.
    std::fs::remove_dir_all(setup.path("data/status")).expect("a folder");
    let requests = list_requests(&server, &admin, &id);
    for table in TABLES {
        let mut other = db.raw_connection();
        other.run_sql(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        let started = Instant::now();
        let refused: Vec<&str> = std::thread::scope(|scope| {
            let sent: Vec<_> =
                requests.iter().map(|request| scope.spawn(move || send_while_locked(table, request))).collect();
            sent.into_iter().filter_map(|answer| answer.join().expect("no panic")).collect()
        });
        println!("{table}: refused after {:?}: {refused:?}", started.elapsed());
        for (_, name) in WAITING.iter().filter(|(locked, _)| *locked == table) {
            assert!(refused.contains(name), "{table}: the {name} was not refused, only {refused:?}");
        }
        other.run_sql("COMMIT");
        assert_eq!(admin.get("/catalog/albums").expect("an answer").status, 200, "{table}: after the lock");
    }
    assert!(!server.log().contains("Something went wrong") && !server.log().contains("ERROR"), "{}", server.log());
    let next = server.post("/api/sync", &json!({ "source": "albums" }));
    assert!([202, 409].contains(&next.status), "{}", next.body);
}

#[test]
fn while_a_table_is_locked_a_command_ends_within_seconds_and_says_why() {
    let db = TestDatabase::postgres();
    let setup = ServerSetup::on_database(&db);
    let csv = setup.path("albums.csv");
    write_albums(&csv, 20, "Title");
    drop(setup.start());
    setup.add_file("albums", &csv);
    for (table, command) in [
        ("sources", ["sync", "albums"]),
        ("sync_operations", ["sync", "albums"]),
        ("sources", ["source", "list"]),
        ("api_tokens", ["token", "list"]),
        ("users", ["user", "list"]),
    ] {
        let mut other = db.raw_connection();
        other.run_sql(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        let clock = LoadClock::start();
        let ended = setup.build_command("data").args(command).output().expect("the program");
        let (took, text) = (clock.elapsed(), String::from_utf8_lossy(&ended.stderr).into_owned());
        assert!(!ended.status.success() && text.contains("try again in a moment"), "{table}, {command:?}: {text}");
        assert!(took < Duration::from_secs(4), "{table}, {command:?}: {took:?}");
        println!("{command:?} with {table} locked: {took:?}, {:?}: {text}", ended.status.code());
    }
    wait_for("a sync after the locks", || {
        setup.build_command("data").args(["sync", "albums"]).status().expect("the program").success()
    });
}
