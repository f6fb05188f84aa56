//! `POST /syncs`: starts a sync of one or of all sources, and says on the dashboard how many were started.

use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
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
    started: Option<u32>,
    /// How many sources had an active run.
    running: Option<u32>,
    /// How many sources were synced just before.
    cooling: Option<u32>,
}

impl StartCounts {
    /// The counts in the query of a page. What is no number is left out.
    pub(super) fn parse(query: &FormValues) -> Self {
        let number = |name| trimmed_value(query, name).parse().ok();
        Self { started: number("started"), running: number("running"), cooling: number("cooling") }
    }

    /// The message about them; `None` if nothing was requested.
    pub(super) fn message(self) -> Option<String> {
        let Self { started, running, cooling } = self;
        let is_requested = started.is_some() || running.is_some() || cooling.is_some();
        let counts = [started, running, cooling].map(Option::unwrap_or_default);
        is_requested.then(|| starts_message(counts[0], counts[1], counts[2]))
    }

    /// Adds the outcome of one start.
    fn count(&mut self, outcome: StartOutcome) {
        let number = match outcome {
            StartOutcome::Accepted(_) => &mut self.started,
            StartOutcome::AlreadyRunning(_) => &mut self.running,
            StartOutcome::CoolingDown(_) => &mut self.cooling,
            // The source was removed in the meantime.
            StartOutcome::NoSuchSource | StartOutcome::NotDue | StartOutcome::Outdated => return,
        };
        *number = Some(number.unwrap_or_default() + 1);
    }

    /// The link to the dashboard with these counts, and with its filter.
    fn link(self, dashboard: &str, filter: &str) -> String {
        let [started, running, cooling] = [self.started, self.running, self.cooling]
            .map(|number| number.map(|number| number.to_string()).unwrap_or_default());
        with_query(dashboard, &[("q", filter), ("started", &started), ("running", &running), ("cooling", &cooling)])
    }
}

/// `POST /syncs`: starts a sync of the source in the field `source`, or of every source. Sources with an active run are
/// only counted. `q` is the filter of the dashboard.
pub(in crate::web) async fn start_syncs(app: AppContext, form: FormData<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let form = form.into_values()?;
        let sources = match trimmed_value(&form, "source").as_str() {
            "" => state.store.list_sources()?,
            slug => vec![caller.source(state, slug)?],
        };
        let request = StartRequest {
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
            priority: RunPriority::Manual,
            requested_by: actor.name,
        };
        let mut counts = StartCounts { started: Some(0), ..StartCounts::default() };
        for source in &sources {
            counts.count(state.control.start(source, &request)?);
        }
        Ok(HtmlResponse::redirect(counts.link(&state.links.dashboard(), &trimmed_value(&form, "q"))))
    })
    .await
}
