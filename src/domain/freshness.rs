//! Decides whether the catalog of a source is stale: three of its scheduled syncs were missed, or its last success is
//! older than the age that was set for the source.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use super::max_age::MaxAge;
use super::schedule::{Schedule, StoredSchedule};
use super::text::counts::group_digits;
use super::text::string_enum::string_enum;

/// How many scheduled times must pass without a success until a catalog is stale.
const MAX_MISSED_TIMES: usize = 3;

string_enum! {
    /// Whether a catalog is kept up to date.
    FreshnessState {
        /// It was synced as scheduled, or is not older than the age that was set.
        Fresh = "fresh",
        /// Its syncs were missed, or it is too old.
        Stale = "stale",
        /// Its schedule is paused. A paused source is never stale.
        Paused = "paused",
        /// It has no schedule and no age was set, or it was never synced and nothing was missed yet.
        Unknown = "unknown",
    }
}

impl FreshnessState {
    /// Returns the state as a label: "Stale".
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fresh => "Up to date",
            Self::Stale => "Stale",
            Self::Paused => "Schedule paused",
            Self::Unknown => "Unknown",
        }
    }
}

/// The state of a catalog, and since when it has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CatalogFreshness {
    /// The state.
    pub state: FreshnessState,
    /// The time at which it became stale, or at which the schedule was paused; `None` for the other states.
    #[serde(serialize_with = "serialize_seconds")]
    pub since: Option<DateTime<Utc>>,
}

impl CatalogFreshness {
    /// Returns the freshness of a catalog about which nothing can be said.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { state: FreshnessState::Unknown, since: None }
    }
}

fn serialize_seconds<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).serialize(serializer)
}

/// What decides about the freshness of a catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FreshnessFacts {
    /// The schedule of the source; `None` for manual syncs only.
    pub schedule: Option<StoredSchedule>,
    /// The time at which the schedule was set, changed or resumed, or else at which the source was added.
    pub schedule_since: DateTime<Utc>,
    /// The time at which the schedule was paused; `None` while it is not.
    pub paused_at: Option<DateTime<Utc>>,
    /// The age at which the catalog counts as stale; `None` if none was set.
    pub max_age: Option<MaxAge>,
    /// The time at which the source was added.
    pub added_at: DateTime<Utc>,
    /// The end of the last successful sync.
    pub last_success: Option<DateTime<Utc>>,
}

/// Returns the freshness of a catalog at the time `now`. A schedule that cannot be parsed counts as none.
#[must_use]
pub fn judge_freshness(facts: &FreshnessFacts, now: DateTime<Utc>) -> CatalogFreshness {
    let schedule = facts.schedule.as_ref();
    if let (Some(_), Some(paused_at)) = (schedule, facts.paused_at) {
        return CatalogFreshness { state: FreshnessState::Paused, since: Some(paused_at) };
    }
    let schedule: Option<Schedule> = schedule.and_then(|stored| stored.parse().ok());
    // Times before the schedule was set were not missed, however old the last success is.
    let scheduled_from = facts.last_success.map_or(facts.schedule_since, |time| time.max(facts.schedule_since));
    let third_missed = schedule.as_ref().and_then(|schedule| last_missed_time(schedule, scheduled_from));
    let aged_from = facts.last_success.unwrap_or(facts.added_at);
    let too_old = facts.max_age.and_then(|age| aged_from.checked_add_signed(age.as_delta()));
    let becomes_stale = third_missed.into_iter().chain(too_old).min();
    match becomes_stale {
        Some(time) if time <= now => CatalogFreshness { state: FreshnessState::Stale, since: Some(time) },
        Some(_) if facts.last_success.is_some() => CatalogFreshness { state: FreshnessState::Fresh, since: None },
        _ => CatalogFreshness::unknown(),
    }
}

/// Returns the scheduled time after `from` at which too many were missed.
fn last_missed_time(schedule: &Schedule, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (0..MAX_MISSED_TIMES).try_fold(from, |time, _| schedule.next_after(time))
}

impl std::fmt::Display for CatalogFreshness {
    /// Writes the state in lower case, with its time to the minute: `stale since 2026-11-23 11:00 UTC`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.state.as_str())?;
        self.since.map_or(Ok(()), |time| write!(f, " since {}", time.format("%Y-%m-%d %H:%M UTC")))
    }
}

