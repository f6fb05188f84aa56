//! `lockstep serve`.

use super::output::{CommandError, CommandExit};
use crate::app::App;

/// Serves until told to stop.
pub(super) fn run(app: App) -> Result<CommandExit, CommandError> {
    app.serve()?;
    Ok(CommandExit::Fine)
}
