//! The pages about one source, and the looks into its place that fill them.

use actix_web::http::StatusCode;
use chrono::{NaiveDateTime, Utc};

use super::form::{Wrong, general, of_source, schedule_in_words, wrong_file, wrong_link};
use super::place::{Place, shown};
use super::read_form;
use super::uploads::MAX_BYTES;
use super::view::{FoundColumns, FoundFeed, KindChoice, SourceErrors, SourceForm, SourceFormPage, SourceStep, Ways};
use crate::domain::account::Actor;
use crate::domain::feed::Feed;
use crate::domain::feed_names::feed_names;
use crate::domain::location::Location;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Slug, Source};
use crate::domain::source_probe::{CannotLook, Look};
use crate::web::http::app_state::House;
use crate::web::http::error::WebError;
use crate::web::http::form::clipped;
use crate::web::layout::page::{Html, chrome};
use crate::web::layout::view::Section;

/// The most characters of a cell in the preview.
const CELL: usize = 200;
/// The most feeds that are named beside it.
const FEEDS: usize = 10;

/// A page about one source before it is drawn.
pub(super) struct Shown {
    pub(super) step: SourceStep,
    pub(super) form: SourceForm,
    pub(super) errors: Wrong,
    pub(super) status: StatusCode,
}

impl Shown {
    /// A page with nothing wrong.
    pub(super) fn new(step: SourceStep, form: SourceForm) -> Self {
        Self { step, form, errors: Wrong::default(), status: StatusCode::OK }
    }

    /// With what is wrong, each beside its field, and everything typed kept.
    pub(super) fn wrong(self, errors: Wrong) -> Self {
        Self { errors, status: StatusCode::UNPROCESSABLE_ENTITY, ..self }
    }

    /// Draws it.
    pub(super) fn draw(mut self, house: &House, actor: &Actor) -> Result<Html, WebError> {
        let title = match &self.step {
            SourceStep::Place(_) | SourceStep::Columns(_) => "Add a source".to_owned(),
            SourceStep::Edit(_) => format!("Edit {}", self.form.name),
            SourceStep::Remove(_) => format!("Remove {}", self.form.name),
        };
        self.form.schedule_words = schedule_in_words(&self.form.schedule);
        let chrome = chrome(house, Some(actor), title, Section::Settings)?;
        let robot = house.control.robot().map(str::to_owned);
        let page = SourceFormPage { chrome, step: self.step, form: self.form, errors: *self.errors, robot };
        Ok(Html::draw(&page)?.status(self.status))
    }
}

/// The ways to say where a source is, with the one of `kind` chosen.
pub(super) fn ways(house: &House, kind: &str) -> Ways {
    let kinds = house.control.kinds();
    let files = kinds.iter().filter_map(|kind| house.control.way_in(kind)?.file).map(|file| file.accept);
    Ways {
        chosen: house.control.way_in(kind),
        files: files.collect::<Vec<_>>().join(","),
        kinds: kinds.iter().filter_map(|kind| choice(house, kind)).collect(),
        offer: None,
        named: Vec::new(),
    }
}

/// A kind as it is offered.
pub(super) fn choice(house: &House, name: &'static str) -> Option<KindChoice> {
    house.control.way_in(name).map(|way| KindChoice { name, title: way.title, about: way.about })
}

/// The file is larger than may be uploaded.
pub(super) fn too_large() -> Wrong {
    let most = MAX_BYTES / 1_000_000;
    let error =
        format!("The file is larger than {most} MB. Put it where Lockstep can fetch it by a link, or make it smaller.");
    wrong_file(error)
}

/// Looks at what is at a place.
pub(super) fn look_at(house: &House, place: &Place) -> Result<Look, CannotLook> {
    with_columns(house.control.look(&place.kind, &place.location, &place.read_options)?)
}

/// Looks into a source that is there.
pub(super) fn look_again(house: &House, source: &Source) -> Result<Look, CannotLook> {
    with_columns(house.control.look_again(source)?)
}

/// That the key column is not among the columns, beside the columns.
pub(super) fn missing_key(look: &Look) -> Wrong {
    Box::new(SourceErrors { key: look.missing_key.clone(), ..SourceErrors::default() })
}

