//! Makes guarded connections: resolves and checks host names, connects only to checked addresses, and checks the
//! [`CancelToken`] during every wait. There is no proxy and no connection pool.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, RustlsConnector, Transport,
};

use super::address_guard::AllowHosts;
use super::cancel_token::{CancelToken, FetchEnd};
use crate::fetch::FetchError;

/// The time limit for resolving a name, and for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How often a waiting socket checks for a cancel.
const SOCKET_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The state that resolver, connector and transport share.
#[derive(Debug)]
pub(super) struct ConnectionContext {
    pub(super) cancel: Arc<CancelToken>,
    pub(super) allow: AllowHosts,
    /// The most bytes that may be received. This limits a compressed body before it is decompressed.
    pub(super) max_received_bytes: u64,
    /// How many bytes were received.
    pub(super) received_bytes: AtomicU64,
    /// Resolves host names.
    pub(super) resolve_host: ResolveHost,
}

/// Returns the addresses of a name with the port. Called once for each connection.
pub(super) type ResolveHost = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Resolves a name with the resolver of the operating system.
pub(super) fn resolve_with_system(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

impl ConnectionContext {
    /// Whether more bytes were received than allowed.
    pub(super) fn is_over_limit(&self) -> bool {
        self.received_bytes.load(Ordering::Relaxed) > self.max_received_bytes
    }
}

/// A client for one fetch over `connection`, which trusts public certificate authorities.
pub(super) fn agent(connection: &Arc<ConnectionContext>) -> ureq::Agent {
    agent_trusting(connection, RootCerts::WebPki)
}

/// A client for one fetch over `connection`, which trusts these certificate authorities.
pub(super) fn agent_trusting(connection: &Arc<ConnectionContext>, authorities: RootCerts) -> ureq::Agent {
    let config = Config::builder()
        .tls_config(TlsConfig::builder().root_certs(authorities).build())
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(0)
        .user_agent(concat!("Lockstep/", env!("CARGO_PKG_VERSION")))
        .build();
    let connector = GuardedConnector { connection: Arc::clone(connection) }.chain(RustlsConnector::default());
    ureq::Agent::with_parts(config, connector, GuardedResolver { connection: Arc::clone(connection) })
}

/// Resolves names and returns only permitted addresses.
#[derive(Debug)]
struct GuardedResolver {
    connection: Arc<ConnectionContext>,
}

impl Resolver for GuardedResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let found: Vec<SocketAddr> = if let Ok(ip) = host.parse::<IpAddr>() {
            vec![SocketAddr::new(ip, port)]
        } else {
            let (name, resolve_host) = (host.clone(), self.connection.resolve_host);
            match self
                .connection
                .cancel
                .run_with_timeout(CONNECT_TIMEOUT, move || resolve_host(&name, port))
                .map_err(end_error)?
            {
                Some(Ok(found)) => found,
                Some(Err(_)) => return Err(ureq::Error::HostNotFound),
                None => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        };
        let Some(first) = found.first().copied() else { return Err(ureq::Error::HostNotFound) };
        let mut addresses = self.empty();
        for at in found.into_iter().filter(|at| self.connection.allow.permits(&host, at.ip())).take(4) {
            addresses.push(at);
        }
        if addresses.is_empty() {
            return Err(ureq::Error::Other(Box::new(address_refused(&host, first.ip()))));
        }
        Ok(addresses)
    }
}

fn address_refused(host: &str, ip: IpAddr) -> FetchError {
    let at = if host.parse::<IpAddr>().is_ok() { String::new() } else { format!(" ({ip})") };
    FetchError::failed(
        "address_refused",
        format!(
            "{host}{at} is not a public internet address, so Lockstep does not fetch from it. If this is intended, \
             the operator can add {host} to LOCKSTEP_ALLOW_HOSTS."
        ),
    )
}

/// The error that ends a fetch inside ureq. The caller checks the [`CancelToken`] again for the reason.
fn end_error(why: FetchEnd) -> ureq::Error {
    let kind = match why {
        FetchEnd::Stopped => io::ErrorKind::ConnectionAborted,
        FetchEnd::TimedOut => io::ErrorKind::TimedOut,
    };
    io::Error::new(kind, "the fetch has ended").into()
}

/// Makes TCP connections to the checked addresses.
#[derive(Debug)]
struct GuardedConnector {
    connection: Arc<ConnectionContext>,
}

impl Connector<()> for GuardedConnector {
    type Out = TcpTransport;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<TcpTransport>, ureq::Error> {
        let addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        let connected =
            self.connection.cancel.run_with_timeout(CONNECT_TIMEOUT, move || connect(&addresses)).map_err(end_error)?;
        let stream = connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SOCKET_POLL_INTERVAL))?;
        stream.set_write_timeout(Some(SOCKET_POLL_INTERVAL))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(TcpTransport { stream, buffers, connection: Arc::clone(&self.connection) }))
    }
}

/// Connects to the first address that responds. Each address gets an even share of the remaining time.
fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let until = Instant::now() + CONNECT_TIMEOUT;
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for (tried, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// One TCP connection.
#[derive(Debug)]
struct TcpTransport {
    stream: TcpStream,
    buffers: LazyBuffers,
    connection: Arc<ConnectionContext>,
}

impl TcpTransport {
    /// Whether `error` only means that the poll interval has passed.
    fn is_still_waiting(error: &io::Error) -> bool {
        matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let mut sent = 0;
        while sent < amount {
            self.connection.cancel.check().map_err(end_error)?;
            match self.stream.write(&self.buffers.output()[sent..amount]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => sent += count,
                Err(error) if Self::is_still_waiting(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        loop {
            self.connection.cancel.check().map_err(end_error)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(count) => {
                    self.buffers.input_appended(count);
                    self.connection.received_bytes.fetch_add(count as u64, Ordering::Relaxed);
                    if self.connection.is_over_limit() {
                        return Err(io::Error::other("more bytes than allowed").into());
                    }
                    return Ok(count > 0);
                }
                Err(error) if Self::is_still_waiting(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        // Connections are not reused.
        false
    }
}

#[cfg(test)]
mod tests;
