//! The messages of a check: a source is fetched and compared, and nothing is written.

/// The note of a check that did not have the time to compare all rows with the catalog.
pub const NOT_COMPARED: &str =
    "The source is too large to compare all rows in a check. Run a preview to see every change and issue.";

/// The message of a check that was stopped.
pub const CHECK_STOPPED: &str = "The check was stopped. Try again.";

/// The message about a feed that failed without a reason.
pub const FEED_FAILED: &str = "The feed could not be read.";

/// The message about a feed whose server refused the request for now.
pub const FEED_RATE_LIMITED: &str = "Rate-limited by its server. Try again later.";
