//! Where a source is, as forms say it: what was typed or uploaded becomes a place of some kind. Which kinds there are,
//! what each asks for and what it takes is theirs to say; nothing here knows any of them.

use url::Url;

use super::field_errors::{FieldErrors, file_error, link_error};
use super::kept_address;
use super::uploads;
use super::view::SourceForm;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::source::Source;
use crate::domain::source_form_spec::AddressInput;
use crate::domain::text::measures::sentence;
use crate::domain::text::redaction::{account, all_veiled, server_of, unveiled, veiled, veiled_server};
use crate::sync::SyncControl;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The most characters of an address.
const LONGEST: usize = 4000;

/// Where a source's content is, and of which kind that place is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SourcePlace {
    pub(super) kind: String,
    pub(super) location: SourceLocation,
    pub(super) read_options: ReadOptions,
}

impl SourcePlace {
    /// What it is, in words.
    pub(super) fn kind_label(&self, control: &SyncControl) -> &'static str {
        control.kind_label(&self.kind, &self.location)
    }

    /// What of it is to be looked at by those who know `before`: of several addresses the new ones.
    pub(super) fn beyond(&self, before: &SourceLocation) -> Option<Self> {
        let SourceLocation::Urls(addresses) = &self.location else { return Some(self.clone()) };
        let mut new = addresses.clone();
        new.retain(|address| !before.addresses().contains(address));
        let location =
            if let [only] = &new[..] { SourceLocation::Url(only.clone()) } else { SourceLocation::Urls(new) };
        (!location.addresses().is_empty()).then(|| Self { location, ..self.clone() })
    }

    /// Where it is, in words.
    pub(super) fn location_label(&self) -> String {
        match &self.location {
            SourceLocation::Upload(_) | SourceLocation::Sample => String::new(),
            SourceLocation::Url(_) | SourceLocation::Urls(_) | SourceLocation::File(_) => self.location.for_people(),
        }
    }
}

impl From<&Source> for SourcePlace {
    fn from(source: &Source) -> Self {
        Self { kind: source.kind.clone(), location: source.location.clone(), read_options: source.read_options.clone() }
    }
}

/// The places that a form may mean, the likeliest first. With a kind there is one; without, one of each kind that
/// would take what was typed, unless its form alone says which it is. `stored` are the addresses that the form showed
/// of a source that is there.
pub(super) fn meant(
    state: &AppState,
    form: &SourceForm,
    stored: &[String],
) -> Result<Result<Vec<SourcePlace>, FieldErrors>, WebError> {
    let control = &state.control;
    if !form.upload.is_empty() {
        if !uploads::is_waiting(&state.uploads_dir, &form.upload, &state.store.sources()?) {
            let error = "The uploaded file is no longer there. Upload it again.".to_owned();
            return Ok(Err(file_error(error)));
        }
        let location = SourceLocation::Upload(form.upload.clone());
        let takes = |kind: &&str| control.form_spec(kind).is_some_and(|way| way.file.is_some());
        let kinds =
            control.kind_names().into_iter().filter(takes).filter(|kind| form.kind.is_empty() || form.kind == *kind);
        let places = kinds.map(|kind| SourcePlace {
            kind: kind.to_owned(),
            location: location.clone(),
            read_options: form.read_options.obeyed(control.read_settings(kind)),
        });
        return Ok(Ok(places.collect()));
    }
    let waiting = kept_address::waiting(&state.uploads_dir, &form.address_id);
    let known = [&*waiting, stored];
    Ok(match form.kind.as_str() {
        "" => found_out(control, form, &known),
        kind => of_kind(control, kind, form, &known).map(|place| vec![place]),
    }
    .map_err(link_error))
}

/// The place of this kind that a form means.
pub(super) fn of_kind(
    control: &SyncControl,
    kind: &str,
    form: &SourceForm,
    known: &[&[String]],
) -> Result<SourcePlace, String> {
    let Some(way) = control.form_spec(kind) else {
        return Err(format!("There are no sources of the kind “{kind}”."));
    };
    let lines = lines(&form.url);
    if lines.iter().any(|line| line.chars().count() > LONGEST) {
        return Err("That is too long for a link.".to_owned());
    }
    if lines.is_empty() {
        return Err(match way.asked {
            AddressInput::Link => "Paste the link here.",
            AddressInput::Links => "Type at least one address.",
            AddressInput::Account => "Type the address of the server.",
        }
        .to_owned());
    }
    let place = |addresses: Vec<String>| {
        let location = match <[String; 1]>::try_from(addresses) {
            Ok([only]) => SourceLocation::Url(only),
            Err(several) => SourceLocation::Urls(several),
        };
        let read_options = form.read_options.obeyed(control.read_settings(kind));
        control.check_location(kind, &location).map(|()| SourcePlace { kind: kind.to_owned(), location, read_options })
    };
    if way.asked == AddressInput::Account {
        let stored = known
            .iter()
            .copied()
            .flatten()
            .find(|address| Url::parse(address).is_ok_and(|url| !url.username().is_empty()));
        let servers: Vec<String> = stored.map(|address| server_of(address)).into_iter().collect();
        let server = unveiled(&[lines.join(" ")], &[&servers], veiled_server)?.concat();
        let address = account(&whole(&server)?, &form.user, &form.password, stored.map(String::as_str))?;
        return place(vec![address]).map_err(|error| sentence(&error));
    }
    let typed = unveiled(&lines, known, veiled)?;
    // As it was typed, where the kind takes that; else as the web address that was meant.
    place(typed.clone()).or_else(|error| {
        let whole: Result<Vec<String>, String> = typed.iter().map(|line| whole(line)).collect();
        match whole {
            Ok(whole) if whole != typed => place(whole).map_err(|error| sentence(&error)),
            _ => Err(sentence(&error)),
        }
    })
}

