//! A connection that breaks right after the server has committed: the client does not know the outcome of the
//! transaction, and its changes are made exactly once all the same.

use serde_json::{Value, json};

use super::{count_albums, write_albums};
use crate::support::log_files::{event_names, read_run_lines};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for;
use crate::support::{FlakyPgProxy, TestDatabase};

/// Several full batches and one that is not full.
const ALBUM_COUNT: usize = 3500;

struct LostCommitSetup {
    server: ServerProcess,
    setup: ServerSetup,
    proxy: FlakyPgProxy,
    db: TestDatabase,
}

impl LostCommitSetup {
    fn new() -> Self {
        let db = TestDatabase::postgres();
        let proxy = FlakyPgProxy::to_database(&db);
        let setup = ServerSetup::at_address(proxy.address());
        let server = setup.start();
        setup.add_admin_and_token();
        setup.add_file("albums", &setup.path("albums.csv"));
        Self { server, setup, proxy, db }
    }

    /// Syncs albums of this wording while the answer to the first commit with such a statement is lost. The run must
    /// complete without a successor; returns its id and its status report.
    fn sync_losing_commit(&self, wording: &str, statement: &'static str) -> (String, Value) {
        write_albums(&self.setup.path("albums.csv"), ALBUM_COUNT, wording);
        let lost = self.proxy.count_lost_commits();
        self.proxy.lose_commit_of(statement);
        let id = self.server.start_sync("albums");
        let mut last = Value::Null;
        wait_for("the end", || {
            last = self.server.status(&id);
            !["pending", "running"].contains(&last["status"].as_str().expect("a status"))
        });
        assert_eq!(self.proxy.count_lost_commits(), lost + 1, "no such transaction was committed");
        assert_eq!((&last["status"], &last["attempt"]), (&json!("completed"), &json!(1)), "{last}");
        assert_eq!((&last["successor"], &last["error"]), (&Value::Null, &Value::Null), "{last}");
        let all = ALBUM_COUNT as u64;
        assert_eq!(count_albums(&self.db, &self.setup, wording), (ALBUM_COUNT as i64, all));
        let counted = &last["stats"]["items"];
        assert_eq!((&counted["processed"], &counted["total"]), (&json!(all), &json!(all)), "{last}");
        let record = self.setup.store().find_record(id.parse().expect("an id")).expect("an answer").expect("a record");
        assert_eq!(json!(record.summary.stats), last["stats"], "the record equals what pollers see");
        self.assert_no_takeover(&id);
        (id, last)
    }

    fn assert_no_takeover(&self, id: &str) {
        wait_for("the line of the end", || {
            event_names(&read_run_lines(&self.setup, "sync.jsonl", id)).contains(&"ended")
        });
        let lines = read_run_lines(&self.setup, "sync.jsonl", id);
        let mut reported = event_names(&lines);
        reported.retain(|event| !["trouble", "relief"].contains(event));
        assert_eq!(reported, ["accepted", "started", "stage", "stage", "ended"], "{lines:#?}");
        assert_eq!(lines[lines.len() - 1]["status"], "completed", "{lines:#?}");
        assert_eq!(self.db.count_rows("sync_records", &format!("id = '{id}'")), 1);
        assert_eq!(self.db.count_rows("sync_operations", "retry_of IS NOT NULL OR status <> 'completed'"), 0);
    }

    fn assert_keys_once(&self, table: &str, condition: &str) {
        let keys = format!("SELECT count(DISTINCT key) FROM {table} WHERE {condition}");
        let rows = self.db.count_rows(table, condition);
        assert_eq!((rows, self.db.select_number(&keys)), (ALBUM_COUNT as i64, ALBUM_COUNT as i64), "{table}");
    }
}

#[test]
fn a_batch_whose_commit_was_not_answered_is_stored_once() {
    let fixture = LostCommitSetup::new();
    let (_, first) = fixture.sync_losing_commit("Old", "WITH added AS (");
    assert_eq!(first["stats"]["added"], ALBUM_COUNT, "{first}");
    fixture.assert_keys_once("items", "removed_at IS NULL");
    assert_eq!(fixture.db.count_rows("item_changes", "1 = 1"), 0);

    // If the batch were applied twice, the same change would be stored twice.
    let (id, second) = fixture.sync_losing_commit("New", "INSERT INTO item_changes");
    assert_eq!((&second["stats"]["added"], &second["stats"]["updated"]), (&json!(0), &json!(ALBUM_COUNT)), "{second}");
    fixture.assert_keys_once("items", "removed_at IS NULL");
    let change = format!("sync_id = '{id}' AND before LIKE '%Old %' AND after LIKE '%New %'");
    fixture.assert_keys_once("item_changes", &change);
    assert_eq!(fixture.db.count_rows("item_changes", "1 = 1"), ALBUM_COUNT as i64);
    assert_eq!(fixture.db.count_rows("sync_records", "1 = 1"), 2);
}

#[test]
fn a_run_whose_last_commit_got_no_answer_is_completed_and_reported_as_completed() {
    let fixture = LostCommitSetup::new();
    let (_, last) = fixture.sync_losing_commit("Old", "INSERT INTO \"sync_records\"");
    assert_eq!(last["stats"]["added"], ALBUM_COUNT, "{last}");
    fixture.assert_keys_once("items", "removed_at IS NULL");
    assert_eq!(fixture.db.count_rows("sync_records", "1 = 1"), 1);
}
