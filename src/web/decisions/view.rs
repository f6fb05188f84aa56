//! The views of the pages that confirm the second steps of a run.

use askama::Template;

use crate::domain::account::Actor;
use crate::domain::operation::OperationKind;
use crate::domain::record::HistoryRun;
use crate::domain::run_text::kind_label;
use crate::domain::run_text::start_and_cancel::already_running_message;
use crate::domain::source::Source;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::freshness_mark::{FreshnessMark, find_mark};
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::PageLinks;
use crate::web::layout::time_label::{TimeLabel, time_label};
use crate::web::layout::view::{NavSection, PageFrame, grouped};

/// `GET /history/{id}/undo` and `GET /catalog/{slug}/sync/apply`: one question with one button.
#[derive(Debug, Clone, Template)]
#[template(path = "decision.html")]
pub(in crate::web) struct DecisionPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The question: "Undo this sync?"
    pub title: String,
    /// The slug of the source.
    pub slug: String,
    /// The name of the source.
    pub source: String,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// Whether the source was removed.
    pub is_source_removed: bool,
    /// The kind of the run: "Sync".
    pub run_kind: &'static str,
    /// Whether the run is a preview.
    pub is_preview: bool,
    /// The link to the page of the run.
    pub run_link: String,
    /// When the run ended, or was queued if it is active.
    pub run_time: TimeLabel,
    /// Who started the run.
    pub requested_by: String,
    /// What the step will do, or why it is not possible.
    pub message: String,
    /// The later runs because of which an undo leaves items.
    pub later_runs: Vec<LaterRun>,
    /// The number of items that an undo leaves because of runs that are not among them.
    pub items_of_other_runs: u64,
    /// What follows from it.
    pub notices: Vec<&'static str>,
    /// The link that the form is sent to.
    pub link: String,
    /// The hidden fields of the form: name and value.
    pub fields: Vec<(&'static str, String)>,
    /// The label of the button; `None` if the step is not possible.
    pub button: Option<String>,
    /// Whether the button is shown as dangerous.
    pub is_dangerous: bool,
    /// Why the button is disabled: a run of the source is active.
    pub busy: Option<String>,
}

impl DecisionPage {
    /// A page about this run of a source, without a message and a button.
    pub(super) fn about_run(
        state: &AppState,
        actor: &Actor,
        run: &HistoryRun,
        source: Option<&Source>,
        section: NavSection,
    ) -> Result<Self, WebError> {
        let summary = run.run_summary();
        let (time, requested_by) = match run {
            HistoryRun::Active(run) => (run.timestamps.created_at, &run.requested_by),
            HistoryRun::Ended(record) => (record.finished_at, &record.requested_by),
        };
        Ok(Self {
            frame: page_frame(state, Some(actor), String::new(), section)?,
            title: String::new(),
            slug: summary.source.to_string(),
            source: source.map_or_else(|| summary.source.to_string(), |source| source.name.clone()),
            freshness: match source {
                Some(source) => find_mark(state, source.id, Some(actor))?,
                None => None,
            },
            is_source_removed: source.is_none(),
            run_kind: kind_label(summary.kind),
            is_preview: summary.kind == OperationKind::Preview,
            run_link: state.links.run(&summary.id),
            run_time: time_label(time),
            requested_by: requested_by.clone(),
            message: String::new(),
            later_runs: Vec::new(),
            items_of_other_runs: 0,
            notices: Vec::new(),
            link: String::new(),
            fields: Vec::new(),
            button: None,
            is_dangerous: true,
            busy: None,
        })
    }

    /// Disables the button while a run of the source is active.
    pub(super) fn find_active_run(&mut self, state: &AppState, source: &Source) -> Result<(), WebError> {
        let is_active = state.store.active_run(source.id)?.is_some();
        self.busy = is_active.then(|| already_running_message(&source.name));
        Ok(())
    }
}

/// A later run because of which an undo leaves items.
#[derive(Debug, Clone)]
pub(in crate::web) struct LaterRun {
    /// How many items it changed: "4 albums".
    pub items: String,
    /// The link to its page.
    pub href: String,
    /// Its kind, "undo", and when it ended; `None` if its record was deleted.
    pub run: Option<(String, TimeLabel)>,
}

/// `GET /catalog/{slug}/sync/removals`.
#[derive(Debug, Clone, Template)]
#[template(path = "withheld_removals.html")]
pub(in crate::web) struct RemovalsPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The slug of the source.
    pub slug: String,
    /// The name of the source.
    pub source: String,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// The name of several items: "albums".
    pub noun_many: String,
    /// The heading: "Review 269 albums".
    pub title: String,
    /// Why the items are asked about, or why there is no list.
    pub message: String,
    /// The run that stored the list; empty if there is no list.
    pub sync_id: String,
    /// When and by whom the items were kept.
    pub kept: Option<(TimeLabel, String)>,
    /// What can be decided; `None` if nothing can.
    pub choice: Option<RemovalChoice>,
    /// Why the buttons are disabled: a run of the source is active.
    pub busy: Option<String>,
    /// The search; empty if there is none.
    pub search: String,
    /// The listed items of this page.
    pub items: Vec<ListedItem>,
    /// The label of the link to the list as CSV.
    pub download_label: String,
    /// The links to other pages.
    pub pager: PageLinks,
}

/// What can be decided about withheld removals.
#[derive(Debug, Clone)]
pub(in crate::web) struct RemovalChoice {
    /// The label of the button that removes the items; `None` if none of them is left in the catalog.
    pub remove: Option<String>,
    /// What follows if it is pressed.
    pub notice: &'static str,
    /// Whether the items can be kept: no person has decided that yet. A changed key cannot be kept.
    pub may_keep: bool,
}

/// An item in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct ListedItem {
    /// Its title; empty if it has none.
    pub title: String,
    /// Its key.
    pub key: String,
    /// The link to its page; `None` if it left the catalog since the list was read.
    pub href: Option<String>,
}

impl ListedItem {
    /// Its title, or else its key.
    pub(in crate::web) fn name(&self) -> &str {
        if self.title.is_empty() { &self.key } else { &self.title }
    }
}
