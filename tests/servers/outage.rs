//! A database that is away for a while.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use lockstep::store::DatabaseAddress;

use crate::support::Database;
use crate::support::journals::{events, lines};
use crate::support::server::{Home, within};

/// A way to a database that can be cut.
struct Gateway {
    port: u16,
    /// The connections through it; `None` while it is cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Gateway {
    /// A way to the server at that address. It ends with the process of the test.
    fn to(server: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::clone(&open);
        thread::spawn(move || {
            for near in listener.incoming() {
                let mut open = shared.lock().expect("the gateway");
                // While it is cut, a connection ends as soon as it begins.
                let Some(open) = open.as_mut() else { continue };
                let (near, far) = (near.expect("a stream"), TcpStream::connect(&server).expect("the server"));
                carry(&near, &far);
                carry(&far, &near);
                open.push(near);
            }
        });
        Self { port, open }
    }

    fn cut(&self) {
        for stream in self.open.lock().expect("the gateway").take().unwrap_or_default() {
            // It may be closed already, which is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.open.lock().expect("the gateway") = Some(Vec::new());
    }
}

/// Carries what comes from one side to the other, until either ends.
fn carry(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
    thread::spawn(move || {
        let carried = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Both).and(carried).unwrap_or_default()
    });
}

#[test]
fn a_database_that_is_away_for_a_while_costs_a_handful_of_lines() {
    let db = Database::postgres();
    let DatabaseAddress::Postgres(url) = db.address() else { panic!("PostgreSQL") };
    let (before, rest) = url.split_once('@').expect("a user");
    let (server, name) = rest.split_once('/').expect("a database");
    let gateway = Gateway::to(server.to_owned());
    let home = Home::new().with("DATABASE_URL", &format!("{before}@127.0.0.1:{}/{name}", gateway.port));
    let server = home.start();
    let seen = || events(&lines(&home, "health.jsonl")).join(" ");
    within(Duration::from_secs(10), "the first line", || seen() == "started");

    gateway.cut();
    within(Duration::from_secs(30), "the outage is seen", || seen() == "started database_away");
    thread::sleep(Duration::from_secs(25));
    gateway.mend();
    within(Duration::from_secs(30), "its end is seen", || seen() == "started database_away database_back");
    let health = lines(&home, "health.jsonl");
    assert_eq!((&health[1]["healthy"], &health[1]["databaseAnswers"]), (&false.into(), &false.into()));
    assert_eq!((&health[2]["healthy"], &health[2]["waiting"]), (&true.into(), &0.into()));
    let log = server.log();
    assert_eq!(log.matches("the database does not answer").count(), 1, "{log}");
    assert_eq!(log.matches("the database answers again after").count(), 1, "{log}");
    let troubles = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).count();
    assert!(troubles <= 8, "{troubles} lines:\n{log}");
}
