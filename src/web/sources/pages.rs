//! Builds the pages about one source, from a probe of it.

use actix_web::http::StatusCode;
use chrono::{NaiveDateTime, Utc};

use super::field_errors::{FieldErrors, file_error, general_error, link_error};
use super::form::form_of_source;
use super::found_view::{FoundColumns, FoundFeed};
use super::kind_choice::KindChoice;
use super::place::{SourcePlace, shown_links};
use super::read_form;
use super::schedule_form;
use super::uploads::MAX_BYTES;
use super::view::{SourceChoices, SourceErrors, SourceForm, SourceFormPage, SourceStep};
use crate::domain::account::Actor;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::freshness::judge_freshness;
use crate::domain::location::SourceLocation;
use crate::domain::run_text::key_proposal::key_proposal_message;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Slug, Source};
use crate::domain::source_probe::{ProbeError, SourceProbe};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::clip_text;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::freshness_mark::FreshnessMark;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The most characters of a cell in the preview.
const MAX_CELL_CHARS: usize = 200;
/// The most feeds in the preview.
const MAX_LISTED_FEEDS: usize = 10;

/// A page about one source before it is rendered.
pub(super) struct SourcePageContext {
    pub(super) step: SourceStep,
    pub(super) form: SourceForm,
    pub(super) errors: FieldErrors,
    pub(super) status: StatusCode,
}

impl SourcePageContext {
    /// A page without errors.
    pub(super) fn new(step: SourceStep, form: SourceForm) -> Self {
        Self { step, form, errors: FieldErrors::default(), status: StatusCode::OK }
    }

    /// The same page with errors, status 422, and everything that was typed.
    pub(super) fn with_errors(self, errors: FieldErrors) -> Self {
        Self { errors, status: StatusCode::UNPROCESSABLE_ENTITY, ..self }
    }

    /// Renders the page.
    pub(super) fn render(mut self, state: &AppState, actor: &Actor) -> Result<HtmlResponse, WebError> {
        let title = match &self.step {
            SourceStep::Connect(_) | SourceStep::Review(_) => "Add a source".to_owned(),
            SourceStep::Edit(_) => format!("Edit {}", self.form.name),
            SourceStep::Remove(_) => format!("Remove {}", self.form.name),
        };
        self.form.schedule_preview = schedule_form::preview(&self.form.schedule, self.form.paused_since.is_some());
        let frame = page_frame(state, Some(actor), title, NavSection::Settings)?;
        let service_account = state.control.service_account_email().map(str::to_owned);
        let page = SourceFormPage { frame, step: self.step, form: self.form, errors: *self.errors, service_account };
        Ok(HtmlResponse::render(&page)?.with_status(self.status))
    }
}

/// The kinds of sources to choose from, with `kind` selected.
pub(super) fn source_choices(state: &AppState, kind: &str) -> SourceChoices {
    let kinds = state.control.kind_names();
    let accepted = kinds.iter().filter_map(|kind| state.control.form_spec(kind)?.file).map(|file| file.accept);
    SourceChoices {
        selected: state.control.form_spec(kind),
        accept: accepted.collect::<Vec<_>>().join(","),
        kinds: kinds.iter().filter_map(|kind| kind_choice(state, kind)).collect(),
        offer: None,
        named_feeds: Vec::new(),
    }
}

/// A kind with its label and description.
pub(super) fn kind_choice(state: &AppState, name: &'static str) -> Option<KindChoice> {
    state.control.form_spec(name).map(|spec| KindChoice { name, title: spec.title, about: spec.about })
}

/// The error for a file that exceeds the upload limit.
pub(super) fn too_large_error() -> FieldErrors {
    let most = MAX_BYTES / 1_000_000;
    let error = format!("The file is larger than {most} MB. Upload a smaller file, or link to it.");
    file_error(error)
}

/// Probes a place.
pub(super) fn probe_place(state: &AppState, place: &SourcePlace) -> Result<SourceProbe, ProbeError> {
    require_columns(state.control.probe_location(&place.kind, &place.location, &place.read_options)?)
}

/// Probes an existing source.
pub(super) fn probe_source(state: &AppState, source: &Source) -> Result<SourceProbe, ProbeError> {
    require_columns(state.control.probe_source(source)?)
}

/// The error of a missing key column.
pub(super) fn missing_key_error(look: &SourceProbe) -> FieldErrors {
    Box::new(SourceErrors { key: look.missing_key.clone(), ..SourceErrors::default() })
}

fn require_columns(look: SourceProbe) -> Result<SourceProbe, ProbeError> {
    if look.columns.is_empty() {
        let otherwise = || "The source is empty. Its first row must name the columns.".to_owned();
        let message = look.failure.map_or_else(otherwise, |failure| failure.cause_message());
        return Err(ProbeError { code: "empty_source", message, feeds: Vec::new(), tabs: look.tabs });
    }
    Ok(look)
}

/// The error of a failed probe, at the field that named the place.
pub(super) fn place_error(place: &SourcePlace, error: &ProbeError) -> FieldErrors {
    match place.location {
        SourceLocation::Url(_) | SourceLocation::Urls(_) => link_error(error.to_string()),
        SourceLocation::Upload(_) => file_error(error.to_string()),
        SourceLocation::File(_) | SourceLocation::Sample => general_error(&error.to_string()),
    }
}

