//! Keeps the results of the last queries, so that the next page of a list costs no search.

use std::collections::VecDeque;

/// The results of the last queries, within a limit.
#[derive(Debug)]
pub(super) struct QueryCache<K, V> {
    max_weight: usize,
    /// The results with their weights, the one used last at the end.
    results: VecDeque<(K, V, usize)>,
}

impl<K: PartialEq, V: Clone> QueryCache<K, V> {
    /// Creates a cache whose results have this weight together, at most.
    pub(super) const fn new(max_weight: usize) -> Self {
        Self { max_weight, results: VecDeque::new() }
    }

    /// Returns all results that are kept.
    pub(super) fn results(&self) -> impl Iterator<Item = &V> {
        self.results.iter().map(|(_, value, _)| value)
    }

    /// Returns the result of a query.
    pub(super) fn find(&mut self, key: &K) -> Option<V> {
        let at = self.results.iter().position(|(known, ..)| known == key)?;
        let result = self.results.remove(at)?;
        let value = result.1.clone();
        self.results.push_back(result);
        Some(value)
    }

    /// Keeps a result and drops those used longest ago, as far as the limit demands. A result that is heavier than the
    /// limit is not kept.
    pub(super) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.results.retain(|(known, ..)| *known != key);
        self.results.push_back((key, value, weight));
        let mut total: usize = self.results.iter().map(|(.., weight)| weight).sum();
        while total > self.max_weight {
            let Some((.., weight)) = self.results.pop_front() else { return };
            total -= weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QueryCache;

    #[test]
    fn the_results_used_longest_ago_are_dropped() {
        let mut cache = QueryCache::new(3);
        cache.insert("a", 1, 1);
        cache.insert("b", 2, 1);
        assert_eq!(cache.find(&"a"), Some(1));
        cache.insert("c", 3, 2);
        assert_eq!((cache.find(&"a"), cache.find(&"b"), cache.find(&"c")), (Some(1), None, Some(3)));
        assert_eq!(cache.results().collect::<Vec<_>>(), [&1, &3]);
        cache.insert("c", 4, 1);
        assert_eq!((cache.find(&"a"), cache.find(&"c")), (Some(1), Some(4)));
        cache.insert("d", 5, 4);
        assert_eq!((cache.find(&"a"), cache.find(&"d")), (None, None));
    }
}
