//! The limits of a new token as its form offers them: one source, and a time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::TokenLimits;
use crate::domain::source::Source;
use crate::web::http::error::WebError;

/// The lifetimes that the form offers, in days, with their labels. No number stands for a token without an end.
const LIFETIME_CHOICES: [(&str, &str); 4] =
    [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In one year")];

/// One option of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct LimitOption {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// The two fields of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct LimitFields {
    /// All sources, or one of them.
    pub sources: Vec<LimitOption>,
    /// When the token expires.
    pub lifetimes: Vec<LimitOption>,
}

impl LimitFields {
    /// The fields with these choices, as the form sent them.
    pub(super) fn new(sources: &[Source], source: &str, lifetime: &str) -> Self {
        let option = |value: &str, label: &str, chosen: &str| LimitOption {
            value: value.to_owned(),
            label: label.to_owned(),
            is_chosen: value == chosen,
        };
        let all = std::iter::once(option("", "All sources", source));
        let each = sources.iter().map(|known| option(known.slug.as_str(), &known.name, source));
        Self {
            sources: all.chain(each).collect(),
            lifetimes: LIFETIME_CHOICES.map(|(value, label)| option(value, label, lifetime)).to_vec(),
        }
    }
}

/// The limits that the form sent. An empty field limits nothing.
///
/// # Errors
/// `bad_field` for a source that does not exist, or a lifetime that the form does not offer.
pub(super) fn parse_limits(
    sources: &[Source],
    source: &str,
    lifetime: &str,
    now: DateTime<Utc>,
) -> Result<TokenLimits, WebError> {
    let only_source = match source {
        "" => None,
        slug => {
            let known = sources.iter().find(|known| known.slug.as_str() == slug);
            Some(known.ok_or_else(|| WebError::bad_field("source", "This source does not exist any more."))?.id)
        }
    };
    let expires_at = match lifetime {
        "" => None,
        days => {
            let is_offered = LIFETIME_CHOICES.iter().any(|(value, _)| *value == days);
            let days = days.parse().ok().filter(|_| is_offered);
            let days: i64 = days.ok_or_else(|| WebError::bad_field("expires", "Choose when the token expires."))?;
            Some(now + TimeDelta::days(days))
        }
    };
    Ok(TokenLimits { only_source, expires_at })
}
