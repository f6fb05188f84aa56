//! Feeds and lists of feeds that other projects test with, and the outcome that each project expects.
//!
//! Every case has one of three outcomes: it passes, it asks for a field that Lockstep does not keep, or it fails for a
//! reason in [`known_outcomes`]. A case that changes its outcome fails its test.

mod damaged_feeds;
mod expected_json;
mod expected_value;
mod feed_lists;
mod feedparser_cases;
mod hostile;
mod known_outcomes;
mod python_expression;
mod single_files;
mod slow_feeds;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lockstep::fetch::feeds::parse::{Feed, ParseError, ParseHints, parse};

use self::expected_value::MatchQuality;

/// The outcome of a case.
#[derive(Clone, PartialEq, Debug)]
enum CaseOutcome {
    /// The outcome is as expected, more or less exactly.
    Passes(MatchQuality),
    /// The case asks for this field, which Lockstep does not keep.
    FieldNotKept(String),
    /// Another outcome, with a description.
    Fails(String),
}

/// The outcomes of the cases of one set.
#[derive(Default)]
struct OutcomeTally {
    /// How many cases pass, by quality.
    passes: BTreeMap<MatchQuality, usize>,
    /// How many cases ask for a field that is not kept, by field.
    fields_not_kept: BTreeMap<String, usize>,
    /// The cases that fail, each with a description of the difference.
    fails: BTreeMap<String, String>,
    /// Names of all cases.
    names: Vec<String>,
}

/// The known outcomes of the cases of one complete set.
struct KnownOutcomes {
    /// How many cases pass, by [`MatchQuality`]: exact, rewritten, text only, not shown.
    passes: [usize; 4],
    /// How many cases ask for a field that is not kept, by field.
    fields_not_kept: &'static [(&'static str, usize)],
    /// The cases that fail, by reason.
    fails: &'static [(&'static str, &'static [&'static str])],
}

impl OutcomeTally {
    fn add_case(&mut self, name: &str, outcome: CaseOutcome) {
        self.names.push(name.to_owned());
        match outcome {
            CaseOutcome::Passes(quality) => *self.passes.entry(quality).or_default() += 1,
            CaseOutcome::FieldNotKept(field) => *self.fields_not_kept.entry(field).or_default() += 1,
            CaseOutcome::Fails(reason) => {
                self.fails.insert(name.to_owned(), reason);
            }
        }
    }

    fn add_tally(&mut self, other: Self) {
        self.names.extend(other.names);
        other.passes.into_iter().for_each(|(quality, count)| *self.passes.entry(quality).or_default() += count);
        for (field, count) in other.fields_not_kept {
            *self.fields_not_kept.entry(field).or_default() += count;
        }
        self.fails.extend(other.fails);
    }

    /// Compares the outcomes with the known ones. Counts are those of the complete set; on a subset each case is
    /// compared without them.
    fn assert_known(&self, known: &KnownOutcomes, is_complete: bool) {
        let qualities = [MatchQuality::Exact, MatchQuality::Rewritten, MatchQuality::TextOnly, MatchQuality::NotShown];
        let passes = qualities.map(|quality| self.passes.get(&quality).copied().unwrap_or_default());
        let not_kept: Vec<(&str, usize)> =
            self.fields_not_kept.iter().map(|(field, count)| (field.as_str(), *count)).collect();
        println!("passes {passes:?}, fails {}, fields not kept {not_kept:?}", self.fails.len());
        let known_fails: Vec<&str> = known.fails.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let new_fails: String = self
            .fails
            .iter()
            .filter(|(name, _)| !known_fails.contains(&name.as_str()))
            .map(|(name, reason)| format!("\n{name}: {reason}"))
            .collect();
        assert!(new_fails.is_empty(), "cases fail that are not known to fail:{new_fails}");
        let fixed: Vec<_> = known_fails
            .iter()
            .filter(|name| self.names.iter().any(|own| own == *name) && !self.fails.contains_key(**name))
            .collect();
        assert!(fixed.is_empty(), "cases pass that are known to fail: {fixed:?}");
        if is_complete {
            assert!(known_fails.iter().all(|name| self.names.iter().any(|own| own == name)), "a known case is missing");
            assert_eq!(not_kept, known.fields_not_kept, "fields that are not kept");
            assert_eq!(passes, known.passes, "passes: exact, rewritten, text only, not shown");
        } else {
            assert!(passes.iter().sum::<usize>() > 0, "no case passes");
            for (field, count) in not_kept {
                let max =
                    known.fields_not_kept.iter().find(|(known, _)| *known == field).map_or(0, |(_, count)| *count);
                assert!(count <= max, "{count} cases ask for {field:?}, which is not kept; {max} are known to");
            }
        }
    }
}

/// Parses a feed found at `https://example.org/feed`.
fn parse_at_example(bytes: &[u8]) -> Result<Feed, ParseError> {
    parse(bytes, ParseHints::at(&"https://example.org/feed".parse().expect("an address")))
}

/// All files below `folder` with the extension `ext`, sorted by path.
fn list_files(folder: &Path, ext: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == ext) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
