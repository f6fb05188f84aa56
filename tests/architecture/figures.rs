//! Figures about the code, as `scripts/code-figures` prints them.

use std::path::{Path, PathBuf};

use super::definitions::{DefinitionKind, read_definitions};
use super::import_graph::ImportGraph;
use super::source_tree::{project_root, read_files, read_program};
use super::{file_rules, language};

/// The figures of the project at `root`, one a line.
pub(super) fn measure_figures(root: &Path) -> Vec<String> {
    let program = read_program(root);
    let tests = read_files(root, &["tests"]);
    let definitions = read_definitions(&program);
    let graph = ImportGraph::read(&program);
    let circles = graph.file_circles();
    let count = |kind| definitions.iter().filter(|definition| definition.kind == kind).count();
    let lines = |files: &[super::source_tree::SourceFile]| {
        files.iter().filter(|file| file.path.ends_with(".rs")).map(|file| file.text.lines().count()).sum::<usize>()
    };
    let wide: usize = program.iter().map(|file| language::find_wide_comments(file).len()).sum();
    let longest = program.iter().max_by_key(|file| file.text.lines().count());
    let longest = longest.map_or_else(String::new, |file| format!("{} ({})", file.text.lines().count(), file.path));
    vec![
        format!("files of the program           {}", program.len()),
        format!("lines of the program           {}", lines(&program)),
        format!("lines of the test suite        {}", lines(&tests)),
        format!("longest file, lines            {longest}"),
        format!("files over {} lines           {}", file_rules::MAX_FILE_LINES, count_long_files(&program)),
        format!("circles between files          {}", circles.len()),
        format!("files in the largest circle    {}", circles.iter().map(Vec::len).max().unwrap_or(0)),
        format!("circles between modules        {}", graph.module_circles().len()),
        format!("types                          {}", count(DefinitionKind::Type)),
        format!(
            "one-word types, percent        {}",
            language::measure_one_word_share(&definitions, DefinitionKind::Type)
        ),
        format!("type names used twice          {}", language::find_repeated_types(&definitions).len()),
        format!("functions                      {}", count(DefinitionKind::Function)),
        format!(
            "one-word functions, percent    {}",
            language::measure_one_word_share(&definitions, DefinitionKind::Function)
        ),
        format!("one-word constants             {}", language::find_one_word_constants(&definitions).len()),
        format!(
            "names with a forbidden word    {}",
            program.iter().map(|file| language::find_forbidden_words(file).len()).sum::<usize>()
        ),
        format!("comment lines over 120 columns {wide}"),
        format!("documentation that is too thin {}", language::find_thin_docs(&definitions).len()),
        format!("`# Errors` without a cause     {}", language::find_causeless_errors(&definitions).len()),
    ]
}

fn count_long_files(files: &[super::source_tree::SourceFile]) -> usize {
    files.iter().filter(|file| file.text.lines().count() > file_rules::MAX_FILE_LINES).count()
}

/// Prints the figures too: `scripts/code-figures` runs this test for the project it is given.
#[test]
fn the_figures_of_a_project_are_measured() {
    let root = std::env::var_os("LOCKSTEP_FIGURES_OF").map_or_else(|| project_root().to_owned(), PathBuf::from);
    let figures = measure_figures(&root);
    assert!(figures.iter().any(|line| line.starts_with("types ") && !line.ends_with(" 0")), "{figures:#?}");
    println!("{}", figures.join("\n"));
    if std::env::var_os("LOCKSTEP_FIGURES_DETAILS").is_some() {
        let program = read_program(&root);
        let definitions = read_definitions(&program);
        let graph = ImportGraph::read(&program);
        let circles = graph.file_circles().into_iter().chain(graph.module_circles());
        let circles = circles.map(|circle| format!("circle: {}", circle.join(" ")));
        let details = circles
            .chain(language::find_one_word_types(&definitions))
            .chain(language::find_repeated_types(&definitions))
            .chain(language::find_one_word_constants(&definitions))
            .chain(program.iter().flat_map(language::find_forbidden_words))
            .chain(language::find_thin_docs(&definitions))
            .chain(language::find_causeless_errors(&definitions));
        details.for_each(|detail| println!("{detail}"));
    }
}
