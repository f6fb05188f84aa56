//! The answers while the database is away are as described.

use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;

use super::answer_recorder::{AnswerRecorder, PathValues};
use crate::support::test_database::open_store;
use crate::support::{FlakyPgProxy, TestDatabase};
use crate::web::site::TestSite;

#[test]
fn every_operation_answers_503_while_the_database_is_away() {
    let db = TestDatabase::postgres();
    let proxy = FlakyPgProxy::to_database(&db);
    let site = TestSite::on_store(open_store(&proxy.address(), 8), tempfile::tempdir().expect("a folder"));
    let admin = site.add_program("robot", Role::Admin);
    let mut recorder = AnswerRecorder::new(&site);
    let run = SyncId::new().to_string();
    let values = PathValues { slug: "albums", run: &run, item: "1" };
    let operations = recorder.list_operations();
    proxy.cut_connections();
    // Each waits for the database, so they are sent at the same time.
    let replies: Vec<_> = std::thread::scope(|scope| {
        let admin = &admin;
        let send = |(method, path): (String, String)| {
            let body = (path == "/api/sync").then(|| ("application/json", r#"{"source":"albums"}"#.to_owned()));
            let client = admin.with_header("Accept", "application/json");
            scope.spawn(move || client.send_request(&method, &values.fill_in(&path), body))
        };
        let sent: Vec<_> =
            operations.iter().map(|operation| send((operation.method.clone(), operation.path.clone()))).collect();
        sent.into_iter().map(|reply| reply.join().expect("a reply")).collect()
    });
    for (operation, reply) in operations.iter().zip(replies) {
        assert_eq!(reply.status, 503, "{operation:?}: {}", reply.body);
        recorder.keep_answer(&operation.method, &operation.path, &reply);
    }
    assert_eq!(recorder.find_differences(), "");
}
