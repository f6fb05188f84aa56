//! The notice of a page about a filter that it cannot apply.

use crate::domain::text::shortening::shorten_text;

/// The notice about a filter with an unknown value: "The filter “bogus” was not applied. Choose added, updated or
/// removed." `choices` are the known values.
pub(in crate::web) fn unknown_filter_notice(value: &str, choices: &str) -> String {
    format!("The filter “{}” was not applied. Choose {choices}.", shorten_text(value))
}
