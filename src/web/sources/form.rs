//! The fields of the source form: parses, checks and proposes their values.

use url::Url;

use super::field_errors::FieldErrors;
use super::place::SourcePlace;
use super::read_fields_view::{ReadErrors, ReadForm};
use super::read_form;
use super::schedule_form;
use super::schedule_view::SchedulePreview;
use super::view::{SourceErrors, SourceForm};
use crate::domain::max_age::{MaxAge, NotAnAge};
use crate::domain::run_text::hidden_columns::hidden_columns_warning;
use crate::domain::run_text::missing_key::no_such_column_message;
use crate::domain::schedule::Schedule;
use crate::domain::source::{Noun, Slug, Source, SourceDraft};
use crate::domain::text::comparable_form::position_of;
use crate::domain::text::measures::format_error;
use crate::domain::text::path_secrets::redact_path;
use crate::web::http::form::{FormValues, trimmed_value};

/// The most characters of a name.
pub(super) const MAX_NAME_CHARS: usize = 100;

/// Parses the fields as typed.
pub(super) fn parse_form(values: &FormValues) -> SourceForm {
    let reading = read_form::parse_fields(values);
    SourceForm {
        slug: trimmed_value(values, "slug"),
        // The button that continues as another kind overrides the selected kind.
        kind: Some(trimmed_value(values, "as"))
            .filter(|kind| !kind.is_empty())
            .unwrap_or_else(|| trimmed_value(values, "kind")),
        // The button of a feed that a page links to overrides the typed link.
        url: Some(trimmed_value(values, "use"))
            .filter(|url| !url.is_empty())
            .unwrap_or_else(|| trimmed_value(values, "url")),
        user: trimmed_value(values, "user"),
        // Not trimmed: white space may be part of it.
        password: values.get("password").cloned().unwrap_or_default(),
        address_id: trimmed_value(values, "waits"),
        reviewed_url: trimmed_value(values, "reviewed_url"),
        review_digest: trimmed_value(values, "review_digest"),
        upload: trimmed_value(values, "upload"),
        file_name: trimmed_value(values, "called"),
        // Not trimmed: it must equal the name of a column.
        key: values.get("key").cloned().unwrap_or_default(),
        name: trimmed_value(values, "name"),
        noun_one: trimmed_value(values, "noun_one"),
        noun_many: trimmed_value(values, "noun_many"),
        schedule: schedule_form::parse_fields(values),
        schedule_preview: SchedulePreview::default(),
        paused_since: None,
        next_run: None,
        stale: None,
        stale_after: trimmed_value(values, "stale_after"),
        public: trimmed_value(values, "public") == "1",
        publish_hidden: trimmed_value(values, "publish_hidden") == "1",
        hidden_columns: values.get("hidden_columns").and_then(|names| serde_json::from_str(names).ok()),
        read_options: reading.as_ref().map(|form| read_form::parse_options(form).0).unwrap_or_default(),
        reading,
    }
}

/// Sets the header row as if it had been typed.
pub(super) fn set_header_row(form: &mut SourceForm, header_row: String) {
    let reading = ReadForm { header_row, ..form.read_form() };
    form.read_options = read_form::parse_options(&reading).0;
    form.reading = Some(reading);
}

/// The errors of the read options.
pub(super) fn read_errors(form: &SourceForm) -> ReadErrors {
    form.reading.as_ref().map(|form| read_form::parse_options(form).1).unwrap_or_default()
}

/// The fields of an existing source. `url` is its address without secrets.
pub(super) fn form_of_source(source: &Source, url: String) -> SourceForm {
    SourceForm {
        slug: source.slug.to_string(),
        kind: source.kind.clone(),
        url,
        key: source.key_column.clone(),
        name: source.name.clone(),
        noun_one: source.noun.one.clone(),
        noun_many: source.noun.many.clone(),
        schedule: schedule_form::form_of_stored(source.schedule.as_ref()),
        stale_after: shown_age(source.stale_after),
        public: source.public,
        reading: Some(read_form::form_of_options(&source.read_options)),
        read_options: source.read_options.clone(),
        ..SourceForm::default()
    }
}

/// The age at which a catalog counts as stale, as the form shows it; empty if none is set.
pub(super) fn shown_age(age: Option<MaxAge>) -> String {
    age.map(|age| age.to_string()).unwrap_or_default()
}

