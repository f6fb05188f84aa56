//! Redirects that are not followed, for each kind of source.

use std::net::TcpListener;

use super::failing_sources::{ExpectedFailure, assert_failure, fail_every_fixture};
use crate::support::stub_server::StubReply;

/// Asserts that a redirect to `target` is not followed and that `forbidden` gets no connection.
fn assert_redirect_refused(target: &str, forbidden: Option<&TcpListener>) {
    let to = target.to_owned();
    fail_every_fixture(
        &ExpectedFailure::default(),
        move |_| StubReply::redirect(302, &to),
        |fixture, end| {
            let host = url::Url::parse(target).expect("an address").host_str().expect("a host").to_owned();
            assert!(
                end.message.contains(&host) && !end.message.contains("s3cret"),
                "{}: {}",
                fixture.name,
                end.message
            );
            let (code, expected_text) = match fixture {
                fixture if fixture.uses_form => ("bad_redirect", "Credentials are not sent to another URL"),
                fixture if fixture.uses_google() => ("bad_redirect", "is not a Google host"),
                _ => ("address_refused", "LOCKSTEP_ALLOW_HOSTS"),
            };
            assert_failure(fixture, end, code, expected_text);
        },
    );
    if let Some(forbidden) = forbidden {
        forbidden.set_nonblocking(true).expect("a listener");
        assert!(forbidden.accept().is_err(), "{target} was asked");
    }
}

#[test]
fn a_redirect_to_another_host_in_the_network_is_not_followed() {
    let forbidden = TcpListener::bind("127.0.0.2:0").expect("a port");
    let port = forbidden.local_addr().expect("an address").port();
    assert_redirect_refused(&format!("http://127.0.0.2:{port}/a?token=s3cret"), Some(&forbidden));
}

#[test]
fn a_redirect_to_a_private_address_is_not_followed() {
    assert_redirect_refused("http://10.0.0.1/a", None);
}

#[test]
fn a_redirect_to_this_machine_by_ipv6_is_not_followed() {
    let forbidden = TcpListener::bind("[::1]:0").ok();
    let port = forbidden.as_ref().map_or(9, |listener| listener.local_addr().expect("an address").port());
    assert_redirect_refused(&format!("http://[::1]:{port}/a"), forbidden.as_ref());
}

#[test]
fn a_loop_of_redirects_ends() {
    fail_every_fixture(
        &ExpectedFailure::default(),
        |_| StubReply::redirect(302, "?again=1"),
        |fixture, end| {
            let uses_form = ("bad_redirect", "Credentials are not sent to another URL");
            let (code, expected_text) =
                if fixture.uses_form { uses_form } else { ("too_many_redirects", "redirects this URL to itself") };
            assert_failure(fixture, end, code, expected_text);
        },
    );
}

#[test]
fn a_redirect_to_a_file_or_another_protocol_is_not_followed() {
    for target in ["file:///etc/passwd?s3cret-word", "ftp://me:s3cret-word@127.0.0.1/a.csv", "gopher://127.0.0.1/"] {
        let scheme = target.split(':').next().expect("a scheme");
        fail_every_fixture(
            &ExpectedFailure::default(),
            move |_| StubReply::redirect(302, target),
            |fixture, end| {
                assert_failure(fixture, end, "bad_address", &format!("begins with {scheme}:"));
            },
        );
    }
}
