//! Detects what kind of source a form names, and reads it.

use std::collections::VecDeque;

use super::field_errors::{FieldErrors, link_error};
use super::kind_choice::KindChoice;
use super::kind_offer::{CODES_WITHOUT_CONTENT, is_something_else, offer_other_kind};
use super::pages::{kind_choice, place_error, probe_place};
use super::place::{SourcePlace, parse_places, replacement_places};
use super::view::{SourceErrors, SourceForm};
use crate::domain::feed::FeedRecord;
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::run_text::feed_links::{one_feed_used, pages_replaced};
use crate::domain::source_probe::{ProbeError, SourceProbe};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// A source that was detected.
pub(super) struct DetectedSource {
    /// Its place.
    pub(super) place: SourcePlace,
    /// What it contains.
    pub(super) probe: SourceProbe,
    /// What was done with the links of the form, if anything.
    pub(super) note: Option<String>,
}

/// Why no source was detected.
pub(super) struct DetectionFailure {
    /// The errors, field by field.
    pub(super) errors: FieldErrors,
    /// The probed place, if the form named one.
    pub(super) place: Option<SourcePlace>,
    /// The kind that can read it instead.
    pub(super) offer: Option<KindChoice>,
    /// The feeds that the page there links to.
    pub(super) named_feeds: Vec<String>,
}

impl DetectionFailure {
    /// The same failure of a place that the form gives up.
    pub(super) fn without_place(self) -> Self {
        Self { place: None, ..self }
    }

    /// The message of the error.
    pub(super) fn message(&self) -> Option<String> {
        let SourceErrors { url, file, general, .. } = &*self.errors;
        url.as_ref().or(file.as_ref()).or(general.as_ref()).cloned()
    }
}

impl From<FieldErrors> for DetectionFailure {
    fn from(errors: FieldErrors) -> Self {
        Self { errors, place: None, offer: None, named_feeds: Vec::new() }
    }
}

/// Probes the place that a form names. If several kinds are possible, the first kind that can read it is used. If the
/// selected kind cannot read it, the kind that replaces it is used. Web pages are replaced by the feeds they link to,
/// if it is clear which one is meant and `follows_pages` says so.
pub(super) fn detect(
    state: &AppState,
    form: &SourceForm,
    follows_pages: bool,
) -> Result<Result<DetectedSource, DetectionFailure>, WebError> {
    let places = match parse_places(state, form, &[])? {
        Ok(places) => places,
        Err(errors) => {
            let other = state.control.kind_of_link(&form.url).filter(|kind| !["", kind].contains(&form.kind.as_str()));
            let offer = other.and_then(|kind| kind_choice(state, kind));
            return Ok(Err(DetectionFailure { offer, ..DetectionFailure::from(errors) }));
        }
    };
    let mut first: Option<(SourcePlace, ProbeError)> = None;
    let mut places = VecDeque::from(places);
    let mut found_feeds = Vec::new();
    while let Some(place) = places.pop_front() {
        match probe_place(state, &place) {
            Ok(probe) => {
                let pages = linked_feeds(&place, &probe.feeds).filter(|_| follows_pages);
                return Ok(Ok(
                    match pages.and_then(|(place, note)| Some((probe_place(state, &place).ok()?, place, note))) {
                        Some((probe, place, note)) => DetectedSource { place, probe, note: Some(note) },
                        None => DetectedSource { place, probe, note: None },
                    },
                ));
            }
            Err(error) => {
                let over = CODES_WITHOUT_CONTENT.contains(&error.code);
                if follows_pages
                    && let Some((place, note)) = linked_feeds(&place, &error.feeds)
                    && let Ok(probe) = probe_place(state, &place)
                {
                    return Ok(Ok(DetectedSource { place, probe, note: Some(note) }));
                }
                // A feed button replaces the whole link, so it would discard the other lines.
                if place.location.addresses().len() == 1 {
                    found_feeds.extend(error.feeds.iter().flat_map(|feed| feed.linked_feeds.iter().cloned()));
                }
                let is_other = is_something_else(&place, &error);
                if is_other && !form.kind.is_empty() && first.is_none() {
                    places.extend(replacement_places(state, form, &place));
                }
                // The error of the kind that the content belongs to explains more.
                let explains_more = |(before, why): &(SourcePlace, ProbeError)| {
                    let is_replacement = state.control.replacement_notice(&place.kind, &before.kind).is_some();
                    is_replacement && !is_other && is_something_else(before, why)
                };
                if first.as_ref().is_none_or(explains_more) {
                    first = Some((place, error));
                }
                if over {
                    break;
                }
            }
        }
    }
    let Some((place, error)) = first else {
        let error = "No type of source supports this link.".to_owned();
        return Ok(Err(link_error(error).into()));
    };
    let (errors, offer) = (place_error(&place, &error), offer_other_kind(state, form, &place, &error));
    Ok(Err(DetectionFailure { errors, place: Some(place), offer, named_feeds: found_feeds }))
}

/// Detects the source with default read options; `None` if none were set.
pub(super) fn detect_with_defaults(
    state: &AppState,
    form: &SourceForm,
    follows_pages: bool,
) -> Result<Option<DetectedSource>, WebError> {
    if form.read_options == ReadOptions::default() {
        return Ok(None);
    }
    let detected = SourceForm { read_options: ReadOptions::default(), ..form.clone() };
    Ok(detect(state, &detected, follows_pages)?.ok())
}

/// The same place with web pages replaced by the feeds they link to, and a note that says so; `None` if no address is a
/// web page with a feed. A single page must link to one feed: of several, people choose. Among many pages, the first
/// feed of each is used, which is the one of the site itself by custom.
fn linked_feeds(place: &SourcePlace, feeds: &[FeedRecord]) -> Option<(SourcePlace, String)> {
    let addresses = place.location.addresses();
    let found = |address: &String| {
        let linked = feeds.iter().find(|feed| feed.address == *address)?.linked_feeds.first()?;
        // A page may name itself, or a page that was replaced already.
        (!addresses.contains(linked)).then_some(linked)
    };
    if let [only] = addresses {
        let [feed] = &feeds.iter().find(|feed| feed.address == *only)?.linked_feeds[..] else { return None };
        found(only)?;
        let note = one_feed_used(feed);
        return Some((SourcePlace { location: SourceLocation::Url(feed.clone()), ..place.clone() }, note));
    }
    let count = addresses.iter().filter(|address| found(address).is_some()).count();
    let mut replaced: Vec<String> = Vec::new();
    for address in addresses.iter().map(|address| found(address).unwrap_or(address)) {
        if !replaced.contains(address) {
            replaced.push(address.clone());
        }
    }
    (count > 0)
        .then(|| (SourcePlace { location: SourceLocation::Urls(replaced), ..place.clone() }, pages_replaced(count)))
}
