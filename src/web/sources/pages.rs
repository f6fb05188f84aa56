//! The pages about one source, and the looks into its place that fill them.

use actix_web::http::StatusCode;
use chrono::{NaiveDateTime, Utc};

use super::field_errors::{FieldErrors, file_error, general_error, link_error};
use super::form::{of_source, schedule_label};
use super::place::{SourcePlace, shown};
use super::read_form;
use super::uploads::MAX_BYTES;
use super::view::{
    FoundColumns, FoundFeed, KindChoice, SourceChoices, SourceErrors, SourceForm, SourceFormPage, SourceStep,
};
use crate::domain::account::Actor;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::location::SourceLocation;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Slug, Source};
use crate::domain::source_probe::{CannotLook, SourceProbe};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::clip_text;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// The most characters of a cell in the preview.
const CELL: usize = 200;
/// The most feeds that are named beside it.
const FEEDS: usize = 10;

/// A page about one source before it is drawn.
pub(super) struct SourcePageContext {
    pub(super) step: SourceStep,
    pub(super) form: SourceForm,
    pub(super) errors: FieldErrors,
    pub(super) status: StatusCode,
}

impl SourcePageContext {
    /// A page with nothing wrong.
    pub(super) fn new(step: SourceStep, form: SourceForm) -> Self {
        Self { step, form, errors: FieldErrors::default(), status: StatusCode::OK }
    }

    /// With what is wrong, each beside its field, and everything typed kept.
    pub(super) fn wrong(self, errors: FieldErrors) -> Self {
        Self { errors, status: StatusCode::UNPROCESSABLE_ENTITY, ..self }
    }

    /// Draws it.
    pub(super) fn draw(mut self, state: &AppState, actor: &Actor) -> Result<HtmlResponse, WebError> {
        let title = match &self.step {
            SourceStep::Connect(_) | SourceStep::Review(_) => "Add a source".to_owned(),
            SourceStep::Edit(_) => format!("Edit {}", self.form.name),
            SourceStep::Remove(_) => format!("Remove {}", self.form.name),
        };
        self.form.schedule_label = schedule_label(&self.form.schedule);
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
        kinds: kinds.iter().filter_map(|kind| choice(state, kind)).collect(),
        offer: None,
        named_feeds: Vec::new(),
    }
}

/// A kind as it is offered.
pub(super) fn choice(state: &AppState, name: &'static str) -> Option<KindChoice> {
    state.control.form_spec(name).map(|way| KindChoice { name, title: way.title, about: way.about })
}

/// The file is larger than may be uploaded.
pub(super) fn too_large() -> FieldErrors {
    let most = MAX_BYTES / 1_000_000;
    let error =
        format!("The file is larger than {most} MB. Put it where Lockstep can fetch it by a link, or make it smaller.");
    file_error(error)
}

/// Looks at what is at a place.
pub(super) fn probe_place(state: &AppState, place: &SourcePlace) -> Result<SourceProbe, CannotLook> {
    with_columns(state.control.probe_location(&place.kind, &place.location, &place.read_options)?)
}

/// Looks into a source that is there.
pub(super) fn probe_source(state: &AppState, source: &Source) -> Result<SourceProbe, CannotLook> {
    with_columns(state.control.probe_source(source)?)
}

/// That the key column is not among the columns, beside the columns.
pub(super) fn missing_key(look: &SourceProbe) -> FieldErrors {
    Box::new(SourceErrors { key: look.missing_key.clone(), ..SourceErrors::default() })
}

fn with_columns(look: SourceProbe) -> Result<SourceProbe, CannotLook> {
    if look.columns.is_empty() {
        let otherwise = || "The source is empty. Its first row must name the columns.".to_owned();
        let sentence = look.failure.map_or_else(otherwise, |failure| failure.cause());
        return Err(CannotLook { code: "empty_source", sentence, named_feeds: Vec::new() });
    }
    Ok(look)
}

/// What went wrong with a look, beside the field that named the place.
pub(super) fn beside(place: &SourcePlace, error: &CannotLook) -> FieldErrors {
    match place.location {
        SourceLocation::Url(_) | SourceLocation::Urls(_) => link_error(error.to_string()),
        SourceLocation::Upload(_) => file_error(error.to_string()),
        SourceLocation::File(_) | SourceLocation::Sample => general_error(&error.to_string()),
    }
}

