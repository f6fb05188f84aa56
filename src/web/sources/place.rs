//! Parses the place of a source from a form: a link or an upload, and its kind. The kinds describe themselves; nothing
//! here depends on a particular one.

use url::Url;

use super::field_errors::{FieldErrors, file_error, link_error};
use super::kept_address;
use super::upload_claim::MISSING_UPLOAD_MESSAGE;
use super::uploads;
use super::view::SourceForm;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::run_text::stopped_run::unknown_kind_message;
use crate::domain::source::Source;
use crate::domain::source_form_spec::AddressInput;
use crate::domain::text::measures::format_error;
use crate::domain::text::redaction::{
    build_account_address, redact_address, redact_all, redact_server, restore_redacted, server_address,
};
use crate::sync::SyncControl;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The message about a form whose hidden secrets were deleted.
const MISSING_ADDRESS_MESSAGE: &str = "This form was sent already, or a day has passed, so its secrets are gone. Check \
                                       the list of sources, or enter the whole link again.";
/// The most characters of an address.
const MAX_ADDRESS_CHARS: usize = 4000;

/// The place of a source: its kind, location and read options.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SourcePlace {
    pub(super) kind: String,
    pub(super) location: SourceLocation,
    pub(super) read_options: ReadOptions,
}

impl SourcePlace {
    /// The label of its kind: "CSV by link".
    pub(super) fn kind_label(&self, control: &SyncControl) -> &'static str {
        control.kind_label(&self.kind, &self.location)
    }

    /// The part of the place that is not in `before`: of several addresses the new ones; `None` if there are none.
    pub(super) fn new_addresses(&self, before: &SourceLocation) -> Option<Self> {
        let SourceLocation::Urls(addresses) = &self.location else { return Some(self.clone()) };
        let mut new = addresses.clone();
        new.retain(|address| !before.addresses().contains(address));
        let location =
            if let [only] = &new[..] { SourceLocation::Url(only.clone()) } else { SourceLocation::Urls(new) };
        (!location.addresses().is_empty()).then(|| Self { location, ..self.clone() })
    }

    /// Its location without secrets; empty for an upload.
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

/// The places that a form may name, the likeliest first: a single place if a kind is selected or recognised by the
/// link, otherwise a place for each kind that accepts the link. `stored` contains the addresses of an existing source,
/// whose secrets the form leaves out.
pub(super) fn parse_places(
    state: &AppState,
    form: &SourceForm,
    stored: &[String],
) -> Result<Result<Vec<SourcePlace>, FieldErrors>, WebError> {
    let control = &state.control;
    if !form.upload.is_empty() {
        if !uploads::is_unused(&state.uploads_dir, &form.upload, &state.store.list_sources()?) {
            return Ok(Err(file_error(MISSING_UPLOAD_MESSAGE.to_owned())));
        }
        let location = SourceLocation::Upload(form.upload.clone());
        let accepts_files = |kind: &&str| control.form_spec(kind).is_some_and(|spec| spec.file.is_some());
        let kinds = control
            .kind_names()
            .into_iter()
            .filter(accepts_files)
            .filter(|kind| form.kind.is_empty() || form.kind == *kind);
        let places = kinds.map(|kind| SourcePlace {
            kind: kind.to_owned(),
            location: location.clone(),
            read_options: form.read_options.keep_supported(control.read_settings(kind)),
        });
        return Ok(Ok(places.collect()));
    }
    let waiting = kept_address::load_addresses(&state.store, &state.uploads_dir, &form.address_id);
    if stored.is_empty() && waiting.is_empty() && !form.address_id.is_empty() && form.has_hidden_secrets() {
        return Ok(Err(link_error(MISSING_ADDRESS_MESSAGE.to_owned())));
    }
    let known = [&*waiting, stored];
    Ok(match form.kind.as_str() {
        "" => detect_places(control, form, &known),
        kind => parse_place(control, kind, form, &known).map(|place| vec![place]),
    }
    .map_err(link_error))
}

/// The place of this kind that a form names.
pub(super) fn parse_place(
    control: &SyncControl,
    kind: &str,
    form: &SourceForm,
    known: &[&[String]],
) -> Result<SourcePlace, String> {
    let Some(form_spec) = control.form_spec(kind) else { return Err(unknown_kind_message(kind)) };
    let lines = distinct_lines(&form.url);
    if lines.iter().any(|line| line.chars().count() > MAX_ADDRESS_CHARS) {
        return Err("This link is too long.".to_owned());
    }
    if lines.is_empty() {
        return Err(match form_spec.asked {
            AddressInput::Link => "Paste the link here.",
            AddressInput::Links => "Enter at least one link.",
            AddressInput::Account => "Enter the URL of the server.",
        }
        .to_owned());
    }
    let place = |addresses: Vec<String>| {
        let location = match <[String; 1]>::try_from(addresses) {
            Ok([only]) => SourceLocation::Url(only),
            Err(several) => SourceLocation::Urls(several),
        };
        let read_options = form.read_options.keep_supported(control.read_settings(kind));
        control.check_location(kind, &location).map(|()| SourcePlace { kind: kind.to_owned(), location, read_options })
    };
    if form_spec.asked == AddressInput::Account {
        let stored = known
            .iter()
            .copied()
            .flatten()
            .find(|address| Url::parse(address).is_ok_and(|url| !url.username().is_empty()));
        let servers: Vec<String> = stored.map(|address| server_address(address)).into_iter().collect();
        let server = restore_redacted(&[lines.join(" ")], &[&servers], redact_server)?.concat();
        let address = build_account_address(
            &parse_web_address(&server)?,
            &form.user,
            &form.password,
            stored.map(String::as_str),
        )?;
        return place(vec![address]).map_err(|error| format_error(&error));
    }
    let typed = restore_redacted(&lines, known, redact_address)?;
    // The address as typed is used if the kind accepts it; otherwise https:// is added.
    place(typed.clone()).or_else(|error| {
        let whole: Result<Vec<String>, String> = typed.iter().map(|line| parse_web_address(line)).collect();
        match whole {
            Ok(whole) if whole != typed => place(whole).map_err(|error| format_error(&error)),
            _ => Err(format_error(&error)),
        }
    })
}

