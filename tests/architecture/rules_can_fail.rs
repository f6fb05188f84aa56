//! The rules can fail: each is fed with code that breaks it, and with code that only looks as if it did.

use super::file_rules;
use super::source_tree::SourceFile;
use super::template_rules::{self, LINK_ATTRIBUTES};

fn source_file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn forbidden_imports_are_found_however_they_are_written() {
    let bad = [
        ("src/web/panel.rs", "use crate::fetch::Look;"),
        ("src/web/panel.rs", "use crate::{domain::item, fetch};"),
        ("src/web/panel.rs", "use crate::{\n    domain::{item, source},\n    fetch::{self, Kind},\n};"),
        ("src/web/panel.rs", "fn f() -> crate::fetch::Look { todo() }"),
        ("src/web/panel.rs", "use crate :: fetch;"),
        ("src/web/panel.rs", "use super::super::fetch::Look;"),
        ("src/web/panel.rs", "mod tests { use super::super::super::fetch::Look; }"),
        ("src/web/mod.rs", "use super::fetch::Look;"),
        ("src/web/api/sync.rs", "use super::super::super::fetch;"),
        ("src/web/panel.rs", "use crate::config::Settings;"),
        ("src/web/panel.rs", "use crate::app::App;"),
        ("src/web/panel.rs", "use crate::*;"),
        ("src/domain/item.rs", "use crate::store::Store;"),
        ("src/store/items.rs", "use crate::status::StatusBoard;"),
        ("src/status/board.rs", "use crate::sync::Engine;"),
        ("src/fetch/csv.rs", "use crate::store::Store;"),
        ("src/sync/run.rs", "use crate::web::page;"),
        ("src/sync/run.rs", "macro_rules! m { () => { $crate::web::page() } }"),
        ("src/cli/add.rs", "use crate::fetch::look;"),
        ("src/config.rs", "use crate::sync::Terms;"),
        ("src/attic/mod.rs", ""),
    ];
    for (path, text) in bad {
        assert_eq!(file_rules::find_forbidden_imports(&source_file(path, text)).len(), 1, "{path}: {text}");
    }
    assert_eq!(
        file_rules::find_forbidden_imports(&source_file("src/web/panel.rs", "\n\nuse crate::fetch;")),
        ["src/web/panel.rs:3: web must not import fetch"]
    );
}

#[test]
fn text_that_looks_like_an_import_is_ignored() {
    let good = [
        (
            "src/web/panel.rs",
            "use crate::sync::Control;\nuse crate::web::page;\nuse super::page;\nuse super::super::web::x;",
        ),
        ("src/web/panel.rs", "// crate::fetch\n/* crate::fetch /* crate::fetch */ crate::fetch */ //! crate::fetch"),
        (
            "src/web/panel.rs",
            "const A: &str = \"crate::fetch \\\" crate::fetch\"; const B: char = '\"'; const C: char = '\\'';",
        ),
        ("src/web/panel.rs", "const A: &str = r#\"crate::fetch \" crate::fetch\"#; fn f<'a>(a: &'a str) {}"),
        ("src/web/panel.rs", "use std::fetch; use other::fetch::x; pub(crate) fn fetch() {}"),
        ("src/web/panel.rs", "mod tests { use super::super::fetch_page; }"),
        ("src/web/api/sync.rs", "use super::super::fetch;"),
        ("src/app.rs", "use crate::{cli, config, fetch, web};"),
        ("src/main.rs", "use lockstep::{app, cli};"),
        ("src/cli/serve.rs", "use crate::app::App; use crate::config::Settings;"),
        ("src/sync/run.rs", "use crate::fetch::Kind; pub(in crate::sync) fn f() {}"),
    ];
    for (path, text) in good {
        assert_eq!(file_rules::find_forbidden_imports(&source_file(path, text)), [""; 0], "{path}: {text}");
    }
}

