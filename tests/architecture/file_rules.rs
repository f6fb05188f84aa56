//! The rules for single files, each a function from a file to what breaks it.

use super::source_tree::SourceFile;
use super::tokens::{Token, tokenize};

/// Which top-level modules a top-level module may import besides itself; `*` is every module.
const ALLOWED_IMPORTS: [(&str, &[&str]); 13] = [
    ("main", &["*"]),
    ("lib", &["*"]),
    ("app", &["*"]),
    ("cli", &["app", "config", "sync", "status", "store", "data_files", "domain"]),
    // It turns text into the values that other modules are built from, and only app, main and cli import it.
    ("config", &["fetch", "status", "store", "domain"]),
    ("web", &["sync", "status", "catalog_index", "store", "data_files", "domain"]),
    ("sync", &["fetch", "status", "store", "domain"]),
    ("status", &["store", "data_files", "domain"]),
    ("catalog_index", &["store", "domain"]),
    ("fetch", &["data_files", "domain"]),
    ("store", &["data_files", "domain"]),
    ("data_files", &[]),
    ("domain", &[]),
];

/// The most lines of a file.
pub(super) const MAX_FILE_LINES: usize = 320;

/// File names that do not say what is inside.
const VAGUE_FILE_NAMES: [&str; 9] =
    ["util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff", "tools"];

/// Crates for databases.
const DATABASE_CRATES: [&str; 6] = ["diesel", "diesel_migrations", "r2d2", "pq_sys", "libsqlite3_sys", "rusqlite"];

/// The top-level module that a file belongs to.
fn parse_top_module(path: &str) -> &str {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').next().unwrap_or(inside)
}

