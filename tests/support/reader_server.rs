//! A stub of a reader server on 127.0.0.1: it answers as FreshRSS, Miniflux or Inoreader do, with faults on demand.
//!
//! The differences come from the servers themselves: `p/api/greader.php` of FreshRSS, `internal/googlereader/` of
//! Miniflux, www.inoreader.com/developers.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(crate) use super::reader_article::ReaderArticle;
use super::reader_article::find_by_name;
use super::reader_dialect::{ACCOUNT_NAME, ReaderAnswer, ReaderState, plain_answer};
pub(crate) use super::reader_dialect::{ACCOUNT_SECRETS, ReaderDialect};
use super::stub_reply::{ReplyTransform, StubReply};
use super::stub_server::{RecordedRequest, pause_until_shutdown, send_reply};

/// A fault of the stub.
#[derive(Clone, Debug)]
pub(crate) enum ReaderFault {
    /// `200 []`, as Miniflux answers to an unknown path.
    UnknownPath,
    /// The token has expired.
    ExpiredToken,
    /// Every page names the same next page, without end.
    NextPageLoop,
    /// The name of the next page is very long.
    LongNextPage,
    /// A status with headers.
    Status(u16, Vec<(&'static str, String)>),
    /// A login page, as a proxy would send it.
    LoginPage,
    /// JSON that ends in the middle, with a correct length.
    TruncatedJson,
    /// The connection ends in the middle.
    BrokenConnection,
    /// No reply is ever sent.
    Hang,
    /// No articles, and the name of a next page.
    EmptyPage,
    /// The contents of other articles than those requested.
    OtherContents,
    /// The contents of these articles are left out.
    MissingContents(Vec<i64>),
    /// A changed reply.
    ChangedReply(ReaderReplyTransform),
}

/// A [`ReplyTransform`] with a `Debug` implementation.
#[derive(Clone)]
pub(crate) struct ReaderReplyTransform(pub(crate) ReplyTransform);

impl fmt::Debug for ReaderReplyTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply transform")
    }
}

/// A request that the stub received.
#[derive(Clone, Debug)]
pub(crate) struct ReaderRequest {
    /// `login`, `subscriptions`, `all`, `unread`, `starred`, `contents`, or the path.
    pub(crate) what: String,
    pub(crate) fields: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl ReaderRequest {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        find_by_name(&self.fields, name)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find_by_name(&self.headers, name)
    }
}

/// The server. It ends when dropped.
pub(crate) struct ReaderServer {
    address: SocketAddr,
    state: Arc<Mutex<ReaderState>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl ReaderServer {
    /// A server with these articles, the newest first.
    pub(crate) fn start(dialect: ReaderDialect, articles: Vec<ReaderArticle>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (faults, requests) = (Vec::new(), Vec::new());
        let state = ReaderState { dialect, articles, logins: 0, faults, requests, page: usize::MAX, quota: None };
        let state = Arc::new(Mutex::new(state));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ending) = (Arc::clone(&state), Arc::clone(&over));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::Acquire) {
                    return;
                }
                let (state, over) = (Arc::clone(&shared), Arc::clone(&ending));
                // A client may close its connection at any time.
                thread::spawn(move || stream.and_then(|stream| serve_connection(stream, &state, &over)).unwrap_or(()));
            }
        });
        Self { address, state, over, accepting: Some(accepting) }
    }

    /// The address of the account, with all its secrets.
    pub(crate) fn url(&self) -> String {
        self.url_with(ACCOUNT_SECRETS[0])
    }

    /// The address of the account, with another password.
    pub(crate) fn url_with(&self, password: &str) -> String {
        let account = format!("http://{ACCOUNT_NAME}:{password}@{}", self.address);
        match self.lock_state().dialect {
            ReaderDialect::FreshRss => format!("{account}/api/greader.php"),
            ReaderDialect::Miniflux => account,
            ReaderDialect::Inoreader => format!("{account}/?AppId=1000001414&AppKey={}", ACCOUNT_SECRETS[1]),
        }
    }

    /// Injects a fault into these requests for `what`, counted from 1.
    pub(crate) fn inject_fault(&self, what: &'static str, which: Range<usize>, fault: ReaderFault) {
        let mut state = self.lock_state();
        let before = state.requests.iter().filter(|request| request.what == what).count();
        state.faults.push((what, which.start + before..which.end.saturating_add(before), fault));
    }

    /// Sets the number of articles of a page, whatever number is requested.
    pub(crate) fn set_page_size(&self, count: usize) {
        self.lock_state().page = count;
    }

    /// Answers without faults from now on.
    pub(crate) fn clear_faults(&self) {
        self.lock_state().faults.clear();
    }

    /// Sets the daily quota, the requests made today and the seconds until tomorrow.
    pub(crate) fn set_quota(&self, limit: u64, used: u64, seconds: u64) {
        self.lock_state().quota = Some((limit, used, seconds));
    }

    /// Whether the quota of today is used up.
    pub(crate) fn is_quota_used_up(&self) -> bool {
        self.lock_state().quota.is_some_and(|(limit, used, _)| used >= limit)
    }

    /// Changes the articles.
    pub(crate) fn change_articles(&self, change: impl FnOnce(&mut Vec<ReaderArticle>)) {
        change(&mut self.lock_state().articles);
    }

    /// Whether there was a request for `what` since the requests were taken last.
    pub(crate) fn has_been_asked_for(&self, what: &str) -> bool {
        self.lock_state().requests.iter().any(|request| request.what == what)
    }

    /// The requests since the last call.
    pub(crate) fn take_requests(&self) -> Vec<ReaderRequest> {
        // Faults count requests, so they end here too.
        let mut state = self.lock_state();
        state.faults.clear();
        std::mem::take(&mut state.requests)
    }

    /// The name of each request since the last call.
    pub(crate) fn take_request_names(&self) -> Vec<String> {
        self.take_requests().into_iter().map(|request| request.what).collect()
    }

    fn lock_state(&self) -> MutexGuard<'_, ReaderState> {
        self.state.lock().expect("the server's state")
    }
}

