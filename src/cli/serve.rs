//! `lockstep serve`: runs the web server and the sync workers.

use super::output::{CommandError, CommandExit};
use crate::app::App;

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(app: App) -> Result<CommandExit, CommandError> {
    app.serve()?;
    Ok(CommandExit::Success)
}
