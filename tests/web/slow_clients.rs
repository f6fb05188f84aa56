//! Clients that send, read and wait slowly. The limits are short here; `servers::slow_clients` has the real ones.

use std::time::{Duration, Instant};

use lockstep::domain::account::Role;
use lockstep::web::ConnectionLimits;

use super::site::{PASSWORD, TestSite};
use crate::support::socket_client::SocketClient;
use crate::support::waiting::{WAIT_LIMIT, wait_for};

/// Limits that tests can wait for. A body must arrive at 100 bytes a second.
fn short_limits() -> ConnectionLimits {
    ConnectionLimits {
        head_timeout: Duration::from_millis(500),
        idle_timeout: Duration::from_millis(500),
        body_period: Duration::from_secs(1),
        min_body_bytes: 100,
        drain_timeout: Duration::from_millis(500),
        write_timeout: Duration::from_secs(1),
        ..ConnectionLimits::for_open_files(1024)
    }
}

/// The cookie of an admin.
fn log_in(site: &TestSite) -> String {
    site.add_user("ada", Role::Admin);
    let reply = site.visitor().post_form("/login", &[("username", "ada"), ("password", PASSWORD)]);
    reply.cookie().expect("a session")
}

/// Sends the head of a request with a body of 60 kB, and then a byte every 100 ms until the server closes. Returns what
/// the server sent.
fn send_slow_body(site: &TestSite, head: &str) -> String {
    let mut client = SocketClient::connect(site.address);
    let is_chunked = head.contains("chunked");
    let (length, piece) = if is_chunked { ("", "1\r\na\r\n") } else { ("Content-Length: 60000\r\n", "a") };
    client.send(&format!("{head}Host: lockstep.test\r\n{length}\r\n"));
    let started = Instant::now();
    // The response must come although the client sends on.
    while client.try_send(piece) && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
    }
    client.read_to_end()
}

#[test]
fn a_body_that_arrives_too_slowly_is_answered_in_the_format_of_the_request() {
    let site = TestSite::with_connection_limits(short_limits());
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let cookie = log_in(&site);
    let upload = format!("Cookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=frontier\r\n");
    let expected = "The request arrived too slowly, so nothing was changed. Check your connection and try again.";
    for (head, body) in [
        ("POST /api/sync HTTP/1.1\r\nContent-Type: application/json\r\n".to_owned(), "\"code\":\"request_timeout\""),
        (format!("POST /login HTTP/1.1\r\n{form}"), "Request timed out"),
        (format!("POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{form}"), "Request timed out"),
        (format!("POST /login HTTP/1.1\r\nHX-Request: true\r\n{form}"), "lockstep-reason: request_timeout"),
        (format!("POST /settings/sources/new HTTP/1.1\r\n{upload}"), "Request timed out"),
    ] {
        let response = send_slow_body(&site, &head);
        assert!(response.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}: {response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{head}: {response}");
        assert!(response.contains("\r\nx-content-type-options: nosniff\r\n"), "{head}: {response}");
        assert!(response.contains(body) && response.contains(expected), "{head}: {response}");
    }
}

#[test]
fn an_upload_that_arrives_slowly_but_steadily_succeeds() {
    let site = TestSite::with_connection_limits(short_limits());
    let cookie = log_in(&site);
    let rows: String = (1..=60).map(|id| format!("{id},Title {id}\n")).collect();
    let body = format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"slow.csv\"\r\n\r\nid,title\n{rows}\r\n\
         --frontier--\r\n"
    );
    let mut client = SocketClient::connect(site.address);
    client.send(&format!(
        "POST /settings/sources/new HTTP/1.1\r\nHost: lockstep.test\r\nCookie: {cookie}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=frontier\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    let started = Instant::now();
    for piece in body.as_bytes().chunks(20) {
        client.send(std::str::from_utf8(piece).expect("text"));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(started.elapsed() > Duration::from_millis(2500), "it took more than two periods");
    let response = client.read_to_end();
    assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("slow.csv"), "{response}");
}

#[test]
fn a_client_that_reads_no_response_is_closed() {
    let site = TestSite::with_connection_limits(short_limits());
    let mut client = SocketClient::connect(site.address);
    // Each response is larger than its request, so that the responses fill every buffer first.
    let request = "GET /login HTTP/1.1\r\nHost: lockstep.test\r\n\r\n";
    let started = Instant::now();
    while client.try_send(request) {
        assert!(started.elapsed() < WAIT_LIMIT, "still open");
    }
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let site = TestSite::with_connection_limits(short_limits());
    let mut silent = SocketClient::connect(site.address);
    let response = silent.read_to_end();
    assert!(response.starts_with("HTTP/1.1 408 ") || response.is_empty(), "{response}");
    let mut idle = SocketClient::connect(site.address);
    idle.send("GET /api/health HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
    let response = idle.read_to_end();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn a_second_request_whose_head_stays_incomplete_is_closed() {
    let site = TestSite::with_connection_limits(short_limits());
    for between in ["", "GET /api/health HT"] {
        let mut client = SocketClient::connect(site.address);
        client.send(&format!("GET /api/health HTTP/1.1\r\nHost: lockstep.test\r\n\r\n{between}"));
        assert!(client.read_head().starts_with("HTTP/1.1 200 "));
        let started = Instant::now();
        while client.try_send("G") && started.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(client.is_closed(), "after {between:?}");
    }
}

#[test]
fn the_rest_of_a_body_that_nobody_reads_does_not_keep_the_connection() {
    let site = TestSite::with_connection_limits(short_limits());
    let mut client = SocketClient::connect(site.address);
    client.send("POST /nothing HTTP/1.1\r\nHost: lockstep.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(client.read_head().starts_with("HTTP/1.1 404 "));
    let started = Instant::now();
    while client.try_send("1\r\na\r\n") && started.elapsed() < Duration::from_secs(15) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(client.is_closed());
}

#[test]
fn the_oldest_incomplete_request_of_an_address_makes_place_for_a_new_one() {
    let site = TestSite::with_connection_limits(ConnectionLimits {
        max_incomplete: 3,
        ..ConnectionLimits::for_open_files(1024)
    });
    let open = |address: [u8; 4]| {
        let mut client = SocketClient::connect_from(address, site.address);
        client.send("GET /api/health HTTP/1.1\r\n");
        // Ages differ.
        std::thread::sleep(Duration::from_millis(20));
        client
    };
    let mut other = open([127, 0, 0, 2]);
    let mut complete = SocketClient::connect_from([127, 0, 0, 3], site.address);
    complete.send("GET /api/health HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
    assert!(complete.read_head().starts_with("HTTP/1.1 200 "));
    let mut clients: Vec<_> = (0..3).map(|_| open([127, 0, 0, 3])).collect();
    assert!(clients.iter_mut().all(|client| !client.is_closed()), "three are allowed");
    clients.push(open([127, 0, 0, 3]));
    wait_for("the end of the oldest", || clients[0].is_closed());
    for client in &mut clients[1..] {
        client.send("Host: lockstep.test\r\n\r\n");
        assert!(client.read_head().starts_with("HTTP/1.1 200 "));
    }
    other.send("Host: lockstep.test\r\n\r\n");
    assert!(other.read_head().starts_with("HTTP/1.1 200 "), "another address is not affected");
    assert!(!complete.is_closed(), "a complete request is not affected");
}
