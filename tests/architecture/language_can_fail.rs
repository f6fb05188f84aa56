//! The rules for names, comments and circles can fail: each is fed with code that breaks it.

use super::definitions::{DefinitionKind, count_words, read_definitions, split_words};
use super::import_graph::ImportGraph;
use super::language;
use super::source_tree::SourceFile;

fn source_file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn find_file_circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| source_file(path, text)).collect();
    ImportGraph::read(&files).file_circles()
}

#[test]
fn a_circle_is_found_however_the_imports_are_written() {
    let imports = [
        "use crate::sync::lease;",
        "use super::lease::Heartbeat;",
        "use crate::{sync::{lease::Heartbeat, other}, store};",
        "fn renew() { crate::sync::lease::renew() }",
        "fn renew() { println!(\"{}\", super::lease::renew()); }",
        "mod inner { use super::super::lease; }",
        "use super::Heartbeat;",
    ];
    let parent = "pub mod run; pub mod lease; pub use lease::Heartbeat;";
    for import in imports {
        let files = [
            ("src/sync/mod.rs", parent),
            ("src/sync/run.rs", import),
            ("src/sync/lease.rs", "use super::run::RunContext; pub struct Heartbeat;"),
        ];
        assert_eq!(find_file_circles(&files), [["src/sync/lease.rs", "src/sync/run.rs"]], "{import}");
    }
}

#[test]
fn a_circle_of_three_files_and_one_with_the_parent_are_found() {
    let three = [
        ("src/a.rs", "use crate::b::B;"),
        ("src/b.rs", "use crate::c::C;"),
        ("src/c.rs", "use crate::a::A;"),
        ("src/d.rs", "use crate::a::A;"),
    ];
    assert_eq!(find_file_circles(&three), [["src/a.rs", "src/b.rs", "src/c.rs"]]);
    let parent = [("src/a.rs", "mod b; use self::b::B; pub struct A;"), ("src/a/b.rs", "use super::A; pub struct B;")];
    assert_eq!(find_file_circles(&parent), [["src/a.rs", "src/a/b.rs"]]);
}

#[test]
fn imports_of_tests_and_re_exports_of_children_are_no_circle() {
    let files = [
        ("src/a.rs", "pub mod b; pub use b::B; #[cfg(test)] mod tests { use super::b::B; }"),
        ("src/a/b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::B; }"),
        ("src/c.rs", "// use crate::d;\nconst TEXT: &str = \"crate::d::x\";"),
        ("src/d.rs", "use crate::c::TEXT;"),
    ];
    assert_eq!(find_file_circles(&files), [[""; 0]; 0]);
}

#[test]
fn a_circle_of_modules_whose_files_are_in_none_is_found() {
    let files = [
        ("src/web/panel/view.rs", "use crate::web::layout::page::Page;"),
        ("src/web/layout/badge.rs", "use crate::web::panel::build::Panel;"),
        ("src/web/layout/page.rs", "pub struct Page;"),
        ("src/web/panel/build.rs", "pub struct Panel;"),
    ]
    .map(|(path, text)| source_file(path, text));
    let graph = ImportGraph::read(&files);
    assert_eq!(graph.file_circles(), [[""; 0]; 0]);
    assert_eq!(graph.module_circles(), [["web::layout", "web::panel"]]);
}

#[test]
fn names_are_split_into_words() {
    assert_eq!(split_words("read_files"), ["read", "files"]);
    assert_eq!(split_words("SourceFile"), ["source", "file"]);
    assert_eq!(split_words("HTTPClient"), ["http", "client"]);
    assert_eq!(split_words("MAX_CELL_BYTES"), ["max", "cell", "bytes"]);
    assert_eq!(["Digest128", "_", "run", "r2d2"].map(count_words), [1, 0, 1, 1]);
}

#[test]
fn names_that_break_a_rule_are_found() {
    let text = "pub struct Door { wish: u8, fine_name: u8 } enum Kind { Told } struct Kind2; fn outlast() { let door_mat = \"room\"; // bell\n } \
                const MOST: u8 = 1; const MAX_ROWS: u8 = 1; impl Kind2 { const ALL: u8 = 1; fn tell_it() {} } \
                #[cfg(test)] mod tests { struct Rooms; }";
    let source = source_file("src/a.rs", text);
    let definitions = read_definitions(std::slice::from_ref(&source));
    let forbidden = language::find_forbidden_words(&source);
    assert_eq!(forbidden.len(), 7, "{forbidden:?}");
    let one_word = language::find_one_word_types(&definitions);
    assert_eq!(one_word.len(), 3, "{one_word:?}");
    assert_eq!(language::find_one_word_constants(&definitions).len(), 1);
    assert_eq!(language::measure_one_word_share(&definitions, DefinitionKind::Function), 50);
}

#[test]
fn a_type_name_used_twice_is_found_also_in_a_macro() {
    let files = [
        source_file("src/a.rs", "struct RunState; mod inner { struct RunState; }"),
        source_file("src/b.rs", "string_enum! { /// Doc.\n JobState { A = \"a\" } }"),
        source_file("src/c.rs", "trait JobState {}"),
        source_file("src/d.rs", "impl Iterator for X { type Item = u8; } type Item = u8;"),
    ];
    let repeated = language::find_repeated_types(&read_definitions(&files));
    assert_eq!(repeated.len(), 2, "{repeated:?}");
}

#[test]
fn methods_that_a_trait_asks_for_do_not_count() {
    let text =
        "impl Iterator for X { fn next(&mut self) {} } trait Store { fn put(&self); } impl X { fn put_item() {} }";
    let definitions = read_definitions(&[source_file("src/a.rs", text)]);
    assert_eq!(language::measure_one_word_share(&definitions, DefinitionKind::Function), 0);
}

#[test]
fn comments_and_documentation_that_break_a_rule_are_found() {
    let wide = source_file("src/a.rs", &format!("    // {}\n// {}", "x".repeat(114), "x".repeat(117)));
    assert_eq!(language::find_wide_comments(&wide).len(), 1);
    let text = [
        "/// It.\npub fn a_b() {}",
        "/// The store\npub fn c_d() {}",
        "/// Reads a row of the file.\npub fn e_f() {}",
        "/// Writes one item.\n///\n/// # Errors\n/// When the database fails.\npub fn g_h() {}",
        "/// Writes one item.\n///\n/// # Errors\n/// `Taken` when another source has the slug.\npub fn i_j() {}",
    ];
    let text = &text.join("\n");
    let definitions = read_definitions(&[source_file("src/a.rs", text)]);
    let thin = language::find_thin_docs(&definitions);
    assert_eq!(thin.len(), 2, "{thin:?}");
    assert_eq!(language::find_causeless_errors(&definitions).len(), 1);
}
