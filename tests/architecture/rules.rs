//! The rules, each a function from a file's path and text to what is wrong with it.

use super::words::{Word, words};

/// Which rooms a room may see besides itself; `*` is every room.
const ARROWS: [(&str, &[&str]); 11] = [
    ("main", &["*"]),
    ("lib", &["*"]),
    ("app", &["*"]),
    ("cli", &["app", "config", "sync", "status", "store", "domain"]),
    // It turns text into the values that rooms are built from, and nobody but app, main and cli sees it.
    ("config", &["fetch", "status", "store", "domain"]),
    ("web", &["sync", "status", "store", "domain"]),
    ("sync", &["fetch", "status", "store", "domain"]),
    ("status", &["store", "domain"]),
    ("fetch", &["domain"]),
    ("store", &["domain"]),
    ("domain", &[]),
];

/// Files longer than this are not read at once.
const LINES: usize = 320;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 9] = ["util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff", "tools"];

/// Crates that speak to databases.
const DATABASE_CRATES: [&str; 6] = ["diesel", "diesel_migrations", "r2d2", "pq_sys", "libsqlite3_sys", "rusqlite"];

/// The module a file is: `src/sync/run.rs` is `sync`, `run`.
fn module(path: &str) -> Vec<&str> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
}

/// The room a file belongs to.
fn room(path: &str) -> &str {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').next().unwrap_or(inside)
}

/// The rooms that a source names, each with its line: `crate::room`, `crate::{room, …}`, `super::super::room`.
fn named_rooms(path: &str, words: &[Word]) -> Vec<(String, usize)> {
    let mut inline = Vec::new();
    let mut depth = 0;
    let mut named = Vec::new();
    let is = |at: usize, text: &str| words.get(at).is_some_and(|word| word.text == text);
    let mut at = 0;
    while at < words.len() {
        match words[at].text.as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && is(at - 2, "mod") {
                    inline.push(depth);
                }
            }
            "}" => {
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
                depth -= 1;
            }
            "crate" if is(at + 1, "::") => named.extend(first_names(&words[at + 2..])),
            "lockstep" if room(path) == "main" && is(at + 1, "::") => named.extend(first_names(&words[at + 2..])),
            "super" if is(at + 1, "::") => {
                let mut ups = 1;
                while is(at + 2, "super") && is(at + 3, "::") {
                    ups += 1;
                    at += 2;
                }
                if ups == module(path).len() + inline.len() {
                    named.extend(first_names(&words[at + 2..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    named
}

/// The first names of what follows a `crate::`: one, or those of a group.
fn first_names(words: &[Word]) -> Vec<(String, usize)> {
    let Some(first) = words.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![(first.text.clone(), first.line)];
    }
    let mut depth = 0;
    let mut names = Vec::new();
    let mut fresh = false;
    for word in words {
        match word.text.as_str() {
            "{" => {
                depth += 1;
                fresh = depth == 1;
            }
            "}" => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            "," => fresh = depth == 1,
            _ if fresh => {
                names.push((word.text.clone(), word.line));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Rooms that a file sees and may not see.
pub(super) fn arrows(path: &str, text: &str) -> Vec<String> {
    let own = room(path);
    let Some((_, may_see)) = ARROWS.iter().find(|(room, _)| *room == own) else {
        return vec![format!("{path}: `{own}` is no room of the house")];
    };
    let allowed = |named: &str| named == own || may_see.contains(&"*") || may_see.contains(&named);
    named_rooms(path, &words(text))
        .into_iter()
        .filter(|(named, _)| !allowed(named))
        .map(|(named, line)| format!("{path}:{line}: {own} must not see {named}"))
        .collect()
}

/// Places where `first` is followed by `::` and one of `names`, also in a group.
fn paths_to<'a>(words: &'a [Word], first: &'a str, names: &'a [&'a str]) -> impl Iterator<Item = (String, usize)> + 'a {
    words
        .windows(2)
        .enumerate()
        .filter(move |(_, pair)| pair[0].text == first && pair[1].text == "::")
        .flat_map(|(at, _)| first_names(&words[at + 2..]))
        .filter(|(name, _)| names.contains(&name.as_str()))
}

/// Calls of admission past the engine's only door.
pub(super) fn admission(path: &str, text: &str) -> Vec<String> {
    if path == "src/sync/control.rs" || room(path) == "store" {
        return Vec::new();
    }
    let words = words(text);
    let calls =
        words.windows(2).filter(|pair| pair[0].text == "." && pair[1].text == "admit_run").map(|pair| pair[1].line);
    let named = paths_to(&words, "Store", &["admit_run"]).map(|(_, line)| line);
    let wishes = words.iter().filter(|word| word.text == "AdmissionRequest").map(|word| word.line);
    let lines = calls.chain(named).chain(wishes);
    lines.map(|line| format!("{path}:{line}: only sync::control admits")).collect()
}

/// Looks at the environment outside of `config`.
pub(super) fn environment(path: &str, text: &str) -> Vec<String> {
    if room(path) == "config" {
        return Vec::new();
    }
    let words = words(text);
    let readers = ["var", "var_os", "vars", "vars_os", "temp_dir", "home_dir", "*"];
    let reads = paths_to(&words, "env", &readers).map(|(_, line)| line);
    // clap reads the environment too, where an argument is declared with `env`.
    let declared = attributes(&words).filter(|word| word.text == "env").map(|word| word.line);
    reads.chain(declared).map(|line| format!("{path}:{line}: only config reads the environment")).collect()
}

/// The words inside `#[arg(…)]` and its like.
fn attributes(words: &[Word]) -> impl Iterator<Item = &Word> {
    let mut depth = 0;
    words.iter().enumerate().filter_map(move |(at, word)| {
        let opens = word.text == "[" && (depth > 0 || at > 0 && words[at - 1].text == "#");
        if opens {
            depth += 1;
        } else if word.text == "]" && depth > 0 {
            depth -= 1;
        }
        (depth > 0).then_some(word)
    })
}

/// Words of a database outside of `store`; the pool also serves the Redis of `status`, which is spoken to there alone.
pub(super) fn database(path: &str, text: &str) -> Vec<String> {
    if room(path) == "store" {
        return Vec::new();
    }
    let words = words(text);
    let pool = path.starts_with("src/status/redis");
    let named =
        words.iter().filter(|word| DATABASE_CRATES.contains(&word.text.as_str()) && !(pool && word.text == "r2d2"));
    let named = named.map(|word| format!("{path}:{}: only store speaks to the database ({})", word.line, word.text));
    let redis =
        words.windows(2).filter(|pair| room(path) != "status" && pair[0].text == "redis" && pair[1].text == "::");
    named.chain(redis.map(|pair| format!("{path}:{}: only status speaks to Redis", pair[0].line))).collect()
}

/// Files that are too long. Data that tests read is as long as it is.
pub(super) fn length(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let is_data = path.starts_with("tests/corpora/") && !path.ends_with(".rs");
    if lines > LINES && !is_data { vec![format!("{path}: {lines} lines; {LINES} are the most")] } else { Vec::new() }
}

/// Files whose name says nothing.
pub(super) fn name(path: &str, _: &str) -> Vec<String> {
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    parts
        .filter(|part| EMPTY_NAMES.contains(part))
        .map(|part| format!("{path}: `{part}` does not say what is inside"))
        .collect()
}
