//! The composition root: builds Lockstep from its settings, and starts and stops it in the right order. Only this
//! module knows all others.

mod busy_database;
mod error;
mod json_logs;
mod kind_settings;
mod log_values;
mod logging;
mod open_files;
mod secret_key;
mod secret_key_error;
mod shutdown;
mod status_stores;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt;
use url::Url;

use crate::catalog_index::{CatalogIndexes, MAX_RECENT_ITEMS};
use crate::config::{GoogleCredentials, Settings};
use crate::domain::audit::{AuditChannel, AuditOrigin};
use crate::domain::defaults::SAMPLE_SLUG;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::secret;
use crate::domain::source::{Noun, SourceDraft};
use crate::fetch;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::sync::{SyncControl, SyncEngine, SyncThreads, Timeouts, WakeSignal};
use crate::web::http::app_state::AppState;
use crate::web::http::links::LinkBuilder;
use crate::web::http::rate_limiter::RateLimiter;
use crate::web::http::repeated_polls::{POLL_REUSE, RepeatedPolls};
use crate::web::http::server_info::ServerInfo;
use crate::web::{self, ConnectionLimits};

use busy_database::retry_while_busy;
use status_stores::{describe_status_store, open_status_store};

pub use error::AppError;
pub use kind_settings::try_google_credentials;
pub use logging::start_logging;
pub use secret_key::{DiscardedSecrets, KeyCreation, discard_lost_secrets, find_key};
pub use secret_key_error::{KEY_FILE_NAME, SecretKeyError, SecretKeyPlace};
pub use shutdown::watch_shutdown_signals;

/// Database connections that pages and engine each have besides one per worker: for reading, heartbeats and progress.
pub const SPARE_CONNECTIONS: u32 = 8;
/// How often the server checks whether it should shut down.
const SHUTDOWN_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How often the server checks whether its workers have stopped.
const WORKER_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// How long responses in progress may take during shutdown. With the time that workers get, this stays below the five
/// seconds within which a process must exit.
const LAST_RESPONSES_TIMEOUT: Duration = Duration::from_millis(300);

/// Lockstep, built from its settings.
pub struct App {
    /// The database.
    pub store: Store,
    /// The live status of runs, as pages and commands read it.
    pub board: Arc<StatusBoard>,
    /// Starts and cancels runs.
    pub control: SyncControl,
    engine: SyncEngine,
    settings: Settings,
}

impl App {
    /// Creates the data folder, opens and migrates the database, and builds status board, kinds of sources and engine.
    /// `key_creation` says whether a database without a secret key gets one.
    ///
    /// # Errors
    /// When the data folder cannot be created, when the database cannot be opened or migrated, or stays busy for a
    /// minute, or when the URL of Redis is not usable.
    pub fn open(settings: Settings, key_creation: KeyCreation) -> Result<Self, AppError> {
        create_data_folder(&settings.data_dir)?;
        let timeouts = Timeouts {
            fetch: settings.fetch_timeout,
            sync: settings.sync_timeout,
            cooldown: settings.cooldown,
            retry_pause: settings.retry_pause,
            status_retention: settings.keep_status,
            operation_retention: settings.keep_operations,
            record_retention: settings.keep_records,
            ..Timeouts::DEFAULT
        };
        let connections = u32::try_from(settings.workers).unwrap_or(u32::MAX).saturating_add(SPARE_CONNECTIONS);
        let engine_store =
            Store::open_with_sync(&settings.database, connections, timeouts.lease, settings.sqlite_sync)?;
        let applied = retry_while_busy(|| engine_store.migrate())?;
        if applied > 0 {
            log::info!("{}: {applied} migrations applied", settings.database.for_people());
        }
        if let Some(period) = settings.rollback_period {
            retry_while_busy(|| engine_store.set_rollback_period(period))?;
        }
        let engine_store = match secret_key::find_or_create_key(&engine_store, &settings, key_creation)? {
            Some(key) => engine_store.with_secret_key(key),
            None => engine_store,
        };
        // Pages have their own connections: slow searches cannot delay a heartbeat, and a page soon reports that the
        // database is busy, while a run waits.
        let store = engine_store.for_requests(connections)?;
        // For the same reason, pages and engine each have a status board.
        let open_board = |store: &Store| -> Result<_, AppError> {
            let primary = open_status_store(&settings, store)?;
            Ok(Arc::new(StatusBoard::new(primary, store.clone(), timeouts.renewal_interval)))
        };
        let (board, engine_board) = (open_board(&store)?, open_board(&engine_store)?);
        let kinds = fetch::SourceKinds::built_in(kind_settings::to_kind_settings(&settings));
        let engine = SyncEngine {
            store: engine_store,
            status_board: engine_board,
            kinds: Arc::new(kinds),
            timeouts,
            wake_signal: Arc::new(WakeSignal::default()),
        };
        let control = SyncControl::with_request_store(engine.clone(), store.clone());
        Ok(Self { store, board, control, engine, settings })
    }