fn with_columns(look: Look) -> Result<Look, CannotLook> {
    if look.columns.is_empty() {
        let otherwise = || "The source is empty. Its first row must name the columns.".to_owned();
        let sentence = look.failure.map_or_else(otherwise, |failure| failure.cause());
        return Err(CannotLook { code: "empty_source", sentence, named_feeds: Vec::new() });
    }
    Ok(look)
}

/// What went wrong with a look, beside the field that named the place.
pub(super) fn beside(place: &Place, error: &CannotLook) -> Wrong {
    match place.location {
        Location::Url(_) | Location::Urls(_) => wrong_link(error.to_string()),
        Location::Upload(_) => wrong_file(error.to_string()),
        Location::File(_) | Location::Sample => general(&error.to_string()),
    }
}

/// What a look found, as the form shows it.
pub(super) fn found(house: &House, place: &Place, look: &Look) -> FoundColumns {
    let cells = |cells: &Vec<String>| cells.iter().map(|cell| clipped(cell, CELL)).collect();
    let mut feeds: Vec<FoundFeed> = look.feeds.iter().zip(feed_names(&look.feeds)).map(found_feed).collect();
    feeds.sort_by_key(|feed| (feed.error.is_none(), !feed.read));
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
        ..unseen(house, place)
    }
}

fn found_feed((feed, name): (&Feed, String)) -> FoundFeed {
    let title = clipped(&name, CELL);
    let error = feed.error.as_ref().map(|(_, sentence)| sentence.clone());
    FoundFeed { title, error, read: feed.succeeded_at.is_some() }
}

/// What is known of a source without looking into it: the columns of its catalog.
pub(super) fn found_without_look(house: &House, source: &Source) -> Result<FoundColumns, WebError> {
    let mut columns = house.store.catalog(source.id)?.map(|catalog| catalog.columns).unwrap_or_default();
    if columns.is_empty() {
        columns.push(source.key_column.clone());
    }
    Ok(FoundColumns { columns, ..unseen(house, &Place::from(source)) })
}

/// What is known of a place by itself. A link is replaced by another link, an upload by another upload. A path of the
/// server is for the command line.
fn unseen(house: &House, place: &Place) -> FoundColumns {
    FoundColumns {
        kind: place.kind_in_words(&house.control).to_owned(),
        place: place.place_in_words(),
        way: house.control.way_in(&place.kind),
        replaceable: matches!(place.location, Location::Upload(_) | Location::Sample),
        linked: !place.location.addresses().is_empty(),
        asks_key: house.control.key_column(&place.kind).is_none(),
        reading: read_form::offered(house.control.read_settings(&place.kind)),
        ..FoundColumns::default()
    }
}

/// The fields of a source that is there.
pub(super) fn form_of(house: &House, source: &Source) -> SourceForm {
    of_source(source, shown(&house.control, &source.kind, &source.location))
}

/// The proposed slug, with a number if it is taken.
pub(super) fn free_slug(house: &House, proposed: &str) -> Result<String, WebError> {
    if proposed.is_empty() {
        return Ok(String::new());
    }
    let taken: Vec<String> = house.store.sources()?.iter().map(|source| source.slug.to_string()).collect();
    let is_free = |slug: &String| !taken.contains(slug) && slug.parse::<Slug>().is_ok();
    let numbered = (2..100).map(|number| format!("{proposed}-{number}"));
    Ok(std::iter::once(proposed.to_owned()).chain(numbered).find(is_free).unwrap_or_default())
}

/// When a schedule first fires.
pub(super) fn next_run(schedule: Option<&Schedule>) -> Option<NaiveDateTime> {
    schedule.and_then(|schedule| schedule.next_after(Utc::now())).map(|time| time.naive_utc())
}

/// The source of that slug.
pub(super) fn known(house: &House, slug: &str) -> Result<Source, WebError> {
    let source = match slug.parse::<Slug>() {
        Ok(slug) => house.store.source(&slug)?,
        Err(_) => None,
    };
    source.ok_or_else(|| WebError::not_found("source"))
}