/// What a look found, as the form shows it.
pub(super) fn found(state: &AppState, place: &SourcePlace, look: &SourceProbe) -> FoundColumns {
    let cells = |cells: &Vec<String>| cells.iter().map(|cell| clip_text(cell, CELL)).collect();
    let mut feeds: Vec<FoundFeed> = look.feeds.iter().zip(feed_names(&look.feeds)).map(found_feed).collect();
    feeds.sort_by_key(|feed| (feed.error.is_none(), !feed.is_fetched));
    let more_feeds = feeds.len().saturating_sub(FEEDS) as u64;
    feeds.truncate(FEEDS);
    FoundColumns {
        columns: look.columns.clone(),
        rows: look.rows.iter().map(|row| cells(&row.cells)).collect(),
        feeds,
        more_feeds,
        // A missing key column is said beside the columns.
        problems: look.all_problems().skip(usize::from(look.missing_key.is_some())).collect(),
        notes: look.notes.clone(),
        likely_header: look.likely_header,
        hidden_columns: look.hidden_columns.clone(),
        ..unseen(state, place)
    }
}

fn found_feed((feed, name): (&FeedRecord, String)) -> FoundFeed {
    let title = clip_text(&name, CELL);
    let error = feed.error.as_ref().map(|(_, sentence)| sentence.clone());
    FoundFeed { title, error, is_fetched: feed.succeeded_at.is_some() }
}

/// What is known of a source without looking into it: the columns of its catalog.
pub(super) fn found_without_look(state: &AppState, source: &Source) -> Result<FoundColumns, WebError> {
    let mut columns = state.store.catalog(source.id)?.map(|catalog| catalog.columns).unwrap_or_default();
    if columns.is_empty() {
        columns.push(source.key_column.clone());
    }
    Ok(FoundColumns { columns, ..unseen(state, &SourcePlace::from(source)) })
}

/// What is known of a place by itself. A link is replaced by another link, an upload by another upload. A path of the
/// server is for the command line.
fn unseen(state: &AppState, place: &SourcePlace) -> FoundColumns {
    FoundColumns {
        kind: place.kind_label(&state.control).to_owned(),
        location: place.location_label(),
        spec: state.control.form_spec(&place.kind),
        is_file_replaceable: matches!(place.location, SourceLocation::Upload(_) | SourceLocation::Sample),
        has_links: !place.location.addresses().is_empty(),
        asks_key: state.control.key_column(&place.kind).is_none(),
        reading: read_form::offered(state.control.read_settings(&place.kind)),
        ..FoundColumns::default()
    }
}

/// The fields of a source that is there.
pub(super) fn form_of(state: &AppState, source: &Source) -> SourceForm {
    of_source(source, shown(&state.control, &source.kind, &source.location))
}

/// The proposed slug, with a number if it is taken.
pub(super) fn free_slug(state: &AppState, proposed: &str) -> Result<String, WebError> {
    if proposed.is_empty() {
        return Ok(String::new());
    }
    let taken: Vec<String> = state.store.sources()?.iter().map(|source| source.slug.to_string()).collect();
    let is_free = |slug: &String| !taken.contains(slug) && slug.parse::<Slug>().is_ok();
    let numbered = (2..100).map(|number| format!("{proposed}-{number}"));
    Ok(std::iter::once(proposed.to_owned()).chain(numbered).find(is_free).unwrap_or_default())
}

/// When a schedule first fires.
pub(super) fn next_run(schedule: Option<&Schedule>) -> Option<NaiveDateTime> {
    schedule.and_then(|schedule| schedule.next_after(Utc::now())).map(|time| time.naive_utc())
}

/// The source of that slug.
pub(super) fn known(state: &AppState, slug: &str) -> Result<Source, WebError> {
    let source = match slug.parse::<Slug>() {
        Ok(slug) => state.store.source(&slug)?,
        Err(_) => None,
    };
    source.ok_or_else(|| WebError::not_found("source"))
}
