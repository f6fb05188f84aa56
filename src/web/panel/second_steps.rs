//! The second steps that pages offer to admins: what can be done about a finished run, and about its source.

use super::repeat::REPEAT_ACTION;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::SyncRecord;
use crate::domain::removal_review::{RemovalReview, ReviewReason};
use crate::domain::run_text::preview::apply_label;
use crate::domain::run_text::undo::undo_forecast_message;
use crate::domain::run_text::withheld_items::LIST_OUTDATED_CODE;
use crate::domain::run_text::withheld_items::{kept_items_label, removals_label, review_link_label};
use crate::domain::source::Source;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::run_labels::{REVIEW_ICON, REVIEW_TONE};

/// The most changes of a run whose undo is forecast for a button: the forecast reads every change.
const MAX_FORECAST_CHANGES: u64 = 1000;

/// What can be done about the source of a panel.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct SourceSteps {
    /// The removals that wait for a decision, or that a person decided to keep.
    pub review: Option<ReviewStep>,
    /// Whether the schedule is paused and can be resumed.
    pub is_paused: bool,
}

impl SourceSteps {
    /// The steps of a source. `review` is what is kept for a decision.
    pub(in crate::web) fn new(links: &LinkBuilder, source: &Source, review: Option<&RemovalReview>) -> Self {
        let review = review.map(|review| ReviewStep::new(links, source, review));
        Self { review, is_paused: source.has_paused_schedule() }
    }

    /// Whether there is none.
    pub(in crate::web) fn is_empty(&self) -> bool {
        self.review.is_none() && !self.is_paused
    }
}

/// Removals that wait for a decision, or that a person decided to keep.
#[derive(Debug, Clone)]
pub(in crate::web) struct ReviewStep {
    /// The label: "269 removals need review".
    pub label: String,
    /// The label of the link to the list: "Review 269 albums…".
    pub link_label: String,
    /// The link to the list.
    pub link: String,
    /// The run that stored the list.
    pub sync_id: String,
    /// Whether a decision is wanted.
    pub is_open: bool,
    /// Whether the items can be kept from the panel. After a failed sync that is decided on the page with the list.
    pub may_keep: bool,
}

impl ReviewStep {
    /// The step of this review.
    pub(in crate::web) fn new(links: &LinkBuilder, source: &Source, review: &RemovalReview) -> Self {
        let (noun, is_open) = (&source.noun, review.is_open());
        Self {
            label: match is_open {
                true => removals_label(review.item_count),
                false => kept_items_label(noun, review.item_count),
            },
            link_label: review_link_label(review, noun),
            link: links.withheld_removals(source.slug.as_str(), &review.id),
            sync_id: review.id.to_string(),
            is_open,
            may_keep: is_open && matches!(review.reason, ReviewReason::Withheld | ReviewReason::Doubt),
        }
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.is_open { REVIEW_ICON } else { "check" }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.is_open { REVIEW_TONE } else { "quiet" }
    }
}

/// What can be done about a finished run.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct RunSteps {
    /// Applying the changes of a preview.
    pub apply: Option<PreviewStep>,
    /// The link to the list of items that a sync would keep, as a preview found.
    pub previewed_list: Option<String>,
    /// The undo of the run.
    pub undo: Option<UndoStep>,
    /// Repeating a run that did not complete.
    pub repeat: Option<RepeatStep>,
}

/// Applying the changes of a preview.
#[derive(Debug, Clone)]
pub(in crate::web) struct PreviewStep {
    /// The label of the button: "Apply 43 changes".
    pub label: String,
    /// The link to the page that asks first, if something would be removed.
    pub confirmation: Option<String>,
    /// The hidden fields of the form that applies them at once.
    pub fields: Vec<(&'static str, String)>,
}

/// The undo of a run.
#[derive(Debug, Clone)]
pub(in crate::web) struct UndoStep {
    /// The link to the page that asks first.
    pub link: String,
    /// What it will do, if that is quick to find out; otherwise empty.
    pub forecast: String,
}

/// The form that repeats a run.
#[derive(Debug, Clone)]
pub(in crate::web) struct RepeatStep {
    /// The link that the form is sent to.
    pub link: String,
    /// The hidden fields.
    pub fields: Vec<(&'static str, String)>,
}

impl RunSteps {
    /// The steps of a finished run of `source`.
    pub(in crate::web) fn of_record(state: &AppState, source: &Source, record: &SyncRecord) -> Result<Self, WebError> {
        Ok(Self {
            apply: apply_step(&state.links, source, record),
            previewed_list: previewed_list(&state.links, source, record),
            undo: undo_step(state, source, record)?,
            repeat: repeat_step(&state.links, source, record),
        })
    }

    /// Whether there is none.
    pub(in crate::web) fn is_empty(&self) -> bool {
        self.apply.is_none() && self.undo.is_none() && self.repeat.is_none()
    }
}

fn apply_step(links: &LinkBuilder, source: &Source, record: &SyncRecord) -> Option<PreviewStep> {
    let RunStats { added, updated, removed, .. } = record.summary.stats;
    let id = record.summary.id;
    record.is_appliable_preview().then(|| PreviewStep {
        label: apply_label(added + updated + removed) + if removed > 0 { "…" } else { "" },
        confirmation: (removed > 0).then(|| links.apply_preview(source.slug.as_str(), &id)),
        fields: vec![("action", "apply".to_owned()), ("preview", id.to_string())],
    })
}

fn previewed_list(links: &LinkBuilder, source: &Source, record: &SyncRecord) -> Option<String> {
    let has_list = record.summary.kind == OperationKind::Preview && record.withheld_removals > 0;
    has_list.then(|| links.withheld_removals(source.slug.as_str(), &record.summary.id))
}

fn undo_step(state: &AppState, source: &Source, record: &SyncRecord) -> Result<Option<UndoStep>, WebError> {
    let RunStats { added, updated, removed, .. } = record.summary.stats;
    if record.summary.kind == OperationKind::Preview {
        return Ok(None);
    }
    let link = state.links.undo_run(&record.summary.id);
    if added + updated + removed > MAX_FORECAST_CHANGES {
        return Ok(Some(UndoStep { link, forecast: String::new() }));
    }
    let forecast = state.store.undo_forecast(record.summary.id)?;
    let forecast = (!forecast.is_empty()).then(|| undo_forecast_message(&source.noun, forecast));
    Ok(forecast.map(|forecast| UndoStep { link, forecast }))
}

/// The form that repeats a run which did not complete and which no other run continues.
fn repeat_step(links: &LinkBuilder, source: &Source, record: &SyncRecord) -> Option<RepeatStep> {
    let summary = &record.summary;
    let is_outdated = summary.code.as_deref() == Some(LIST_OUTDATED_CODE);
    if summary.status == Status::Completed || summary.successor.is_some() || is_outdated {
        return None;
    }
    let slug = source.slug.as_str();
    Some(match (summary.kind, record.target) {
        (OperationKind::Sync | OperationKind::Preview, _) => RepeatStep {
            link: links.start_sync(slug),
            fields: vec![("action", REPEAT_ACTION.to_owned()), ("sync", summary.id.to_string())],
        },
        (OperationKind::Undo, Some(target)) => RepeatStep { link: links.undo_run(&target), fields: Vec::new() },
        (OperationKind::Removal, Some(target)) => RepeatStep {
            link: links.decide_removals(slug),
            fields: vec![("action", "remove".to_owned()), ("sync", target.to_string())],
        },
        (OperationKind::Undo | OperationKind::Removal, None) => return None,
    })
}