    /// Returns the same application for the user of the command line: what is changed through it is recorded with their
    /// name.
    #[must_use]
    pub fn on_behalf_of_operator(self) -> Self {
        let actor = self.settings.operator.clone();
        let origin = AuditOrigin { actor, channel: AuditChannel::CommandLine, address: None, credential: None };
        Self { store: self.store.on_behalf_of(origin.clone()), control: self.control.on_behalf_of(origin), ..self }
    }

    /// Returns the data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.settings.data_dir
    }

    /// Serves until SIGINT or SIGTERM. Starts in this order: the listener, the sample catalog of a new database, the
    /// workers, the pages. Stops the workers first, so that pages can still report how their runs ended.
    ///
    /// # Errors
    /// When the address cannot be listened on, when the operating system refuses a thread or a signal handler, or when
    /// the database cannot be written while the sample catalog and the set-up link are added.
    pub fn serve(self) -> Result<(), AppError> {
        let shutdown = watch_shutdown_signals()?;
        for name in &self.settings.without_effect {
            log::warn!("{name} is set and has no effect in this version");
        }
        if let Some(warning) = self.settings.google_credentials.as_ref().and_then(GoogleCredentials::warning) {
            log::warn!("{warning}");
        }
        let listener = self.listen()?;
        let address = listener.local_addr()?;
        if let Err(error) = self.store.reserve_disk_space() {
            log::error!("{error}: no sync can start until there is more space");
        }
        self.add_sample_catalog()?;
        let workers = SyncThreads::start(&self.engine, self.settings.workers)?;
        log::info!(
            "listening on {address} with {} workers and the database {}",
            self.settings.workers,
            self.settings.database.for_people()
        );
        self.print_address(address)?;
        let server = ServerInfo {
            database: self.settings.database.for_people(),
            data_dir: self.settings.data_dir.clone(),
            status_store: describe_status_store(&self.settings),
            workers: self.settings.workers,
            started: Instant::now(),
        };
        let state = AppState {
            indexes: Arc::new(CatalogIndexes::new(
                self.store.clone(),
                self.settings.data_dir.clone(),
                MAX_RECENT_ITEMS,
            )),
            store: self.store,
            board: self.board,
            control: self.control,
            temporary_dir: self.settings.data_dir.clone(),
            uploads_dir: self.settings.data_dir.join("uploads"),
            trusted_proxies: self.settings.trusted_proxies.clone(),
            forwarder_notice: Arc::default(),
            rate_limiter: Arc::new(RateLimiter::new(self.settings.rate_limit)),
            session_lifetimes: self.settings.session_lifetimes,
            links: self.settings.public_url.as_ref().map(LinkBuilder::new).unwrap_or_default(),
            stale_sources: Arc::default(),
            recent_activity: Arc::default(),
            repeated_polls: Arc::new(RepeatedPolls::new(POLL_REUSE)),
            last_uses: Arc::default(),
            server: Arc::new(server),
        };
        rt::System::new().block_on(serve_until_shutdown(listener, state, workers, &shutdown))
    }

    fn listen(&self) -> Result<TcpListener, AppError> {
        let address = &self.settings.bind;
        TcpListener::bind(address).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => AppError::AddressInUse(address.clone()),
            _ => AppError::Bind { address: address.clone(), error },
        })
    }

    /// Adds the sample catalog to a database that never had a source. It is not synced yet.
    fn add_sample_catalog(&self) -> Result<(), AppError> {
        let draft = SourceDraft {
            slug: SAMPLE_SLUG.parse()?,
            name: "Sample albums".to_owned(),
            noun: Noun { one: "album".to_owned(), many: "albums".to_owned() },
            kind: "csv".to_owned(),
            location: SourceLocation::Sample,
            key_column: "id".to_owned(),
            schedule: None,
            public: true,
            read_options: ReadOptions::default(),
            stale_after: None,
        };
        if retry_while_busy(|| self.store.add_first_source(&draft))? {
            log::info!("added the sample catalog");
        }
        Ok(())
    }

    /// Prints the address and, until an admin exists, the set-up link.
    fn print_address(&self, address: SocketAddr) -> Result<(), AppError> {
        use io::Write;
        let local_url = || Url::parse(&format!("http://{}", to_reachable_address(address))).ok();
        let url = self.settings.public_url.clone().or_else(local_url);
        let links = url.as_ref().map(LinkBuilder::new).unwrap_or_default();
        let mut lines = format!("Lockstep is running at {}\n", links.absolute(&links.dashboard()));
        let new_token = secret::generate_token()?;
        if let Some(token) = retry_while_busy(|| self.store.setup_token(&new_token))? {
            let link = links.absolute(&links.setup_with_token(&token));
            lines.push_str(&format!("Create the first admin: {link}\n"));
        }
        let mut out = io::stdout().lock();
        // Lockstep also serves if standard output is closed.
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        Ok(())
    }
}

