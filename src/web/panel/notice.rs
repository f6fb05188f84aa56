//! Carries the outcome of a start or a cancel through a redirect, for browsers without JavaScript: in the query
//! parameter `notice` of the catalog's page.

use std::time::Duration;

use super::view::PanelView;
use crate::store::admission::StartOutcome;
use crate::store::cancel::CancelOutcome;
use crate::web::http::error::WebError;

const ALREADY_RUNNING: &str = "already-running";
const ALREADY_FINISHING: &str = "already-finishing";
const COOLING_DOWN: &str = "cooling-down";

/// The value of `notice` for an outcome; empty if there is nothing to report.
pub(super) fn notice_value(start: Option<StartOutcome>, cancel: Option<CancelOutcome>) -> &'static str {
    match (start, cancel) {
        (Some(StartOutcome::AlreadyRunning(_)), _) => ALREADY_RUNNING,
        (Some(StartOutcome::CoolingDown(_)), _) => COOLING_DOWN,
        (_, Some(CancelOutcome::AlreadyFinishing)) => ALREADY_FINISHING,
        _ => "",
    }
}

/// Shows the outcome that `notice` names on the panel, if it still applies: the URL with `notice` stays in the browser.
/// `cooldown_left` returns how long a start would be refused now.
pub(in crate::web) fn restore_notice(
    panel: &mut PanelView,
    notice: &str,
    cooldown_left: impl FnOnce() -> Result<Duration, WebError>,
) -> Result<(), WebError> {
    let active_run = panel.run.as_ref().filter(|_| panel.is_active());
    match (notice, active_run) {
        (ALREADY_RUNNING, Some(run)) => {
            panel.start_outcome = run.sync_id.parse().ok().map(StartOutcome::AlreadyRunning);
        }
        (ALREADY_FINISHING, Some(_)) => panel.cancel_outcome = Some(CancelOutcome::AlreadyFinishing),
        (COOLING_DOWN, None) => {
            let left = Some(cooldown_left()?).filter(|left| !left.is_zero());
            panel.start_outcome = left.map(StartOutcome::CoolingDown);
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{PanelView, StartOutcome, restore_notice};

    #[test]
    fn an_outdated_notice_is_not_shown() {
        let shown = |notice: &str, left: u64| {
            let mut panel = PanelView::default();
            restore_notice(&mut panel, notice, || Ok(Duration::from_secs(left))).expect("no error");
            panel.start_outcome
        };
        assert_eq!(shown("cooling-down", 2), Some(StartOutcome::CoolingDown(Duration::from_secs(2))));
        assert_eq!(shown("cooling-down", 0), None);
        assert_eq!(shown("already-running", 2), None);
        assert_eq!(shown("<script>", 2), None);
    }
}
