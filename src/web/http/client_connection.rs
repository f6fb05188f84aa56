//! The address of the client of a request, and whether its browser uses HTTPS.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::app_state::AppState;

/// The addresses of the clients that proxies forwarded a request for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The scheme that the client used to reach a proxy.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How a client is connected: directly, or through reverse proxies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::web) struct ClientConnection {
    /// The address of the client. A forwarded address counts only if it comes from a trusted proxy.
    pub address: IpAddr,
    /// Whether the browser uses HTTPS: a trusted proxy says so, or the public URL begins with `https`.
    pub is_https: bool,
}

impl ClientConnection {
    /// How the client of `request` is connected. This touches no database.
    pub(in crate::web) fn of(request: &HttpRequest, state: &AppState) -> Self {
        let peer = peer_address(request);
        let forwarded: Vec<Cow<'_, str>> = header_texts(request, &FORWARDED_FOR).collect();
        let address = state.trusted_proxies.client_address(peer, forwarded.iter().map(|line| &**line));
        let is_https = state.links.is_https()
            || (state.trusted_proxies.is_trusted(peer) && is_forwarded_https(header_texts(request, &FORWARDED_PROTO)));
        Self { address, is_https }
    }
}

/// The peer of a request that carries forwarded headers although it is not a trusted proxy; `None` for all others.
pub(in crate::web) fn untrusted_forwarder(request: &HttpRequest, state: &AppState) -> Option<IpAddr> {
    let has_headers = [&FORWARDED_FOR, &FORWARDED_PROTO].into_iter().any(|name| request.headers().contains_key(name));
    let peer = has_headers.then(|| peer_address(request))?;
    (!state.trusted_proxies.is_trusted(peer)).then_some(peer)
}

/// The address of the other end of the connection.
fn peer_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// The lines of a header. No line is left out, whatever bytes the client wrote into it: a proxy appends to it.
fn header_texts<'a>(request: &'a HttpRequest, name: &HeaderName) -> impl Iterator<Item = Cow<'a, str>> {
    request.headers().get_all(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()))
}

/// Whether the first of the forwarded schemes, which is the browser's own, is HTTPS.
fn is_forwarded_https<'a>(mut schemes: impl Iterator<Item = Cow<'a, str>>) -> bool {
    let line = schemes.next().unwrap_or_default();
    line.split(',').next().unwrap_or_default().trim().eq_ignore_ascii_case("https")
}