/// Returns the notice about `count` stale sources: "2 sources are stale".
#[must_use]
pub fn stale_notice(count: u64) -> String {
    if count == 1 { "1 source is stale".to_owned() } else { format!("{} sources are stale", group_digits(count)) }
}

#[cfg(test)]
mod tests {
    use super::{CatalogFreshness, FreshnessFacts, FreshnessState, judge_freshness, stale_notice};
    use crate::domain::schedule::StoredSchedule;
    use chrono::{DateTime, Utc};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// A source with an hourly schedule since Monday at 8:00 that was never synced.
    fn hourly() -> FreshnessFacts {
        FreshnessFacts {
            schedule: Some(StoredSchedule::in_utc("0 * * * *")),
            schedule_since: at("2026-11-23T08:00:00Z"),
            paused_at: None,
            max_age: None,
            added_at: at("2026-11-23T08:00:00Z"),
            last_success: None,
        }
    }

    fn judge(facts: &FreshnessFacts, now: &str) -> (FreshnessState, Option<DateTime<Utc>>) {
        let CatalogFreshness { state, since } = judge_freshness(facts, at(now));
        (state, since)
    }

    #[test]
    fn a_catalog_is_stale_from_the_third_missed_time() {
        let synced = FreshnessFacts { last_success: Some(at("2026-11-24T10:00:07Z")), ..hourly() };
        for now in ["2026-11-24T10:00:07Z", "2026-11-24T12:00:00Z", "2026-11-24T12:59:59Z"] {
            assert_eq!(judge(&synced, now), (FreshnessState::Fresh, None), "{now}");
        }
        let third = Some(at("2026-11-24T13:00:00Z"));
        for now in ["2026-11-24T13:00:00Z", "2026-12-24T13:00:00Z"] {
            assert_eq!(judge(&synced, now), (FreshnessState::Stale, third), "{now}");
        }
        let synced_again = FreshnessFacts { last_success: Some(at("2026-11-24T13:00:05Z")), ..synced };
        assert_eq!(judge(&synced_again, "2026-11-24T13:00:06Z"), (FreshnessState::Fresh, None));
    }

    #[test]
    fn a_source_that_was_never_synced_is_counted_from_its_schedule() {
        assert_eq!(judge(&hourly(), "2026-11-23T10:59:59Z"), (FreshnessState::Unknown, None));
        let third = Some(at("2026-11-23T11:00:00Z"));
        assert_eq!(judge(&hourly(), "2026-11-23T11:00:00Z"), (FreshnessState::Stale, third));
    }

    #[test]
    fn times_before_the_schedule_was_set_were_not_missed() {
        let changed = FreshnessFacts { last_success: Some(at("2026-10-01T00:00:00Z")), ..hourly() };
        assert_eq!(judge(&changed, "2026-11-23T10:59:59Z"), (FreshnessState::Fresh, None));
        assert_eq!(judge(&changed, "2026-11-23T11:00:00Z").0, FreshnessState::Stale);
    }

    #[test]
    fn a_paused_source_is_paused_and_not_stale() {
        let paused_at = Some(at("2026-11-23T09:30:00Z"));
        let max_age = "1h".parse().ok();
        let paused = FreshnessFacts { paused_at, max_age, ..hourly() };
        assert_eq!(judge(&paused, "2027-11-23T09:30:00Z"), (FreshnessState::Paused, paused_at));
        // Without a schedule there is nothing to pause.
        let unscheduled = FreshnessFacts { schedule: None, ..paused };
        assert_eq!(judge(&unscheduled, "2027-11-23T09:30:00Z").0, FreshnessState::Stale);
    }

