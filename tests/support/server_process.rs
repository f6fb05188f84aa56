//! The real program: servers as processes, and requests to them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::secret::{hash_password, token_hash};
use lockstep::domain::source::SourceDraft;
use lockstep::store::{DatabaseAddress, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::TestDatabase;
use super::http_client::TestHttpClient;
use super::load_clock::measure_load_time;
use super::open_file_limit::limit_open_files;
pub(crate) use super::server_answer::ServerAnswer;
use super::test_database::{TEST_SECRET_KEY_TEXT, open_store};
use super::waiting::{wait_for, wait_for_value};

/// The name and the password of the admin that [`ServerSetup::add_admin_and_token`] adds.
pub(crate) const ADMIN_LOGIN: (&str, &str) = ("ada", "correct horse battery");
/// The token of the program `robot`, an admin, that [`ServerSetup::add_admin_and_token`] adds.
pub(crate) const ROBOT_TOKEN: &str = "token-of-robot";

/// The folder, database and settings of the servers that a test starts.
pub(crate) struct ServerSetup {
    folder: TempDir,
    database: Option<DatabaseAddress>,
    settings: Vec<(&'static str, String)>,
    /// How many files a server may have open.
    open_files: Option<u32>,
    started: AtomicUsize,
}

/// A server, ended at the latest when this is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    out: BufReader<ChildStdout>,
    log: PathBuf,
    address: SocketAddr,
    set_up_link: Option<String>,
}

impl ServerSetup {
    /// A setup with an empty folder; the database will be a SQLite file in it. A fetch may take 20 minutes.
    pub(crate) fn new() -> Self {
        let allowed = ("LOCKSTEP_ALLOW_HOSTS", "127.0.0.1".to_owned());
        let free = ("LOCKSTEP_COOLDOWN", "0".to_owned());
        let patient = ("LOCKSTEP_FETCH_TIMEOUT", "20m".to_owned());
        let key = ("LOCKSTEP_SECRET_KEY", TEST_SECRET_KEY_TEXT.to_owned());
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            database: None,
            settings: vec![allowed, free, patient, key],
            open_files: None,
            started: AtomicUsize::new(0),
        }
    }

    /// A setup on a database of the tests.
    pub(crate) fn on_database(db: &TestDatabase) -> Self {
        Self { database: Some(db.address()), ..Self::new() }
    }

    /// A setup on a database at this address, migrated or not.
    pub(crate) fn at_address(database: DatabaseAddress) -> Self {
        Self { database: Some(database), ..Self::new() }
    }

    /// Adds a setting.
    pub(crate) fn with_setting(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Lets each server have this many files open, and no more.
    pub(crate) fn with_open_files(self, count: u32) -> Self {
        Self { open_files: Some(count), ..self }
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store of these servers. One of them must have been started, or the database migrated.
    pub(crate) fn store(&self) -> Store {
        let in_folder = || DatabaseAddress::Sqlite(self.path("data/lockstep.db"));
        let address = self.database.clone().unwrap_or_else(in_folder);
        open_store(&address, 2)
    }

    /// Adds an admin and an API token.
    pub(crate) fn add_admin_and_token(&self) {
        let store = self.store();
        let (name, password) = ADMIN_LOGIN;
        let hash = hash_password(password).expect("a hash");
        store.add_user(&name.parse().expect("a name"), Role::Admin, &hash).expect("a user");
        store
            .add_token(&"robot".parse().expect("a name"), Role::Admin, TokenLimits::default(), &token_hash(ROBOT_TOKEN))
            .expect("a token");
    }

    /// Adds a public source: a CSV at an address.
    pub(crate) fn add_url(&self, slug: &str, url: String) {
        self.add_source(slug, SourceLocation::Url(url));
    }

    /// Adds a public source: a CSV file.
    pub(crate) fn add_file(&self, slug: &str, file: &Path) {
        self.add_source(slug, SourceLocation::File(file.to_owned()));
    }

    fn add_source(&self, slug: &str, location: SourceLocation) {
        let draft = SourceDraft {
            slug: slug.parse().expect("a slug"),
            name: format!("The {slug}"),
            noun: "album/albums".parse().expect("a noun"),
            kind: "csv".to_owned(),
            location,
            key_column: "id".to_owned(),
            schedule: None,
            public: true,
            read_options: lockstep::domain::read_options::ReadOptions::default(),
            stale_after: None,
        };
        self.store().add_source(&draft, None).expect("a source");
    }

    /// Starts a server on a free port.
    pub(crate) fn start(&self) -> ServerProcess {
        self.start_at("data", 0)
    }

    /// Starts a server on a port, 0 for a free one, with a data folder of this name.
    pub(crate) fn start_at(&self, data: &str, port: u16) -> ServerProcess {
        self.launch(data, port).expect_up()
    }

    /// A command of the program with a data folder of this name and these settings.
    pub(crate) fn build_command(&self, data: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
        command.current_dir(self.folder.path()).env_clear().env("LOCKSTEP_DATA_DIR", data);
        command.env("RUST_LOG", "info").envs(self.settings.iter().map(|(name, value)| (name, value)));
        match &self.database {
            Some(DatabaseAddress::Sqlite(path)) => drop(command.env("DATABASE_URL", path)),
            Some(DatabaseAddress::Postgres(url)) => drop(command.env("DATABASE_URL", url)),
            None => {}
        }
        command
    }

    /// Starts a server without waiting for it.
    pub(crate) fn launch(&self, data: &str, port: u16) -> StartingServer {
        let log = self.path(&format!("log-{}", self.started.fetch_add(1, Ordering::Relaxed)));
        let mut command = limit_open_files(self.build_command(data), self.open_files);
        command.arg("serve").env("LOCKSTEP_BIND", format!("127.0.0.1:{port}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log).expect("a file for the log"));
        let child = command.spawn().expect("the program starts");
        StartingServer { child, log }
    }
}

/// A server that was started and may not be up yet.
pub(crate) struct StartingServer {
    child: Child,
    log: PathBuf,
}

impl StartingServer {
    pub(crate) fn expect_up(self) -> ServerProcess {
        self.try_up().unwrap_or_else(|problem| panic!("the server did not start: {problem}"))
    }

    /// Waits until it has printed its address. The error is its log, if it ended instead.
    pub(crate) fn try_up(mut self) -> Result<ServerProcess, String> {
        let mut out = BufReader::new(self.child.stdout.take().expect("an output"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let address =
            line.trim_end().strip_prefix("Lockstep is running at http://").and_then(|rest| rest.strip_suffix('/'));
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = self.child.kill().and_then(|()| self.child.wait());
            return Err(format!("{line:?}\n{}", std::fs::read_to_string(&self.log).unwrap_or_default()));
        };
        // Both lines are written at once, so the second one has arrived with the first.
        let mut set_up_link = None;
        if !out.buffer().is_empty() {
            line.clear();
            out.read_line(&mut line).expect("a line");
            set_up_link = line.trim_end().strip_prefix("Create the first admin: ").map(str::to_owned);
        }
        Ok(ServerProcess { child: self.child, out, log: self.log, address, set_up_link })
    }
}

impl ServerProcess {
    /// The URL of a path on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address on which the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The set-up link that the server printed.
    pub(crate) fn set_up_link(&self) -> &str {
        self.set_up_link.as_deref().expect("a set-up link")
    }

    /// What the server has logged to standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn send_signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell").success(), "{name} was not sent");
    }

    /// Stops the process (SIGSTOP) and waits until all its threads have stopped.
    pub(crate) fn freeze(&self) {
        self.send_signal("STOP");
        let tasks = format!("/proc/{}/task", self.child.id());
        wait_for("every thread stands still", || {
            let threads = std::fs::read_dir(&tasks).expect("its threads");
            threads.filter_map(Result::ok).all(|thread| {
                let state = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
                state.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 't']))
            })
        });
    }

    /// Continues the process (SIGCONT).
    pub(crate) fn thaw(&self) {
        self.send_signal("CONT");
    }

    /// Kills the process, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("it ends");
    }

    /// Shuts the server down and returns how long that took, by a [`LoadClock`](super::load_clock::LoadClock).
    pub(crate) fn stop(&mut self) -> Duration {
        let (status, took) = measure_load_time(|| {
            self.send_signal("TERM");
            self.wait_for_exit()
        });
        assert_eq!(status.code(), Some(0), "{}", self.log());
        took
    }

    fn wait_for_exit(&mut self) -> ExitStatus {
        let ended = || self.child.try_wait().expect("a process of this test");
        wait_for_value("the end of the server", ended, Option::is_some).expect("an exit status")
    }

    /// Requests a path; `None` when no server answers.
    pub(crate) fn try_get(&self, path: &str) -> Option<ServerAnswer> {
        TestHttpClient::with_token(self.address).get(path)
    }

    /// Requests a path; a server must answer.
    pub(crate) fn get(&self, path: &str) -> ServerAnswer {
        self.try_get(path).unwrap_or_else(|| panic!("no answer for {path}"))
    }

    /// Sends JSON to a path; a server must answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> ServerAnswer {
        TestHttpClient::with_token(self.address).post(path, body).unwrap_or_else(|| panic!("no answer for {path}"))
    }

    /// Starts a full sync, which must be accepted; returns its id.
    pub(crate) fn start_sync(&self, slug: &str) -> String {
        let started = self.post("/api/sync", &json!({ "source": slug, "type": "full" }));
        assert_eq!(started.status, 202, "{}", started.body);
        started.json()["syncId"].as_str().expect("an id").to_owned()
    }

    /// Waits until a run has this status; returns its status report.
    #[track_caller]
    pub(crate) fn wait_for_status(&self, id: &str, status: &str) -> Value {
        wait_for_value(&format!("the status {status}"), || self.status(id), |report| report["status"] == status)
    }

    /// The status of a run, which must be known.
    pub(crate) fn status(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/sync/status/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // This also ends a stopped process. It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.out.get_mut();
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.address, self.log());
        }
    }
}
