//! The messages of a check: a source is fetched and compared, and nothing is written.

use super::would_skip_message;
use crate::domain::issue::Issue;
use crate::domain::source::Source;
use crate::domain::text::shortening::shorten_text;

/// The number of rows that are named if they would be skipped.
const MAX_NAMED_ROWS: usize = 5;

/// The note of a check that did not have the time to compare all rows with the catalog.
pub const NOT_COMPARED: &str =
    "The source is too large to compare all rows in a check. Run a preview to see every change and issue.";

/// The message of a check that was stopped.
pub const CHECK_STOPPED: &str = "The check was stopped. Try again.";

/// The message about a feed that failed without a reason.
pub const FEED_FAILED: &str = "The feed could not be read.";

/// The message about a feed whose server refused the request for now.
pub const FEED_RATE_LIMITED: &str = "Rate-limited by its server. Try again later.";

/// Returns messages about rows that would be skipped: their number, then the first of them. `better` is a column that
/// could be the key instead.
#[must_use]
pub fn skipped_rows_problems(source: &Source, count: u64, skipped: &[&Issue], better: Option<&str>) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let mut summary = would_skip_message(count);
    if let Some(better) = better {
        summary.push_str(&format!(
            " Or make “{}” the key column (/settings/sources/{}): it has a unique value in every row.",
            shorten_text(better),
            source.slug
        ));
    }
    let reasons = skipped.iter().take(MAX_NAMED_ROWS).map(|issue| issue.with_place());
    std::iter::once(summary).chain(reasons).collect()
}