/// The draft of a source and its schedule, or the errors field by field.
pub(super) fn check_form(
    form: &SourceForm,
    place: &SourcePlace,
    columns: &[String],
) -> Result<(SourceDraft, Option<Schedule>), FieldErrors> {
    let mut errors = SourceErrors::default();
    let slug = form.slug.parse::<Slug>().map_err(|error| format_error(&error));
    let slug = slug.map_err(|error| errors.slug = Some(error)).ok();
    if form.name.is_empty() || form.name.chars().count() > MAX_NAME_CHARS || form.name.contains(char::is_control) {
        errors.name = Some(format!("A name must have 1 to {MAX_NAME_CHARS} characters and no line breaks."));
    }
    let slashed = form.noun_one.contains('/');
    let noun = format!("{}/{}", form.noun_one, form.noun_many).parse::<Noun>().ok().filter(|_| !slashed);
    if noun.is_none() {
        errors.noun = Some("Enter the singular and the plural, such as album and albums.".to_owned());
    }
    if form.key.is_empty() {
        errors.key = Some("Choose the unique key column.".to_owned());
    } else if position_of(columns, &form.key).is_none() {
        errors.key = Some(no_such_column_message(&form.key, columns));
    }
    let schedule = schedule_form::check_fields(&form.schedule).unwrap_or_else(|wrong| {
        errors.schedule = wrong;
        None
    });
    let stale_after = if form.stale_after.is_empty() { Ok(None) } else { form.stale_after.parse().map(Some) };
    let stale_after = stale_after.unwrap_or_else(|error: NotAnAge| {
        errors.stale_after = Some(format_error(&error));
        None
    });
    errors.reading = read_errors(form);
    let (Some(slug), Some(noun), true) = (slug, noun, errors.is_empty()) else { return Err(Box::new(errors)) };
    let draft = SourceDraft {
        slug,
        name: form.name.clone(),
        noun,
        kind: place.kind.clone(),
        location: place.location.clone(),
        key_column: form.key.clone(),
        schedule: schedule.as_ref().map(Schedule::to_stored),
        public: form.public,
        read_options: place.read_options.clone(),
        stale_after,
    };
    Ok((draft, schedule))
}

/// The error for a public catalog that would show columns which are hidden in the source, unless the form confirms
/// them.
pub(super) fn unconfirmed_columns(form: &SourceForm, hidden_columns: &[String]) -> Option<FieldErrors> {
    if !form.public {
        return None;
    }
    let confirmed = published_columns(form, &[]);
    let is_unconfirmed = |name: &&String| position_of(&confirmed, name).is_none();
    let unconfirmed: Vec<String> = hidden_columns.iter().filter(is_unconfirmed).cloned().collect();
    let public = Some(hidden_columns_warning(&unconfirmed)?);
    Some(Box::new(SourceErrors { public, ..SourceErrors::default() }))
}

/// The hidden columns that the saved catalog may publish: the columns that the form listed, if it allows them; none, if
/// all of them were allowed before and no longer are. Otherwise `before` stays: the form listed none, or its box was
/// not ticked before either.
pub(super) fn published_columns(form: &SourceForm, before: &[String]) -> Vec<String> {
    match &form.hidden_columns {
        _ if !form.public => Vec::new(),
        None => before.to_vec(),
        Some(named) if form.publish_hidden => named.clone(),
        Some(named) if named.iter().all(|name| position_of(before, name).is_some()) => Vec::new(),
        Some(_) => before.to_vec(),
    }
}

/// Whether all these hidden columns are published.
pub(super) fn are_published(source: &Source, hidden_columns: &[String]) -> bool {
    let allowed = &source.read_options.published_hidden_columns;
    source.public
        && !hidden_columns.is_empty()
        && hidden_columns.iter().all(|name| position_of(allowed, name).is_some())
}

/// The file name in a URL: the last part of its path, decoded.
pub(super) fn file_name_of(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return String::new() };
    // A secret must not become the name of a source, which everybody may see.
    let last = url.path().rsplit('/').next().unwrap_or_default();
    if !redact_path(url.path()).ends_with(last) {
        return String::new();
    }
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
