//! Builds the HTTP server: threads, limits, middleware and routes.

use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, rt, web};

use super::connections::{ConnectionLimits, ConnectionRegistry, GuardedStream, close_overdue_connections};
use super::error_pages::middleware::process_request;
use super::http::app_state::AppState;
use super::routes;

/// The most bytes of a form or of JSON. Uploads have their own limit.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most threads that handle requests. They never block, so a few suffice.
const MAX_WORKERS: usize = 4;
/// The most blocking threads of each worker, which wait for the database, a disk or a fetch. More threads than the
/// processor can run at once would only compete for it, and for connections.
const MAX_BLOCKING_THREADS: usize = 6;
/// How many seconds requests in progress have when the server stops.
const SHUTDOWN_TIMEOUT_SECS: u64 = 1;
/// How long the framework reads on after a response to a request that it did not read completely, so that the client
/// receives the response.
const DISCONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);
/// Connections that may exist for a moment beyond the limit: accepted, but not handled yet, or about to be closed.
const PASSING_CONNECTIONS: usize = 32;

/// Starts the server on `listener`; the returned future ends when it stops. It does not handle signals: stop it with
/// the handle of the returned server. Call this inside an actix runtime.
///
/// `actix_web::HttpServer` would neither refuse a connection nor close one, so this builds what it builds, with a
/// [`GuardedStream`] around each connection.
///
/// # Errors
/// The system's error when it refuses the listener or a thread.
pub fn serve(listener: TcpListener, state: AppState, limits: ConnectionLimits) -> io::Result<Server> {
    let registry = Arc::new(ConnectionRegistry::new(limits, state.trusted_proxies.clone()));
    let app = web::Data::new(state);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    rt::spawn(close_overdue_connections(Arc::downgrade(&registry)));
    let address = listener.local_addr()?;
    let builder = ServerBuilder::default();
    let shutdown = builder.graceful_shutdown_signal();
    let factory = move || {
        let registry = Arc::clone(&registry);
        let admit = fn_service(move |stream: TcpStream| ready(admit_connection(&registry, stream)));
        let shutdown = shutdown.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let signal = shutdown.clone();
                async move { signal.notified().await }
            })
            .keep_alive(limits.idle_timeout)
            .client_request_timeout(limits.head_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .local_addr(address)
            .on_connect_ext(|stream: &GuardedStream, data| {
                data.insert(Arc::clone(stream.connection()));
            });
        let app = App::new()
            .app_data(app.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .app_data(web::FormConfig::default().limit(MAX_BODY_BYTES))
            .app_data(web::JsonConfig::default().limit(MAX_BODY_BYTES))
            .configure(routes::add_routes)
            .wrap(from_fn(process_request))
            .wrap(Compress::default())
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        admit.and_then(http.h1(map_config(app, |()| AppConfig::default())))
    };
    let server = builder
        .workers(workers)
        .worker_max_blocking_threads(MAX_BLOCKING_THREADS)
        .max_concurrent_connections((limits.max_connections + PASSING_CONNECTIONS).div_ceil(workers))
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECS)
        .disable_signals()
        .listen("pages", listener, factory)?;
    Ok(server.run())
}

/// Registers a new connection, or refuses it: the error closes it.
fn admit_connection(
    registry: &Arc<ConnectionRegistry>,
    stream: TcpStream,
) -> Result<(GuardedStream, Option<std::net::SocketAddr>), DispatchError> {
    let peer = stream.peer_addr()?;
    let Some(registered) = registry.admit(peer.ip(), Instant::now()) else {
        return Err(DispatchError::Io(io::ErrorKind::QuotaExceeded.into()));
    };
    Ok((GuardedStream::new(stream, registered), Some(peer)))
}
