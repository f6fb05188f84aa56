//! Finds the cells of an `.xlsx` tab with an error that calamine does not know, such as `#SPILL!` or `#GETTING_DATA`.
//!
//! calamine returns an error for such a cell without its position, and continues with the next cell when it is called
//! again.

use std::collections::VecDeque;

use quick_xml::events::{BytesStart, Event};

use super::cell_place::parse_place;
use super::xml_events::attribute;

/// The errors that calamine knows.
const KNOWN_WORDS: [&str; 7] = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];
/// The most cells whose places are kept.
const MAX_PLACES: usize = 1_000_000;

/// The places of errors in a tab that calamine does not know.
#[derive(Default)]
pub(super) struct UnknownErrors {
    /// Rows and columns from 0, in the order of the cells.
    places: VecDeque<(u32, u32)>,
    /// The error cell that is being read, and its position, if it has one.
    open_cell: Option<Option<(u32, u32)>>,
    /// Whether the last event was the beginning of its value.
    is_in_value: bool,
    /// Whether the current row has such a cell.
    is_in_row: bool,
    /// Whether a place is unknown. Then the places of later cells are unknown, too, because calamine does not count
    /// cells that it cannot read.
    has_lost_place: bool,
}

impl UnknownErrors {
    /// Processes the next event of the tab.
    pub(super) fn follow(&mut self, event: &Event<'_>) {
        let is_in_value = std::mem::take(&mut self.is_in_value);
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "row" => self.is_in_row = false,
                "c" => self.open(start),
                "v" => self.is_in_value = self.open_cell.is_some(),
                _ => {}
            },
            Event::Text(text) if is_in_value && !KNOWN_WORDS.contains(&&*text.xml10_content()) => {
                self.is_in_row = true;
                match self.open_cell.take().flatten() {
                    Some(place) if self.places.len() < MAX_PLACES => self.places.push_back(place),
                    _ => self.has_lost_place = true,
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) {
        let is_error = start
            .attributes()
            .with_checks(false)
            .flatten()
            .any(|attribute| attribute.key.as_ref() == "t" && &*attribute.value == "e");
        let place = || attribute(start, "r").as_deref().and_then(parse_place);
        self.has_lost_place |= self.is_in_row && place().is_none();
        self.open_cell = is_error.then(place);
    }

    /// The place of the next such cell. `None` if it is not known.
    pub(super) fn next_place(&mut self) -> Option<(u32, u32)> {
        if self.has_lost_place { None } else { self.places.pop_front() }
    }
}
