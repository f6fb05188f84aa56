//! Cancelling runs through the pages and the API of the real program.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mid_run::{EndedTooSoon, repeat_until_mid_run, wait_for_percent, wait_mid_run};
use super::write_albums;
use crate::support::http_client::TestHttpClient;
use crate::support::load_clock::measure_load_time;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_cancel_takes_effect_within_five_seconds_while_it_fetches_or_waits,
    a_cancel_takes_effect_within_five_seconds_while_it_works,
    a_cancel_in_the_final_transaction_is_refused_as_too_late,
}

/// Cancels a running run; returns its status report after it has ended.
fn cancel_run(server: &ServerProcess, id: &str, during: &str) -> Result<Value, EndedTooSoon> {
    let mut last = Value::Null;
    let (answer, took) = measure_load_time(|| {
        let answer = server.post(&format!("/api/sync/{id}/cancel"), &json!({}));
        wait_for(during, || {
            last = server.status(id);
            last["status"] != "running"
        });
        answer
    });
    if answer.status == 409 {
        return Err(EndedTooSoon);
    }
    assert_eq!((answer.status, &answer.json()["status"]), (202, &"cancelling".into()), "{during}: {}", answer.body);
    assert!(took < Duration::from_secs(5), "during {during} it took {took:?}");
    assert_eq!(last["status"], "cancelled", "{during}: {last}");
    assert!(last["message"].as_str().is_some_and(|message| message.starts_with("Cancelled at ")), "{last}");
    let late = server.post(&format!("/api/sync/{id}/cancel"), &json!({}));
    assert_eq!((late.status, &late.json()["code"]), (409, &"already_ended".into()), "{}", late.body);
    Ok(last)
}

fn a_cancel_takes_effect_within_five_seconds_while_it_fetches_or_waits(db: &TestDatabase) {
    let setup = ServerSetup::on_database(db).with_setting("LOCKSTEP_WORKERS", "1");
    let server = setup.start();
    setup.add_admin_and_token();
    let (stub, csv) = (StubServer::start(), write_albums(&setup.path("small.csv"), 300, "Title"));
    setup.add_url("albums", stub.url("/albums.csv"));
    let big = setup.path("big.csv");
    write_albums(&big, 100, "Title");
    setup.add_file("big", &big);
    let ways = [
        ("a hanging fetch", StubReply::csv(&csv).hang()),
        ("headers and then nothing", StubReply::csv(&csv).hang_at(0)),
        ("a fetch that comes in drops", StubReply::csv(&csv).drip(csv.len() / 200, Duration::from_millis(100))),
        ("a server that asks to wait", StubReply::status(503).header("Retry-After", "60")),
        ("a server that asks too often", StubReply::status(429).header("Retry-After", "90")),
    ];
    let count = ways.len();
    for (what, reply) in ways {
        stub.set_reply("/albums.csv", reply);
        let count_before = stub.request_count("/albums.csv");
        let id = server.start_sync("albums");
        wait_for(what, || {
            let waits =
                server.status(&id)["message"].as_str().is_some_and(|message| message.starts_with("Rate-limited by"));
            stub.request_count("/albums.csv") > count_before && waits == what.starts_with("a server")
        });
        // The only worker is busy, so another run is pending. A pending run is cancelled at once.
        let other = server.start_sync("big");
        assert_eq!(server.status(&other)["status"], "pending", "{what}");
        let answer = server.post(&format!("/api/sync/{other}/cancel"), &json!({}));
        assert_eq!((answer.status, &answer.json()["status"]), (202, &"cancelled".into()), "{}", answer.body);
        assert_eq!(server.status(&other)["status"], "cancelled");
        let Ok(ended) = cancel_run(&server, &id, what) else { panic!("{what} came to an end") };
        assert!(ended["progress"].as_u64() < Some(11), "{ended}");
    }
    assert_eq!(db.count_rows("items", "1 = 1"), 0);
    let records = i64::try_from(2 * count).expect("a few");
    assert_eq!(db.count_rows("sync_records", "status = 'cancelled'"), records, "one for each");

    stub.serve_csv("/albums.csv", &csv);
    let id = server.start_sync("albums");
    server.wait_for_status(&id, "completed");
}

fn a_cancel_takes_effect_within_five_seconds_while_it_works(db: &TestDatabase) {
    repeat_until_mid_run(db, 100_000, |db, albums| {
        let setup = ServerSetup::on_database(db);
        let server = setup.start();
        setup.add_admin_and_token();
        let file = setup.path("albums.csv");
        write_albums(&file, albums, "Title");
        setup.add_file("albums", &file);
        let id = server.start_sync("albums");
        wait_for_percent(&server, &id, 20)?;
        let ended = cancel_run(&server, &id, "the work")?["progress"].as_u64().expect("a percentage");
        assert!((20..100).contains(&ended), "{ended} %");
        let kept = db.count_rows("items", "removed_at IS NULL");
        if kept == albums as i64 {
            return Err(EndedTooSoon);
        }
        assert!(kept > 0 && kept % 1000 == 0, "whole batches stay: {kept}");
        assert_eq!(db.count_rows("sync_records", "status = 'cancelled'"), 1);
        Ok(())
    });
}

fn a_cancel_in_the_final_transaction_is_refused_as_too_late(db: &TestDatabase) {
    repeat_until_mid_run(db, 30_000, try_late_cancel);
}

fn try_late_cancel(db: &TestDatabase, albums: usize) -> Result<(), EndedTooSoon> {
    let rest = albums - albums / 2 + 1000;
    let setup = ServerSetup::on_database(db);
    let server = setup.start();
    setup.add_admin_and_token();
    let admin = TestHttpClient::logged_in_admin(server.address());
    let file = setup.path("albums.csv");
    write_albums(&file, albums, "Title");
    setup.add_file("albums", &file);
    let all = server.start_sync("albums");
    server.wait_for_status(&all, "completed");
    // Almost half of the items are removed, which takes long enough for a cancel during the final transaction.
    write_albums(&file, rest, "Title");
    let id = server.start_sync("albums");
    wait_mid_run(&server, &id, |status| status["stage"] == "finalizing")?;
    let started = Instant::now();
    let reported = server.post(&format!("/api/sync/{id}/cancel"), &json!({}));
    let shown = admin.submit_form("/catalog/albums/sync/cancel", &format!("sync={id}")).expect("an answer");
    println!("told after {:?}", started.elapsed());
    let ended = shown.status == 200 && server.status(&id)["status"] == "completed";
    if reported.json()["code"] == "already_ended" || ended {
        return Err(EndedTooSoon);
    }
    assert_eq!((reported.status, &reported.json()["code"]), (409, &"already_finishing".into()), "{}", reported.body);
    assert_eq!(reported.json()["error"], "Too late to cancel: the run is finishing.");
    assert_eq!(reported.json()["syncId"], id.as_str());
    assert_eq!(shown.status, 409, "{}", shown.body);
    assert!(shown.body.contains("Too late to cancel: the run is finishing."), "{}", shown.body);
    server.wait_for_status(&id, "completed");
    assert_eq!(super::count_albums(db, &setup, "Title"), (rest as i64, rest as u64));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 2);
    Ok(())
}
