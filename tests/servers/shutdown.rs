//! Shutting servers down, as every deploy does: in any stage of a run, and repeatedly.

use std::time::Duration;

use serde_json::{Value, json};

use super::mid_run::{EndedTooSoon, is_active, repeat_until_mid_run, wait_mid_run};
use super::{StatusFollower, count_albums, write_albums};
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_fetch_that_is_interrupted_by_a_shutdown_continues_at_the_next_start,
    a_pending_run_survives_a_shutdown_and_a_kill_unchanged,
    a_run_in_its_final_transaction_completes_or_continues_at_the_next_start,
    many_restarts_end_in_a_completed_sync_that_is_still_the_first_attempt,
}

/// Shuts the server down, which must take less than five seconds.
fn stop_in_time(server: &mut ServerProcess, during: &str) {
    let took = server.stop();
    assert!(took < Duration::from_secs(5), "during {during} it took {took:?}");
}

/// The successor of the run that was interrupted by a shutdown: it is the same attempt.
fn find_successor(server: &ServerProcess, id: &str) -> String {
    let stopped = server.status(id);
    assert_eq!((&stopped["status"], &stopped["attempt"]), (&"interrupted".into(), &1.into()), "{stopped}");
    stopped["successor"].as_str().expect("a successor").to_owned()
}

fn wait_for_completion(server: &ServerProcess, id: &str) -> Value {
    server.wait_for_status(id, "completed");
    server.status(id)
}

fn a_fetch_that_is_interrupted_by_a_shutdown_continues_at_the_next_start(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db);
    let mut server = setup.start();
    setup.add_admin_and_token();
    let (stub, csv) = (StubServer::start(), write_albums(&setup.path("albums.csv"), 300, "Title"));
    setup.add_url("albums", stub.url("/albums.csv"));
    let slow = StubReply::csv(&csv).drip(csv.len() / 200, Duration::from_millis(100));
    let busy = StubReply::status(503).header("Retry-After", "60");
    let ways = [
        ("a hanging fetch", StubReply::csv(&csv).hang()),
        ("a fetch that hangs half-way", StubReply::csv(&csv).hang_at(csv.len() / 2)),
        ("a fetch that comes in drops", slow),
        ("a server that asks to wait", busy),
    ];
    let mut runs = 0;
    for (what, reply) in ways {
        stub.set_reply("/albums.csv", reply);
        let count_before = stub.request_count("/albums.csv");
        let id = server.start_sync("albums");
        let fetching = || stub.request_count("/albums.csv") > count_before && server.status(&id)["status"] == "running";
        wait_for(what, fetching);
        std::thread::sleep(Duration::from_millis(300));
        stop_in_time(&mut server, what);
        let left = format!("retry_of = '{id}' AND status = 'pending' AND attempt = 1");
        assert_eq!(db.count_rows("sync_operations", &left), 1, "{what}");

        stub.serve_csv("/albums.csv", &csv);
        server = setup.start_at("data", server.address().port());
        let next = find_successor(&server, &id);
        let done = wait_for_completion(&server, &next);
        assert_eq!((&done["attempt"], &done["retryOf"]), (&1.into(), &json!(id)), "{what}");
        runs += 2;
        assert_eq!(db.count_rows("sync_records", "1 = 1"), runs, "{what}");
        assert_eq!(count_albums(db, &setup, "Title"), (300, 300), "{what}");
    }
}

fn a_pending_run_survives_a_shutdown_and_a_kill_unchanged(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db).with_setting("LOCKSTEP_WORKERS", "1");
    let mut server = setup.start();
    setup.add_admin_and_token();
    let stub = StubServer::start();
    stub.set_reply("/first.csv", StubReply::csv("id,title\n1,One\n").hang());
    setup.add_url("first", stub.url("/first.csv"));
    let file = setup.path("albums.csv");
    write_albums(&file, 100, "Title");
    setup.add_file("albums", &file);

    let first = server.start_sync("first");
    wait_for("the only worker is busy", || stub.request_count("/first.csv") > 0);
    let waiting = server.start_sync("albums");
    assert_eq!(server.status(&waiting)["status"], "pending");
    // The pending run had no worker, so the shutdown did not change it. It now comes before the interrupted one: runs
    // that a person requested go first.
    stop_in_time(&mut server, "waiting");
    assert_eq!(db.count_rows("sync_operations", &format!("id = '{waiting}' AND status = 'pending'")), 1);
    let server = setup.start_at("data", server.address().port());
    let done = wait_for_completion(&server, &waiting);
    assert_eq!((&done["attempt"], &done["retryOf"]), (&1.into(), &Value::Null));
    let second = find_successor(&server, &first);
    server.wait_for_status(&second, "running");

    let waiting = server.start_sync("albums");
    assert_eq!(server.status(&waiting)["status"], "pending");
    let mut server = server;
    server.kill();
    stub.serve_csv("/first.csv", "id,title\n1,One\n");
    let server = setup.start_at("data", server.address().port());
    let done = wait_for_completion(&server, &waiting);
    assert_eq!((&done["attempt"], &done["retryOf"]), (&1.into(), &Value::Null));
    let dead = super::wait_until_interrupted(&server, &second);
    let third = dead["successor"].as_str().expect("a successor");
    assert_eq!(wait_for_completion(&server, third)["attempt"], 2, "a kill counts, the stop before it did not");
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 5);
}