impl Drop for ReaderServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // A last connection wakes the accepting thread up.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread");
        }
    }
}

fn serve_connection(mut stream: TcpStream, state: &Mutex<ReaderState>, over: &AtomicBool) -> io::Result<()> {
    let Some((method, path, request)) = read_request(&stream)? else { return Ok(()) };
    let (answer, fault) = {
        let mut state = state.lock().expect("the server's state");
        state.requests.push(request.clone());
        let count = state.requests.iter().filter(|seen| seen.what == request.what).count();
        let fault = state.faults.iter().find(|(what, which, _)| *what == request.what && which.contains(&count));
        let fault = fault.map(|(.., fault)| fault.clone());
        let mut answer = state.answer_request(&method, &path, &request, fault.as_ref());
        match &fault {
            Some(ReaderFault::UnknownPath) => answer.body = "[]".to_owned(),
            Some(ReaderFault::Status(status, headers)) => {
                answer = ReaderAnswer { status: *status, headers: headers.clone(), ..plain_answer(*status, "") };
            }
            Some(ReaderFault::LoginPage) => {
                answer = ReaderAnswer { kind: "text/html", ..plain_answer(200, "<!DOCTYPE html><title>Log in") }
            }
            Some(ReaderFault::TruncatedJson) => answer.body.truncate(answer.body.len() / 2),
            _ => {}
        }
        (answer, fault)
    };
    if matches!(fault, Some(ReaderFault::Hang)) {
        while !over.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(20));
        }
        return Ok(());
    }
    if let Some(ReaderFault::ChangedReply(ReaderReplyTransform(transform))) = &fault {
        let whole = StubReply::status(answer.status).header("Content-Type", answer.kind).body(answer.body);
        let reply = transform(whole);
        pause_until_shutdown(reply.delay, over);
        return send_reply(&mut stream, &reply, &RecordedRequest::new(path, request.headers), over);
    }
    let length = answer.body.len();
    let mut head =
        format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\nContent-Type: {}\r\n", answer.status, answer.kind);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {length}\r\n\r\n"));
    stream.write_all(head.as_bytes())?;
    let sent = if matches!(fault, Some(ReaderFault::BrokenConnection)) { length / 2 } else { length };
    stream.write_all(&answer.body.as_bytes()[..sent])
}

fn read_request(stream: &TcpStream) -> io::Result<Option<(String, String, ReaderRequest)>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = find_by_name(&headers, "Content-Length").map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(&body));
    let fields: Vec<(String, String)> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let path = path.trim_start_matches("/api/greader.php").to_owned();
    let what = match path.as_str() {
        "/accounts/ClientLogin" => "login",
        "/reader/api/0/subscription/list" => "subscriptions",
        "/reader/api/0/stream/items/contents" => "contents",
        "/reader/api/0/stream/items/ids" if find_by_name(&fields, "xt").is_some() => "unread",
        "/reader/api/0/stream/items/ids" if find_by_name(&fields, "s").is_some_and(|s| s.ends_with("starred")) => {
            "starred"
        }
        "/reader/api/0/stream/items/ids" => "all",
        other => other,
    };
    let what = what.to_owned();
    Ok(Some((method, path, ReaderRequest { what, fields, headers })))
}
