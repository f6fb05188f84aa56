//! The rules for names, comments and documentation, each a function to what breaks it.

use std::collections::BTreeMap;

use super::definitions::{Definition, DefinitionKind, count_words, split_words};
use super::source_tree::SourceFile;
use super::tokens::{Token, tokenize};

/// Words that no name has, with what is said in their place.
pub(super) const FORBIDDEN_WORDS: [(&str, &str); 34] = [
    ("bell", "wake signal"),
    ("cellar", "store"),
    ("demoronized", "fix_windows_1252"),
    ("desk", "server"),
    ("door", "entry point"),
    ("ear", "forwarder"),
    ("errand", "slot"),
    ("fared", "outcome"),
    ("gathered", "collected"),
    ("gathering", "crawler"),
    ("halt", "cancel"),
    ("hands", "limit"),
    ("house", "app state"),
    ("ledger", "state"),
    ("mend", "repair"),
    ("mended", "repaired"),
    ("outlast", "retry"),
    ("patience", "timeout"),
    ("prospect", "retryability"),
    ("road", "path"),
    ("robot", "service account"),
    ("room", "capacity"),
    ("rooms", "app state"),
    ("roster", "expansion"),
    ("said", "message"),
    ("sentence", "message"),
    ("sentences", "messages"),
    ("shelf", "lookup"),
    ("signpost", "autodiscovery"),
    ("spooled", "file"),
    ("tell", "report"),
    ("telling", "progress"),
    ("told", "reported"),
    ("wish", "request"),
];

/// Type names of one word that say enough: terms of the glossary and of the field.
pub(super) const ALLOWED_ONE_WORD_TYPES: [(&str, &str); 24] = [
    ("Actor", "who makes a request: the field's term in access control"),
    ("App", "the composed application, as actix-web calls it"),
    ("Catalog", "glossary"),
    ("Change", "glossary"),
    ("Cli", "clap's own name for the parsed command line"),
    ("Command", "clap's own name for the chosen subcommand"),
    ("Feed", "glossary of RSS, Atom and JSON Feed"),
    ("Filter", "which items of a catalog are shown: the field's term"),
    ("Issue", "glossary"),
    ("Item", "glossary"),
    ("Lease", "glossary"),
    ("Mode", "glossary: a sync's mode is incremental or full"),
    ("Noun", "what one item and several items are called"),
    ("Retryability", "whether a failed step may be repeated: a word of its own"),
    ("Role", "the field's term in access control"),
    ("Schedule", "the field's term for a cron expression that can be followed"),
    ("Settings", "every setting, read and checked"),
    ("Slug", "glossary"),
    ("Source", "glossary"),
    ("Stage", "glossary"),
    ("Status", "glossary"),
    ("Store", "glossary: what keeps everything"),
    ("Timeouts", "the field's term for how long things may take"),
    ("Validators", "the term of HTTP (RFC 9110, section 8.8) for what identifies a version"),
];

/// Names in a file that have a forbidden word in them, each with the first line that has it.
pub(super) fn find_forbidden_words(file: &SourceFile) -> Vec<String> {
    let mut names = BTreeMap::new();
    for Token { text, line } in tokenize(&file.text) {
        names.entry(text).or_insert(line);
    }
    let mut found = Vec::new();
    for (name, line) in &names {
        for word in split_words(name) {
            if let Some((_, instead)) = FORBIDDEN_WORDS.iter().find(|(forbidden, _)| *forbidden == word) {
                found.push(format!("{}:{line}: `{name}` says \"{word}\"; say \"{instead}\"", file.path));
            }
        }
    }
    found
}

/// Type names that stand for two things.
pub(super) fn find_repeated_types(definitions: &[Definition]) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for definition in select_types(definitions) {
        places.entry(&definition.name).or_default().push(format!("{}:{}", definition.path, definition.line));
    }
    places.retain(|_, places| places.len() > 1);
    places.into_iter().map(|(name, places)| format!("`{name}` is defined at {}", places.join(" and "))).collect()
}