#[test]
fn admission_outside_of_control_is_found() {
    for text in [
        "store.admit_run(&request)",
        "Store::admit_run(&store, &request)",
        "use crate::store::admission::{AdmissionRequest, StartOutcome};",
    ] {
        assert_eq!(file_rules::find_admission_outside_control(&source_file("src/web/api.rs", text)).len(), 1, "{text}");
        assert_eq!(
            file_rules::find_admission_outside_control(&source_file("src/sync/scheduler.rs", text)).len(),
            1,
            "{text}"
        );
        assert!(file_rules::find_admission_outside_control(&source_file("src/sync/control.rs", text)).is_empty());
    }
    assert!(
        file_rules::find_admission_outside_control(&source_file(
            "src/web/api.rs",
            "use crate::store::admission::StartOutcome; // admit(x), AdmissionRequest"
        ))
        .is_empty()
    );
}

#[test]
fn the_environment_read_elsewhere_is_found() {
    for text in [
        "std::env::var(\"HOME\")",
        "use std::env::{self, var_os};",
        "env::vars()",
        "env::temp_dir()",
        "use std::env::*;",
        "#[arg(long, env = \"LOCKSTEP_BIND\")] bind: String",
        "#[arg(env)] bind: String",
    ] {
        assert_eq!(file_rules::find_environment_reads(&source_file("src/cli/serve.rs", text)).len(), 1, "{text}");
        assert!(file_rules::find_environment_reads(&source_file("src/config.rs", text)).is_empty());
    }
    assert!(
        file_rules::find_environment_reads(&source_file(
            "src/cli/serve.rs",
            "env!(\"CARGO_PKG_VERSION\"); env_logger::init(); env::args();"
        ))
        .is_empty()
    );
}

#[test]
fn a_database_used_elsewhere_is_found() {
    for text in ["use diesel::prelude::*;", "diesel::sql_query(x)", "r2d2::Pool<X>", "use diesel_migrations as m;"] {
        assert_eq!(file_rules::find_database_uses(&source_file("src/status/database.rs", text)).len(), 1, "{text}");
        assert!(file_rules::find_database_uses(&source_file("src/store/dialect/bulk.rs", text)).is_empty());
    }
    assert!(
        file_rules::find_database_uses(&source_file("src/status/database.rs", "// diesel::x\nlet a = \"diesel\";"))
            .is_empty()
    );
    let redis = "use redis::Client; type Lines = r2d2::Pool<Line>;";
    assert!(file_rules::find_database_uses(&source_file("src/status/redis.rs", redis)).is_empty());
    assert_eq!(file_rules::find_database_uses(&source_file("src/sync/run.rs", redis)).len(), 2);
}

#[test]
fn long_files_and_empty_names_are_found() {
    assert_eq!(file_rules::check_line_count(&source_file("static/app.css", &"x\n".repeat(321))).len(), 1);
    assert!(file_rules::check_line_count(&source_file("static/app.css", &"x\n".repeat(320))).is_empty());
    assert!(
        file_rules::check_line_count(&source_file("tests/corpora/reports/long.csv", &"x\n".repeat(999))).is_empty()
    );
    assert_eq!(file_rules::check_line_count(&source_file("tests/corpora/tables.rs", &"x\n".repeat(321))).len(), 1);
    for path in ["src/web/utils.rs", "src/common/mod.rs", "static/helpers.js", "tests/helpers/mod.rs"] {
        assert_eq!(file_rules::check_file_name(&source_file(path, "")).len(), 1, "{path}");
    }
    assert!(file_rules::check_file_name(&source_file("src/web/commonly.rs", "")).is_empty());
}

#[test]
fn links_written_by_hand_and_wide_lines_of_templates_are_found() {
    let find_links = |text: &str| template_rules::find_hand_written_links(&source_file("templates/a.html", text));
    for attribute in LINK_ATTRIBUTES {
        for quote in ['"', '\''] {
            let text = format!("\n<b {attribute}={quote}/history{quote}>");
            assert_eq!(find_links(&text), ["templates/a.html:2: links come from the link builder"], "{text}");
        }
    }
    assert_eq!(find_links("{{ ui::panel_form(\"/catalog/albums/sync\") }}").len(), 1);
    for good in ["<a href=\"{{ links.history() }}\">", "<a href=\"https://example.org/\">", "<use href=\"#icon\"/>"] {
        assert!(find_links(good).is_empty(), "{good}");
    }
    let find_wide = |text: &str| template_rules::find_wide_lines(&source_file("templates/a.html", text));
    assert_eq!(find_wide(&"ä".repeat(141)), ["templates/a.html:1: the line is too wide"]);
    assert!(find_wide(&"ä".repeat(140)).is_empty());
}
