//! `POST /syncs`: starts a sync of one or of all sources, and says on the dashboard how many were started.

use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::run_text::start_and_cancel::starts_message;
use crate::domain::source::Source;
use crate::store::admission::StartOutcome;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;

/// The outcomes of several starts, in the query of the page that shows them.
#[derive(Default, Clone, Copy, Debug)]
pub(super) struct StartCounts {
    /// How many syncs were started.
    started: Option<u32>,
    /// How many sources had an active run.
    running: Option<u32>,
    /// How many sources were synced just before.
    cooling: Option<u32>,
    /// How many sources were left out because their schedule is paused.
    paused: Option<u32>,
    /// How many starts the database refused.
    failed: Option<u32>,
}

impl StartCounts {
    /// The counts in the query of a page. What is no number is left out.
    pub(super) fn parse(query: &FormValues) -> Self {
        let number = |name| trimmed_value(query, name).parse().ok();
        Self {
            started: number("started"),
            running: number("running"),
            cooling: number("cooling"),
            paused: number("paused"),
            failed: number("failed"),
        }
    }

    /// The message about them; `None` if nothing was requested.
    pub(super) fn message(self) -> Option<String> {
        let Self { started, running, cooling, paused, failed } = self;
        let counts = [running, cooling, paused, failed].map(Option::unwrap_or_default);
        started.map(|started| starts_message(started, counts))
    }

    /// Adds the outcome of one start.
    fn add_outcome(&mut self, outcome: StartOutcome) {
        match outcome {
            StartOutcome::Accepted(_) => increment(&mut self.started),
            StartOutcome::AlreadyRunning(_) => increment(&mut self.running),
            StartOutcome::CoolingDown(_) => increment(&mut self.cooling),
            // The source was removed in the meantime.
            StartOutcome::NoSuchSource | StartOutcome::NotDue | StartOutcome::Outdated => {}
        }
    }

    /// The link to the dashboard with these counts, and with its filter.
    fn link(self, dashboard: &str, filter: &str) -> String {
        let Self { started, running, cooling, paused, failed } = self;
        let [started, running, cooling, paused, failed] = [started, running, cooling, paused, failed]
            .map(|number| number.map(|number| number.to_string()).unwrap_or_default());
        let counts = [
            ("started", &started),
            ("running", &running),
            ("cooling", &cooling),
            ("paused", &paused),
            ("failed", &failed),
        ];
        let query: Vec<(&str, &str)> =
            [("q", filter)].into_iter().chain(counts.map(|(name, count)| (name, count.as_str()))).collect();
        with_query(dashboard, &query)
    }
}

fn increment(number: &mut Option<u32>) {
    *number = Some(number.unwrap_or_default() + 1);
}

/// `POST /syncs`: starts a sync of the source in the field `source`, or of every source whose schedule is not paused: a
/// sync would import again what an undo has just taken back. `q` is the filter of the dashboard.
pub(in crate::web) async fn start_syncs(app: AppContext, form: FormData<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let form = form.into_values()?;
        let mut counts = StartCounts { started: Some(0), ..StartCounts::default() };
        let sources = match trimmed_value(&form, "source").as_str() {
            "" => {
                let (paused, sources): (Vec<_>, Vec<_>) =
                    state.store.list_sources()?.into_iter().partition(Source::has_paused_schedule);
                paused.iter().for_each(|_| increment(&mut counts.paused));
                sources
            }
            slug => vec![caller.source(state, slug)?],
        };
        let request = StartRequest {
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
            priority: RunPriority::Manual,
            requested_by: actor.name,
        };
        for source in &sources {
            match state.control.start(source, &request) {
                Ok(outcome) => counts.add_outcome(outcome),
                // Syncs that were started before are not lost, and the page says how many.
                Err(error) if counts.started > Some(0) => {
                    log::warn!("no sync of {} was started: {error}", source.slug);
                    increment(&mut counts.failed);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(HtmlResponse::redirect(counts.link(&state.links.dashboard(), &trimmed_value(&form, "q"))))
    })
    .await
}
