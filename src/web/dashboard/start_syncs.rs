//! `POST /syncs`: starts a sync of one or of all sources, and says on the dashboard how many were started.

use crate::domain::operation::StartRequest;
use crate::domain::run_text::start_and_cancel::starts_message;
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
    started: u32,
    /// How many sources had an active run.
    running: u32,
    /// How many sources were synced just before.
    cooling: u32,
    /// How many sources were left out because their schedule is paused.
    paused: u32,
    /// How many starts the database refused.
    failed: u32,
}

impl StartCounts {
    /// The counts in the query of a page; `None` if it shows no starts. What is no number counts as 0.
    pub(super) fn parse(query: &FormValues) -> Option<Self> {
        let number = |name| trimmed_value(query, name).parse().unwrap_or(0);
        query.contains_key("started").then(|| Self {
            started: number("started"),
            running: number("running"),
            cooling: number("cooling"),
            paused: number("paused"),
            failed: number("failed"),
        })
    }

    /// The message about them.
    pub(super) fn message(self) -> String {
        starts_message(self.started, [self.running, self.cooling, self.paused, self.failed])
    }

    /// Adds the outcome of one start.
    fn add_outcome(&mut self, outcome: StartOutcome) {
        match outcome {
            StartOutcome::Accepted(_) => self.started += 1,
            StartOutcome::AlreadyRunning(_) => self.running += 1,
            StartOutcome::CoolingDown(_) => self.cooling += 1,
            // The source was removed in the meantime.
            StartOutcome::NoSuchSource | StartOutcome::NotDue | StartOutcome::Outdated => {}
        }
    }

    /// The link to the dashboard with these counts, and with its filter.
    fn link(self, dashboard: &str, filter: &str) -> String {
        let mut link = with_query(dashboard, &[("q", filter), ("started", &self.started.to_string())]);
        let others =
            [("running", self.running), ("cooling", self.cooling), ("paused", self.paused), ("failed", self.failed)];
        for (name, count) in others.iter().filter(|(_, count)| *count > 0) {
            link.push_str(&format!("&{name}={count}"));
        }
        link
    }
}

/// `POST /syncs`: starts a sync of the source in the field `source`, or of every source whose schedule is not paused: a
/// sync would import again what an undo has just taken back. `q` is the filter of the dashboard.
pub(in crate::web) async fn start_syncs(app: AppContext, form: FormData<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let form = form.into_values()?;
        let mut counts = StartCounts::default();
        let sources = match trimmed_value(&form, "source").as_str() {
            "" => {
                let mut sources = state.store.list_sources()?;
                let total = sources.len();
                sources.retain(|source| !source.has_paused_schedule());
                counts.paused = u32::try_from(total - sources.len()).unwrap_or(u32::MAX);
                sources
            }
            slug => vec![caller.source(state, slug)?],
        };
        let request = StartRequest::sync_by_hand(&actor.name);
        for source in &sources {
            match state.control.start(source, &request) {
                Ok(outcome) => counts.add_outcome(outcome),
                // Syncs that were started before are not lost, and the page says how many.
                Err(error) if counts.started > 0 => {
                    log::warn!("no sync of {} was started: {error}", source.slug);
                    counts.failed += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(HtmlResponse::redirect(counts.link(&state.links.dashboard(), &trimmed_value(&form, "q"))))
    })
    .await
}
