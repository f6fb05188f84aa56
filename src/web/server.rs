//! The server: threads, limits, and what every request passes on its way in and out.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};

use super::http::app_state::AppState;
use super::http::security_headers;
use super::routes;

/// The most bytes of a form or of JSON. Uploads have a limit of their own.
const MOST_BYTES: usize = 64 * 1024;
/// The most threads that answer requests. They never wait for anything, so a few are plenty.
const MOST_THREADS: usize = 4;
/// The most threads beside each of them that wait for the database, a disk or a fetch. More than the processor can
/// run at once would only wake and send each other to sleep, and queue for connections.
const MOST_WAITING: usize = 6;
/// How many seconds answers under way have when the server is told to stop.
const LAST_ANSWERS: u64 = 1;

/// Serves `house` on `listener` until the answered server is told to stop; it does not listen to signals itself. Call
/// this inside an actix runtime, and await what it answers.
///
/// # Errors
/// When the system refuses the listener or a thread.
pub fn serve(listener: TcpListener, house: AppState) -> io::Result<Server> {
    let rooms = web::Data::new(house);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(rooms.clone())
            .app_data(web::PayloadConfig::new(MOST_BYTES))
            .app_data(web::FormConfig::default().limit(MOST_BYTES))
            .app_data(web::JsonConfig::default().limit(MOST_BYTES))
            .configure(routes::table)
            .wrap(from_fn(security_headers::dressed))
            .wrap(Compress::default())
    })
    .workers(threads)
    .worker_max_blocking_threads(MOST_WAITING)
    .shutdown_timeout(LAST_ANSWERS)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}
