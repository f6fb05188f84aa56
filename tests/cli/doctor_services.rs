//! `lockstep doctor` on a Redis or a PostgreSQL that is down, frozen, or stops answering.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::CliFixture;
use super::doctor::{findings_of_state, only_finding, run_doctor, url_of};
use crate::support::TestDatabase;
use crate::support::load_clock::LoadClock;
use crate::support::redis_server::{PASSWORD, RedisServer};

#[test]
fn doctor_checks_the_configured_status_store() {
    let cli = CliFixture::new();
    cli.create_database();
    let mut redis = RedisServer::start();
    let url = redis.url();
    let env = [("LOCKSTEP_REDIS_URL", url.as_str())];
    let probe = || {
        let clock = LoadClock::start();
        let (code, findings) = run_doctor(&cli, &env);
        assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
        let all = serde_json::to_string(&findings).expect("JSON");
        assert!(!all.contains(PASSWORD) && !all.contains("data/status"), "{all}");
        (code, findings)
    };
    let is_well = || {
        let (code, findings) = probe();
        assert_eq!((code, findings_of_state(&findings, "ok").len()), (0, findings.len()), "{findings:#?}");
        let text = "status store: live status can be written to the Redis at redis://127.0.0.1:";
        assert!(findings_of_state(&findings, "ok").iter().any(|line| line.starts_with(text)), "{findings:#?}");
    };
    let is_missed = |reason: &str| {
        let (code, findings) = probe();
        let wrong = only_finding(&findings, "wrong");
        assert_eq!(code, 1);
        assert!(wrong.starts_with("status store: Redis at redis://127.0.0.1:") && wrong.contains(reason), "{wrong}");
        assert!(wrong.contains("Check that Redis is running") && wrong.contains("No data is lost"), "{wrong}");
    };
    is_well();
    redis.freeze();
    is_missed("");
    redis.thaw();
    is_well();
    redis.kill();
    is_missed("refused");
    redis.start_again();
    is_well();

    let (code, findings) = run_doctor(&cli, &[("LOCKSTEP_REDIS_URL", &url.replace(PASSWORD, "s3cret-and-wrong"))]);
    let wrong = only_finding(&findings, "wrong");
    assert!(code == 1 && wrong.starts_with("status store") && !wrong.contains("s3cret"), "{wrong}");

    redis.kill();
    let (code, findings) = run_doctor(&cli, &[env[0], ("LOCKSTEP_STATUS_STORE", "database")]);
    assert_eq!((code, findings_of_state(&findings, "ok").len()), (0, findings.len()), "{findings:#?}");
    assert!(!cli.path("data/status").exists(), "unused when status is stored elsewhere");
}

#[test]
fn doctor_reports_a_database_that_stops_answering_once_and_ends() {
    let cli = CliFixture::new();
    cli.create_database();
    let database = TestDatabase::postgres();
    let url = url_of(&database);
    let (login, rest) = url.split_once('@').expect("a login");
    let (server, name) = rest.split_once('/').expect("a database");
    // The server stops answering at the greeting, at the first query, or at a later one.
    for answered in [0, 2, 7] {
        let port = start_silent_proxy(answered, server.to_owned());
        let url = format!("{login}@127.0.0.1:{port}/{name}");
        let clock = LoadClock::start();
        let (code, findings) = run_doctor(&cli, &[("DATABASE_URL", &url)]);
        println!("silent after {answered} answers: {:?}, {:?}", clock.elapsed(), findings_of_state(&findings, "wrong"));
        assert!(clock.elapsed() < Duration::from_secs(12), "{:?}", clock.elapsed());
        assert_eq!(code, 1, "{findings:#?}");
        let wrong = only_finding(&findings, "wrong");
        assert!(wrong.contains("did not answer within") || wrong.contains("timeout expired"), "{wrong}");
    }
}

/// A proxy to that server that relays a number of answers and then nothing, without closing the connection. It ends
/// with the process of the test.
fn start_silent_proxy(answers: usize, server: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let carry = |mut from: TcpStream, mut to: TcpStream, most: usize| {
        let mut carried = 0;
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if carried < most && to.write_all(&buffer[..count]).is_err() {
                    break;
                }
                carried += 1;
            }
            // The other side may have closed the connection already.
            let _ = to.shutdown(Shutdown::Both);
        });
    };
    thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.expect("a stream"), TcpStream::connect(&server).expect("the server"));
            let (back, forth) = (near.try_clone().expect("a stream"), far.try_clone().expect("a stream"));
            carry(near, forth, usize::MAX);
            carry(far, back, answers);
        }
    });
    port
}