fn a_run_in_its_final_transaction_completes_or_continues_at_the_next_start(db: &TestDatabase) {
    repeat_until_mid_run(db, 30_000, try_final_stop);
}

fn try_final_stop(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let rest = albums - albums / 2 + 1000;
    let setup = ServerSetup::on_database(db);
    let mut server = setup.start();
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, albums, "Title");
    setup.add_file("albums", &file);
    let all = server.start_sync("albums");
    wait_for_completion(&server, &all);
    write_albums(&file, rest, "Title");
    let id = server.start_sync("albums");
    wait_mid_run(&server, &id, |status| status["stage"] == "finalizing")?;
    stop_in_time(&mut server, "the final transaction");
    let server = setup.start_at("data", server.address().port());
    // If the server did not wait for the transaction, the lease must expire first.
    wait_for("its end", || !is_active(&server.status(&id)));
    let mut records = 2;
    if server.status(&id)["status"] == "interrupted" {
        wait_for_completion(&server, &find_successor(&server, &id));
        records += 1;
    }
    assert_eq!(count_albums(db, &setup, "Title"), (rest as i64, rest as u64));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), records);
    assert_eq!(db.count_rows("sync_operations", "status IN ('pending', 'running')"), 0);
    Ok(())
}

fn many_restarts_end_in_a_completed_sync_that_is_still_the_first_attempt(db: &TestDatabase) {
    repeat_until_mid_run(db, 60_000, try_repeated_restarts);
}

fn try_repeated_restarts(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let setup = ServerSetup::on_database(db);
    let mut server = setup.start();
    setup.add_admin_and_token();
    let file = setup.path("albums.csv");
    write_albums(&file, albums, "Title");
    setup.add_file("albums", &file);
    let follower = StatusFollower::follow_server(&server);
    let mut chain = vec![server.start_sync("albums")];
    loop {
        let id = chain.last().expect("a run").clone();
        follower.state.follow_run(&id);
        let ended = |server: &ServerProcess| server.status(&id)["status"] == "completed";
        wait_for("it works", || server.status(&id)["stage"] == "processing" || ended(&server));
        // Each start writes a few batches more: committed items are not written again.
        let written = || db.count_rows("items", "1 = 1");
        let before = written();
        wait_for("it gets on", || written() >= before + 5000 || ended(&server));
        if ended(&server) {
            break;
        }
        follower.state.note_server_change();
        stop_in_time(&mut server, "processing");
        server = setup.start_at("data", server.address().port());
        follower.state.note_server_change();
        if ended(&server) {
            break;
        }
        chain.push(find_successor(&server, &id));
        assert!(chain.len() < 80, "it does not get anywhere");
    }
    if chain.len() < 3 {
        return Err(EndedTooSoon);
    }
    let done = server.status(&chain[chain.len() - 1]);
    assert_eq!((&done["status"], &done["attempt"]), (&"completed".into(), &1.into()), "{done}");
    for pair in chain.windows(2) {
        let [stopped, next] = [0, 1].map(|at| server.status(&pair[at]));
        assert_eq!((&stopped["status"], &next["retryOf"]), (&"interrupted".into(), &stopped["syncId"]), "{stopped}");
    }
    assert_eq!(count_albums(db, &setup, "Title"), (albums as i64, albums as u64));
    let kept = db.select_texts("SELECT id AS value FROM sync_records ORDER BY created_at, id");
    assert_eq!(kept, chain.into_iter().map(Some).collect::<Vec<_>>(), "each has one record");
    follower.assert_nothing_wrong();
    Ok(())
}
