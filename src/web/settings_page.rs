//! The pages about one source, and the looks into its place that fill them.

use actix_web::http::StatusCode;
use chrono::{NaiveDateTime, Utc};

use super::error::WebError;
use super::forms::clipped;
use super::page::{Html, chrome};
use super::source_form::{Place, Wrong, schedule_in_words};
use super::state::House;
use super::uploads::{self, MAX_BYTES};
use super::views::base::Section;
use super::views::sources::{FoundColumns, SourceErrors, SourceForm, SourceFormPage, SourceStep};
use crate::domain::account::Actor;
use crate::domain::look::Look;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Location, Slug, Source};

/// The most characters of a cell in the preview.
const CELL: usize = 200;

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
            SourceStep::Place | SourceStep::Columns(_) => "Add a source".to_owned(),
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

/// Something that is wrong and belongs to no field.
pub(super) fn general(sentence: &str) -> Wrong {
    Box::new(SourceErrors { general: Some(sentence.to_owned()), ..SourceErrors::default() })
}

/// Something is wrong with the link.
pub(super) fn wrong_link(sentence: String) -> Wrong {
    Box::new(SourceErrors { url: Some(sentence), ..SourceErrors::default() })
}

/// Something is wrong with the file.
fn wrong_file(sentence: String) -> Wrong {
    Box::new(SourceErrors { file: Some(sentence), ..SourceErrors::default() })
}

/// The file is larger than may be uploaded.
pub(super) fn too_large() -> Wrong {
    let most = MAX_BYTES / 1_000_000;
    let error =
        format!("The file is larger than {most} MB. Put it where Lockstep can fetch it by a link, or make it smaller.");
    wrong_file(error)
}

/// Looks at what is at a place. What goes wrong is told beside the field that named it.
pub(super) fn look_at(house: &House, place: &Place) -> Result<Look, Wrong> {
    let looked = house.control.look(&place.kind, &place.location).map_err(|error| error.to_string());
    let looked = looked.and_then(|look| {
        let empty = "Nothing was found there: the first row has to name the columns.";
        if look.columns.is_empty() { Err(empty.to_owned()) } else { Ok(look) }
    });
    looked.map_err(|error| match place.location {
        Location::Url(_) | Location::Urls(_) => wrong_link(error),
        Location::Upload(_) => wrong_file(error),
        Location::File(_) | Location::Sample => general(&error),
    })
}

/// What a look found, as the form shows it.
pub(super) fn found(house: &House, place: &Place, look: &Look) -> FoundColumns {
    let cells = |cells: &Vec<String>| cells.iter().map(|cell| clipped(cell, CELL)).collect();
    FoundColumns {
        kind: place.kind_in_words(&house.control).to_owned(),
        place: place.place_in_words(),
        columns: look.columns.clone(),
        rows: look.rows.iter().map(|row| cells(&row.cells)).collect(),
        replaceable: is_replaceable(place),
    }
}

/// What is known of a source without looking into it: the columns of its catalog.
pub(super) fn found_without_look(house: &House, source: &Source) -> Result<FoundColumns, WebError> {
    let mut columns = house.store.catalog(source.id)?.map(|catalog| catalog.columns).unwrap_or_default();
    if columns.is_empty() {
        columns.push(source.key_column.clone());
    }
    let place = Place::from(source);
    Ok(FoundColumns {
        kind: place.kind_in_words(&house.control).to_owned(),
        place: place.place_in_words(),
        columns,
        rows: Vec::new(),
        replaceable: is_replaceable(&place),
    })
}

/// A link is replaced by another link, an upload by another upload. A path of the server is for the command line.
fn is_replaceable(place: &Place) -> bool {
    matches!(place.location, Location::Upload(_) | Location::Sample)
}

/// The place that a form names: an upload by its id, or a link.
pub(super) fn sent_place(house: &House, form: &SourceForm) -> Result<Result<Place, Wrong>, WebError> {
    if form.upload.is_empty() {
        let place = Place::from_link(&form.url);
        return Ok(place.map_err(wrong_link));
    }
    if uploads::is_waiting(&house.uploads_dir, &form.upload, &house.store.sources()?) {
        return Ok(Ok(Place::upload(&form.upload)));
    }
    let error = "The uploaded file is no longer there. Upload it again.".to_owned();
    Ok(Err(wrong_file(error)))
}

/// The place after a change: another upload, another link, or what it was. A file of the server stays what it is.
pub(super) fn changed_place(
    house: &House,
    source: &Source,
    form: &SourceForm,
) -> Result<Result<Place, Wrong>, WebError> {
    match &source.location {
        Location::Upload(_) | Location::Sample if !form.upload.is_empty() => sent_place(house, form),
        Location::Url(address) if *address != form.url => {
            sent_place(house, &SourceForm { upload: String::new(), ..form.clone() })
        }
        Location::Url(_) | Location::Urls(_) | Location::Upload(_) | Location::Sample | Location::File(_) => {
            Ok(Ok(Place::from(source)))
        }
    }
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