/// Replaces the unspecified address, which stands for all addresses of this machine, by the loopback address.
fn to_reachable_address(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Creates the data folder for its owner alone. An existing folder keeps its mode.
fn create_data_folder(folder: &Path) -> Result<(), AppError> {
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.map_err(|error| AppError::DataFolder { path: folder.to_owned(), error })
}

/// Serves pages until `shutdown` is true, then stops the workers, then the pages.
async fn serve_until_shutdown(
    listener: TcpListener,
    state: AppState,
    workers: SyncThreads,
    shutdown: &AtomicBool,
) -> Result<(), AppError> {
    let limits = ConnectionLimits::for_open_files(open_files::raise_open_file_limit());
    log::info!("at most {} connections", limits.max_connections);
    let server = web::serve(listener, state, limits)?;
    let handle = server.handle();
    let pages = rt::spawn(server);
    while !shutdown.load(Ordering::SeqCst) && !pages.is_finished() {
        rt::time::sleep(SHUTDOWN_POLL_INTERVAL).await;
    }
    log::info!("shutting down");
    // On its own thread, so that pages are still served while the workers stop.
    let stopping = std::thread::Builder::new().name("stopping".to_owned()).spawn(move || workers.stop())?;
    while !stopping.is_finished() {
        rt::time::sleep(WORKER_POLL_INTERVAL).await;
    }
    if !stopping.join().unwrap_or(false) {
        log::warn!(
            "not all workers stopped in time; another server, or the next start, ends their runs and starts them again"
        );
    }
    if pages.is_finished() {
        // The web server ends on its own only after an error.
        return pages.await.map_err(io::Error::other)?.map_err(AppError::System);
    }
    if rt::time::timeout(LAST_RESPONSES_TIMEOUT, handle.stop(true)).await.is_err() {
        log::info!("closed connections that were still open");
    }
    Ok(())
}