/// The top-level modules that a file names, each with its line: `crate::store`, `crate::{store, …}`,
/// `super::super::store`.
fn find_named_modules(file: &SourceFile, tokens: &[Token]) -> Vec<(String, usize)> {
    let mut inline = Vec::new();
    let mut depth = 0;
    let mut named = Vec::new();
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
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
            "crate" if is(at + 1, "::") => named.extend(read_first_names(&tokens[at + 2..])),
            "lockstep" if parse_top_module(&file.path) == "main" && is(at + 1, "::") => {
                named.extend(read_first_names(&tokens[at + 2..]));
            }
            "super" if is(at + 1, "::") => {
                let mut ups = 1;
                while is(at + 2, "super") && is(at + 3, "::") {
                    ups += 1;
                    at += 2;
                }
                if ups == file.module().len() + inline.len() {
                    named.extend(read_first_names(&tokens[at + 2..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    named
}

/// The first names of what follows a `crate::`: one, or those of a group.
fn read_first_names(tokens: &[Token]) -> Vec<(String, usize)> {
    let Some(first) = tokens.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![(first.text.clone(), first.line)];
    }
    let mut depth = 0;
    let mut names = Vec::new();
    let mut fresh = false;
    for token in tokens {
        match token.text.as_str() {
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
                names.push((token.text.clone(), token.line));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Top-level modules that a file imports and may not import.
pub(super) fn find_forbidden_imports(file: &SourceFile) -> Vec<String> {
    let SourceFile { path, text } = file;
    let own = parse_top_module(path);
    let Some((_, may_see)) = ALLOWED_IMPORTS.iter().find(|(module, _)| *module == own) else {
        return vec![format!("{path}: `{own}` is no module of the architecture")];
    };
    let allowed = |named: &str| named == own || may_see.contains(&"*") || may_see.contains(&named);
    find_named_modules(file, &tokenize(text))
        .into_iter()
        .filter(|(named, _)| !allowed(named))
        .map(|(named, line)| format!("{path}:{line}: {own} must not import {named}"))
        .collect()
}

/// Places where `first` is followed by `::` and one of `names`, also in a group.
fn find_paths<'a>(
    tokens: &'a [Token],
    first: &'a str,
    names: &'a [&'a str],
) -> impl Iterator<Item = (String, usize)> + 'a {
    tokens
        .windows(2)
        .enumerate()
        .filter(move |(_, pair)| pair[0].text == first && pair[1].text == "::")
        .flat_map(|(at, _)| read_first_names(&tokens[at + 2..]))
        .filter(|(name, _)| names.contains(&name.as_str()))
}

/// Calls of the store's admission outside of the engine's control.
pub(super) fn find_admission_outside_control(file: &SourceFile) -> Vec<String> {
    let path = file.path.as_str();
    if path == "src/sync/control.rs" || parse_top_module(path) == "store" {
        return Vec::new();
    }
    let tokens = tokenize(&file.text);
    let calls =
        tokens.windows(2).filter(|pair| pair[0].text == "." && pair[1].text == "admit_run").map(|pair| pair[1].line);
    let named = find_paths(&tokens, "Store", &["admit_run"]).map(|(_, line)| line);
    let requests = tokens.iter().filter(|token| token.text == "AdmissionRequest").map(|token| token.line);
    let lines = calls.chain(named).chain(requests);
    lines.map(|line| format!("{path}:{line}: only sync::control admits")).collect()
}

/// Reads of the environment outside of `config`.
pub(super) fn find_environment_reads(file: &SourceFile) -> Vec<String> {
    let path = file.path.as_str();
    if parse_top_module(path) == "config" {
        return Vec::new();
    }
    let tokens = tokenize(&file.text);
    let readers = ["var", "var_os", "vars", "vars_os", "temp_dir", "home_dir", "*"];
    let reads = find_paths(&tokens, "env", &readers).map(|(_, line)| line);
    // clap reads the environment too, where an argument is declared with `env`.
    let declared = list_attribute_tokens(&tokens).filter(|token| token.text == "env").map(|token| token.line);
    reads.chain(declared).map(|line| format!("{path}:{line}: only config reads the environment")).collect()
}

/// The tokens inside of `#[arg(…)]` and the like.
fn list_attribute_tokens(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let mut depth = 0;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        let opens = token.text == "[" && (depth > 0 || at > 0 && tokens[at - 1].text == "#");
        if opens {
            depth += 1;
        } else if token.text == "]" && depth > 0 {
            depth -= 1;
        }
        (depth > 0).then_some(token)
    })
}

/// Uses of a database outside of `store`, and of Redis outside of `status`, which may use the pool for it.
pub(super) fn find_database_uses(file: &SourceFile) -> Vec<String> {
    let path = file.path.as_str();
    if parse_top_module(path) == "store" {
        return Vec::new();
    }
    let tokens = tokenize(&file.text);
    let pool = path.starts_with("src/status/redis");
    let named =
        tokens.iter().filter(|token| DATABASE_CRATES.contains(&token.text.as_str()) && !(pool && token.text == "r2d2"));
    let named = named.map(|token| format!("{path}:{}: only store uses the database ({})", token.line, token.text));
    let redis = tokens
        .windows(2)
        .filter(|pair| parse_top_module(path) != "status" && pair[0].text == "redis" && pair[1].text == "::");
    named.chain(redis.map(|pair| format!("{path}:{}: only status uses Redis", pair[0].line))).collect()
}

/// Files that are too long. Data that tests read may be longer.
pub(super) fn check_line_count(file: &SourceFile) -> Vec<String> {
    let SourceFile { path, text } = file;
    let lines = text.lines().count();
    let is_data = path.starts_with("tests/corpora/") && !path.ends_with(".rs");
    if lines > MAX_FILE_LINES && !is_data {
        vec![format!("{path}: {lines} lines; {MAX_FILE_LINES} are the most")]
    } else {
        Vec::new()
    }
}

/// Files whose names do not say what is inside.
pub(super) fn check_file_name(file: &SourceFile) -> Vec<String> {
    let path = file.path.as_str();
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    parts
        .filter(|part| VAGUE_FILE_NAMES.contains(part))
        .map(|part| format!("{path}: `{part}` does not say what is inside"))
        .collect()
}
