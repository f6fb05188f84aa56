//! The rules that a reader of this code can rely on: who imports whom, how files are cut, how things are named, how
//! templates are written.
//!
//! The allowed imports are those of `docs/ARCHITECTURE.md`; [`file_rules`] has them as a table. `rules_can_fail` feeds
//! each rule with code that breaks it.

mod definitions;
mod figures;
mod file_rules;
mod import_graph;
mod language;
mod language_can_fail;
mod rules_can_fail;
mod source_tree;
mod template_rules;
mod tokens;

use self::definitions::{Definition, DefinitionKind, read_definitions};
use self::import_graph::ImportGraph;
use self::source_tree::{SourceFile, project_root, read_files, read_program};

/// Folders with files that people read.
const READABLE_FOLDERS: [&str; 4] = ["src", "templates", "static", "tests"];

/// The most one-word types, in percent.
const MAX_ONE_WORD_TYPES: usize = 20;

/// The most one-word functions, in percent.
const MAX_ONE_WORD_FUNCTIONS: usize = 40;

fn read_program_definitions() -> Vec<Definition> {
    read_definitions(&read_program(project_root()))
}

/// Everything that `rule` finds in the files of `folders`.
fn check_files(folders: &[&str], rule: impl Fn(&SourceFile) -> Vec<String>) -> Vec<String> {
    let files = read_files(project_root(), folders);
    assert!(!files.is_empty(), "no files in {folders:?}");
    files.iter().flat_map(rule).collect()
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_module_imports_only_the_modules_it_may_import() {
    assert!(read_program(project_root()).len() > 50, "the program's files are found");
    assert_none(&check_files(&["src"], file_rules::find_forbidden_imports));
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let circles = ImportGraph::read(&read_program(project_root())).file_circles();
    assert_none(&circles.iter().map(|circle| circle.join(" -> ")).collect::<Vec<_>>());
}

#[test]
fn no_two_modules_import_each_other_in_a_circle() {
    let circles = ImportGraph::read(&read_program(project_root())).module_circles();
    assert_none(&circles.iter().map(|circle| circle.join(" -> ")).collect::<Vec<_>>());
}

#[test]
fn only_the_control_of_the_engine_admits_runs() {
    assert_none(&check_files(&["src"], file_rules::find_admission_outside_control));
}

#[test]
fn the_environment_is_read_in_one_place() {
    assert_none(&check_files(&["src"], file_rules::find_environment_reads));
}

#[test]
fn only_the_store_uses_the_database() {
    assert_none(&check_files(&["src"], file_rules::find_database_uses));
}

#[test]
fn no_file_is_too_long() {
    assert_none(&check_files(&READABLE_FOLDERS, file_rules::check_line_count));
}

#[test]
fn every_file_is_named_after_what_is_in_it() {
    assert_none(&check_files(&READABLE_FOLDERS, file_rules::check_file_name));
}

#[test]
fn no_link_in_a_template_is_written_by_hand() {
    assert_none(&check_files(&["templates"], template_rules::find_hand_written_links));
}

#[test]
fn no_line_of_a_template_is_too_wide() {
    assert_none(&check_files(&["templates"], template_rules::find_wide_lines));
}

#[test]
fn no_name_has_a_forbidden_word() {
    let found: Vec<_> = read_program(project_root()).iter().flat_map(language::find_forbidden_words).collect();
    assert_none(&found);
}

#[test]
fn no_type_name_is_defined_twice() {
    assert_none(&language::find_repeated_types(&read_program_definitions()));
}

#[test]
fn a_type_name_of_one_word_is_a_term() {
    let definitions = read_program_definitions();
    assert_none(&language::find_one_word_types(&definitions));
    let share = language::measure_one_word_share(&definitions, DefinitionKind::Type);
    assert!(share <= MAX_ONE_WORD_TYPES, "{share} % of the types have one word");
}

#[test]
fn most_functions_are_a_verb_with_an_object() {
    let share = language::measure_one_word_share(&read_program_definitions(), DefinitionKind::Function);
    assert!(share <= MAX_ONE_WORD_FUNCTIONS, "{share} % of the functions have one word");
}

#[test]
fn a_constant_has_its_noun_and_its_unit() {
    assert_none(&language::find_one_word_constants(&read_program_definitions()));
}

#[test]
fn no_comment_line_is_over_120_columns() {
    let is_rust = |file: &SourceFile| file.path.ends_with(".rs");
    let check = |file: &SourceFile| if is_rust(file) { language::find_wide_comments(file) } else { Vec::new() };
    assert_none(&check_files(&["src", "tests", "benches"], check));
}

#[test]
fn documentation_is_at_least_a_sentence() {
    assert_none(&language::find_thin_docs(&read_program_definitions()));
}

#[test]
fn documented_errors_name_their_causes() {
    assert_none(&language::find_causeless_errors(&read_program_definitions()));
}
