//! Two servers on one database: the one with the run is killed, the other one takes the run over.

use std::time::Duration;

use super::mid_run::{EndedTooSoon, check_mid_run, is_active, repeat_until_mid_run};
use super::{StatusFollower, count_albums, wait_until_interrupted, write_albums};
use crate::support::server_process::ServerSetup;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

const ALBUM_COUNT: usize = 20_000;

mod with_a_folder_each {
    use super::{ALBUM_COUNT, TestDatabase, repeat_until_mid_run, try_takeover};

    #[test]
    fn the_survivor_on_postgres_takes_over_and_answers_at_every_moment() {
        repeat_until_mid_run(&TestDatabase::postgres(), ALBUM_COUNT, |db, albums| {
            try_takeover(db, albums, ["data", "data-2"])
        });
    }
}

mod with_one_folder {
    use super::{ALBUM_COUNT, TestDatabase, on_both_databases, repeat_until_mid_run, try_takeover};

    on_both_databases! { the_survivor_takes_over_and_answers_at_every_moment }

    fn the_survivor_takes_over_and_answers_at_every_moment(db: &TestDatabase) {
        repeat_until_mid_run(db, ALBUM_COUNT, |db, albums| try_takeover(db, albums, ["data", "data"]));
    }
}

fn try_takeover(db: &TestDatabase, albums: usize, folders: [&str; 2]) -> Result<(), EndedTooSoon> {
    let setup = ServerSetup::on_database(db);
    let [mut first, second] = folders.map(|folder| setup.start_at(folder, 0));
    setup.add_admin_and_token();
    let stub = StubServer::start();
    let publish = |wording: &str| {
        let csv = write_albums(&setup.path("albums.csv"), albums, wording);
        stub.set_reply("/albums.csv", StubReply::csv(&csv).drip(csv.len() / 20, Duration::from_millis(50)));
    };
    publish("Old");
    setup.add_url("albums", stub.url("/albums.csv"));
    // The first server must get the run, so the second one is stopped until then.
    second.freeze();
    let id = first.start_sync("albums");
    first.wait_for_status(&id, "running");
    second.thaw();
    let follower = StatusFollower::follow_server(&second);
    follower.state.follow_run(&id);
    let mut seen = 0;
    wait_for("the middle of the run", || {
        let [one, other] = [&first, &second].map(|server| server.status(&id));
        seen = one["progress"].as_u64().expect("a percentage");
        let stands = ["running", "completed"];
        assert!(
            [&one, &other].iter().all(|it| stands.contains(&it["status"].as_str().expect("a status"))),
            "{one} {other}"
        );
        seen >= 25 || !is_active(&other)
    });
    first.kill();
    check_mid_run(&setup, &id)?;
    publish("New");

    let dead = wait_until_interrupted(&second, &id);
    // The killed server may have stored its last progress only in its status file; the database may have a little less.
    assert!(dead["progress"].as_u64() >= Some(seen) && dead["progress"].as_u64() < Some(100), "{seen}: {dead}");
    let successor = dead["successor"].as_str().expect("a successor");
    follower.state.follow_run(successor);
    second.wait_for_status(successor, "completed");
    let done = second.status(successor);
    assert_eq!((&done["attempt"], &done["retryOf"]), (&2.into(), &id.into()));
    assert_eq!(count_albums(db, &setup, "New"), (albums as i64, albums as u64));
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 2);
    follower.assert_nothing_wrong();
    Ok(())
}
