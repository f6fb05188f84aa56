//! Shows the progress of a run on standard error.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{print_note, to_single_line};
use crate::domain::operation::Stage;
use crate::domain::run_summary::RunSummary;
use crate::domain::run_text::run_outcome_label;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// Shows progress as a bar on a terminal, and elsewhere as a line at every change of stage.
pub(super) enum ProgressDisplay {
    /// A progress bar.
    Bar(ProgressBar),
    /// Lines. Holds the run and stage of the last line.
    Lines(Option<(SyncId, Option<Stage>)>),
}

impl ProgressDisplay {
    pub(super) fn on_stderr() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos:>3} %  {wide_msg}");
        match style {
            Ok(style) if std::io::stderr().is_terminal() => Self::Bar(ProgressBar::new(100).with_style(style)),
            _ => Self::Lines(None),
        }
    }

    pub(super) fn show_report(&mut self, report: &StatusReport) {
        let RunSummary { id, stage, progress, message, .. } = &report.summary;
        match self {
            Self::Bar(bar) => {
                // The status is read from two places, one of which may be a moment behind.
                bar.set_position(u64::from(*progress).max(bar.position()));
                bar.set_message(to_single_line(message));
            }
            Self::Lines(last) => {
                let now = Some((*id, *stage));
                if *last != now {
                    *last = now;
                    print_note(&format!("{progress:>3} %  {message}"));
                }
            }
        }
    }

    /// Prints a line without breaking the bar.
    pub(super) fn print_line(&self, line: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| print_note(line)),
            Self::Lines(_) => print_note(line),
        }
    }

    /// Starts again at 0 % for the next run.
    pub(super) fn restart(&self) {
        if let Self::Bar(bar) = self {
            bar.set_position(0);
        }
    }

    /// Leaves the bar with the outcome of the run. Without a last status the bar is removed.
    pub(super) fn finish(&self, last: Option<&StatusReport>) {
        let result = last.map(|last| {
            let RunSummary { kind, status, progress, stats, .. } = &last.summary;
            (*progress, run_outcome_label(*kind, *status, stats))
        });
        match (self, result) {
            (Self::Bar(bar), Some((progress, outcome))) => {
                bar.set_position(u64::from(progress));
                bar.abandon_with_message(outcome);
            }
            (Self::Bar(bar), None) => bar.finish_and_clear(),
            (Self::Lines(_), Some((progress, outcome))) => print_note(&format!("{progress:>3} %  {outcome}")),
            (Self::Lines(_), None) => {}
        }
    }
}
