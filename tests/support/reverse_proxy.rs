//! A reverse proxy in front of a server. It records requests and answers 502 on demand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// The page that proxies send when their upstream does not answer.
const BAD_GATEWAY: &str =
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

struct ProxyState {
    behind: SocketAddr,
    broken: AtomicBool,
    over: AtomicBool,
    seen: Mutex<Vec<(Instant, String)>>,
}

/// The proxy. It ends when dropped.
pub(crate) struct ReverseProxy {
    address: SocketAddr,
    shared: Arc<ProxyState>,
    accepting: Option<JoinHandle<()>>,
}

impl ReverseProxy {
    /// A proxy in front of the server at `behind`. While no server listens there it closes connections unanswered.
    pub(crate) fn in_front_of(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(ProxyState {
            behind,
            broken: AtomicBool::new(false),
            over: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let accepted = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if accepted.over.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&accepted);
                // Browser and server may close a connection at any time.
                thread::spawn(move || stream.and_then(|stream| forward_request(stream, &shared)).unwrap_or(()));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// The address of a path, through this proxy.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers every request with 502 from now on, or forwards again.
    pub(crate) fn set_broken(&self, broken: bool) {
        self.shared.broken.store(broken, Ordering::Release);
    }

    /// How many requests whose path contains `part` came since `since`.
    pub(crate) fn requests_since(&self, since: Instant, part: &str) -> usize {
        let seen = self.shared.seen.lock().expect("the requests");
        seen.iter().filter(|(when, target)| *when >= since && target.contains(part)).count()
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // A last connection wakes the accepting thread up.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread");
        }
    }
}

/// Forwards one request and its answer, then closes the connection.
fn forward_request(mut browser: TcpStream, shared: &ProxyState) -> io::Result<()> {
    let mut reader = BufReader::new(browser.try_clone()?);
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.extend_from_slice(line.as_bytes());
        }
    }
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    let target = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    shared.seen.lock().expect("the requests").push((Instant::now(), target));
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if shared.broken.load(Ordering::Acquire) {
        let length = BAD_GATEWAY.len();
        return write!(
            browser,
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n\
             {BAD_GATEWAY}"
        );
    }
    let mut server = TcpStream::connect(shared.behind)?;
    server.write_all(&head)?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut browser)?;
    Ok(())
}
