//! Any spelling of keys and headers that is equal in form changes nothing.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use unicode_normalization::UnicodeNormalization;

use super::keys::{change_key, count_changes};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![any_respelling_of_keys_and_headers_changes_nothing];

/// A spelling of `text` that is equal in form: `choices` decide what happens to each character.
fn respell_text(text: &str, choices: &[u8]) -> String {
    const INVISIBLE: [char; 6] = ['\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{200e}', '\u{202c}'];
    const SPACES: [&str; 6] = [" ", "\u{a0}", "  ", "\n", "\t\u{3000}", "\u{2028}"];
    let pick = |choice: u8, of: usize| usize::from(choice) / 4 % of;
    let mut spelled = String::new();
    let text: String = if choices[0].is_multiple_of(2) { text.nfd().collect() } else { text.nfc().collect() };
    for (c, &choice) in text.chars().zip(choices.iter().cycle().skip(1)) {
        match (c, choice % 4) {
            (' ', _) => spelled.push_str(SPACES[pick(choice, SPACES.len())]),
            (c, 0) => spelled.extend([INVISIBLE[pick(choice, INVISIBLE.len())], c]),
            (c, _) => spelled.push(c),
        }
    }
    if choices[0].is_multiple_of(3) { format!("\u{2009}{spelled} \u{200f}") } else { spelled }
}

fn any_respelling_of_keys_and_headers_changes_nothing(db: &TestDatabase) {
    const WORDS: [&str; 9] =
        ["B-1", "Café del Mar", "Ünï çode", "a b", "ab", "می\u{200c}خواهم", "میخواهم", "x  y z", "日本 東京"];
    const HEADERS: [&str; 3] = ["key no", "Título", "b c"];
    let engine = TestEngine::on_database(db);
    let quoted = |cells: [String; 3]| cells.map(|cell| format!("\"{cell}\"")).join(",") + "\n";
    let cases = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let choices = prop::collection::vec(any::<u8>(), 12);
    let strategy = (prop::sample::subsequence(WORDS.to_vec(), 2..=9), prop::collection::vec(choices, 24));
    let outcome = runner.run(&strategy, |(keys, choices)| {
        cases.set(cases.get() + 1);
        let table = |at: usize| {
            let mut respell = choices.iter().skip(at);
            let mut spell = |text: &str| match at {
                0 => text.to_owned(),
                _ => respell_text(text, respell.next().expect("enough")),
            };
            let mut text = quoted(HEADERS.map(&mut spell));
            for (n, key) in keys.iter().enumerate() {
                text.push_str(&quoted([spell(key), format!("value {n}"), String::new()]));
            }
            text
        };
        let slug = format!("albums-{}", cases.get());
        let source = engine.csv_source(&slug, table(0));
        let source = change_key(&engine, &source, "key\u{a0}no", &source.location);
        let all = keys.len() as u64;
        prop_assert_eq!(count_changes(&engine.sync(&source)), [all, 0, 0, 0, 0]);
        let before: Vec<_> =
            engine.list_items(&source).into_iter().map(|item| (item.id, item.key, item.fields)).collect();
        for at in 1..=2 {
            engine.rewrite_file(&source, table(at));
            prop_assert_eq!(count_changes(&engine.sync(&source)), [0, 0, all, 0, 0]);
        }
        // A second row with another spelling of the same key is a duplicate.
        let twice = quoted([respell_text(keys[0], &choices[23]), "other".to_owned(), String::new()]);
        engine.rewrite_file(&source, table(0) + &twice);
        prop_assert_eq!(count_changes(&engine.sync(&source)), [0, 0, all, 0, 1]);
        let after: Vec<_> =
            engine.list_items(&source).into_iter().map(|item| (item.id, item.key, item.fields)).collect();
        prop_assert_eq!(before, after);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
