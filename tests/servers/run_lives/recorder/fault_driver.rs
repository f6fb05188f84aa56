//! Injects faults, one or two at a time, with pauses.

use std::time::Duration;

use super::recording::HistoryRecording;
use super::server_slot::ServerSlot;
use super::services::ClusterServices;
use crate::servers::run_lives::history::FaultKind;
use crate::support::seeded_random::SeededRandom;

/// The longest pause between two faults.
const MAX_FAULT_PAUSE_MS: u64 = 5000;
/// In so many of a hundred cases a second fault begins during the first one.
const SECOND_FAULT_CHANCE: u64 = 30;
/// In so many of a hundred cases nothing else happens after a server died until the promised time has passed.
const CALM_CHANCE: u64 = 6;
/// Longer than the checker allows a run of a dead worker to be running.
const CALM_TIME: Duration = Duration::from_secs(72);
/// Longer than a lease.
const LONG_FREEZE: Duration = Duration::from_secs(17);

/// A fault that is about to be injected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct PlannedFault {
    kind: FaultKind,
    slot: usize,
    time: Duration,
}

/// The servers and services, and when to end.
pub(super) struct FaultDriver<'a> {
    pub(super) slots: &'a [ServerSlot],
    pub(super) services: &'a ClusterServices<'a>,
    pub(super) recording: &'a HistoryRecording,
    pub(super) duration: Duration,
}

impl FaultDriver<'_> {
    /// Injects faults until the time of the round is over. All are lifted afterwards.
    pub(super) fn run(&self, random: &mut SeededRandom) {
        loop {
            self.pause(Duration::from_millis(random.next_below(MAX_FAULT_PAUSE_MS)));
            if self.recording.has_lasted(self.duration) {
                return;
            }
            let first = self.plan_fault(random);
            let second = random.next_chance(SECOND_FAULT_CHANCE).then(|| self.plan_fault(random));
            let delay = Duration::from_millis(random.next_below(MAX_FAULT_PAUSE_MS / 2));
            std::thread::scope(|scope| {
                scope.spawn(|| self.inject(first));
                if let Some(second) = second.filter(|second| may_coincide(first, *second)) {
                    std::thread::sleep(delay);
                    scope.spawn(move || self.inject(second));
                }
            });
            if first.kind == FaultKind::Kill && random.next_chance(CALM_CHANCE) {
                self.pause(CALM_TIME);
            }
        }
    }

    /// Waits, but not longer than the round lasts.
    fn pause(&self, time: Duration) {
        let step = Duration::from_millis(100);
        let mut left = time;
        while !left.is_zero() && !self.recording.has_lasted(self.duration) {
            std::thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
    }

    fn plan_fault(&self, random: &mut SeededRandom) -> PlannedFault {
        let slot = usize::try_from(random.next_below(self.slots.len() as u64)).expect("a few");
        let mut seconds =
            |from: u64, to: u64| Duration::from_millis(1000 * from + random.next_below(1000 * (to - from)));
        let (short, long, pause) = (seconds(1, 9), seconds(0, 5), seconds(0, 4));
        let (kind, time) = match random.next_below(100) {
            0..28 => (FaultKind::Kill, pause),
            28..36 => (FaultKind::Shutdown, pause / 2),
            36..50 => (FaultKind::Freeze, LONG_FREEZE + long),
            50..56 => (FaultKind::Freeze, short),
            56..64 => (FaultKind::ClockForward, short),
            64..72 => (FaultKind::ClockBack, short),
            72..80 if self.services.has_redis() => (FaultKind::RedisKilled, short),
            80..86 if self.services.has_redis() => (FaultKind::RedisFrozen, short),
            _ => (FaultKind::DatabaseAway, short),
        };
        PlannedFault { kind, slot, time }
    }

    fn inject(&self, planned: PlannedFault) {
        let (slot, recording) = (&self.slots[planned.slot], self.recording);
        match planned.kind {
            FaultKind::Kill | FaultKind::Shutdown => slot.replace(planned.kind, planned.time, recording),
            FaultKind::Freeze => slot.freeze(planned.time, recording),
            FaultKind::ClockForward | FaultKind::ClockBack => slot.move_clock(planned.kind, planned.time, recording),
            FaultKind::DatabaseAway => self.services.take_database_away(planned.time, recording),
            FaultKind::RedisKilled | FaultKind::RedisFrozen => {
                self.services.take_redis_away(planned.kind, planned.time, recording);
            }
        }
    }
}

/// Whether two faults may be in effect at the same time. A shutdown needs its database, and a thing has one fault.
fn may_coincide(first: PlannedFault, second: PlannedFault) -> bool {
    let is_of_server = |kind: FaultKind| matches!(kind, FaultKind::Kill | FaultKind::Shutdown | FaultKind::Freeze);
    let is_of_clock = |kind: FaultKind| matches!(kind, FaultKind::ClockForward | FaultKind::ClockBack);
    let is_of_redis = |kind: FaultKind| matches!(kind, FaultKind::RedisKilled | FaultKind::RedisFrozen);
    let [a, b] = [first.kind, second.kind];
    let same_thing = a == b && a == FaultKind::DatabaseAway
        || is_of_server(a) && is_of_server(b) && first.slot == second.slot
        || is_of_clock(a) && is_of_clock(b)
        || is_of_redis(a) && is_of_redis(b);
    let has = |kind: FaultKind| a == kind || b == kind;
    !same_thing && !has(FaultKind::Shutdown)
}

#[test]
fn a_thing_has_one_fault_at_a_time() {
    let fault = |kind, slot| PlannedFault { kind, slot, time: Duration::ZERO };
    let (kill, freeze) = (fault(FaultKind::Kill, 0), fault(FaultKind::Freeze, 0));
    assert!(!may_coincide(kill, freeze) && may_coincide(kill, fault(FaultKind::Freeze, 1)));
    assert!(may_coincide(freeze, fault(FaultKind::DatabaseAway, 0)));
    assert!(!may_coincide(fault(FaultKind::Shutdown, 0), fault(FaultKind::DatabaseAway, 0)));
}
