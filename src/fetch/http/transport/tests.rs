//! Tests a name whose address changes between the check and the connection: the connection goes to the address that was
//! checked, and every new connection is checked again.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{ConnectionContext, ResolveHost, agent};
use crate::fetch::http::cancel_token::with_cancel_token;
use crate::fetch::{FetchError, SilentObserver};

const ALLOWED: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FORBIDDEN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The same port at a permitted and a forbidden address. The permitted address responds a fixed number of times; the
/// forbidden one accepts every connection.
struct TwinServers {
    port: u16,
    forbidden: TcpListener,
}

impl TwinServers {
    fn answering(times: usize) -> Self {
        let (allowed, forbidden) = (0..20)
            .find_map(|_| {
                let allowed = TcpListener::bind((ALLOWED, 0)).ok()?;
                let port = allowed.local_addr().ok()?.port();
                Some((allowed, TcpListener::bind((FORBIDDEN, port)).ok()?))
            })
            .expect("a port that is free at both");
        forbidden.set_nonblocking(true).expect("a listener");
        let port = forbidden.local_addr().expect("an address").port();
        thread::spawn(move || {
            for stream in allowed.incoming().take(times) {
                let mut stream = stream.expect("a connection");
                assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("a response");
            }
        });
        Self { port, forbidden }
    }

    /// Sends `times` requests by name. Returns the body or the error code of each.
    fn ask(&self, times: usize, resolve_host: ResolveHost) -> Vec<String> {
        let limit = Duration::from_secs(10);
        with_cancel_token(&SilentObserver, limit, limit, |cancel| {
            let allow = ALLOWED.to_string().parse().expect("a list");
            let (cancel, received_bytes) = (Arc::clone(cancel), AtomicU64::new(0));
            let agent = agent(&Arc::new(ConnectionContext {
                cancel,
                allow,
                max_received_bytes: 10_000,
                received_bytes,
                resolve_host,
            }));
            let ask = || match agent.get(format!("http://rebinding.example:{}/", self.port)).call() {
                Ok(mut response) => response.body_mut().read_to_string().expect("a body"),
                Err(ureq::Error::Other(error)) => match error.downcast::<FetchError>().map(|error| *error) {
                    Ok(FetchError::Failed { code, .. }) => code.to_owned(),
                    other => panic!("{other:?}"),
                },
                Err(error) => panic!("{error}"),
            };
            (0..times).map(|_| ask()).collect()
        })
    }

    fn assert_forbidden_server_unvisited(&self) {
        assert_eq!(self.forbidden.accept().expect_err("nobody").kind(), io::ErrorKind::WouldBlock);
    }
}

#[test]
fn a_name_that_resolves_to_another_address_later_is_checked_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    fn in_turn(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!(name, "rebinding.example");
        let first = ASKED.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(vec![SocketAddr::from((if first { ALLOWED } else { FORBIDDEN }, port))])
    }
    let twins = TwinServers::answering(1);
    assert_eq!(twins.ask(1, in_turn), ["ok"]);
    assert_eq!(ASKED.load(Ordering::Relaxed), 1, "nobody looks the name up again after the check");
    assert_eq!(twins.ask(1, in_turn), ["address_refused"]);
    ASKED.store(0, Ordering::Relaxed);
    let twins = TwinServers::answering(1);
    assert_eq!(twins.ask(2, in_turn), ["ok", "address_refused"], "nor is a connection taken for another");
    twins.assert_forbidden_server_unvisited();
}

#[test]
fn of_several_addresses_of_a_name_only_permitted_ones_are_connected_to() {
    fn both(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok([FORBIDDEN, ALLOWED, FORBIDDEN].map(|ip| SocketAddr::from((ip, port))).to_vec())
    }
    fn none(_: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from((FORBIDDEN, port))])
    }
    let twins = TwinServers::answering(2);
    assert_eq!(twins.ask(2, both), ["ok", "ok"]);
    assert_eq!(twins.ask(1, none), ["address_refused"]);
    twins.assert_forbidden_server_unvisited();
}
