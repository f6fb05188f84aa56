//! What a new admin does next: sync the sample, then add a source.

use super::source_line::SourceLine;
use super::view::NextStep;
use crate::domain::defaults::SAMPLE_SLUG;
use crate::web::http::links::LinkBuilder;

/// The next step of an admin with these sources; `None` once a source of their own was synced.
pub(super) fn find_next_step(links: &LinkBuilder, sources: &[SourceLine]) -> Option<NextStep> {
    let own = sources.iter().find(|source| source.slug != SAMPLE_SLUG);
    let sample = sources.iter().find(|source| source.slug == SAMPLE_SLUG);
    match (own, sample) {
        (Some(_), _) if sources.iter().any(|source| source.slug != SAMPLE_SLUG && source.has_run()) => None,
        (Some(own), _) => Some(NextStep {
            title: "Sync your catalog",
            text: "Preview shows what a sync would import. Sync imports it.",
            label: "Open catalog",
            link: links.catalog(&own.slug),
        }),
        (None, Some(sample)) if !sample.has_run() => Some(NextStep {
            title: "Try a sync",
            text: "The sample catalog comes with Lockstep. Open it and press Sync to see what a sync shows.",
            label: "Open sample",
            link: links.catalog(&sample.slug),
        }),
        (None, _) => Some(NextStep {
            title: "Add your own catalog",
            text: "From a Google Sheet, a CSV or Excel file, feeds, or a feed reader account.",
            label: "Add source",
            link: links.new_source(),
        }),
    }
}
