//! A server on its own port, and clients of people and programs.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt;
use lockstep::catalog_index::{CatalogIndexes, MAX_RECENT_ITEMS};
use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use lockstep::domain::secret::{hash_password, token_hash};
use lockstep::domain::session_lifetimes::SessionLifetimes;
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{KindSettings, SourceKind, SourceKinds};
use lockstep::status::{FileStatus, StatusBoard};
use lockstep::store::admission::StartOutcome;
use lockstep::store::{DatabaseAddress, Store};
use lockstep::sync::{ShutdownSignal, SyncControl, SyncEngine, Timeouts};
use lockstep::web::http::app_state::AppState;
use lockstep::web::http::links::LinkBuilder;
use lockstep::web::http::rate_limiter::RateLimiter;
use lockstep::web::http::repeated_polls::RepeatedPolls;
use lockstep::web::http::server_info::ServerInfo;
use lockstep::web::{self, ConnectionLimits};
use tempfile::TempDir;

pub(super) use super::site_client::SiteClient;
pub(super) use super::site_front::SiteFront;
pub(super) use super::site_response::SiteResponse;
use crate::support::test_database::{adopt_test_key, open_store};
use crate::support::test_engine::source_draft;

/// The columns are not in alphabetical order.
const ALBUMS: &[u8] = b"year,id,artist,title\n1959,a1,Miles Davis,Kind of Blue\n1957,a2,John Coltrane,Blue Train\n\
                        1977,a3,Kraftwerk,Trans-Europa Express\n";
/// The name of the uploaded file.
const UPLOAD: &str = "0123456789abcdef0123456789abcdef";
/// How long a site answers a repeated poll without a query: far longer than a test takes, so that only what the site
/// itself writes ends it.
const KEPT_POLLS: Duration = Duration::from_secs(3600);
/// The password of every user.
pub(super) const PASSWORD: &str = "correct horse battery";

/// A server with one public source, `albums`, and a private one, `drafts`. It has no worker: a run that was started
/// waits until [`TestSite::run_queued`] runs it.
pub(super) struct TestSite {
    pub(super) store: Store,
    pub(super) albums: Source,
    pub(super) drafts: Source,
    pub(super) address: SocketAddr,
    control: SyncControl,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
    data: TempDir,
}

impl TestSite {
    /// A server on a fresh SQLite database.
    pub(super) fn new() -> Self {
        let (store, data) = Self::create_store();
        Self::on_store(store, data)
    }

    /// A server with this public URL.
    pub(super) fn with_public_url(url: &str) -> Self {
        let (store, data) = Self::create_store();
        let links = LinkBuilder::new(&url.parse().expect("a URL"));
        let front = SiteFront { links, ..SiteFront::default() };
        Self::start(store, data, Timeouts::default(), |_| {}, |kinds| kinds, front)
    }

    /// A server that answers this many requests for data a second from one address or token.
    pub(super) fn with_rate_limit(rate_limit: u32) -> Self {
        let (store, data) = Self::create_store();
        let front = SiteFront { rate_limit, ..SiteFront::default() };
        Self::start(store, data, Timeouts::default(), |_| {}, |kinds| kinds, front)
    }

    /// A server behind reverse proxies at these addresses.
    pub(super) fn with_trusted_proxies(addresses: &str) -> Self {
        let (store, data) = Self::create_store();
        let front = SiteFront { trusted_proxies: addresses.parse().expect("proxies"), ..SiteFront::default() };
        Self::start(store, data, Timeouts::default(), |_| {}, |kinds| kinds, front)
    }

    /// A server with these limits of connections.
    pub(super) fn with_connection_limits(limits: ConnectionLimits) -> Self {
        let (store, data) = Self::create_store();
        let front = SiteFront { connections: limits, ..SiteFront::default() };
        Self::start(store, data, Timeouts::default(), |_| {}, |kinds| kinds, front)
    }

    /// A server on a fresh SQLite database, after `change` to its fetch settings.
    pub(super) fn with_fetch_settings(change: impl FnOnce(&mut KindSettings)) -> Self {
        let (store, data) = Self::create_store();
        Self::with_kinds(store, data, Timeouts::default(), change, |kinds| kinds)
    }

