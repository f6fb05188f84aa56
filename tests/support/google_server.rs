//! A stub of Google on 127.0.0.1: the token endpoint, which verifies signatures, the Sheets API and a little of the
//! Drive API, with the error bodies of the real ones, and faults on demand.

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use chrono::TimeDelta;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use super::google_responder::GoogleResponder;
pub(crate) use super::google_responder::{api_disabled, api_error, quota_exceeded, token_error};
use super::stub_reply::{ReplyTransform, StubReply};
use super::stub_server::RecordedRequest;

/// The address of the service account.
pub(crate) const SERVICE_ACCOUNT_EMAIL: &str = "robot@lockstep-test.iam.gserviceaccount.com";
/// The number of its project.
pub(crate) const PROJECT_NUMBER: &str = "144333293950";
/// A sheet's id.
pub(crate) const SHEET_ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";

/// A tab of a sheet.
#[derive(Clone)]
pub(crate) struct SheetTab {
    pub(crate) gid: u64,
    pub(crate) title: String,
    pub(crate) hidden: bool,
    pub(crate) cells: TabCells,
}

/// The content of a tab.
#[derive(Clone)]
pub(crate) enum TabCells {
    /// These rows.
    Rows(Vec<Vec<String>>),
    /// A header and this many rows of three cells, generated as they are sent.
    Many(u64),
}

impl SheetTab {
    pub(crate) fn new(gid: u64, title: &str, rows: &[&[&str]]) -> Self {
        let rows = rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
        Self { gid, title: title.to_owned(), hidden: false, cells: TabCells::Rows(rows) }
    }
}

/// The state of the stub.
#[derive(Default)]
pub(super) struct GoogleState {
    pub(super) sheets: HashMap<String, Vec<SheetTab>>,
    /// The title of every sheet, if it is not "Albums".
    pub(super) title: Option<String>,
    pub(super) modified: Option<String>,
    /// Seconds by which the clock of this server is ahead.
    pub(super) ahead: i64,
    pub(super) tokens: Vec<String>,
    /// Replies queued for paths that contain the word; they come before the regular answer.
    pub(super) faults: Vec<(String, VecDeque<StubReply>)>,
    /// A change to each reply at an address that contains the word.
    pub(super) twist: Option<(String, ReplyTransform)>,
    pub(super) seen: Vec<RecordedRequest>,
}

/// The server. It ends when dropped.
pub(crate) struct GoogleServer {
    address: SocketAddr,
    key: PKey<Private>,
    state: Arc<Mutex<GoogleState>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl GoogleServer {
    /// Starts it, with a new key of the service account.
    pub(crate) fn start() -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(GoogleState::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ending, own) = (Arc::clone(&state), Arc::clone(&over), key.clone());
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::Acquire) {
                    return;
                }
                let desk = GoogleResponder {
                    address,
                    key: own.clone(),
                    state: Arc::clone(&shared),
                    over: Arc::clone(&ending),
                };
                // A client may close its connection at any time.
                thread::spawn(move || stream.and_then(|stream| desk.answer_request(stream)).unwrap_or(()));
            }
        });
        Self { address, key, state, over, accepting: Some(accepting) }
    }

    /// The base URL to configure instead of Google's.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The JSON of the service account's key.
    pub(crate) fn key_json(&self) -> Value {
        let pem = self.key.private_key_to_pem_pkcs8().expect("a key");
        json!({
            "type": "service_account",
            "project_id": "lockstep-test",
            "private_key_id": "0123456789abcdef",
            "private_key": String::from_utf8(pem).expect("text"),
            "client_email": SERVICE_ACCOUNT_EMAIL,
            "client_id": "100000000000000000000",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": format!("{}/token", self.url()),
            "universe_domain": "googleapis.com",
        })
    }

    /// Writes the key for its owner alone.
    pub(crate) fn key_file(&self, path: &Path) -> PathBuf {
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        serde_json::to_writer(file.expect("a file"), &self.key_json()).expect("written");
        path.to_owned()
    }

    /// Adds a sheet that is shared with the service account.
    pub(crate) fn serve_sheet(&self, id: &str, tabs: Vec<SheetTab>) {
        self.lock_state().sheets.insert(id.to_owned(), tabs);
    }

    /// Sets the title of all sheets.
    pub(crate) fn set_title(&self, title: &str) {
        self.lock_state().title = Some(title.to_owned());
    }

    /// Sets the modification time of all files. Before that the Drive API answers that it is not enabled.
    pub(crate) fn set_modified_time(&self, time: &str) {
        self.lock_state().modified = Some(time.to_owned());
    }

    /// Sets the clock of this server ahead.
    pub(crate) fn clock_ahead(&self, by: TimeDelta) {
        self.lock_state().ahead = by.num_seconds();
    }

    /// Revokes all tokens.
    pub(crate) fn revoke_tokens(&self) {
        self.lock_state().tokens.clear();
    }

    /// Queues a reply for one request at an address that contains `word`.
    pub(crate) fn reply_once(&self, word: &str, reply: StubReply) {
        self.reply_times(1, word, reply);
    }

    /// Queues a reply for several requests.
    pub(crate) fn reply_times(&self, times: usize, word: &str, reply: StubReply) {
        let mut state = self.lock_state();
        let replies = std::iter::repeat_n(reply, times);
        match state.faults.iter_mut().find(|(known, _)| known == word) {
            Some((_, queue)) => queue.extend(replies),
            None => state.faults.push((word.to_owned(), replies.collect())),
        }
    }

    /// Changes every reply at an address that contains `word` from now on; `None` ends that.
    pub(crate) fn transform_replies(&self, word: &str, transform: Option<ReplyTransform>) {
        self.lock_state().twist = transform.map(|transform| (word.to_owned(), transform));
    }

    /// The requests at addresses that contain `word`.
    pub(crate) fn requests(&self, word: &str) -> Vec<RecordedRequest> {
        self.lock_state().seen.iter().filter(|seen| seen.target.contains(word)).cloned().collect()
    }

    /// The number of requests at addresses that contain `word`.
    pub(crate) fn request_count(&self, word: &str) -> usize {
        self.requests(word).len()
    }

    /// All valid tokens and parts of the key: texts that must not appear anywhere.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let pem = self.key_json()["private_key"].as_str().expect("a key").to_owned();
        let lines = pem.lines().filter(|line| !line.starts_with("---")).map(str::to_owned);
        self.lock_state().tokens.iter().cloned().chain(lines).chain(["Bearer".to_owned(), "eyJ".to_owned()]).collect()
    }

    fn lock_state(&self) -> MutexGuard<'_, GoogleState> {
        self.state.lock().expect("Google's state")
    }
}

impl Drop for GoogleServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // A last connection wakes the accepting thread up.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread");
        }
    }
}
