//! Requests that are correct and rare: with `Expect`, of HTTP/1.0, several at once.

use super::site::TestSite;
use crate::support::socket_client::SocketClient;

#[test]
fn a_body_is_sent_after_100_continue() {
    let site = TestSite::new();
    let mut client = SocketClient::connect(site.address);
    client.send(
        "POST /api/sync HTTP/1.1\r\nHost: lockstep.test\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{}");
    let response = client.read_response();
    assert!(response.starts_with("HTTP/1.1 4") && response.contains("\"code\""), "{response}");
}

#[test]
fn http_1_0_gets_a_body_without_chunks_and_the_end_of_the_connection() {
    let site = TestSite::new();
    let source = site.fill_csv("stock", "id,title\n1,One\n");
    let mut client = SocketClient::connect(site.address);
    client.send(&format!("GET /catalog/{}.csv HTTP/1.0\r\n\r\n", source.slug));
    let response = client.read_to_end();
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n") && response.contains("1,One"), "{response}");
    assert!(!response.contains("transfer-encoding"), "{response}");
}

#[test]
fn requests_that_arrive_at_once_are_answered_in_turn() {
    let site = TestSite::new();
    let mut client = SocketClient::connect(site.address);
    let request = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
    client.send(&[request("GET", "/api/health"), request("GET", "/api/nothing")].concat());
    let response = client.read_response();
    assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("\"status\""), "{response}");
    let response = client.read_response();
    assert!(response.starts_with("HTTP/1.1 404 ") && response.contains("not_found"), "{response}");
    client.send(&request("HEAD", "/api/health"));
    assert!(client.read_head().starts_with("HTTP/1.1 200 "), "without a body");
    client.send(&request("GET", "/api/health"));
    assert!(client.read_head().starts_with("HTTP/1.1 200 "), "the connection stays open");
}

#[test]
fn a_client_may_close_its_half_before_it_reads() {
    let site = TestSite::new();
    let mut client = SocketClient::connect(site.address);
    client.send("GET /login HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
    client.finish_sending();
    let response = client.read_to_end();
    assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("</html>"), "{response}");
}
