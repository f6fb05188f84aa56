//! Builds the HTTP server: threads, limits, middleware and routes.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};

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

/// Starts the server on `listener`; the returned future ends when it stops. It does not handle signals: stop it with
/// the handle of the returned server. Call this inside an actix runtime.
///
/// # Errors
/// The system's error when it refuses the listener or a thread.
pub fn serve(listener: TcpListener, state: AppState) -> io::Result<Server> {
    let app = web::Data::new(state);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(app.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .app_data(web::FormConfig::default().limit(MAX_BODY_BYTES))
            .app_data(web::JsonConfig::default().limit(MAX_BODY_BYTES))
            .configure(routes::add_routes)
            .wrap(from_fn(process_request))
            .wrap(Compress::default())
    })
    .workers(workers)
    .worker_max_blocking_threads(MAX_BLOCKING_THREADS)
    .shutdown_timeout(SHUTDOWN_TIMEOUT_SECS)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}