/// Type names of one word that are no term.
pub(super) fn find_one_word_types(definitions: &[Definition]) -> Vec<String> {
    let is_term = |name: &str| ALLOWED_ONE_WORD_TYPES.iter().any(|(term, _)| *term == name);
    select_types(definitions)
        .filter(|definition| count_words(&definition.name) == 1 && !is_term(&definition.name))
        .map(|Definition { name, path, line, .. }| format!("{path}:{line}: `{name}` says too little by itself"))
        .collect()
}

/// Constants of one word. `ALL` and `DEFAULT` are customs of the language.
pub(super) fn find_one_word_constants(definitions: &[Definition]) -> Vec<String> {
    let constants = definitions.iter().filter(|definition| definition.kind == DefinitionKind::Constant);
    constants
        .filter(|definition| {
            !matches!(definition.name.as_str(), "ALL" | "DEFAULT" | "_") && count_words(&definition.name) == 1
        })
        .map(|Definition { name, path, line, .. }| format!("{path}:{line}: `{name}` lacks its noun or its unit"))
        .collect()
}

/// The share of one-word names among `kind`, in percent, rounded up. `new` does not count.
pub(super) fn measure_one_word_share(definitions: &[Definition], kind: DefinitionKind) -> usize {
    let names: Vec<&str> = definitions
        .iter()
        .filter(|definition| definition.kind == kind && definition.name != "new")
        .map(|definition| definition.name.as_str())
        .collect();
    let one_word = names.iter().filter(|name| count_words(name) == 1).count();
    (one_word * 100).div_ceil(names.len().max(1))
}

/// Comment lines over 120 columns.
pub(super) fn find_wide_comments(file: &SourceFile) -> Vec<String> {
    let is_wide = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > 120;
    file.find_lines("a comment line over 120 columns", is_wide)
}

/// Public documentation that says too little: of types, functions and constants less than a sentence of three words, of
/// fields and variants less than two words. A code in backticks is enough. Commands are documented by their help texts.
pub(super) fn find_thin_docs(definitions: &[Definition]) -> Vec<String> {
    let is_checked = |definition: &&Definition| {
        definition.is_public && !definition.docs.is_empty() && !definition.path.starts_with("src/cli/")
    };
    definitions
        .iter()
        .filter(is_checked)
        .filter(|definition| {
            let lines = definition.docs.iter().map(String::as_str).take_while(|line| !line.is_empty());
            let first = lines.collect::<Vec<_>>().join(" ");
            let is_part = matches!(definition.kind, DefinitionKind::Field | DefinitionKind::Variant);
            let words = first.split_whitespace().count();
            let is_sentence = first.ends_with(['.', '!', '?', ':', '`', ')', '|', '…', '"']);
            !is_sentence || (words < if is_part { 2 } else { 3 } && !first.starts_with('`'))
        })
        .map(|Definition { name, path, line, docs, .. }| {
            format!("{path}:{line}: the documentation of `{name}` is no sentence: {}", docs.join(" "))
        })
        .collect()
}

/// `# Errors` sections that name no cause.
pub(super) fn find_causeless_errors(definitions: &[Definition]) -> Vec<String> {
    let mut found = Vec::new();
    for Definition { name, path, line, docs, .. } in definitions {
        let Some(start) = docs.iter().position(|line| line == "# Errors") else { continue };
        let section = docs[start + 1..].iter().take_while(|line| !line.starts_with('#'));
        let text = section.map(String::as_str).collect::<Vec<_>>().join(" ");
        let text = text.trim();
        let is_bare = ["When the database fails.", "When it fails.", "When it does not."].contains(&text);
        // A link or a code says more than its number of words.
        if is_bare || (text.split_whitespace().count() < 4 && !text.contains('`')) {
            found.push(format!("{path}:{line}: `# Errors` of `{name}` names no cause: {text}"));
        }
    }
    found
}

fn select_types(definitions: &[Definition]) -> impl Iterator<Item = &Definition> {
    definitions.iter().filter(|definition| definition.kind == DefinitionKind::Type)
}
