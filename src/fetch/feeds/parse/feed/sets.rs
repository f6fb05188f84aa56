//! Feeds and lists that other projects test with, and what they say should come out.
//!
//! Every case is in one bucket: it passes, it asks for a field that is not kept, or it fails for a reason that stands
//! in a table. A case that changes its bucket turns its test red.

mod alone;
mod feedparser;
mod hostile;
mod lists;
mod mutated;
mod python;
mod tables;
mod twins;
mod value;

#[path = "../../../../../tests/support/shared_data.rs"]
mod shared_data;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use self::value::Held;
use shared_data::shared_data;

/// How a case ended.
#[derive(Clone, PartialEq, Debug)]
enum End {
    Passes(Held),
    NotOurs(String),
    /// What came out, for whoever looks into it.
    Fails(String),
}

/// How the cases of a set ended.
#[derive(Default)]
struct Tally {
    passes: BTreeMap<Held, usize>,
    not_ours: BTreeMap<String, usize>,
    fails: BTreeMap<String, String>,
}

impl Tally {
    fn count(&mut self, name: &str, end: End) {
        match end {
            End::Passes(held) => *self.passes.entry(held).or_default() += 1,
            End::NotOurs(field) => *self.not_ours.entry(field).or_default() += 1,
            End::Fails(why) => {
                self.fails.insert(name.to_owned(), why);
            }
        }
    }

    fn add(&mut self, other: Self) {
        other.passes.into_iter().for_each(|(held, count)| *self.passes.entry(held).or_default() += count);
        other.not_ours.into_iter().for_each(|(field, count)| *self.not_ours.entry(field).or_default() += count);
        self.fails.extend(other.fails);
    }

    fn is(&self, known: &Known) {
        let held = [Held::Exactly, Held::WrittenOtherwise, Held::AsText, Held::Unseen];
        let passed = held.map(|held| self.passes.get(&held).copied().unwrap_or_default());
        let not: Vec<(&str, usize)> = self.not_ours.iter().map(|(field, count)| (field.as_str(), *count)).collect();
        let fails: Vec<&str> = known.fails.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let new: Vec<_> = self.fails.iter().filter(|(name, _)| !fails.contains(&name.as_str())).collect();
        let mended: Vec<_> = fails.iter().filter(|name| !self.fails.contains_key(**name)).collect();
        let elsewhere: usize = not.iter().map(|(_, count)| count).sum();
        println!("passes {passed:?}, not ours {elsewhere}, fails {}\n{not:?}", self.fails.len());
        let told: String = new.iter().map(|(name, why)| format!("\n{name}: {why}")).collect();
        assert!(new.is_empty(), "{} cases fail that are not in the table:{told}", new.len());
        assert!(mended.is_empty(), "these do not fail any more: {mended:?}");
        assert_eq!(not, known.not_ours, "what is not ours");
        assert_eq!(passed, known.passes, "passes exactly, written otherwise, as text, as what is not shown");
    }
}

/// How the cases of a set are known to end.
struct Known {
    /// How many pass: exactly, written otherwise, as text, as what is not shown.
    passes: [usize; 4],
    /// How many ask for a field that is not kept, by field.
    not_ours: &'static [(&'static str, usize)],
    /// What fails, by reason.
    fails: &'static [(&'static str, &'static [&'static str])],
}

/// All files under `folder` that end in `.ext`, in the order of their names.
fn files(folder: &Path, ext: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|is| is == ext) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
