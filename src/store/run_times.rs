//! The times of the events of a run, which follow each other even if a clock is set meanwhile.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::error::StoreError;
use super::schema::sync_operations;
use crate::domain::operation::Lease;

/// How far the clock of the database may be ahead of the clock of a run by rounding and drift. A larger difference
/// means that it was set.
const MAX_CLOCK_DRIFT: TimeDelta = TimeDelta::seconds(1);

/// Returns the time to store for an event of a run that happens now. `now` is the time of the database, which may have
/// been set since the claim.
pub(super) fn time_of_run(lease: Lease, now: DateTime<Utc>) -> NaiveDateTime {
    lease.clock.map_or(now, |clock| clock.now()).naive_utc()
}

/// Returns the time at which a worker ends its run: by the clock of the run, but not before the times of the items that
/// it wrote, which are by the clock of the database.
pub(super) fn end_of_leased_run(lease: Lease, now: NaiveDateTime) -> NaiveDateTime {
    let run_time = time_of_run(lease, now.and_utc());
    let is_drift = now > run_time && now - run_time <= MAX_CLOCK_DRIFT;
    if is_drift { now } else { run_time }
}

/// Returns the time at which a run without a worker ends: by the clock of the database, but not before its last update,
/// because that clock may have been set back.
pub(super) fn end_of_lost_run(
    conn: &mut AnyConnection,
    id: &str,
    now: NaiveDateTime,
) -> Result<NaiveDateTime, StoreError> {
    let last_update = sync_operations::table.find(id).select(sync_operations::last_update);
    Ok(last_update.first(conn).optional()?.map_or(now, |last_update: NaiveDateTime| last_update.max(now)))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::end_of_leased_run;
    use crate::domain::operation::Lease;
    use crate::domain::run_clock::RunClock;
    use crate::domain::sync_id::SyncId;

    #[test]
    fn an_end_is_not_before_the_items_of_the_run_and_follows_no_clock_that_was_set() {
        let began = DateTime::from_timestamp_millis(1_800_000_000_000).expect("a time");
        let lease = Lease { id: SyncId::new(), token: 1, clock: Some(RunClock::start_at(began)) };
        let end_at = |ahead: TimeDelta| end_of_leased_run(lease, (began + ahead).naive_utc()).and_utc() - began;
        assert_eq!(end_at(TimeDelta::milliseconds(900)), TimeDelta::milliseconds(900), "rounding and drift");
        for set in [TimeDelta::hours(1), TimeDelta::hours(-1)] {
            assert!(end_at(set).abs() < TimeDelta::seconds(60), "{set}");
        }
    }
}
