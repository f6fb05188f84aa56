//! Nothing from outside is trusted: addresses, redirects, sizes, lengths.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{FetchSetup, peak_memory, read_cells};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn a_private_address_is_refused_however_it_is_written() {
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id\n1\n");
    let setup = FetchSetup::new().allow_hosts("");
    let port = stub.port();
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
        let (code, message) = setup.fetch_failure(&format!("http://{host}:{port}/a.csv"));
        assert_eq!(code, "address_refused", "{host}: {message}");
        assert!(message.contains("LOCKSTEP_ALLOW_HOSTS"), "{message}");
    }
    for url in [
        "http://10.0.0.1/a",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00::1]/",
        "http://[64:ff9b::a00:1]/",
    ] {
        assert_eq!(setup.fetch_failure(url).0, "address_refused", "{url}");
    }
    assert_eq!(stub.request_count("/a.csv"), 0);
}

#[test]
fn a_private_address_is_refused_on_a_redirect_hop() {
    let stub = StubServer::start();
    stub.serve_csv("/secret", "id\n1\n");
    let setup = FetchSetup::new();
    for target in
        [format!("http://127.0.0.2:{}/secret", stub.port()), "http://169.254.169.254/".into(), "http://[::1]/".into()]
    {
        stub.set_reply("/go", StubReply::redirect(302, &target));
        assert_eq!(setup.fetch_failure(&stub.url("/go")).0, "address_refused", "{target}");
    }
    assert_eq!(stub.request_count("/secret"), 0);
}

#[test]
fn an_allowed_name_may_lead_to_a_private_address() {
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id\n1\n");
    let setup = FetchSetup::new().allow_hosts("localhost");
    let url = format!("http://localhost:{}/a.csv", stub.port());
    assert_eq!(read_cells(&*setup.fetch_url(&url).expect("allowed")), [["1"]]);
    assert_eq!(setup.fetch_failure(&stub.url("/a.csv")).0, "address_refused");
}

#[test]
fn only_web_addresses_are_followed() {
    let stub = StubServer::start();
    stub.set_reply("/go", StubReply::redirect(302, "file:///etc/passwd"));
    assert_eq!(FetchSetup::new().fetch_failure(&stub.url("/go")).0, "bad_address");
    stub.set_reply("/nowhere", StubReply::status(302));
    assert_eq!(FetchSetup::new().fetch_failure(&stub.url("/nowhere")).0, "bad_redirect");
}

#[test]
fn redirects_are_followed_and_a_loop_of_them_ends() {
    let stub = StubServer::start();
    stub.serve_csv("/end", "id\n7\n");
    stub.set_reply("/a", StubReply::redirect(301, "b"));
    stub.set_reply("/b", StubReply::redirect(308, "/end"));
    stub.set_reply("/loop", StubReply::redirect(302, "/loop"));
    let setup = FetchSetup::new();
    assert_eq!(read_cells(&*setup.fetch_url(&stub.url("/a")).expect("followed")), [["7"]]);
    stub.set_reply("/on", StubReply::redirect(302, "/off"));
    stub.set_reply("/off", StubReply::redirect(302, "/on"));
    for (path, expected_text) in [("/loop", "redirects this URL to itself"), ("/on", "redirects in a loop")] {
        let (code, message) = setup.fetch_failure(&stub.url(path));
        assert!(code == "too_many_redirects" && message.contains(expected_text), "{code}: {message}");
        assert!(message.contains("It may need a cookie or a login"), "{message}");
        assert_eq!(stub.request_count(path), 3, "{path}");
    }
    stub.reply_with("/on-and-on", |seen| StubReply::redirect(302, &format!("{}x", seen.target)));
    assert_eq!(setup.fetch_failure(&stub.url("/on-and-on?")).0, "too_many_redirects");
    assert_eq!(stub.request_count("/on-and-on"), 9);
}

