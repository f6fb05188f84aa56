//! The application as one request uses it: handlers extract it and run their work on it.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, rt, web};
use tokio::sync::Semaphore;

use super::app_state::{AppData, AppState};
use super::authentication::{RequestCaller, RequestCredentials};
use super::client_connection::{ClientConnection, untrusted_forwarder};
use super::error::WebError;
use super::poll_paths::is_poll;
use super::response_format::{ResponseFormat, decoded_path};
use crate::domain::source::Source;

/// How long a request waits for the database. A frozen database, or a locked table, never responds; the blocking
/// thread that queried it stays occupied.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many passwords are hashed at once: each takes 19 MiB and a whole core.
static HASHING_PERMITS: Semaphore = Semaphore::const_new(2);
/// How long a login waits for a permit.
const HASHING_TIMEOUT: Duration = Duration::from_secs(10);

/// The application state and the credentials of one request. Extracting it does not touch the database. All contexts of
/// one request share their credentials.
pub(in crate::web) struct AppContext {
    pub(in crate::web) state: AppData,
    /// The kind of response that the request expects.
    pub(in crate::web) format: ResponseFormat,
    credentials: RequestCredentials,
    /// How the client is connected.
    pub(in crate::web) connection: ClientConnection,
}

impl FromRequest for AppContext {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<AppData>() else {
            return ready(Err(WebError::internal("a request", &"the server has no application state")));
        };
        let format = ResponseFormat::of(request);
        let credentials = RequestCredentials::of(request, format, state);
        let connection = ClientConnection::of(request, state);
        if let Some(peer) =
            untrusted_forwarder(request, state).filter(|_| !is_poll(request.method(), &decoded_path(request)))
        {
            state.forwarder_notice.note(&state.store, peer);
        }
        ready(Ok(Self { state: state.clone(), format, credentials, connection }))
    }
}

impl AppContext {
    /// The hash of the session cookie, if the request was sent with one and not with a token.
    pub(in crate::web) fn session_hash(&self) -> Option<String> {
        self.credentials.session_hash().map(str::to_owned)
    }

    /// Runs `work` for the caller of the request on a blocking thread, because it may wait for the database. Gives up
    /// after [`DATABASE_TIMEOUT`].
    pub(in crate::web) async fn run_blocking<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState, RequestCaller) -> Result<T, WebError> + Send + 'static,
    {
        self.run_on_thread(Some(DATABASE_TIMEOUT), self.as_caller(work)).await
    }

    /// Runs `work` like [`AppContext::run_blocking`], with the catalog that the request reads. Scripts of other sites
    /// may read its errors if the catalog is public.
    pub(in crate::web) async fn run_on_catalog<T, F>(&self, slug: &str, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState, &RequestCaller, &Source) -> Result<T, WebError> + Send + 'static,
    {
        if self.credentials.is_change() {
            // What it changes would be recorded for nobody.
            return Err(WebError::internal("a request", &"a route that reads a catalog got a request that changes it"));
        }
        let (credentials, slug) = (self.credentials.clone(), slug.to_owned());
        let work = move |state: &AppState| match credentials.authorize(state) {
            Ok(caller) => {
                let source = caller.source(state, &slug)?;
                work(state, &caller, &source).map_err(|error| error.reading_catalog(&source))
            }
            // A bad token.
            Err(error) => Err(match state.store.find_source(&slug)? {
                Some(source) => error.reading_catalog(&source),
                None => error,
            }),
        };
        self.run_on_thread(Some(DATABASE_TIMEOUT), work).await
    }

    /// Runs `work` like [`AppContext::run_blocking`], for any caller of any route: an error page shows the name of
    /// whoever may not see more.
    pub(in crate::web) async fn run_for_any_caller<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState, RequestCaller) -> Result<T, WebError> + Send + 'static,
    {
        let credentials = self.credentials.clone();
        self.run_on_thread(Some(DATABASE_TIMEOUT), move |state| work(state, credentials.identify(state)?)).await
    }

    /// Runs `work` like [`AppContext::run_blocking`], but without looking up the caller, on routes that are open to
    /// everyone. Logging in and out works with any session.
    pub(in crate::web) async fn run_without_caller<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
    {
        self.check_is_open()?;
        self.run_on_thread(Some(DATABASE_TIMEOUT), work).await
    }

    /// Runs `work` like [`AppContext::run_blocking`], but without the timeout, because the work takes long: fetching a
    /// source, or removing a big catalog.
    pub(in crate::web) async fn run_slow_blocking<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState, RequestCaller) -> Result<T, WebError> + Send + 'static,
    {
        self.run_on_thread(None, self.as_caller(work)).await
    }

    /// Runs `work`, which hashes a password, like [`AppContext::run_without_caller`], but without the timeout. Waiting
    /// for a permit occupies no thread.
    pub(in crate::web) async fn run_password_hashing<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
    {
        self.check_is_open()?;
        self.run_with_hashing_permit(work).await
    }

    /// Refuses to serve a route without looking up the caller, unless it is open to everyone.
    fn check_is_open(&self) -> Result<(), WebError> {
        if self.credentials.is_open() {
            return Ok(());
        }
        Err(WebError::internal("a request", &"a restricted route does not look up its caller"))
    }

    /// Runs `work` on a blocking thread without a timeout, once it is its turn to hash a password.
    async fn run_with_hashing_permit<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
    {
        let Ok(Ok(permit)) = rt::time::timeout(HASHING_TIMEOUT, HASHING_PERMITS.acquire()).await else {
            let message = "Too many logins at once. Try again in a few seconds.";
            return Err(WebError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).retry_after(HASHING_TIMEOUT));
        };
        // The permit moves with the work: if the browser disconnects, the hash still runs and keeps its permit.
        self.run_on_thread(None, move |state| {
            let _permit = permit;
            work(state)
        })
        .await
    }

    /// Runs `work`, which hashes a password, like [`AppContext::run_password_hashing`], for the caller of the request.
    pub(in crate::web) async fn run_hashing_for_caller<T, F>(&self, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState, RequestCaller) -> Result<T, WebError> + Send + 'static,
    {
        self.run_with_hashing_permit(self.as_caller(work)).await
    }

    /// Returns `work` for the caller of the request, once they are known to be allowed to send it. What it changes is
    /// recorded with their name.
    fn as_caller<T, F>(&self, work: F) -> impl FnOnce(&AppState) -> Result<T, WebError> + Send + 'static
    where
        F: FnOnce(&AppState, RequestCaller) -> Result<T, WebError> + Send + 'static,
    {
        let (credentials, address) = (self.credentials.clone(), self.connection.address);
        move |state| {
            let caller = credentials.authorize(state)?;
            match credentials.audit_origin(&caller, address) {
                Some(origin) => work(&state.on_behalf_of(origin), caller),
                None => work(state, caller),
            }
        }
    }

    /// Runs `work` on a blocking thread; gives up after `timeout`, if there is one.
    async fn run_on_thread<T, F>(&self, timeout: Option<Duration>, work: F) -> Result<T, WebError>
    where
        T: Send + 'static,
        F: FnOnce(&AppState) -> Result<T, WebError> + Send + 'static,
    {
        let state = self.state.clone();
        let finished = web::block(move || work(&state));
        let result = match timeout {
            Some(timeout) => rt::time::timeout(timeout, finished).await.map_err(|_| WebError::database_away())?,
            None => finished.await,
        };
        result.unwrap_or_else(|error| Err(WebError::internal("a request was dropped", &error)))
    }
}