/// The same place as one of this kind, read as `form` says; `None` where no such source can be there.
pub(super) fn as_kind(state: &AppState, kind: &str, form: &SourceForm, place: &SourcePlace) -> Option<SourcePlace> {
    let control = &state.control;
    control.check_location(kind, &place.location).ok()?;
    let read_options = form.read_options.obeyed(control.read_settings(kind));
    Some(SourcePlace { kind: kind.to_owned(), location: place.location.clone(), read_options })
}

/// The same place as one of each kind that stands in for its kind.
pub(super) fn stand_ins(state: &AppState, form: &SourceForm, place: &SourcePlace) -> Vec<SourcePlace> {
    let kinds = state.control.kind_names().into_iter();
    let others = kinds.filter(|other| state.control.substitute_note(other, &place.kind).is_some());
    others.filter_map(|other| as_kind(state, other, form, place)).collect()
}

fn found_out(control: &SyncControl, form: &SourceForm, known: &[&[String]]) -> Result<Vec<SourcePlace>, String> {
    let typed = lines(&form.url);
    let mut recognised = typed.iter().map(|line| control.kind_of_link(line));
    // Several links are of one kind where each of them is.
    let first = recognised.next().flatten();
    if let Some(kind) = first.filter(|_| recognised.all(|other| other == first)) {
        return of_kind(control, kind, form, known).map(|place| vec![place]);
    }
    let linked = |kind: &&str| control.form_spec(kind).is_some_and(|way| way.asked != AddressInput::Account);
    let (mut places, mut refusal) = (Vec::new(), None);
    for kind in control.kind_names().into_iter().filter(linked) {
        match of_kind(control, kind, form, known) {
            Ok(place) => places.push(place),
            // Only the last kinds take several links, and say which of them is wrong.
            Err(error) if typed.len() > 1 => refusal = Some(error),
            // What is no web address is told so; why a sheet's link is none does not matter then.
            Err(_) if refusal.is_some() => {}
            Err(error) => refusal = Some(whole(form.url.trim()).err().unwrap_or(error)),
        }
    }
    match refusal {
        Some(refusal) if places.is_empty() => {
            Err(if form.url.trim().is_empty() { "Paste the link here.".to_owned() } else { refusal })
        }
        _ => Ok(places),
    }
}

/// The lines with anything on them, each once.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// A web address, also where its scheme was left out.
fn whole(typed: &str) -> Result<String, String> {
    let address = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    // Without a scheme a word is more likely a slip than a host.
    if host.is_empty() || typed.contains(char::is_whitespace) || (!typed.contains("://") && !host.contains('.')) {
        return Err("That is not a web address. It begins with https:// or http://.".to_owned());
    }
    Ok(address)
}

/// The form as it is shown of these addresses: what is secret in them is behind a veil, and of an account all that
/// stands behind the address of its server.
pub(super) fn shown(control: &SyncControl, kind: &str, location: &SourceLocation) -> String {
    if control.form_spec(kind).is_some_and(|way| way.asked == AddressInput::Account) {
        let servers: Vec<String> = location.addresses().iter().map(|address| server_of(address)).collect();
        return all_veiled(&servers, veiled_server).join("\n");
    }
    all_veiled(location.addresses(), veiled).join("\n")
}

/// Puts what is secret in a form aside, so that its page has it no more, and nothing has to be typed again.
pub(super) fn veil(
    state: &AppState,
    form: &mut SourceForm,
    place: Option<&SourcePlace>,
    stored: &[String],
) -> Result<(), WebError> {
    form.password.clear();
    let (addresses, text) = match place {
        Some(place) => {
            form.user.clear();
            (place.location.addresses().to_vec(), shown(&state.control, &place.kind, &place.location))
        }
        // It was not understood, so as far as there are addresses in it.
        None => {
            let lines = lines(&form.url);
            let waiting = kept_address::waiting(&state.uploads_dir, &form.address_id);
            let is_account = state.control.form_spec(&form.kind).is_some_and(|way| way.asked == AddressInput::Account);
            let show = if is_account { veiled_server } else { veiled };
            // A line that was changed keeps what is left of it, and the others what stands behind them.
            let behind = |line: String| match unveiled(std::slice::from_ref(&line), &[&waiting, stored], show) {
                Ok(address) => address.concat(),
                Err(_) => line,
            };
            let typed: Vec<String> = lines.into_iter().map(behind).collect();
            let text = all_veiled(&typed, show).join("\n");
            (typed, text)
        }
    };
    if addresses.is_empty() {
        return Ok(());
    }
    if addresses.join("\n") != text {
        let replaced = std::mem::replace(&mut form.address_id, kept_address::put(&state.uploads_dir, &addresses)?);
        kept_address::forget(&state.uploads_dir, &replaced);
    }
    form.url = text;
    Ok(())
}
