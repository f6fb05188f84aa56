//! Many slow clients at once, and a server that may have few files open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::support::http_client::TestHttpClient;
use crate::support::load_clock::measure_load_time;
use crate::support::server_process::ServerSetup;
use crate::support::socket_client::SocketClient;
use crate::support::waiting::wait_for;

/// How long each slow client waits between two bytes.
const BYTE_PAUSE: Duration = Duration::from_secs(2);
/// How long the server must go on answering while slow clients send.
const ATTACK_TIME: Duration = Duration::from_secs(8);
/// Within this time slow clients must be gone: the period for a body is 15 s, and the machine may be busy.
const CLOSE_LIMIT: Duration = Duration::from_secs(60);

/// The beginning of a request with a body of 60 kB.
const SLOW_REQUEST: &str = "POST /login HTTP/1.1\r\nHost: lockstep.test\r\nContent-Length: 60000\r\n\
                            Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=";

/// Connects slow clients, each from the address of its number, and sends a byte each from time to time. Meanwhile
/// health, a page and JSON must be answered. Then waits until all slow clients are closed.
fn attack(server: SocketAddr, count: u32, address_of: impl Fn(u32) -> [u8; 4]) {
    let mut slow = Vec::new();
    for number in 0..count {
        let mut client = SocketClient::connect_from(address_of(number), server);
        client.try_send(SLOW_REQUEST);
        slow.push(client);
        if number % 50 == 0 {
            // A test may have few files open itself.
            slow.retain_mut(|client| !client.is_closed());
            expect_answers(server);
        }
    }
    let (started, mut next_byte) = (Instant::now(), Instant::now());
    while started.elapsed() < ATTACK_TIME {
        if Instant::now() >= next_byte {
            next_byte += BYTE_PAUSE;
            for client in &mut slow {
                client.try_send("a");
            }
        }
        expect_answers(server);
        std::thread::sleep(Duration::from_millis(50));
    }
    wait_for("the end of the slow clients", || {
        std::thread::sleep(Duration::from_millis(200));
        slow.retain_mut(|client| client.try_send("a") && !client.is_closed());
        assert!(started.elapsed() < CLOSE_LIMIT, "{} are left", slow.len());
        slow.is_empty()
    });
    expect_answers(server);
}

#[track_caller]
fn expect_answers(server: SocketAddr) {
    for path in ["/api/health", "/login", "/api/sources"] {
        let answer = TestHttpClient::anonymous(server).try_get(path);
        let answer = answer.unwrap_or_else(|error| panic!("{path} is not answered: {error}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

#[test]
fn a_thousand_slow_requests_of_one_address_keep_nobody_out() {
    let setup = ServerSetup::new().with_open_files(1024);
    let server = setup.start();
    attack(server.address(), 1000, |_| [127, 0, 0, 1]);
}

#[test]
fn slow_requests_of_many_addresses_keep_nobody_out_of_a_server_with_few_files() {
    let setup = ServerSetup::new().with_open_files(256);
    let server = setup.start();
    wait_for("the limit in the log", || server.log().contains("at most 64 connections"));
    attack(server.address(), 300, |number| {
        [127, 0, 1 + u8::try_from(number / 200).unwrap_or(1), 1 + (number % 200) as u8]
    });
}

#[test]
fn idle_connections_make_place_for_new_ones() {
    let setup = ServerSetup::new().with_open_files(256);
    let server = setup.start();
    let connect = |_| {
        let mut client = SocketClient::connect(server.address());
        client.send("GET /api/health HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
        assert!(client.read_head().starts_with("HTTP/1.1 200 "));
        client
    };
    let (mut idle, took) = measure_load_time(|| (0..200).map(connect).collect::<Vec<_>>());
    // The framework would close the first ones after five seconds.
    assert!(took < Duration::from_secs(4), "{took:?}");
    expect_answers(server.address());
    let open = idle.iter_mut().filter_map(|client| (!client.is_closed()).then_some(())).count();
    assert!(open <= 64, "{open} are open");
}
