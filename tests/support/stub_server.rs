//! A small HTTP/1.1 server on 127.0.0.1 with replies and faults that a test sets.
//!
//! For public Google sheets, [`StubServer::sheet`] redirects from the export URL to the content, as Google does.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::stub_reply::ReplyFault;
pub(crate) use super::stub_reply::{ReplyTransform, StubReply};

/// A request that the server received.
#[derive(Clone, Debug)]
pub(crate) struct RecordedRequest {
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
}

impl RecordedRequest {
    /// A request with its headers in the received form.
    pub(super) fn new(target: String, headers: Vec<(String, String)>) -> Self {
        Self { target, headers }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct StubState {
    /// The queued replies by path, with or without its query; the last one stays.
    replies: HashMap<String, VecDeque<StubReply>>,
    /// Functions that answer, by path.
    deciders: HashMap<String, RequestHandler>,
    seen: Vec<RecordedRequest>,
    now: usize,
    most: usize,
}

/// Answers a request.
type RequestHandler = Arc<dyn Fn(&RecordedRequest) -> StubReply + Send + Sync>;

/// The server. It ends when dropped.
pub(crate) struct StubServer {
    address: SocketAddr,
    state: Arc<Mutex<StubState>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl StubServer {
    /// Starts a server that answers 404 to everything.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(StubState::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ending) = (Arc::clone(&state), Arc::clone(&over));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::Acquire) {
                    return;
                }
                let (state, over) = (Arc::clone(&shared), Arc::clone(&ending));
                // A client may close its connection at any time.
                thread::spawn(move || stream.and_then(|stream| answer_request(stream, &state, &over)).unwrap_or(()));
            }
        });
        Self { address, state, over, accepting: Some(accepting) }
    }

    /// The URL of `path` on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port of this server.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sets the reply for `path` (with or without a query) from now on.
    pub(crate) fn set_reply(&self, path: &str, reply: StubReply) {
        self.lock_state().replies.insert(path.to_owned(), VecDeque::from([reply]));
    }

    /// Queues a reply for `path` after those that are set or queued; each but the last one is sent once.
    pub(crate) fn queue_reply(&self, path: &str, reply: StubReply) {
        self.lock_state().replies.entry(path.to_owned()).or_default().push_back(reply);
    }

    /// Sets a function that decides the reply to every request for `path`, with any query.
    pub(crate) fn reply_with(
        &self,
        path: &str,
        decide: impl Fn(&RecordedRequest) -> StubReply + Send + Sync + 'static,
    ) {
        self.lock_state().deciders.insert(path.to_owned(), Arc::new(decide));
    }

    /// Serves a CSV file.
    pub(crate) fn serve_csv(&self, path: &str, text: &str) {
        self.set_reply(path, StubReply::csv(text));
    }

    /// Serves a tab of a public sheet as Google does, by a redirect to the content. Tab 0 is also served without a
    /// `gid`.
    pub(crate) fn serve_sheet(&self, id: &str, gid: u64, csv: &str) {
        let content = format!("/content/{id}/{gid}");
        let export = format!("/spreadsheets/d/{id}/export?format=csv");
        self.set_reply(&content, StubReply::csv(csv));
        self.set_reply(&format!("{export}&gid={gid}"), StubReply::redirect(307, &content));
        if gid == 0 {
            self.set_reply(&export, StubReply::redirect(307, &content));
        }
    }

    /// Serves a sheet that is not public: a redirect to a sign-in page.
    pub(crate) fn serve_private_sheet(&self, id: &str) {
        self.set_reply(&format!("/spreadsheets/d/{id}/export"), StubReply::redirect(302, "/ServiceLogin?continue=x"));
        self.set_reply("/ServiceLogin", StubReply::html("<!doctype html><title>Sign in</title>"));
    }

    /// How often `path` was requested, with any query unless one is given.
    pub(crate) fn request_count(&self, path: &str) -> usize {
        self.requests(path).len()
    }

    /// The requests for `path`, with any query unless one is given.
    pub(crate) fn requests(&self, path: &str) -> Vec<RecordedRequest> {
        self.lock_state()
            .seen
            .iter()
            .filter(|seen| seen.target == path || path_without_query(&seen.target) == path)
            .cloned()
            .collect()
    }

    /// The largest number of requests at the same time.
    pub(crate) fn max_concurrent_requests(&self) -> usize {
        self.lock_state().most
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, StubState> {
        self.state.lock().expect("the server's state")
    }
}

impl Drop for StubServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // A last connection wakes the accepting thread up.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread");
        }
    }
}