    #[test]
    fn an_unscheduled_source_is_stale_only_if_an_age_is_set() {
        let manual = FreshnessFacts { schedule: None, last_success: Some(at("2026-11-24T10:00:07Z")), ..hourly() };
        assert_eq!(judge(&manual, "2036-11-24T10:00:07Z"), (FreshnessState::Unknown, None));
        let aged = FreshnessFacts { max_age: "24h".parse().ok(), ..manual };
        assert_eq!(judge(&aged, "2026-11-25T10:00:06Z"), (FreshnessState::Fresh, None));
        let since = Some(at("2026-11-25T10:00:07Z"));
        assert_eq!(judge(&aged, "2026-11-25T10:00:07Z"), (FreshnessState::Stale, since));
        let never = FreshnessFacts { last_success: None, ..aged };
        assert_eq!(judge(&never, "2026-11-24T07:59:59Z"), (FreshnessState::Unknown, None));
        assert_eq!(judge(&never, "2026-11-24T08:00:00Z"), (FreshnessState::Stale, Some(at("2026-11-24T08:00:00Z"))));
    }

    #[test]
    fn a_scheduled_source_with_an_age_is_stale_when_the_first_of_the_two_is_reached() {
        let synced = FreshnessFacts { last_success: Some(at("2026-11-24T10:00:07Z")), ..hourly() };
        let soon = FreshnessFacts { max_age: "90m".parse().ok(), ..synced.clone() };
        assert_eq!(judge(&soon, "2026-11-24T12:00:00Z"), (FreshnessState::Stale, Some(at("2026-11-24T11:30:07Z"))));
        let late = FreshnessFacts { max_age: "7d".parse().ok(), ..synced };
        assert_eq!(judge(&late, "2026-11-24T13:00:00Z"), (FreshnessState::Stale, Some(at("2026-11-24T13:00:00Z"))));
    }

    #[test]
    fn schedules_are_in_utc_so_daylight_saving_moves_nothing() {
        // In Berlin the clocks go forward on 29 March at 2:00 and back on 25 October at 3:00.
        for (last, third) in
            [("2026-03-27T02:30:05Z", "2026-03-30T02:30:00Z"), ("2026-10-23T02:30:05Z", "2026-10-26T02:30:00Z")]
        {
            let nightly = FreshnessFacts {
                schedule: Some(StoredSchedule::in_utc("30 2 * * *")),
                schedule_since: at("2026-01-01T00:00:00Z"),
                last_success: Some(at(last)),
                ..hourly()
            };
            let third = at(third);
            let before = judge_freshness(&nightly, third - chrono::TimeDelta::seconds(1));
            assert_eq!(before.state, FreshnessState::Fresh);
            assert_eq!(
                judge_freshness(&nightly, third),
                CatalogFreshness { state: FreshnessState::Stale, since: Some(third) }
            );
        }
    }

    #[test]
    fn a_schedule_for_workdays_does_not_miss_a_weekend() {
        let workdays = FreshnessFacts {
            schedule: Some(StoredSchedule::in_utc("0 6 * * 1-5")),
            // A Friday.
            last_success: Some(at("2026-11-27T06:00:04Z")),
            ..hourly()
        };
        assert_eq!(judge(&workdays, "2026-12-02T05:59:59Z"), (FreshnessState::Fresh, None));
        assert_eq!(judge(&workdays, "2026-12-02T06:00:00Z").0, FreshnessState::Stale);
    }

    #[test]
    fn a_schedule_that_cannot_be_parsed_counts_as_none() {
        let broken = FreshnessFacts { schedule: Some(StoredSchedule::in_utc("whenever")), ..hourly() };
        assert_eq!(judge(&broken, "2036-11-23T08:00:00Z"), (FreshnessState::Unknown, None));
    }

    #[test]
    fn freshness_in_json_is_a_state_and_a_time_to_the_second() {
        let json = |freshness: CatalogFreshness| serde_json::to_string(&freshness).expect("JSON");
        let since = Some(at("2026-11-23T11:00:00.123456Z"));
        let stale = CatalogFreshness { state: FreshnessState::Stale, since };
        assert_eq!(json(stale), r#"{"state":"stale","since":"2026-11-23T11:00:00Z"}"#);
        assert_eq!(json(CatalogFreshness::unknown()), r#"{"state":"unknown","since":null}"#);
        assert_eq!(
            (stale.to_string().as_str(), CatalogFreshness::unknown().to_string().as_str()),
            ("stale since 2026-11-23 11:00 UTC", "unknown")
        );
        assert_eq!(
            (stale_notice(1), stale_notice(2)),
            ("1 source is stale".to_owned(), "2 sources are stale".to_owned())
        );
    }
}
