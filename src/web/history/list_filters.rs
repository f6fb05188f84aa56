//! The filters of the list of runs, as they are in its address: source, kind, status, person and time.

use std::ops::Range;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};

use super::day_period::{DayPeriod, PeriodDay};
use super::view::FilterChoice;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::record::ActiveRun;
use crate::domain::run_text::kind_label;
use crate::domain::run_text::requesters::requester_label;
use crate::store::history_query::{HistoryOf, HistoryQuery};
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::links::{LinkBuilder, with_query};
use crate::web::layout::filter_notice::unknown_filter_notice;
use crate::web::layout::run_labels::StatusLabels as _;

/// The terminal statuses.
const TERMINAL_STATUSES: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted];
/// The kinds of runs.
const LISTED_KINDS: [OperationKind; 4] =
    [OperationKind::Sync, OperationKind::Preview, OperationKind::Undo, OperationKind::Removal];
/// The periods that end now: the value in the address, the label, and the hours.
const RECENT_PERIODS: [(&str, &str, i64); 3] =
    [("24h", "Last 24 hours", 24), ("7d", "Last 7 days", 7 * 24), ("30d", "Last 30 days", 30 * 24)];

/// The years of a day in the address: databases compare later ones differently.
const DAY_YEARS: Range<i32> = 1970..9999;

/// What the list is filtered by. A value that is unknown counts as missing, and has a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HistoryFilters {
    /// The slug of the source; empty for all.
    pub(super) source: String,
    pub(super) kind: Option<OperationKind>,
    pub(super) status: Option<Status>,
    /// Who started the runs, as it is stored; empty for everybody.
    pub(super) person: String,
    /// The value of a recent period; empty for any time.
    pub(super) period: &'static str,
    /// The first and the last day.
    pub(super) days: DayPeriod,
    /// The notices about filters that were not applied.
    pub(super) notices: Vec<String>,
    /// The page, from 1.
    pub(super) page: u64,
}

impl HistoryFilters {
    /// Parses a query. `people` are the known values of `person`.
    pub(super) fn parse(values: &FormValues, people: &[String]) -> Self {
        let mut notices = Vec::new();
        let status =
            known_value(values, "status", "completed, failed, cancelled or interrupted", &mut notices, |asked| {
                asked.parse().ok().filter(|status| TERMINAL_STATUSES.contains(status))
            });
        let kind =
            known_value(values, "kind", "sync, preview, undo or removal", &mut notices, |asked| asked.parse().ok());
        let person = known_value(values, "person", "a person in the list", &mut notices, |asked| {
            people.iter().find(|name| *name == asked).cloned()
        });
        let period = known_value(values, "time", "24h, 7d or 30d", &mut notices, |asked| {
            RECENT_PERIODS.iter().map(|(value, ..)| *value).find(|value| *value == asked)
        });
        let mut day = |name, offset| {
            let day = known_value(values, name, "a date such as 2026-11-30", &mut notices, |asked| {
                asked.parse().ok().filter(|day: &NaiveDate| DAY_YEARS.contains(&day.year()))
            })?;
            Some(PeriodDay::new(day, &trimmed_value(values, offset)))
        };
        let days = DayPeriod { first: day("from", "from-offset"), last: day("to", "to-offset") };
        Self {
            source: trimmed_value(values, "source"),
            kind,
            status,
            person: person.unwrap_or_default(),
            period: period.unwrap_or_default(),
            days,
            notices,
            page: trimmed_value(values, "page").parse().unwrap_or(1).max(1),
        }
    }

    /// The link to a page of the list with these filters.
    pub(super) fn link(&self, links: &LinkBuilder, page: u64) -> String {
        let number = if page > 1 { page.to_string() } else { String::new() };
        let days = self.days.fields();
        let mut values = vec![
            ("source", &*self.source),
            ("kind", self.kind.map_or("", OperationKind::as_str)),
            ("status", self.status.map_or("", Status::as_str)),
            ("person", &self.person),
            ("time", self.period),
        ];
        values.extend(days.iter().map(|(name, value)| (*name, &**value)));
        values.push(("page", &number));
        with_query(&links.history(), &values)
    }

    /// The finished runs that these filters select, without the page. `of` is the source.
    pub(super) fn query(&self, of: Option<HistoryOf>, now: DateTime<Utc>) -> HistoryQuery {
        let hours = RECENT_PERIODS.iter().find(|(value, ..)| *value == self.period).map(|(.., hours)| *hours);
        let since = hours.map(|hours| now - TimeDelta::hours(hours));
        HistoryQuery {
            of,
            kind: self.kind,
            status: self.status,
            requested_by: Some(self.person.clone()).filter(|name| !name.is_empty()),
            ended_from: since.max(self.days.begin()),
            ended_before: self.days.end(),
            ..HistoryQuery::default()
        }
    }

    /// Whether an active run is among what these filters select, apart from the source. It has not ended, so it has no
    /// outcome, and counts as a run of today.
    pub(super) fn include_active(&self, run: &ActiveRun, now: DateTime<Utc>) -> bool {
        self.status.is_none()
            && self.kind.is_none_or(|kind| kind == run.summary.kind)
            && (self.person.is_empty() || self.person == run.requested_by)
            && self.days.contains(now)
    }

