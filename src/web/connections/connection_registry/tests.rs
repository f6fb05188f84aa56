use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::connection_limits::ConnectionLimits;
use super::{ConnectionRegistry, RegisteredConnection};

/// The address of a trusted proxy.
const PROXY: [u8; 4] = [192, 0, 2, 1];
/// The address of a client.
const CLIENT: [u8; 4] = [192, 0, 2, 7];

fn registry(max_connections: usize, max_incomplete: usize) -> Arc<ConnectionRegistry> {
    let limits = ConnectionLimits { max_connections, max_incomplete, ..ConnectionLimits::for_open_files(1024) };
    Arc::new(ConnectionRegistry::new(limits, "192.0.2.1".parse().expect("a proxy")))
}

fn admit(registry: &Arc<ConnectionRegistry>, address: [u8; 4], now: Instant) -> RegisteredConnection {
    registry.admit(address.into(), now).expect("a connection")
}

fn is_closed(registered: &RegisteredConnection) -> bool {
    registered.connection.is_evicted()
}

#[test]
fn a_trusted_proxy_may_have_any_number_of_incomplete_requests() {
    let (registry, now) = (registry(100, 2), Instant::now());
    let of_proxy: Vec<_> = (0..10).map(|_| admit(&registry, PROXY, now)).collect();
    assert!(!of_proxy.iter().any(is_closed));
    let of_client: Vec<_> = (0..10).map(|_| admit(&registry, CLIENT, now)).collect();
    assert_eq!(of_client.iter().filter(|registered| !is_closed(registered)).count(), 2);
}

#[test]
fn the_addresses_of_an_ipv6_network_share_their_limit() {
    let (registry, now) = (registry(100, 1), Instant::now());
    let open = |text: &str| registry.admit(text.parse().expect("an address"), now).expect("a connection");
    let (first, elsewhere) = (open("2001:db8:0:1::1"), open("2001:db8:0:2::1"));
    let second = open("2001:db8:0:1::2");
    assert!(is_closed(&first) && !is_closed(&second) && !is_closed(&elsewhere));
}

#[test]
fn a_body_that_arrives_in_time_is_not_the_oldest() {
    let (registry, begin) = (registry(100, 2), Instant::now());
    let steady = admit(&registry, CLIENT, begin);
    steady.connection.begin_request(true);
    let limits = steady.connection.limits;
    let slow = admit(&registry, CLIENT, begin + Duration::from_secs(1));
    let later = begin + 4 * limits.body_period;
    steady.connection.record_read(5 * limits.min_body_bytes, later);
    let newcomer = admit(&registry, CLIENT, later);
    assert!(is_closed(&slow) && !is_closed(&steady) && !is_closed(&newcomer));
}

#[test]
fn a_complete_request_is_not_closed_for_a_new_connection() {
    let (registry, now) = (registry(2, 2), Instant::now());
    let answered = admit(&registry, CLIENT, now);
    answered.connection.begin_request(false);
    let waiting = admit(&registry, CLIENT, now + Duration::from_secs(1));
    let third = admit(&registry, CLIENT, now + Duration::from_secs(2));
    assert!(is_closed(&waiting) && !is_closed(&answered));
    third.connection.begin_request(false);
    drop(waiting);
    assert!(registry.admit(CLIENT.into(), now).is_none(), "both are being answered");
    third.connection.end_response(now);
    let fourth = admit(&registry, CLIENT, now);
    assert!(is_closed(&third) && !is_closed(&fourth), "the idle one is closed");
}

#[test]
fn a_client_that_accepts_nothing_is_closed_if_no_other_waits() {
    let (registry, begin) = (registry(2, 2), Instant::now());
    let [blocked, answered] = [(); 2].map(|()| admit(&registry, CLIENT, begin));
    blocked.connection.begin_request(false);
    answered.connection.begin_request(false);
    blocked.connection.record_write(true, begin);
    assert!(registry.admit(CLIENT.into(), begin + Duration::from_secs(1)).is_none(), "it may go on soon");
    let newcomer = registry.admit(CLIENT.into(), begin + Duration::from_secs(6));
    assert!(newcomer.is_some() && is_closed(&blocked) && !is_closed(&answered));
}

#[test]
fn what_takes_too_long_is_closed() {
    let (registry, begin) = (registry(100, 100), Instant::now());
    let all = [(); 5].map(|()| admit(&registry, CLIENT, begin));
    let [head, idle, drained, blocked, answered] = all.each_ref().map(|registered| &registered.connection);
    [idle, blocked, answered].iter().for_each(|connection| connection.begin_request(false));
    drained.begin_request(true);
    [idle, drained].iter().for_each(|connection| connection.end_response(begin));
    blocked.record_write(true, begin);
    let closed_after = |seconds| {
        registry.close_overdue(begin + Duration::from_secs(seconds));
        [head, idle, drained, blocked, answered].map(|connection| connection.is_evicted())
    };
    assert_eq!(closed_after(4), [false; 5]);
    assert_eq!(closed_after(5), [false, false, true, false, false]);
    assert_eq!(closed_after(7), [false, true, true, false, false]);
    assert_eq!(closed_after(12), [true, true, true, false, false]);
    assert_eq!(closed_after(60), [true, true, true, true, false]);
}