#[test]
fn credentials_go_to_their_own_host_only() {
    let (own, other) = (StubServer::start(), StubServer::start());
    other.serve_csv("/a.csv", "id\n1\n");
    own.set_reply("/go", StubReply::redirect(302, &other.url("/a.csv")));
    own.set_reply("/start", StubReply::redirect(302, &own.url("/go")));
    let url = own.url("/start").replace("http://", "http://me:s3cret@");
    let setup = FetchSetup::new();
    setup.fetch_url(&url).expect("followed");
    assert_eq!(own.requests("/go")[0].header("Authorization"), Some("Basic bWU6czNjcmV0"));
    let seen = &other.requests("/a.csv")[0];
    assert_eq!((seen.header("Authorization"), seen.header("Cookie")), (None, None));
    assert!(seen.header("User-Agent").is_some_and(|agent| agent.starts_with("Lockstep/")));
    let (_, message) = setup.fetch_failure(&own.url("/none?token=s3cret").replace("http://", "http://me:s3cret@"));
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn more_than_the_limit_is_refused_announced_or_not() {
    let stub = StubServer::start();
    let mut setup = FetchSetup::new();
    setup.settings.max_bytes = 10_000;
    stub.serve_csv("/fits.csv", &format!("id\n{}", "x".repeat(9_997)));
    stub.serve_csv("/large.csv", &format!("id\n{}", "x".repeat(9_998)));
    stub.set_reply("/unpacked.csv", StubReply::csv(format!("id\n{}", "x".repeat(20_000))).gzip());
    setup.fetch_url(&stub.url("/fits.csv")).expect("it fits");
    for path in ["/large.csv", "/unpacked.csv"] {
        let (code, message) = setup.fetch_failure(&stub.url(path));
        assert_eq!(code, "too_large", "{message}");
    }
}

#[test]
fn a_gzip_bomb_stops_at_the_limit_with_flat_memory() {
    let stub = StubServer::start();
    let mut setup = FetchSetup::new();
    setup.settings.max_bytes = 5_000_000;
    stub.set_reply("/bomb", StubReply::bomb(300_000_000));
    let (before, clock) = (peak_memory(), LoadClock::start());
    assert_eq!(setup.fetch_failure(&stub.url("/bomb")).0, "too_large");
    assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
    assert!(peak_memory() < before + 50_000, "{before} → {} kB", peak_memory());
}

#[test]
fn gzip_that_is_damaged_is_asked_for_once_and_one_that_ends_early_again() {
    let stub = StubServer::start();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"id\n1\n").expect("memory");
    let whole = encoder.finish().expect("memory");
    let mut damaged = whole.clone();
    let sum = damaged.len() - 8;
    damaged[sum] ^= 1;
    for (path, body, shown_text, hits) in [
        ("/damaged.csv", damaged, "cannot be decompressed: its gzip data is damaged. Compress it again", 1),
        ("/garbage.csv", [&whole[..], b"and more"].concat(), "its gzip data is damaged. Compress it again", 1),
        ("/early.csv", whole[..whole.len() - 4].to_vec(), "its gzip data ends in the middle). Try again.", 3),
    ] {
        stub.set_reply(path, StubReply::status(200).body(body));
        let (code, message) = FetchSetup::new().fetch_failure(&stub.url(path));
        assert_eq!((code, stub.request_count(path)), ("truncated", hits), "{message}");
        assert!(message.contains(shown_text), "{message}");
    }
    stub.set_reply("/padded.csv", StubReply::status(200).body([&whole[..], &[0; 512]].concat()));
    let content = FetchSetup::new().fetch_url(&stub.url("/padded.csv")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read_cells(&*content), [["1"]]);
}

#[test]
fn a_truncated_gzip_and_a_wrong_length_are_errors() {
    let stub = StubServer::start();
    let setup = FetchSetup::new();
    let text: String = (0..5000).map(|n| format!("{n},{}\n", n * 7919)).collect();
    let whole = StubReply::csv(&text).gzip();
    stub.set_reply("/cut.csv", whole.cut_at(5000));
    stub.set_reply("/short.csv", StubReply::csv(&text).claiming(text.len() + 10));
    for path in ["/cut.csv", "/short.csv"] {
        let (code, message) = setup.fetch_failure(&stub.url(path));
        assert_eq!(code, "truncated", "{path}: {message}");
        assert!(message.contains("arrived incomplete") && message.ends_with("Try again."), "{message}");
    }
}
