//! `lockstep export`: a catalog on standard output.

use std::io::{BufRead, BufReader};
use std::process::Command;

use super::CliFixture;

/// An installation with a private catalog of two albums.
fn fixture_with_albums() -> CliFixture {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", "id,title,year\na1,=Kind of Blue,1959\na2,\"Blue, Train\",\n");
    cli.expect_success(&["source", "add", "albums", "--kind", "csv", "--file", "albums.csv", "--key", "id"]);
    cli.expect_success(&["sync", "albums"]);
    cli
}

#[test]
fn a_catalog_is_printed_in_each_text_format() {
    let cli = fixture_with_albums();
    let export = |args: &[&str]| cli.expect_success(&[&["export", "albums", "--format"], args].concat());
    assert_eq!(export(&["csv"]), "id,title,year\r\na1,'=Kind of Blue,1959\r\na2,\"Blue, Train\",\r\n");
    assert_eq!(export(&["csv", "--raw"]), "id,title,year\r\na1,=Kind of Blue,1959\r\na2,\"Blue, Train\",\r\n");
    let lines = [
        r#"{"key":"a1","fields":{"id":"a1","title":"=Kind of Blue","year":"1959"}}"#,
        r#"{"key":"a2","fields":{"id":"a2","title":"Blue, Train","year":""}}"#,
    ];
    assert_eq!(export(&["ndjson"]), lines.join("\n") + "\n");
    assert_eq!(export(&["json"]), format!("[\n{}\n]\n", lines.join(",\n")));
}

#[test]
fn an_exported_workbook_can_be_a_source() {
    let cli = fixture_with_albums();
    let workbook = cli.build_command(&["export", "albums", "--format", "xlsx"]).output().expect("it runs");
    assert!(workbook.status.success() && workbook.stdout.starts_with(b"PK"));
    std::fs::write(cli.path("copy.xlsx"), workbook.stdout).expect("written");
    cli.expect_success(&["source", "add", "copy", "--kind", "excel", "--file", "copy.xlsx", "--key", "id"]);
    cli.expect_success(&["sync", "copy"]);
    let export = |slug: &str| cli.expect_success(&["export", slug, "--format", "json"]);
    assert_eq!(export("copy"), export("albums"));
    let left: Vec<_> = std::fs::read_dir(cli.path("data")).expect("the data folder").collect();
    let names: Vec<String> =
        left.into_iter().map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| !name.starts_with(".tmp")), "temporary files are gone: {names:?}");
}

#[test]
fn wrong_arguments_are_refused_with_a_hint() {
    let cli = fixture_with_albums();
    let cases: [(&[&str], &str); 5] = [
        (&["export", "album", "--format", "csv"], "no source named album. Sources: albums."),
        (&["export", "albums"], "--format"),
        (&["export", "albums", "--format", "pdf"], "[possible values: csv, json, ndjson, xlsx]"),
        (&["export", "albums", "--format", "json", "--raw"], "--raw is for --format csv."),
        (&["export", "--format", "csv"], "<SLUG>"),
    ];
    for (args, reason) in cases {
        let answer = cli.run_command(args);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{args:?}: {}", answer.err);
        assert!(answer.err.contains(reason), "{args:?}: {}", answer.err);
    }
    let help = cli.expect_success(&["export", "--help"]);
    assert!(help.contains("lockstep export albums --format csv > albums.csv"), "{help}");
}

#[test]
fn a_workbook_is_not_written_to_a_terminal() {
    let cli = fixture_with_albums();
    // `script` runs a command in a terminal of its own, and prints what it wrote there.
    let command = format!("{} export albums --format xlsx", env!("CARGO_BIN_EXE_lockstep"));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(cli.path(""))
        .output()
        .expect("it runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("lockstep export albums --format xlsx > albums.xlsx"), "{shown}");
}

#[test]
fn a_reader_that_leaves_ends_the_export_quietly() {
    let cli = CliFixture::new();
    let rows: Vec<String> = (0..20_000).map(|at| format!("{at},{}\n", "x".repeat(50))).collect();
    cli.write_csv("many.csv", &format!("id,notes\n{}", rows.concat()));
    cli.expect_success(&["source", "add", "many", "--kind", "csv", "--file", "many.csv", "--key", "id"]);
    cli.expect_success(&["sync", "many"]);
    for format in ["csv", "json", "ndjson", "xlsx"] {
        let mut child = cli.build_command(&["export", "many", "--format", format]).spawn().expect("it runs");
        let mut first = Vec::new();
        BufReader::new(child.stdout.take().expect("an output")).read_until(b'\n', &mut first).expect("a line");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{format}");
    }
}
