//! Reads the dates in HTTP headers.

use chrono::{DateTime, Utc};

/// Parses a date in one of the three formats of RFC 9110, section 5.6.7, or in that of e-mails (RFC 5322), which some
/// servers send: `Fri, 20 Nov 2026 08:00:00 +0000`. `None` for anything else.
pub(in crate::fetch) fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let date = httpdate::parse_http_date(text).map(DateTime::<Utc>::from);
    date.ok().or_else(|| Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::parse_http_date;

    #[test]
    fn every_format_of_an_http_date_is_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 +0000",
        ] {
            assert_eq!(parse_http_date(text).map(|date| date.timestamp()), Some(784_111_777), "{text}");
        }
        for text in ["", "soon", "1994-11-06", "Sun, 06 Nov 1994"] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }
}
