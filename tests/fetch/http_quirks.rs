//! Quirks of HTTP servers, on a source of each kind: compression without a header, codings that were not requested,
//! servers that accept browsers alone, and foreign cookies.

use std::sync::Arc;

use super::failing_sources::{ExpectedFailure, assert_failure, fail_every_fixture};
use super::{FetchSetup, peak_memory};
use crate::support::source_fixture::SourceFixture;
use crate::support::stub_server::{ReplyTransform, StubReply, StubServer};

#[test]
fn a_gzip_bomb_that_no_header_announces_stops_at_the_limit_with_flat_memory() {
    let bomb = StubReply::bomb(100_000_000).header("Content-Encoding", "identity");
    let before = peak_memory();
    fail_every_fixture(
        &ExpectedFailure::default(),
        move |_| bomb.clone(),
        |fixture, end| {
            assert_failure(fixture, end, "too_large", "");
        },
    );
    assert!(peak_memory() < before + 50_000, "{before} → {} kB", peak_memory());
}

#[test]
fn a_gzip_bomb_inside_a_gzip_is_detected() {
    let bomb = StubReply::bomb(20_000_000).packed().header("Content-Encoding", "gzip");
    fail_every_fixture(
        &ExpectedFailure::default(),
        move |_| bomb.clone(),
        |fixture, end| {
            assert_failure(fixture, end, "too_large", "");
        },
    );
}

#[test]
fn a_gzip_that_no_header_announces_is_unpacked() {
    let transform: ReplyTransform = Arc::new(StubReply::packed);
    for fixture in SourceFixture::all() {
        fixture.inject_fault(&transform);
        let mut setup = FetchSetup::new();
        fixture.apply_settings(&mut setup.settings);
        let content = setup
            .fetch_content(fixture.kind, &fixture.location)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(content.line_count() >= 20, "{}: {}", fixture.name, content.line_count());
    }
}

#[test]
fn a_coding_that_was_not_requested_is_named() {
    fail_every_fixture(
        &ExpectedFailure::default(),
        |whole| whole.header("Content-Encoding", "br"),
        |fixture, end| {
            assert_failure(fixture, end, "bad_answer", "compressed as “br”");
        },
    );
}

#[test]
fn a_406_is_asked_again_once_as_a_browser_asks_and_then_named() {
    fail_every_fixture(
        &ExpectedFailure::default(),
        |_| StubReply::status(406),
        |fixture, end| assert_failure(fixture, end, "not_acceptable", "(406"),
    );
}

#[test]
fn a_cookie_goes_to_no_other_host() {
    let other = StubServer::start();
    let to = other.url("/elsewhere");
    fail_every_fixture(
        &ExpectedFailure::default(),
        move |_| StubReply::redirect(302, &to).header("Set-Cookie", "pass=s3cret-word; Path=/; Domain=127.0.0.1"),
        |_, end| assert!(!end.message.contains("s3cret-word"), "{}", end.message),
    );
    let seen = other.requests("/elsewhere");
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen.header("Cookie").is_none()), "{seen:?}");
}