    /// Whether anything but the source is filtered.
    pub(super) fn narrow_source(&self) -> bool {
        *self != Self { source: self.source.clone(), notices: self.notices.clone(), page: self.page, ..Self::default() }
    }

    /// The kinds to filter by.
    pub(super) fn kind_choices(&self) -> Vec<FilterChoice> {
        LISTED_KINDS.iter().map(|kind| choice(kind.as_str(), kind_label(*kind), self.kind == Some(*kind))).collect()
    }

    /// The statuses to filter by.
    pub(super) fn status_choices(&self) -> Vec<FilterChoice> {
        let choice = |status: &Status| choice(status.as_str(), status.label(), self.status == Some(*status));
        TERMINAL_STATUSES.iter().map(choice).collect()
    }

    /// The people to filter by: what starts runs by itself comes first.
    pub(super) fn person_choices(&self, people: &[String]) -> Vec<FilterChoice> {
        let choices = people.iter().map(|name| choice(name, &requester_label(name), *name == self.person));
        let (mut first, rest): (Vec<_>, Vec<_>) = choices.partition(|choice| choice.label != choice.value);
        first.extend(rest);
        first
    }

    /// The periods to filter by.
    pub(super) fn period_choices(&self) -> Vec<FilterChoice> {
        RECENT_PERIODS.iter().map(|(value, label, _)| choice(value, label, *value == self.period)).collect()
    }
}

/// The value of that name if `parse` knows it. A notice is added if it does not.
fn known_value<T>(
    values: &FormValues,
    name: &str,
    choices: &str,
    notices: &mut Vec<String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let asked = trimmed_value(values, name);
    if asked.is_empty() {
        return None;
    }
    let value = parse(&asked);
    if value.is_none() {
        notices.push(unknown_filter_notice(&asked, choices));
    }
    value
}

fn choice(value: &str, label: &str, is_selected: bool) -> FilterChoice {
    FilterChoice { value: value.to_owned(), label: label.to_owned(), is_selected }
}

#[cfg(test)]
mod tests {
    use super::{DateTime, FormValues, HistoryFilters, LinkBuilder, OperationKind, Status, Utc};

    fn parse(pairs: &[(&str, &str)]) -> HistoryFilters {
        let values: FormValues = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HistoryFilters::parse(&values, &["ada".to_owned(), "schedule".to_owned()])
    }

    fn link(filters: &HistoryFilters) -> String {
        filters.link(&LinkBuilder::default(), filters.page)
    }

    #[test]
    fn a_query_that_cannot_be_parsed_selects_everything() {
        let bad = [("status", "running"), ("kind", "x"), ("person", "nobody"), ("time", "1y"), ("from", "today")];
        let asked = parse(&[&bad[..], &[("to", "2026-02-30"), ("page", "0")]].concat());
        assert_eq!((link(&asked), asked.notices.len(), asked.narrow_source()), ("/history".to_owned(), 6, false));
        assert_eq!(parse(&[("status", " "), ("from", "")]), HistoryFilters { page: 1, ..HistoryFilters::default() });
    }

    #[test]
    fn the_link_keeps_every_filter_and_the_page() {
        let all = [
            ("source", "a b"),
            ("kind", "preview"),
            ("status", "failed"),
            ("person", "ada"),
            ("time", "7d"),
            ("from", "2026-11-01"),
            ("from-offset", "60"),
            ("to", "2026-11-30"),
            ("to-offset", "0"),
            ("page", "3"),
        ];
        let asked = parse(&all);
        assert_eq!((asked.status, asked.kind), (Some(Status::Failed), Some(OperationKind::Preview)));
        let expected = "/history?source=a+b&kind=preview&status=failed&person=ada&time=7d&from=2026-11-01\
                        &from-offset=60&to=2026-11-30&to-offset=0&page=3";
        assert_eq!(link(&asked), expected);
    }

    #[test]
    fn the_last_day_belongs_to_a_period_and_the_later_beginning_counts() {
        let now: DateTime<Utc> = "2026-11-30T08:00:00Z".parse().expect("a time");
        let period = |pairs: &[(&str, &str)]| {
            let query = parse(pairs).query(None, now);
            [query.ended_from, query.ended_before].map(|time| time.map(|time| time.format("%m-%d %H").to_string()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(period(&[("from", "2026-11-20"), ("to", "2026-11-21")]), [some("11-20 00"), some("11-22 00")]);
        assert_eq!(period(&[("time", "24h")]), [some("11-29 08"), None]);
        assert_eq!(period(&[("time", "7d"), ("from", "2026-11-29")]), [some("11-29 00"), None]);
        assert_eq!(period(&[("time", "24h"), ("from", "2026-11-20")]), [some("11-29 08"), None]);
        assert_eq!(period(&[("to", "9998-12-31")]), [None, some("01-01 00")]);
        assert_eq!(period(&[("to", "9999-01-01")]), [None, None]);
    }
}