    /// A server on a fresh SQLite database with one more kind of source and without a cooldown.
    pub(super) fn with_kind(kind: Box<dyn SourceKind>) -> Self {
        let (store, data) = Self::create_store();
        let limits = Timeouts { cooldown: Duration::ZERO, ..Timeouts::default() };
        Self::with_kinds(store, data, limits, |_| {}, |kinds| kinds.with_kind(kind))
    }

    /// A server on a migrated database, with its files in `data`.
    pub(super) fn on_store(store: Store, data: TempDir) -> Self {
        Self::with_kinds(store, data, Timeouts::default(), |_| {}, |kinds| kinds)
    }

    /// A server on a migrated database without a cooldown, with its files in `data`.
    pub(super) fn without_cooldown(store: Store, data: TempDir) -> Self {
        Self::with_cooldown(store, data, Duration::ZERO)
    }

    /// A server on a migrated database with this cooldown, with its files in `data`.
    pub(super) fn with_cooldown(store: Store, data: TempDir, cooldown: Duration) -> Self {
        let limits = Timeouts { cooldown, ..Timeouts::default() };
        Self::with_kinds(store, data, limits, |_| {}, |kinds| kinds)
    }

    fn create_store() -> (Store, TempDir) {
        let data = tempfile::tempdir().expect("a folder");
        let address = DatabaseAddress::Sqlite(data.path().join("lockstep.db"));
        let store = open_store(&address, 8);
        store.migrate().expect("a migrated database");
        adopt_test_key(&store);
        (store, data)
    }

    fn with_kinds(
        store: Store,
        data: TempDir,
        limits: Timeouts,
        change: impl FnOnce(&mut KindSettings),
        more: impl FnOnce(SourceKinds) -> SourceKinds,
    ) -> Self {
        Self::start(store, data, limits, change, more, SiteFront::default())
    }

