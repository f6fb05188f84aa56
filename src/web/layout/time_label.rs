//! Formats points in time for pages.

use chrono::{DateTime, SecondsFormat, Utc};

/// A point in time: exact for machines, and readable if the browser does not show the relative form.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct TimeLabel {
    /// RFC 3339 in UTC: `2026-11-20T08:00:15Z`.
    pub iso: String,
    /// For browsers without JavaScript: `20 Nov 2026, 08:00 UTC`.
    pub text: String,
}

/// Formats a point in time for pages, to the minute.
pub(in crate::web) fn time_label(time: DateTime<Utc>) -> TimeLabel {
    TimeLabel {
        iso: time.to_rfc3339_opts(SecondsFormat::Secs, true),
        text: time.format("%-d %b %Y, %H:%M UTC").to_string(),
    }
}

/// Formats a point in time for pages, to the second.
pub(in crate::web) fn exact_time_label(time: DateTime<Utc>) -> TimeLabel {
    TimeLabel { text: exact_time(time), ..time_label(time) }
}

/// Formats a point in time to the second, for comparison with a log: `20 Nov 2026, 08:00:15 UTC`.
pub(in crate::web) fn exact_time(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y, %H:%M:%S UTC").to_string()
}
