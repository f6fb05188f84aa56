//! A proxy to PostgreSQL that cuts connections, and that loses the server's answer to a commit, on demand.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use lockstep::store::DatabaseAddress;

use super::TestDatabase;

/// The proxy. It ends with the process of the test.
pub(crate) struct FlakyPgProxy {
    address: DatabaseAddress,
    ways: Arc<ProxyConnections>,
}

#[derive(Default)]
struct ProxyConnections {
    /// The open connections; `None` while it refuses them.
    open: Mutex<Option<Vec<TcpStream>>>,
    trap: Mutex<LostCommitTrap>,
}

/// Which commit loses its answer, and how many have.
#[derive(Default)]
struct LostCommitTrap {
    /// The next transaction with a statement that begins like this loses the answer to its commit.
    set: Option<&'static str>,
    /// How many answers were lost.
    sprung: usize,
}

impl FlakyPgProxy {
    /// A proxy to a database of the tests, which must be on PostgreSQL.
    pub(crate) fn to_database(db: &TestDatabase) -> Self {
        let DatabaseAddress::Postgres(url) = db.address() else { panic!("{:?} is no server", db.address()) };
        let (before, rest) = url.split_once('@').expect("a user");
        let (server, name) = rest.split_once('/').expect("a database");
        let server = server.to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let ways = Arc::new(ProxyConnections::default());
        *ways.open.lock().expect("the ways") = Some(Vec::new());
        let shared = Arc::clone(&ways);
        thread::spawn(move || {
            for near in listener.incoming() {
                let mut open = shared.open.lock().expect("the ways");
                // While connections are refused, this one ends at once.
                let Some(open) = open.as_mut() else { continue };
                let (near, far) = (near.expect("a stream"), TcpStream::connect(&server).expect("the server"));
                // Otherwise each message of a request waits for the acknowledgement of the one before.
                near.set_nodelay(true).and(far.set_nodelay(true)).expect("streams");
                relay_both_ways(&near, &far, &shared);
                open.push(near);
            }
        });
        Self { address: DatabaseAddress::Postgres(format!("{before}@127.0.0.1:{port}/{name}")), ways }
    }

    /// The address of the database behind this proxy, by way of the proxy.
    pub(crate) fn address(&self) -> DatabaseAddress {
        self.address.clone()
    }

    /// Closes all connections and refuses new ones.
    pub(crate) fn cut_connections(&self) {
        for stream in self.ways.open.lock().expect("the ways").take().unwrap_or_default() {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Accepts connections again.
    pub(crate) fn restore_connections(&self) {
        *self.ways.open.lock().expect("the ways") = Some(Vec::new());
    }

    /// Loses the answer to the next commit of a transaction with a statement that begins like this: the server has
    /// committed, and the connection ends before the client learns of it.
    pub(crate) fn lose_commit_of(&self, statement: &'static str) {
        self.ways.trap.lock().expect("the trap").set = Some(statement);
    }

    /// How many answers to commits were lost.
    pub(crate) fn count_lost_commits(&self) -> usize {
        self.ways.trap.lock().expect("the trap").sprung
    }
}

/// Relays both directions of a connection until one side ends.
fn relay_both_ways(near: &TcpStream, far: &TcpStream, ways: &Arc<ProxyConnections>) {
    let lose = Arc::new(AtomicBool::new(false));
    let both = || (near.try_clone().expect("a stream"), far.try_clone().expect("a stream"));
    let (there, back) = (both(), both());
    let (ways_there, lose_there) = (Arc::clone(ways), Arc::clone(&lose));
    thread::spawn(move || {
        // Either side may close the connection at any time.
        let _ = relay_to_server(&there.0, &there.1, &ways_there, &lose_there);
        close_both(&there);
    });
    let ways = Arc::clone(ways);
    thread::spawn(move || {
        if relay_to_client(&back.0, &back.1, &lose).is_ok_and(|lost| lost) {
            ways.trap.lock().expect("the trap").sprung += 1;
        }
        close_both(&back);
    });
}

fn close_both(streams: &(TcpStream, TcpStream)) {
    let _ = streams.0.shutdown(Shutdown::Both);
    let _ = streams.1.shutdown(Shutdown::Both);
}

/// Relays the messages of the client and keeps track of its transactions.
fn relay_to_server(
    near: &TcpStream,
    mut far: &TcpStream,
    ways: &ProxyConnections,
    lose: &AtomicBool,
) -> io::Result<()> {
    const NEGOTIATIONS: [[u8; 4]; 2] = [80_877_103_u32.to_be_bytes(), 80_877_104_u32.to_be_bytes()];
    let mut near = BufReader::new(near);
    // The first message has no kind. A request for encryption is refused by the servers of the tests.
    loop {
        let first = read_message(&mut near, 0)?;
        far.write_all(&first)?;
        if !NEGOTIATIONS.iter().any(|asks| first[4..].starts_with(asks)) {
            break;
        }
    }
    let (mut prepared, mut statements) = (HashMap::new(), Vec::new());
    loop {
        let whole = read_message(&mut near, 1)?;
        let mut words = whole[5..].split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).trim().to_owned());
        let mut word = || words.next().unwrap_or_default();
        match whole[0] {
            b'Q' => match word() {
                text if text.starts_with("BEGIN") => statements.clear(),
                text if text.starts_with("COMMIT") => {
                    let mut trap = ways.trap.lock().expect("the trap");
                    let of = |set: &&str| statements.iter().any(|statement: &String| statement.starts_with(*set));
                    if trap.set.as_ref().is_some_and(of) {
                        trap.set = None;
                        lose.store(true, Ordering::SeqCst);
                    }
                }
                text => statements.push(text),
            },
            b'P' => drop(prepared.insert(word(), word())),
            b'B' => {
                let _portal = word();
                statements.extend(prepared.get(&word()).cloned());
            }
            _ => {}
        }
        far.write_all(&whole)?;
    }
}

/// Reads one message, with `kind` bytes before its length.
fn read_message(near: &mut impl Read, kind: usize) -> io::Result<Vec<u8>> {
    let mut whole = vec![0; kind + 4];
    near.read_exact(&mut whole)?;
    let length = u32::from_be_bytes(whole[kind..].try_into().expect("four bytes"));
    whole.resize(kind + usize::try_from(length).expect("a length"), 0);
    near.read_exact(&mut whole[kind + 4..])?;
    Ok(whole)
}

/// Relays the messages of the server up to the answer that is to be lost; returns whether one was lost.
fn relay_to_client(mut near: &TcpStream, mut far: &TcpStream, lose: &AtomicBool) -> io::Result<bool> {
    // The whole answer of the server to a commit.
    const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I";
    let (mut bytes, mut lost) = ([0; 16 * 1024], Vec::new());
    loop {
        let count = far.read(&mut bytes)?;
        if count == 0 {
            return Ok(false);
        }
        // The client waits for this answer alone, so everything before it has been relayed.
        if lose.load(Ordering::SeqCst) {
            lost.extend_from_slice(&bytes[..count]);
            if lost.len() >= COMMITTED.len() {
                assert_eq!(lost, COMMITTED, "{}", String::from_utf8_lossy(&lost));
                return Ok(true);
            }
        } else {
            near.write_all(&bytes[..count])?;
        }
    }
}