    pub(super) fn start(
        store: Store,
        data: TempDir,
        limits: Timeouts,
        change: impl FnOnce(&mut KindSettings),
        more: impl FnOnce(SourceKinds) -> SourceKinds,
        front: SiteFront,
    ) -> Self {
        let status = FileStatus::new(data.path().join("status"));
        let board = Arc::new(StatusBoard::new(Box::new(status), store.clone(), limits.renewal_interval));
        let mut road = KindSettings::in_data_dir(data.path(), ALBUMS);
        road.allow_hosts = "127.0.0.1".parse().expect("a host");
        change(&mut road);
        let kinds = Arc::new(more(SourceKinds::built_in(road)));
        let engine = SyncEngine {
            store: store.clone(),
            status_board: Arc::clone(&board),
            kinds,
            timeouts: limits,
            wake_signal: Arc::default(),
        };
        let control = SyncControl::new(engine);
        let albums = store.add_source(&draft("albums", true), None).expect("a source");
        let drafts = store.add_source(&draft("drafts", false), None).expect("a source");
        let state = AppState {
            indexes: Arc::new(CatalogIndexes::new(store.clone(), data.path().to_owned(), MAX_RECENT_ITEMS)),
            store: store.clone(),
            board,
            control: control.clone(),
            temporary_dir: data.path().to_owned(),
            uploads_dir: data.path().join("uploads"),
            trusted_proxies: front.trusted_proxies,
            rate_limiter: Arc::new(RateLimiter::new(front.rate_limit)),
            forwarder_notice: Arc::default(),
            session_lifetimes: SessionLifetimes::default(),
            links: front.links,
            stale_sources: Arc::default(),
            recent_activity: Arc::default(),
            repeated_polls: Arc::new(RepeatedPolls::new(KEPT_POLLS)),
            last_uses: Arc::default(),
            server: Arc::new(ServerInfo {
                database: data.path().join("lockstep.db").display().to_string(),
                data_dir: data.path().to_owned(),
                status_store: "Files in the data folder".to_owned(),
                workers: 0,
                started: Instant::now(),
            }),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = front.connections;
        let (tell, reported) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = web::serve(listener, state, connections).expect("a server");
                tell.send(server.handle()).expect("a session waits");
                server.await.expect("served");
            });
        });
        let server = reported.recv().expect("a server");
        Self { store, albums, drafts, address, control, server, thread: Some(thread), data }
    }

    pub(super) fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Runs a pending run to its end.
    pub(super) fn run_queued(&self, id: &str) {
        let id: SyncId = id.parse().expect("a sync id");
        assert!(self.control.run_in_this_thread(id, &ShutdownSignal::default()).expect("a run"), "{id} did not wait");
    }

    /// Starts a run in the name of `ada`, without a request.
    pub(super) fn begin_sync(&self, source: &Source) -> SyncId {
        let request = StartRequest {
            kind: OperationKind::Sync,
            mode: Mode::Full,
            options: StartOptions::default(),
            priority: RunPriority::Scheduled,
            requested_by: "ada".to_owned(),
        };
        match self.control.start(source, &request).expect("an answer") {
            StartOutcome::Accepted(id) => id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Syncs a source.
    pub(super) fn sync_source(&self, source: &Source) {
        let id = self.begin_sync(source);
        self.run_queued(&id.to_string());
    }

    /// Adds a public source that is a CSV file with this content, and syncs it.
    pub(super) fn fill_csv(&self, slug: &str, text: &str) -> Source {
        let path = self.data.path().join(format!("{slug}.csv"));
        std::fs::write(&path, text).expect("a file");
        let draft = SourceDraft { location: SourceLocation::File(path), ..draft(slug, true) };
        let source = self.store.add_source(&draft, None).expect("a source");
        self.sync_source(&source);
        source
    }

    /// Adds a source that is an uploaded CSV file with this content, and syncs it.
    pub(super) fn upload_csv(&self, slug: &str, text: &str) -> Source {
        let uploads = self.data.path().join("uploads");
        std::fs::create_dir_all(&uploads).expect("a folder");
        std::fs::write(uploads.join(UPLOAD), text).expect("a file");
        let draft = SourceDraft { location: SourceLocation::Upload(UPLOAD.to_owned()), ..draft(slug, true) };
        let source = self.store.add_source(&draft, None).expect("a source");
        self.sync_source(&source);
        source
    }

    /// The content of the file that [`TestSite::upload_csv`] added.
    pub(super) fn uploaded_file(&self) -> String {
        std::fs::read_to_string(self.data.path().join("uploads").join(UPLOAD)).expect("the file")
    }

    /// Adds a user.
    pub(super) fn add_user(&self, name: &str, role: Role) {
        let hash = hash_password(PASSWORD).expect("a hash");
        self.store.add_user(&name.parse().expect("a name"), role, &hash).expect("a user");
    }

    pub(super) fn visitor(&self) -> SiteClient<'_> {
        SiteClient::new(self)
    }

    /// Adds a token called `name`; returns a client with it.
    pub(super) fn add_program(&self, name: &str, role: Role) -> SiteClient<'_> {
        let token = format!("token-of-{name}");
        self.store
            .add_token(&name.parse().expect("a name"), role, TokenLimits::default(), &token_hash(&token))
            .expect("a token");
        self.visitor().with_header("Authorization", &format!("Bearer {token}"))
    }

    /// Adds the token of an admin called `limited`, with these limits; returns a client with it.
    pub(super) fn add_limited_program(&self, limits: TokenLimits) -> SiteClient<'_> {
        let name = "limited".parse().expect("a name");
        self.store.add_token(&name, Role::Admin, limits, &token_hash("token-of-limited")).expect("a token");
        self.visitor().with_header("Authorization", "Bearer token-of-limited")
    }

    /// Adds a user; returns a client that logged in through the page.
    pub(super) fn add_person(&self, name: &str, role: Role) -> SiteClient<'_> {
        self.add_user(name, role);
        let reply = self.visitor().post_form("/login", &[("username", name), ("password", PASSWORD)]);
        self.visitor().with_header("Cookie", &reply.cookie().expect("a session"))
    }
}

impl Drop for TestSite {
    fn drop(&mut self) {
        // This counts the calls so far; the call itself may still be running.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a server that ends");
        }
    }
}

fn draft(slug: &str, public: bool) -> SourceDraft {
    SourceDraft { name: format!("The {slug}"), public, ..source_draft(slug, "csv", SourceLocation::Sample) }
}
