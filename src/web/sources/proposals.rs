//! Proposes key, names, URL and schedule of a new source, after what a probe found.

use url::Url;

use super::form::{MAX_NAME_CHARS, file_name_of};
use super::pages::free_slug;
use super::place::SourcePlace;
use super::schedule_form;
use super::view::SourceForm;
use crate::domain::location::SourceLocation;
use crate::domain::schedule_rhythm::RhythmChoice;
use crate::domain::source::{Noun, Slug};
use crate::domain::source_form_spec::AddressInput;
use crate::domain::source_probe::SourceProbe;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// Fills in key, names, URL and schedule. `called` is the original name of an uploaded file.
pub(super) fn propose_fields(
    state: &AppState,
    form: &mut SourceForm,
    place: &SourcePlace,
    probe: &SourceProbe,
    called: &str,
) -> Result<(), WebError> {
    let control = &state.control;
    let own_key = control.key_column(&place.kind);
    form.key = own_key.or_else(|| probe.proposed_key()).unwrap_or_default().to_owned();
    let form_spec = control.form_spec(&place.kind);
    let asked = form_spec.map(|spec| spec.asked);
    let address = match &place.location {
        // The last part of the path of such a link is not a name.
        SourceLocation::Url(address) if control.kind_of_link(address).is_none() => address.as_str(),
        _ => "",
    };
    let noun = control.default_noun(&place.kind);
    match &probe.title {
        Some(title) if called.is_empty() => propose_after_title(form, title, noun),
        _ if called.is_empty() => propose_from_file_name(form, &file_name_of(address), noun),
        _ => propose_from_file_name(form, called, noun),
    }
    let host = || Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    let title = match &probe.feeds[..] {
        _ if asked == Some(AddressInput::Account) => host(),
        [only] => Some(only.title.clone()),
        _ => None,
    };
    if let Some(title) = title.filter(|title| !title.is_empty()) {
        propose_name(form, &title);
    }
    // A proposed name is better than an empty field, also if it only says what the source is.
    if form.name.is_empty() {
        propose_name(form, form_spec.map_or("", |spec| spec.title));
    }
    form.slug = free_slug(state, &form.slug)?;
    form.schedule = schedule_form::form_of_stored(None);
    form.schedule.choice = proposed_rhythm(&place.location, asked).map(|rhythm| rhythm.to_string()).unwrap_or_default();
    Ok(())
}

/// The proposed rhythm: feeds get news by the hour, a table is read at night, and an uploaded file does not change.
fn proposed_rhythm(location: &SourceLocation, asked: Option<AddressInput>) -> Option<RhythmChoice> {
    match (location, asked) {
        (_, Some(AddressInput::Links | AddressInput::Account)) => Some(RhythmChoice::Hourly),
        (SourceLocation::Upload(_) | SourceLocation::Sample, _) => None,
        _ => Some(RhythmChoice::Daily),
    }
}

/// Proposes name and slug from the title of a source.
fn propose_name(form: &mut SourceForm, title: &str) {
    let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = words.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    form.slug = Slug::from_name(&name).map(|slug| slug.to_string()).unwrap_or_default();
    let mut letters = name.chars();
    form.name = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
}

/// Proposes name, slug and nouns from a file name. The noun of the kind, if it has one, takes precedence.
fn propose_from_file_name(form: &mut SourceForm, file_name: &str, noun: Noun) {
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    propose_after_title(form, &stem.replace(['_', '-', '+', '.'], " "), noun);
}

/// Proposes name, slug and nouns from the title of a source.
fn propose_after_title(form: &mut SourceForm, title: &str, noun: Noun) {
    propose_name(form, title);
    // A year, a number or a remark in brackets after it says nothing about what an item is.
    let is_noun = |word: &&str| word.chars().all(char::is_alphabetic);
    let last = form.name.split(' ').rfind(is_noun).unwrap_or_default().to_lowercase();
    let noun = match english_singular(&last) {
        Some(one) if noun == Noun::default() => Noun { one, many: last },
        _ => noun,
    };
    (form.noun_one, form.noun_many) = (noun.one, noun.many);
}

/// The singular of a regular English plural.
fn english_singular(many: &str) -> Option<String> {
    if many.len() < 4 || !many.chars().all(char::is_alphabetic) || many.ends_with("ss") {
        return None;
    }
    let cut = |end: &str, with: &str| many.strip_suffix(end).map(|stem| format!("{stem}{with}"));
    cut("ies", "y").or_else(|| cut("ches", "ch")).or_else(|| cut("shes", "sh")).or_else(|| cut("s", ""))
}

#[cfg(test)]
mod tests {
    use super::propose_from_file_name;
    use crate::domain::source::Noun;
    use crate::web::sources::view::SourceForm;

    #[test]
    fn a_file_name_proposes_the_names_of_its_source() {
        let proposed = |name: &str| {
            let mut form = SourceForm::default();
            propose_from_file_name(&mut form, name, Noun::default());
            (form.name, form.slug, form.noun_one, form.noun_many)
        };
        let own = |a: &str, b: &str, c: &str, d: &str| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
        assert_eq!(proposed("jazz_albums.csv"), own("Jazz albums", "jazz-albums", "album", "albums"));
        assert_eq!(proposed("Albums 2026 (2).xlsx"), own("Albums 2026 (2)", "albums-2026-2", "album", "albums"));
        assert_eq!(proposed("../../Galleries.tsv"), own("Galleries", "galleries", "gallery", "galleries"));
        assert_eq!(proposed("press.csv"), own("Press", "press", "item", "items"));
        assert_eq!(proposed(""), own("", "", "item", "items"));
        let mut form = SourceForm::default();
        let articles = Noun { one: "article".to_owned(), many: "articles".to_owned() };
        propose_from_file_name(&mut form, "feeds.opml", articles);
        assert_eq!((form.name.as_str(), form.noun_many.as_str()), ("Feeds", "articles"), "its kind knows better");
    }
}
