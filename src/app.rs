//! The composition root: builds the house from its settings and is the only room that knows every other. Also the
//! order in which a server starts and stops.

mod json_logs;
mod kind_settings;
mod logging;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt;

use crate::config::{GoogleCredentials, Settings, StatusAt};
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::secret;
use crate::domain::source::{NotASlug, Noun, SourceDraft};
use crate::fetch;
use crate::status::{DatabaseStatus, FileStatus, RedisStatus, StatusBoard, StatusError, StatusStore};
use crate::store::{Store, StoreError};
use crate::sync::engine::WakeSignal;
use crate::sync::{SyncControl, SyncEngine, SyncThreads, Timeouts};
use crate::web;

pub use kind_settings::try_google;
pub use logging::start_logging;

/// Connections of each side, pages and engine, beyond one per worker: what reads beside what writes, heartbeats and
/// reporters.
const SPARE_CONNECTIONS: u32 = 8;
/// How often a server looks whether it was told to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How long answers under way have to be sent when a server stops. Together with what workers get this stays below
/// the five seconds in which a process is to be gone.
const LAST_ANSWERS: Duration = Duration::from_millis(300);

/// Why the house could not be built or kept open.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder.
    #[error("the data folder {} cannot be made: {error}. Choose another one with LOCKSTEP_DATA_DIR", path.display())]
    DataFolder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The address is taken.
    #[error(
        "the address {0} is in use, perhaps by another Lockstep. Stop that one, or choose another address with \
         LOCKSTEP_BIND, such as 127.0.0.1:8081"
    )]
    AddressInUse(String),
    /// The address cannot be listened on for another reason.
    #[error("Lockstep cannot listen on {address}: {error}. Choose another address with LOCKSTEP_BIND")]
    Bind {
        /// Which.
        address: String,
        /// What the system said.
        error: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place for live status.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// A thread, a signal, the web server.
    #[error("the system refused something that Lockstep needs: {0}")]
    System(#[from] io::Error),
    /// No random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A mistake in this program.
    #[error("the sample catalog has a name that cannot be: {0}")]
    Sample(#[from] NotASlug),
}

/// The house, built.
pub struct App {
    /// The cellar.
    pub store: Store,
    /// The notice board, as pages and commands have it.
    pub board: Arc<StatusBoard>,
    /// The engine's door.
    pub control: SyncControl,
    engine: SyncEngine,
    settings: Settings,
}

/// A flag that rises when this process is told to stop (SIGINT, SIGTERM). Told a second time the process ends at once.
///
/// # Errors
/// When the system refuses to tell.
pub fn told_to_stop() -> io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down, raises it, and only the second ends the process.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&told))?;
        signal_hook::flag::register(signal, Arc::clone(&told))?;
    }
    Ok(told)
}

impl App {
    /// Builds the house: data folder, database brought up to date, notice board, kinds of sources, engine.
    ///
    /// # Errors
    /// When the data folder cannot be made, or the database cannot be opened or brought up to date.
    pub fn open(settings: Settings) -> Result<Self, AppError> {
        make_private(&settings.data_dir)?;
        let terms = Timeouts {
            fetch: settings.fetch_timeout,
            sync: settings.sync_timeout,
            cooldown: settings.cooldown,
            status_kept: settings.keep_status,
            operations_kept: settings.keep_operations,
            records_kept: settings.keep_records,
            ..Timeouts::default()
        };
        let connections = u32::try_from(settings.workers).unwrap_or(u32::MAX).saturating_add(SPARE_CONNECTIONS);
        let store = Store::open(&settings.database, connections, terms.lease)?;
        let applied = while_busy(|| store.migrate())?;
        if applied > 0 {
            log::info!("{}: {applied} migrations applied", settings.database.for_people());
        }
        // Pages that use up their connections, by slow searches of a big catalog, must not take a heartbeat's.
        let own = store.with_own_connections(connections)?;
        // Nor do they share a board: the web and the engine know nothing of each other but what is kept for both.
        let board = |store: &Store| -> Result<_, AppError> {
            let primary = primary_status(&settings, store)?;
            Ok(Arc::new(StatusBoard::new(primary, store.clone(), terms.renewal)))
        };
        let (board, engines_board) = (board(&store)?, board(&own)?);
        let kinds = fetch::SourceKinds::built_in(kind_settings::settings(&settings));
        let engine = SyncEngine {
            store: own,
            board: engines_board,
            kinds: Arc::new(kinds),
            terms,
            bell: Arc::new(WakeSignal::default()),
        };
        Ok(Self { store, board, control: SyncControl::new(engine.clone()), engine, settings })
    }

