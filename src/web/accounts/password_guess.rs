//! Limits how many passwords can be guessed, wherever one is checked: at the login, and where the own password is
//! changed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::login_attempts::{LoginAdmission, LoginCaller};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::{WebError, whole_seconds};
use crate::web::layout::time_label::{TimeLabel, exact_time_label};

/// The result of a guess.
pub(in crate::web) enum PasswordGuess<T> {
    /// The password is right.
    Right(T),
    /// The password is wrong, or the account does not exist.
    Wrong,
    /// There were too many wrong ones. This one was not checked.
    Blocked(GuessBlock),
}

/// How long no password is checked.
#[derive(Debug, Clone)]
pub(in crate::web) struct GuessBlock {
    /// The end of the wait.
    pub until: TimeLabel,
    /// The rest of the wait in seconds, for the header `Retry-After`.
    pub seconds: u64,
}

impl GuessBlock {
    fn new(until: DateTime<Utc>, wait: TimeDelta) -> Self {
        let seconds = whole_seconds(wait.to_std().unwrap_or_default()).max(1);
        Self { until: exact_time_label(until), seconds }
    }

    fn of(admission: &LoginAdmission) -> Option<Self> {
        match admission {
            LoginAdmission::Allowed(_) => None,
            LoginAdmission::Blocked { until, wait } => Some(Self::new(*until, *wait)),
        }
    }
}

/// Returns the block that a guess would meet now. It is cheap, and asked before the request waits for its turn to hash
/// a password, so that many blocked guesses do not delay the login of others.
pub(in crate::web) async fn find_guess_block(
    app: &AppContext,
    caller: LoginCaller,
) -> Result<Option<GuessBlock>, WebError> {
    app.run_without_caller(move |state| Ok(state.store.check_login_attempt(&caller)?.as_ref().and_then(GuessBlock::of)))
        .await
}

/// Checks a password with `check`, which returns `None` for a wrong one, unless there were too many guesses. The guess
/// counts as wrong until `check` has found it right: a server that is killed in between must not forget it.
pub(in crate::web) fn check_guess<T>(
    state: &AppState,
    caller: &LoginCaller,
    check: impl FnOnce() -> Result<Option<T>, WebError>,
) -> Result<PasswordGuess<T>, WebError> {
    let admission = state.store.begin_login_attempt(caller)?;
    let LoginAdmission::Allowed(attempt) = &admission else {
        return Ok(GuessBlock::of(&admission).map_or(PasswordGuess::Wrong, PasswordGuess::Blocked));
    };
    let Some(right) = check()? else { return Ok(PasswordGuess::Wrong) };
    state.store.forget_login_attempt(attempt)?;
    Ok(PasswordGuess::Right(right))
}
