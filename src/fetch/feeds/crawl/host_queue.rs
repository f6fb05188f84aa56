//! Queues jobs by host, so that several hosts are requested at once, and each of them by one request at a time.
//!
//! A slow host with many feeds occupies only one thread.

use std::collections::{HashMap, HashSet, VecDeque};

/// The jobs that wait, by host and port.
#[derive(Debug)]
pub(super) struct HostQueue<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// The hosts that have waiting jobs and no running job. The first one is next.
    ready: VecDeque<String>,
    /// The hosts that have a running job.
    occupied: HashSet<String>,
}

impl<T> HostQueue<T> {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self { waiting: HashMap::new(), ready: VecDeque::new(), occupied: HashSet::new() }
    }

    /// Adds a job for `host` after its other waiting jobs.
    pub(super) fn push(&mut self, host: &str, job: T) {
        let waiting = self.waiting.entry(host.to_owned()).or_default();
        if waiting.is_empty() && !self.occupied.contains(host) {
            self.ready.push_back(host.to_owned());
        }
        waiting.push_back(job);
    }

    /// Takes the next job and its host, which is occupied until [`HostQueue::release`].
    pub(super) fn take_next(&mut self) -> Option<(String, T)> {
        let host = self.ready.pop_front()?;
        let job = self.waiting.get_mut(&host)?.pop_front()?;
        self.occupied.insert(host.clone());
        Some((host, job))
    }

    /// Frees `host` for its next job. The other ready hosts come first.
    pub(super) fn release(&mut self, host: &str) {
        self.occupied.remove(host);
        if self.waiting.get(host).is_some_and(|waiting| !waiting.is_empty()) {
            self.ready.push_back(host.to_owned());
        } else {
            self.waiting.remove(host);
        }
    }

    /// Removes and returns all waiting jobs.
    pub(super) fn drain(&mut self) -> Vec<T> {
        self.ready.clear();
        self.waiting.drain().flat_map(|(_, waiting)| waiting).collect()
    }

    /// Whether no job is waiting, and none is running that could add jobs.
    pub(super) fn is_finished(&self) -> bool {
        self.ready.is_empty() && self.occupied.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::HostQueue;

    #[test]
    fn each_host_has_one_request_at_a_time_and_hosts_take_turns() {
        let mut queue = HostQueue::new();
        for (host, job) in [("a", 1), ("a", 2), ("b", 3), ("a", 4)] {
            queue.push(host, job);
        }
        let taken = [queue.take_next(), queue.take_next(), queue.take_next()];
        assert_eq!(taken, [Some(("a".into(), 1)), Some(("b".into(), 3)), None], "a is occupied");
        queue.push("b", 5);
        assert_eq!(queue.take_next(), None);
        assert!(!queue.is_finished());
        queue.release("b");
        queue.release("a");
        assert_eq!([queue.take_next(), queue.take_next()], [Some(("b".into(), 5)), Some(("a".into(), 2))]);
        queue.release("a");
        assert_eq!(queue.take_next(), Some(("a".into(), 4)));
        queue.release("a");
        queue.release("b");
        assert!(queue.is_finished() && queue.take_next().is_none());
    }

    #[test]
    fn waiting_jobs_can_be_removed() {
        let mut queue = HostQueue::new();
        for (host, job) in [("a", 1), ("a", 2), ("b", 3)] {
            queue.push(host, job);
        }
        assert_eq!(queue.take_next(), Some(("a".into(), 1)));
        let mut left = queue.drain();
        left.sort_unstable();
        assert_eq!((left, queue.take_next(), queue.is_finished()), (vec![2, 3], None, false));
        queue.release("a");
        assert!(queue.is_finished());
    }
}