fn path_without_query(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn answer_request(mut stream: TcpStream, state: &Mutex<StubState>, over: &AtomicBool) -> io::Result<()> {
    let Some(seen) = read_request(&stream)? else { return Ok(()) };
    let decide = state.lock().expect("the server's state").deciders.get(path_without_query(&seen.target)).cloned();
    let reply = {
        let mut state = state.lock().expect("the server's state");
        state.seen.push(seen.clone());
        state.now += 1;
        state.most = state.most.max(state.now);
        let key = if state.replies.contains_key(&seen.target) {
            seen.target.as_str()
        } else {
            path_without_query(&seen.target)
        };
        match state.replies.get_mut(key) {
            Some(replies) if replies.len() > 1 => replies.pop_front(),
            Some(replies) => replies.front().cloned(),
            None => None,
        }
    };
    let reply = decide.map(|decide| decide(&seen)).or(reply).unwrap_or_else(|| StubReply::status(404));
    pause_until_shutdown(reply.delay, over);
    // A client that has the whole reply may send its next request before this thread ends, so it is not counted any
    // more.
    let quick = reply.fault == ReplyFault::None;
    let done = || state.lock().expect("the server's state").now -= 1;
    if quick {
        done();
    }
    let result = send_reply(&mut stream, &reply, &seen, over);
    if !quick {
        done();
    }
    result
}

fn read_request(stream: &TcpStream) -> io::Result<Option<RecordedRequest>> {
    // Each byte as the character of its number: headers may hold any.
    let mut lines = BufReader::new(stream).split(b'\n').map(|line| {
        line.map(|line| line.iter().map(|byte| char::from(*byte)).collect::<String>().trim_end().to_owned())
    });
    let Some(first) = lines.next().transpose()? else { return Ok(None) };
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    Ok(Some(RecordedRequest { target, headers }))
}

/// Sends `reply` with its faults, until `over` is set. Its delay has passed already.
pub(super) fn send_reply(
    stream: &mut TcpStream,
    reply: &StubReply,
    seen: &RecordedRequest,
    over: &AtomicBool,
) -> io::Result<()> {
    match reply.fault {
        ReplyFault::Hang => return hang_until_shutdown(over),
        ReplyFault::Close => return Ok(()),
        _ => {}
    }
    let is_known = |validator: &Option<String>, header_name| {
        validator.is_some() && seen.header(header_name) == validator.as_deref()
    };
    let known = is_known(&reply.etag, "If-None-Match") || is_known(&reply.modified, "If-Modified-Since");
    let (status, body) = if known { (304, &[][..]) } else { (reply.status, reply.body.as_slice()) };
    let body = &body[..reply.cut_at.unwrap_or(body.len()).min(body.len())];
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut head = head.into_bytes();
    for (name, value) in &reply.raw_headers {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if status != 304 {
        head.extend(format!("Content-Length: {}\r\n", reply.claimed.unwrap_or(body.len())).into_bytes());
    }
    head.extend(b"\r\n");
    stream.write_all(&head)?;
    match reply.fault {
        ReplyFault::HangAt(bytes) => {
            stream.write_all(&body[..bytes.min(body.len())])?;
            stream.flush()?;
            hang_until_shutdown(over)
        }
        ReplyFault::Reset(bytes) => {
            stream.write_all(&body[..bytes])?;
            stream.flush()?;
            // The bytes that were sent arrive first. Closing with linger 0 then resets the connection.
            pause_until_shutdown(Duration::from_millis(50), over);
            socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
        }
        ReplyFault::Drip(bytes, pause) => send_pieces(stream, body.chunks(bytes), pause, over),
        ReplyFault::DripWithoutEnd(bytes, pause) => {
            send_pieces(stream, body[..body.len().saturating_sub(1)].chunks_exact(bytes), pause, over)?;
            hang_until_shutdown(over)
        }
        _ => stream.write_all(body),
    }
}

fn send_pieces<'a>(
    stream: &mut TcpStream,
    pieces: impl Iterator<Item = &'a [u8]>,
    pause: Duration,
    over: &AtomicBool,
) -> io::Result<()> {
    for piece in pieces {
        stream.write_all(piece)?;
        stream.flush()?;
        pause_until_shutdown(pause, over);
    }
    Ok(())
}

fn hang_until_shutdown(over: &AtomicBool) -> io::Result<()> {
    pause_until_shutdown(Duration::MAX, over);
    Ok(())
}

/// Waits for `time`, or until `over` is set.
pub(super) fn pause_until_shutdown(time: Duration, over: &AtomicBool) {
    let mut left = time;
    while !left.is_zero() && !over.load(Ordering::Acquire) {
        let slice = left.min(Duration::from_millis(20));
        thread::sleep(slice);
        left -= slice;
    }
}