/// What a probe found, as the form shows it.
pub(super) fn found_columns(state: &AppState, place: &SourcePlace, look: &SourceProbe) -> FoundColumns {
    let cells = |cells: &Vec<String>| cells.iter().map(|cell| clip_text(cell, MAX_CELL_CHARS)).collect();
    let mut feeds: Vec<FoundFeed> = look.feeds.iter().zip(feed_names(&look.feeds)).map(found_feed).collect();
    feeds.sort_by_key(|feed| (feed.error.is_none(), !feed.is_fetched));
    let more_feeds = feeds.len().saturating_sub(MAX_LISTED_FEEDS) as u64;
    feeds.truncate(MAX_LISTED_FEEDS);
    FoundColumns {
        columns: look.columns.clone(),
        key_fitness: look.key_search.fitness.clone(),
        key_reason: look.proposed_key().map(|key| key_proposal_message(key, &look.key_search, look.row_count)),
        row_count: look.row_count,
        tabs: look.tabs.clone(),
        rows: look.rows.iter().map(|row| cells(&row.cells)).collect(),
        feeds,
        more_feeds,
        // A missing key column has a separate error.
        problems: look.all_problems().skip(usize::from(look.missing_key.is_some())).collect(),
        notes: look.notes.clone(),
        likely_header: look.likely_header,
        hidden_columns: look.hidden_columns.clone(),
        ..place_columns(state, place)
    }
}

fn found_feed((feed, name): (&FeedRecord, String)) -> FoundFeed {
    let title = clip_text(&name, MAX_CELL_CHARS);
    let error = feed.error.as_ref().map(|(_, message)| message.clone());
    FoundFeed { title, error, is_fetched: feed.succeeded_at.is_some() }
}

/// What is known of a source without a probe: the columns of its catalog.
pub(super) fn stored_columns(state: &AppState, source: &Source) -> Result<FoundColumns, WebError> {
    let mut columns = state.store.find_catalog(source.id)?.map(|catalog| catalog.columns).unwrap_or_default();
    if columns.is_empty() {
        columns.push(source.key_column.clone());
    }
    Ok(FoundColumns { columns, ..place_columns(state, &SourcePlace::from(source)) })
}

/// What is known of a new source that cannot be read: what the form says.
pub(super) fn unread_columns(state: &AppState, form: &SourceForm, place: Option<&SourcePlace>) -> FoundColumns {
    let known = place.map(|place| place_columns(state, place));
    let columns = Some(form.key.clone()).filter(|key| !key.is_empty()).into_iter().collect();
    FoundColumns {
        columns,
        spec: state.control.form_spec(&form.kind),
        asks_key: state.control.key_column(&form.kind).is_none(),
        reading: read_form::read_fields(state.control.read_settings(&form.kind)),
        hidden_columns: form.hidden_columns.clone().unwrap_or_default(),
        ..known.unwrap_or_default()
    }
}

/// What is known of a place without its content. A link can be replaced by another link, an upload by another upload; a
/// path of the server can be changed on the command line only.
fn place_columns(state: &AppState, place: &SourcePlace) -> FoundColumns {
    FoundColumns {
        kind: place.kind_label(&state.control).to_owned(),
        location: place.location_label(),
        spec: state.control.form_spec(&place.kind),
        is_file_replaceable: matches!(place.location, SourceLocation::Upload(_) | SourceLocation::Sample),
        has_links: !place.location.addresses().is_empty(),
        asks_key: state.control.key_column(&place.kind).is_none(),
        reading: read_form::read_fields(state.control.read_settings(&place.kind)),
        ..FoundColumns::default()
    }
}

/// The fields of an existing source.
pub(super) fn existing_source_form(state: &AppState, source: &Source) -> Result<SourceForm, WebError> {
    with_standing(state, form_of_source(source, shown_links(&state.control, &source.kind, &source.location)), source)
}

/// A form of an existing source, with whether its schedule is paused and its catalog stale.
pub(super) fn with_standing(state: &AppState, form: SourceForm, source: &Source) -> Result<SourceForm, WebError> {
    let freshness = state.store.freshness_facts(source.id)?.map(|facts| judge_freshness(&facts, Utc::now()));
    let stale = freshness.and_then(|freshness| FreshnessMark::new(freshness, false)).filter(|mark| mark.is_stale);
    let schedule = source.schedule.as_ref().filter(|_| source.paused_at.is_none());
    let next_run = schedule.and_then(|stored| first_scheduled_run(stored.parse().ok().as_ref()));
    let next_run = next_run.map(|time| time_label(time.and_utc()));
    Ok(SourceForm { paused_since: source.paused_at.map(time_label), next_run, stale, ..form })
}

/// The proposed slug, with a number appended if it is taken.
pub(super) fn free_slug(state: &AppState, proposed: &str) -> Result<String, WebError> {
    if proposed.is_empty() {
        return Ok(String::new());
    }
    let taken: Vec<String> = state.store.list_sources()?.iter().map(|source| source.slug.to_string()).collect();
    let is_free = |slug: &String| !taken.contains(slug) && slug.parse::<Slug>().is_ok();
    let numbered = (2..100).map(|number| format!("{proposed}-{number}"));
    Ok(std::iter::once(proposed.to_owned()).chain(numbered).find(is_free).unwrap_or_default())
}

/// The first run of a schedule.
pub(super) fn first_scheduled_run(schedule: Option<&Schedule>) -> Option<NaiveDateTime> {
    schedule.and_then(|schedule| schedule.next_after(Utc::now())).map(|time| time.naive_utc())
}

/// The source with that slug.
pub(super) fn find_source(state: &AppState, slug: &str) -> Result<Source, WebError> {
    state.store.find_source(slug)?.ok_or_else(|| WebError::not_found("source"))
}
