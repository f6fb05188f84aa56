//! `lockstep serve`.

use super::output::{Exit, Trouble};
use crate::app::App;

/// Serves until told to stop.
pub(super) fn run(app: App) -> Result<Exit, Trouble> {
    app.serve()?;
    Ok(Exit::Fine)
}
