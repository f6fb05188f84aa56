//! A list of feeds: OPML 1 and 2 (opml.org/spec2.opml), read like feeds, as it is written as carelessly.

use std::collections::HashSet;

use url::Url;

use super::values::folded;
use super::written;
use super::xml::{Element, Step, Walk};
use crate::fetch::FetchError;

/// How many feeds of a list are read.
const FEEDS: usize = 10_000;

/// A list of feeds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::fetch) struct List {
    /// Each address once, in the order of the list.
    pub(in crate::fetch) feeds: Vec<Listed>,
    /// What was mended or passed over, in sentences for people.
    pub(in crate::fetch) notes: Vec<String>,
}

/// A feed in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct Listed {
    /// As the list has it.
    pub(in crate::fetch) address: String,
    /// What the list calls it; empty if it does not.
    pub(in crate::fetch) title: String,
}

/// Reads a list of feeds. `charset` is what its server called its encoding. Outlines without `xmlUrl` are folders or
/// links to pages and are passed over; folders in folders are read to any depth.
///
/// # Errors
/// When it is no list (`not_a_list`), cannot be read as far as its first feed (`bad_list`), or declares entities of its
/// own (`entities_declared`).
pub(in crate::fetch) fn addresses(bytes: &[u8], charset: Option<&str>) -> Result<List, FetchError> {
    let written = written::decode(bytes, charset);
    let text = &written.text[written.text.find('<').unwrap_or(written.text.len())..];
    // Addresses in a list are whole; what is not is a mistake that the list's reader names, not a place on this host.
    let nowhere = Url::parse("list:/").map_err(|_| FetchError::failed("bad_list", "It cannot be read."))?;
    let mut walk = Walk::new(text, &nowhere);
    let (mut list, mut known) = (List::default(), HashSet::new());
    let (mut is_list, mut more, mut twice) = (false, 0_u64, 0_u64);
    while let Some(step) = walk.step()? {
        let Step::Open(element) = step else { continue };
        match element.name.as_str() {
            "opml" | "outlinedocument" => is_list = true,
            _ if !is_list => {
                let name: String = element.name.chars().take(40).collect();
                let message = format!("It is no list of feeds: it begins with <{name}>, not with <opml>.");
                return Err(FetchError::failed("not_a_list", message));
            }
            "outline" => match listed(&element) {
                Some(feed) if !known.insert(feed.address.clone()) => twice += 1,
                Some(feed) if list.feeds.len() < FEEDS => list.feeds.push(feed),
                Some(_) => more += 1,
                None => {}
            },
            _ => {}
        }
    }
    let broken = walk.broken.take();
    if !is_list {
        return Err(FetchError::failed("not_a_list", "It is no list of feeds: there is no <opml> in it."));
    }
    if let (true, Some(why)) = (list.feeds.is_empty(), &broken) {
        return Err(FetchError::failed("bad_list", format!("It cannot be read: {why}.")));
    }
    list.notes.extend(written.note);
    list.notes.extend(broken.map(|why| format!("It is not well written: {why}. What could be made out was taken.")));
    list.notes
        .extend((twice > 0).then(|| format!("{twice} of its feeds are in it more than once; each was taken once.")));
    list.notes
        .extend((more > 0).then(|| format!("It has {more} feeds more than the {FEEDS} that are read of one list.")));
    Ok(list)
}

/// The feed that an outline stands for. The specification writes `xmlUrl`; attributes are read in any case.
fn listed(outline: &Element) -> Option<Listed> {
    let address = outline.attribute("xmlurl").map(str::trim).filter(|address| !address.is_empty())?;
    let title = [outline.attribute("text"), outline.attribute("title")];
    let title = title.into_iter().flatten().map(folded).find(|title| !title.is_empty()).unwrap_or_default();
    Some(Listed { address: address.to_owned(), title })
}
