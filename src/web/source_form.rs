//! The fields of a source: read as typed, checked one by one, and proposed where they can be guessed.

use url::Url;

use super::forms::{Values, sentence, value};
use super::views::sources::{SourceErrors, SourceForm};
use crate::domain::row::listed_columns;
use crate::domain::schedule::Schedule;
use crate::domain::sheet_link::{NotASheetLink, SheetLink};
use crate::domain::source::{Location, Noun, Slug, Source, SourceDraft};
use crate::sync::Control;

/// The most characters of a name.
const LONGEST_NAME: usize = 100;
/// The most characters of a link.
const LONGEST_LINK: usize = 4000;

/// What is wrong with a form, field by field.
pub(super) type Wrong = Box<SourceErrors>;

/// Where a source's content is, and of which kind that place is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) kind: String,
    pub(super) location: Location,
}

impl Place {
    /// An uploaded file.
    pub(super) fn upload(id: &str) -> Self {
        Self { kind: "csv".to_owned(), location: Location::Upload(id.to_owned()) }
    }

    /// Where a link leads: to a Google Sheet in any form people paste, or to a CSV file at any other address.
    pub(super) fn from_link(link: &str) -> Result<Self, String> {
        let link = link.trim();
        if link.is_empty() {
            return Err("Paste the link here.".to_owned());
        }
        if link.chars().count() > LONGEST_LINK {
            return Err("That is too long for a link.".to_owned());
        }
        let at =
            |kind: &str, address: &str| Self { kind: kind.to_owned(), location: Location::Url(address.to_owned()) };
        let Err(reason) = link.parse::<SheetLink>() else { return Ok(at("sheet", link)) };
        let address = if link.contains("://") { link.to_owned() } else { format!("https://{link}") };
        let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let google = ["docs.google.com", "spreadsheets.google.com", "drive.google.com"].contains(&host);
        if google || reason != NotASheetLink::Other {
            return Err(sentence(&reason.to_string()));
        }
        // Without a scheme a word is more likely a slip than a host.
        if host.is_empty() || link.contains(char::is_whitespace) || (!link.contains("://") && !host.contains('.')) {
            return Err("That is not a web address. It begins with https:// or http://.".to_owned());
        }
        Ok(at("csv", &address))
    }

    /// What it is, in words.
    pub(super) fn kind_in_words(&self, control: &Control) -> &'static str {
        control.label(&self.kind, &self.location)
    }

    /// Where it is, in words.
    pub(super) fn place_in_words(&self) -> String {
        match &self.location {
            Location::Upload(_) | Location::Sample => String::new(),
            Location::Url(_) | Location::Urls(_) | Location::File(_) => self.location.for_people(),
        }
    }
}

impl From<&Source> for Place {
    fn from(source: &Source) -> Self {
        Self { kind: source.kind.clone(), location: source.location.clone() }
    }
}

/// The fields as they were typed.
pub(super) fn typed(values: &Values) -> SourceForm {
    SourceForm {
        slug: value(values, "slug"),
        url: value(values, "url"),
        upload: value(values, "upload"),
        // Not trimmed: it is one of the columns as it is.
        key: values.get("key").cloned().unwrap_or_default(),
        name: value(values, "name"),
        noun_one: value(values, "noun_one"),
        noun_many: value(values, "noun_many"),
        schedule: value(values, "schedule"),
        schedule_words: None,
        public: value(values, "public") == "1",
    }
}

/// The fields of a source that is there.
pub(super) fn of_source(source: &Source) -> SourceForm {
    let url = match &source.location {
        Location::Url(address) => address.clone(),
        Location::Urls(addresses) => addresses.join("\n"),
        Location::File(_) | Location::Upload(_) | Location::Sample => String::new(),
    };
    SourceForm {
        slug: source.slug.to_string(),
        url,
        upload: String::new(),
        key: source.key_column.clone(),
        name: source.name.clone(),
        noun_one: source.noun.one.clone(),
        noun_many: source.noun.many.clone(),
        schedule: source.schedule.clone().unwrap_or_default(),
        schedule_words: source.schedule.as_deref().and_then(schedule_in_words),
        public: source.public,
    }
}

/// A cron line in words, if it can be followed.
pub(super) fn schedule_in_words(line: &str) -> Option<String> {
    line.parse::<Schedule>().ok().map(|schedule| schedule.in_words())
}

/// A draft of what was typed, with the schedule that it will follow; or what is wrong, field by field.
pub(super) fn check(
    form: &SourceForm,
    place: &Place,
    columns: &[String],
) -> Result<(SourceDraft, Option<Schedule>), Wrong> {
    let mut errors = SourceErrors::default();
    let slug = form.slug.parse::<Slug>().map_err(|error| sentence(&error.to_string()));
    let slug = slug.map_err(|error| errors.slug = Some(error)).ok();
    if form.name.is_empty() || form.name.chars().count() > LONGEST_NAME || form.name.contains(char::is_control) {
        errors.name = Some(format!("A name has 1 to {LONGEST_NAME} characters and no line breaks."));
    }
    let slashed = form.noun_one.contains('/');
    let noun = format!("{}/{}", form.noun_one, form.noun_many).parse::<Noun>().ok().filter(|_| !slashed);
    if noun.is_none() {
        errors.noun = Some("Say what one is called and what several are called, such as album and albums.".to_owned());
    }
    if form.key.is_empty() {
        errors.key = Some("Choose the column that tells the rows apart.".to_owned());
    } else if !columns.contains(&form.key) {
        errors.key = Some(format!("There is no column “{}”. The columns are {}.", form.key, listed_columns(columns)));
    }
    let schedule = if form.schedule.is_empty() { Ok(None) } else { form.schedule.parse().map(Some) };
    let schedule = schedule.unwrap_or_else(|error: crate::domain::schedule::NotASchedule| {
        errors.schedule = Some(sentence(&error.to_string()));
        None
    });
    let (Some(slug), Some(noun), true) = (slug, noun, errors.is_empty()) else { return Err(Box::new(errors)) };
    let draft = SourceDraft {
        slug,
        name: form.name.clone(),
        noun,
        kind: place.kind.clone(),
        location: place.location.clone(),
        key_column: form.key.clone(),
        schedule: schedule.as_ref().map(ToString::to_string),
        public: form.public,
    };
    Ok((draft, schedule))
}

/// Proposes name, slug and nouns after what the file is called.
pub(super) fn propose(form: &mut SourceForm, file_name: &str) {
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let words = stem.replace(['_', '-', '+', '.'], " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = words.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if let Some(slug) = Slug::from_name(&name) {
        form.slug = slug.to_string();
    }
    let last = name.split(' ').next_back().unwrap_or_default().to_lowercase();
    let noun = singular(&last).map_or_else(Noun::default, |one| Noun { one, many: last.clone() });
    (form.noun_one, form.noun_many) = (noun.one, noun.many);
    let mut letters = name.chars();
    form.name = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
}

/// The singular of an English plural, where it is plain.
fn singular(many: &str) -> Option<String> {
    if many.len() < 4 || !many.chars().all(char::is_alphabetic) || many.ends_with("ss") {
        return None;
    }
    let cut = |end: &str, with: &str| many.strip_suffix(end).map(|stem| format!("{stem}{with}"));
    cut("ies", "y").or_else(|| cut("ches", "ch")).or_else(|| cut("shes", "sh")).or_else(|| cut("s", ""))
}

/// The last part of an address's path, decoded: what a file there is called.
pub(super) fn file_name_of(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return String::new() };
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
#[path = "source_form_tests.rs"]
mod tests;