/// The same place with this kind and the read options of `form`; `None` if the kind does not accept it.
pub(super) fn place_as_kind(
    state: &AppState,
    kind: &str,
    form: &SourceForm,
    place: &SourcePlace,
) -> Option<SourcePlace> {
    let control = &state.control;
    control.check_location(kind, &place.location).ok()?;
    let read_options = form.read_options.keep_supported(control.read_settings(kind));
    Some(SourcePlace { kind: kind.to_owned(), location: place.location.clone(), read_options })
}

/// The same place with each kind that can replace its own kind.
pub(super) fn replacement_places(state: &AppState, form: &SourceForm, place: &SourcePlace) -> Vec<SourcePlace> {
    let kinds = state.control.kind_names().into_iter();
    let others = kinds.filter(|other| state.control.replacement_notice(other, &place.kind).is_some());
    others.filter_map(|other| place_as_kind(state, other, form, place)).collect()
}

fn detect_places(control: &SyncControl, form: &SourceForm, known: &[&[String]]) -> Result<Vec<SourcePlace>, String> {
    let typed = distinct_lines(&form.url);
    let mut recognised = typed.iter().map(|line| control.kind_of_link(line));
    // Several links are of one kind if each of them is of that kind.
    let first = recognised.next().flatten();
    if let Some(kind) = first.filter(|_| recognised.all(|other| other == first)) {
        return parse_place(control, kind, form, known).map(|place| vec![place]);
    }
    let linked = |kind: &&str| control.form_spec(kind).is_some_and(|spec| spec.asked != AddressInput::Account);
    let (mut places, mut refusal) = (Vec::new(), None);
    for kind in control.kind_names().into_iter().filter(linked) {
        match parse_place(control, kind, form, known) {
            Ok(place) => places.push(place),
            // Only the last kinds accept several links; their error names the wrong one.
            Err(error) if typed.len() > 1 => refusal = Some(error),
            // For text that is no URL, this error explains more than that of a sheet.
            Err(_) if refusal.is_some() => {}
            Err(error) => refusal = Some(parse_web_address(form.url.trim()).err().unwrap_or(error)),
        }
    }
    match refusal {
        Some(refusal) if places.is_empty() => {
            Err(if form.url.trim().is_empty() { "Paste the link here.".to_owned() } else { refusal })
        }
        _ => Ok(places),
    }
}

/// The lines that are not empty, without duplicates.
fn distinct_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// A URL, with https:// added if the scheme was left out.
fn parse_web_address(typed: &str) -> Result<String, String> {
    let address = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    // Without a scheme, a single word is more likely a mistake than a host.
    if host.is_empty() || typed.contains(char::is_whitespace) || (!typed.contains("://") && !host.contains('.')) {
        return Err("This is not a URL. It must begin with https:// or http://.".to_owned());
    }
    Ok(address)
}

/// The addresses as the form shows them: without secrets. Of an account, only the server is shown.
pub(super) fn shown_links(control: &SyncControl, kind: &str, location: &SourceLocation) -> String {
    if control.form_spec(kind).is_some_and(|spec| spec.asked == AddressInput::Account) {
        let servers: Vec<String> = location.addresses().iter().map(|address| server_address(address)).collect();
        return redact_all(&servers, redact_server).join("\n");
    }
    redact_all(location.addresses(), redact_address).join("\n")
}

/// Moves the secrets of a form to [`kept_address`], so that its page does not contain them and people need not type
/// them again.
pub(super) fn hide_secrets(
    state: &AppState,
    form: &mut SourceForm,
    place: Option<&SourcePlace>,
    stored: &[String],
) -> Result<(), WebError> {
    form.password.clear();
    let (addresses, text) = match place {
        Some(place) => {
            form.user.clear();
            (place.location.addresses().to_vec(), shown_links(&state.control, &place.kind, &place.location))
        }
        // The form could not be parsed: hide what looks like an address.
        None => {
            let lines = distinct_lines(&form.url);
            let waiting = kept_address::load_addresses(&state.store, &state.uploads_dir, &form.address_id);
            let is_account =
                state.control.form_spec(&form.kind).is_some_and(|spec| spec.asked == AddressInput::Account);
            let show = if is_account { redact_server } else { redact_address };
            // An unchanged line keeps its hidden secret. A changed line is used as typed.
            let behind = |line: String| match restore_redacted(std::slice::from_ref(&line), &[&waiting, stored], show) {
                Ok(address) => address.concat(),
                Err(_) => line,
            };
            let typed: Vec<String> = lines.into_iter().map(behind).collect();
            let text = redact_all(&typed, show).join("\n");
            (typed, text)
        }
    };
    if addresses.is_empty() {
        return Ok(());
    }
    if addresses.join("\n") != text {
        // Those of the page before stay for a day: it may be open in another tab, or be sent again.
        form.address_id = kept_address::store_addresses(&state.store, &state.uploads_dir, &addresses)?;
    }
    form.url = text;
    Ok(())
}
