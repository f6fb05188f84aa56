//! Compares the clock of this machine with Google's. Google rejects signatures from the future or the distant past.

use chrono::{TimeDelta, Utc};
use ureq::http::{HeaderMap, header};

use crate::fetch::http::http_date::parse_http_date;
use crate::fetch::http::response_status;

/// A message states the difference only if it is larger than this.
const MIN_REPORTED_LEAD: TimeDelta = TimeDelta::seconds(30);

/// How far the clock of this machine is ahead of the `Date` in `headers`; negative if it is behind. `None` without a
/// valid date.
pub(super) fn clock_lead(headers: &HeaderMap) -> Option<TimeDelta> {
    let date = response_status::header_text(headers, &header::DATE)?;
    parse_http_date(&date).map(|date| Utc::now() - date)
}

/// The message for a signature that Google refused because of its time.
pub(super) fn wrong_clock_message(headers: &HeaderMap) -> String {
    let lead = clock_lead(headers).filter(|lead| lead.abs() > MIN_REPORTED_LEAD).map(describe_clock_lead);
    let problem = lead.unwrap_or_else(|| "The clock of this server seems to be wrong".to_owned());
    format!("{problem}, so Google rejects its signatures. Set the clock (timedatectl set-ntp true) and try again.")
}

/// The beginning of a message about a clock that is ahead by `lead`, or behind if `lead` is negative.
fn describe_clock_lead(lead: TimeDelta) -> String {
    let seconds = lead.num_seconds().abs();
    let (count, unit) = match seconds {
        ..120 => (seconds, "seconds"),
        120..7200 => ((seconds + 30) / 60, "minutes"),
        7200..172_800 => ((seconds + 1800) / 3600, "hours"),
        _ => ((seconds + 43_200) / 86_400, "days"),
    };
    let direction = if lead > TimeDelta::zero() { "ahead" } else { "behind" };
    format!("The clock of this server is {count} {unit} {direction}")
}
