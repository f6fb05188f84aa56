//! Who is asked next: several hosts at once, one request at a time for each. A slow host with many feeds is asked by
//! one thread, while the others ask the others.

use std::collections::{HashMap, HashSet, VecDeque};

/// What is still to be asked, by place: host and port.
#[derive(Debug)]
pub(super) struct HostQueue<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// The places where something waits and nobody is.
    ready: VecDeque<String>,
    under_way: HashSet<String>,
}

impl<T> HostQueue<T> {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { waiting: HashMap::new(), ready: VecDeque::new(), under_way: HashSet::new() }
    }

    /// Adds something to be asked at `place`, after all that waits there.
    pub(super) fn add(&mut self, place: &str, what: T) {
        let waiting = self.waiting.entry(place.to_owned()).or_default();
        if waiting.is_empty() && !self.under_way.contains(place) {
            self.ready.push_back(place.to_owned());
        }
        waiting.push_back(what);
    }

    /// What to ask now, and where. The place is taken until it is given back.
    pub(super) fn take(&mut self) -> Option<(String, T)> {
        let place = self.ready.pop_front()?;
        let what = self.waiting.get_mut(&place)?.pop_front()?;
        self.under_way.insert(place.clone());
        Some((place, what))
    }

    /// Nobody asks at `place` any more. The other places that wait come before it.
    pub(super) fn give_back(&mut self, place: &str) {
        self.under_way.remove(place);
        if self.waiting.get(place).is_some_and(|waiting| !waiting.is_empty()) {
            self.ready.push_back(place.to_owned());
        } else {
            self.waiting.remove(place);
        }
    }

    /// Takes all that still waits.
    pub(super) fn clear(&mut self) -> Vec<T> {
        self.ready.clear();
        self.waiting.drain().flat_map(|(_, waiting)| waiting).collect()
    }

    /// Whether nothing waits and nobody is under way, who might add something.
    pub(super) fn is_over(&self) -> bool {
        self.ready.is_empty() && self.under_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::HostQueue;

    #[test]
    fn each_place_is_asked_by_one_at_a_time_and_in_turn() {
        let mut roll = HostQueue::new();
        for (place, what) in [("a", 1), ("a", 2), ("b", 3), ("a", 4)] {
            roll.add(place, what);
        }
        let taken = [roll.take(), roll.take(), roll.take()];
        assert_eq!(taken, [Some(("a".into(), 1)), Some(("b".into(), 3)), None], "a is asked already");
        roll.add("b", 5);
        assert_eq!(roll.take(), None);
        assert!(!roll.is_over());
        roll.give_back("b");
        roll.give_back("a");
        assert_eq!([roll.take(), roll.take()], [Some(("b".into(), 5)), Some(("a".into(), 2))]);
        roll.give_back("a");
        assert_eq!(roll.take(), Some(("a".into(), 4)));
        roll.give_back("a");
        roll.give_back("b");
        assert!(roll.is_over() && roll.take().is_none());
    }

    #[test]
    fn what_waits_can_be_taken_away() {
        let mut roll = HostQueue::new();
        for (place, what) in [("a", 1), ("a", 2), ("b", 3)] {
            roll.add(place, what);
        }
        assert_eq!(roll.take(), Some(("a".into(), 1)));
        let mut left = roll.clear();
        left.sort_unstable();
        assert_eq!((left, roll.take(), roll.is_over()), (vec![2, 3], None, false));
        roll.give_back("a");
        assert!(roll.is_over());
    }
}
