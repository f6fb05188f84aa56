//! Every response has the security headers: those of handlers, errors, assets, and those that the framework sends
//! itself.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use lockstep::domain::account::Role;
use lockstep::web::ConnectionLimits;

use super::site::TestSite;
use crate::support::socket_client::SocketClient;

/// The start of each header.
const SECURITY_HEADERS: [&str; 6] = [
    "content-security-policy: default-src 'self';",
    "x-content-type-options: nosniff",
    "referrer-policy: same-origin",
    "x-frame-options: DENY",
    "x-robots-tag: noindex",
    "cache-control: ",
];

/// Sends a request and returns the head of the response, which must have this status and every security header once.
#[track_caller]
fn expect_headers(site: &TestSite, request: &str, status: u16) {
    let mut client = SocketClient::connect(site.address);
    client.send(request);
    let head = client.read_head();
    let shown = request.chars().take(100).collect::<String>();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {head}");
    for header in SECURITY_HEADERS {
        let count = head.lines().filter(|line| line.starts_with(header)).count();
        assert_eq!(count, 1, "{header:?} of {shown}: {head}");
    }
}

/// A request with these further header lines.
fn request(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: lockstep.test\r\n{headers}\r\n")
}

#[test]
fn responses_of_every_kind_have_security_headers() {
    let site = TestSite::new();
    let page = site.visitor().get("/login").body;
    let (_, rest) = page.split_once("href=\"/static/").expect("a stylesheet");
    let (asset, _) = rest.split_once('"').expect("its end");
    let admin = "Authorization: Bearer token-of-robot\r\n";
    site.add_program("robot", Role::Admin);
    for (line, headers, status) in [
        ("GET /login", "", 200),
        ("HEAD /login", "", 200),
        ("GET /api/health", "", 200),
        (&format!("GET /static/{asset}"), "", 200),
        ("GET /login", "Accept-Encoding: gzip\r\n", 200),
        ("GET /api/catalog/albums/items", "If-None-Match: *\r\n", 304),
        ("GET /login/", "", 308),
        ("GET /favicon.ico", "", 307),
        ("GET /settings", "", 303),
        ("GET /api/history", "", 401),
        ("POST /login", "Sec-Fetch-Site: cross-site\r\n", 403),
        ("GET /nothing", "", 404),
        ("GET /api/nothing", "", 404),
        ("DELETE /login", "", 405),
        ("GET /static/nothing.css", "", 404),
        // Compression itself refuses this one.
        ("GET /login", "Accept-Encoding: identity;q=0, *;q=0\r\n", 406),
        ("POST /api/sync", &format!("{admin}Content-Type: application/json\r\nContent-Length: 70000\r\n"), 413),
    ] {
        expect_headers(&site, &request(line, headers), status);
    }
}

#[test]
fn an_internal_error_has_security_headers() {
    let site = TestSite::new();
    let path = site.data_dir().join("lockstep.db").display().to_string();
    let mut sqlite = SqliteConnection::establish(&path).expect("the database");
    sqlite.batch_execute("ALTER TABLE sources RENAME TO sources_gone").expect("renamed");
    for path in ["/catalog/albums", "/api/catalog/albums/items", "/catalog/albums/sync-status"] {
        expect_headers(&site, &request(&format!("GET {path}"), ""), 500);
    }
}

#[test]
fn responses_of_the_framework_have_security_headers() {
    let site = TestSite::with_connection_limits(ConnectionLimits {
        head_timeout: Duration::from_millis(300),
        ..ConnectionLimits::for_open_files(1024)
    });
    for (sent, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET /login HTTP/9.9\r\n\r\n", 400),
        ("GET /login HTTP/1.1\r\nBad Header: 1\r\n\r\n", 400),
        ("POST /login HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        ("GET /login HTTP/1.1\r\nHost: lock", 408),
    ] {
        expect_headers(&site, sent, status);
    }
    let site = TestSite::new();
    expect_headers(&site, &request("GET /login", &format!("Cookie: {}\r\n", "a".repeat(300_000))), 431);
    let mut client = SocketClient::connect(site.address);
    client.send("GET /api/health HTTP/1.1\r\nHost: lockstep.test\r\n\r\n");
    client.read_response();
    client.send("nonsense\r\n\r\n");
    let rest = client.read_to_end();
    assert!(rest.contains("HTTP/1.1 400 ") && rest.contains(SECURITY_HEADERS[1]), "the second request: {rest}");
}