    /// Serves until told to stop. Starts in this order: the address, the sample catalog of a new database, workers,
    /// pages; stops workers first, so that pages can tell what became of their runs.
    ///
    /// # Errors
    /// When the address is in use, or the system or the database fails.
    pub fn serve(self) -> Result<(), AppError> {
        let told = told_to_stop()?;
        for name in &self.settings.unused {
            log::warn!("{name} is set, but this version of Lockstep does not use it yet");
        }
        if let Some(warning) = self.settings.google_credentials.as_ref().and_then(GoogleCredentials::warning) {
            log::warn!("{warning}");
        }
        let listener = self.listen()?;
        let address = listener.local_addr()?;
        self.add_sample()?;
        let workers = SyncThreads::start(&self.engine, self.settings.workers)?;
        log::info!("database {}, {} workers", self.settings.database.for_people(), self.settings.workers);
        self.announce(address)?;
        let house = web::http::app_state::AppState {
            store: self.store,
            board: self.board,
            control: self.control,
            uploads_dir: self.settings.data_dir.join("uploads"),
        };
        rt::System::new().block_on(keep_open(listener, house, workers, &told))
    }

    fn listen(&self) -> Result<TcpListener, AppError> {
        let address = &self.settings.bind;
        TcpListener::bind(address).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => AppError::AddressInUse(address.clone()),
            _ => AppError::Bind { address: address.clone(), error },
        })
    }

    /// Adds the sample catalog to a database that never had a source. It is synced like any other: by pressing Sync.
    fn add_sample(&self) -> Result<(), AppError> {
        let draft = SourceDraft {
            slug: "sample-albums".parse()?,
            name: "Sample albums".to_owned(),
            noun: Noun { one: "album".to_owned(), many: "albums".to_owned() },
            kind: "csv".to_owned(),
            location: SourceLocation::Sample,
            key_column: "id".to_owned(),
            schedule: None,
            public: true,
            read_options: ReadOptions::default(),
        };
        if while_busy(|| self.store.add_first_source(&draft))? {
            log::info!("the sample catalog was added");
        }
        Ok(())
    }

    /// Prints where Lockstep is and, until an admin exists, the set-up link.
    fn announce(&self, address: SocketAddr) -> Result<(), AppError> {
        use io::Write;
        let base = format!("http://{}", reachable(address));
        let mut lines = format!("Lockstep is at {base}/\n");
        let fresh = secret::fresh_token()?;
        if let Some(token) = while_busy(|| self.store.setup_token(&fresh))? {
            lines.push_str(&format!("Create the first admin: {base}/setup?token={token}\n"));
        }
        let mut out = io::stdout().lock();
        // Nobody has to read them.
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        Ok(())
    }
}

/// Does what a server does at its start, and waits while another program writes: one that runs would wait, too.
fn while_busy<T>(mut step: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let begun = Instant::now();
    loop {
        match step() {
            Err(StoreError::Busy) if begun.elapsed() < PATIENCE => {
                log::warn!("another program writes to the database; waiting for it before Lockstep starts");
            }
            other => return other,
        }
    }
}

/// An address of this machine, where the server listens on all of them.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Where live status is written first. A Redis that is away is no reason not to start: the database answers.
fn primary_status(settings: &Settings, store: &Store) -> Result<Box<dyn StatusStore>, StatusError> {
    Ok(match &settings.status {
        StatusAt::File => Box::new(FileStatus::new(settings.data_dir.join("status"))),
        StatusAt::Database => Box::new(DatabaseStatus::new(store.clone())),
        StatusAt::Redis(address) => {
            // Whether it answers is watched as long as the server runs.
            Box::new(RedisStatus::open(address, settings.keep_status)?)
        }
    })
}

/// Makes the data folder, for its owner alone. One that is there stays as it is.
fn make_private(folder: &Path) -> Result<(), AppError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| AppError::DataFolder { path: folder.to_owned(), error })
}

/// Serves pages until the flag rises, then stops everything in its order.
async fn keep_open(
    listener: TcpListener,
    house: web::http::app_state::AppState,
    workers: SyncThreads,
    told: &AtomicBool,
) -> Result<(), AppError> {
    let server = web::serve(listener, house)?;
    let handle = server.handle();
    let pages = rt::spawn(server);
    while !told.load(Ordering::SeqCst) && !pages.is_finished() {
        rt::time::sleep(LOOK).await;
    }
    log::info!("stopping");
    // Its own thread: waiting for workers must not keep pages from answering.
    let stopping = std::thread::Builder::new().name("stopping".to_owned()).spawn(move || workers.stop())?;
    while !stopping.is_finished() {
        rt::time::sleep(LOOK / 5).await;
    }
    if !stopping.join().unwrap_or(false) {
        log::warn!("not all threads stopped in time; another server will end their runs and start them again");
    }
    if pages.is_finished() {
        // It ended by itself, which it does only when something is wrong.
        return pages.await.map_err(io::Error::other)?.map_err(AppError::System);
    }
    if rt::time::timeout(LAST_ANSWERS, handle.stop(true)).await.is_err() {
        log::info!("some connections were still open");
    }
    Ok(())
}
