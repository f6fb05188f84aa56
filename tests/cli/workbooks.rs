//! Workbooks on the command line.

use std::time::{Duration, Instant};

use super::{CliFixture, read_output};
use crate::support::waiting::WAIT_LIMIT;
use crate::support::workbook_builder::{XlsxBuilder, sample_path, text_row};

fn add_args<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["source", "add", "ours", "--kind", "excel", "--file", path, "--key", "id"], more].concat()
}

#[test]
fn a_tab_of_a_workbook_is_added_checked_and_synced() {
    let cli = CliFixture::new();
    let path = sample_path("albums.xlsx");
    let path = path.to_str().expect("a path");
    cli.expect_success(&add_args(path, &["--tab", "Albums"]));
    let checked = cli.expect_success(&["source", "check", "ours"]);
    assert!(checked.contains("ours is OK: 10 columns"), "{checked}");
    let synced: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["sync", "ours", "--json"])).expect("JSON");
    assert_eq!(
        (synced["status"].as_str(), synced["stats"]["added"].as_u64()),
        (Some("completed"), Some(3)),
        "{synced}"
    );
    let other = CliFixture::new();
    other.expect_success(&add_args(path, &["--tab", "Artists"]));
    let refused = other.run_command(&["source", "check", "ours"]);
    assert!(refused.code != 0 && refused.err.contains("The tabs are “Draft” (hidden), “Albums”"), "{}", refused.err);
}

#[test]
fn a_google_sheets_link_is_refused_by_the_kind_for_workbooks() {
    let cli = CliFixture::new();
    let base = "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";
    for rest in ["/export?format=xlsx&gid=7&range=A1:B3", "/pub?output=xlsx&gid=7", "/gviz/tq?tq=select+A", "/edit"] {
        let url = format!("{base}{rest}");
        let refused = cli.run_command(&["source", "add", "ours", "--kind", "excel", "--url", &url, "--key", "id"]);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{rest}: {}", refused.err);
        assert!(refused.err.contains("choose the type Google Sheet (--kind sheet)"), "{rest}: {}", refused.err);
    }
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
}

#[test]
fn hidden_columns_are_not_published_by_accident() {
    let cli = CliFixture::new();
    let path = sample_path("albums.ods");
    let path = path.to_str().expect("a path");
    let refused = cli.run_command(&add_args(path, &["--public"]));
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{}", refused.err);
    let text = ["Column “cost” is hidden in the source.", "--publish-hidden-columns"];
    assert!(text.iter().all(|text| refused.err.contains(text)), "{}", refused.err);
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
    cli.write_csv("broken.xlsx", "not a workbook");
    let unknown = cli.run_command(&add_args("broken.xlsx", &["--public"]));
    assert!(unknown.code == 2 && unknown.err.contains("could not be checked"), "{}", unknown.err);
    cli.expect_success(&add_args(path, &["--public", "--publish-hidden-columns"]));
    let listed: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["source", "list", "--json"])).expect("JSON");
    assert_eq!(listed[0]["readOptions"], serde_json::json!({ "publishedHiddenColumns": ["cost"] }));
    assert!(cli.expect_success(&["source", "show", "ours"]).contains("hidden columns published"));
    let checked = cli.run_command(&["source", "check", "ours"]);
    assert!(
        checked.code == 0 && checked.out.contains("“cost”") && !checked.err.contains("leave it out"),
        "{}",
        checked.err
    );
}

#[test]
fn a_workbook_that_is_named_as_csv_is_added_as_excel_with_a_message() {
    let cli = CliFixture::new();
    let path = sample_path("albums.xlsx");
    let path = path.to_str().expect("a path");
    let as_csv = ["source", "add", "ours", "--kind", "csv", "--file", path, "--key", "id", "--tab", "Albums"];
    let added = cli.run_command(&as_csv);
    assert_eq!((added.code, added.out.as_str()), (0, ""), "{}", added.err);
    assert!(added.err.contains("This is an Excel or OpenDocument file, so the type Excel is used."), "{}", added.err);
    let listed: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["source", "list", "--json"])).expect("JSON");
    assert_eq!(listed[0]["kind"], "excel", "{listed}");
    cli.expect_success(&["sync", "ours"]);
    // Options that only CSV files have are refused as for any workbook.
    let other = CliFixture::new();
    let refused = other.run_command(&[&as_csv[..9], &["--encoding", "utf-8"]].concat());
    assert!(refused.code == 2 && refused.err.contains("--encoding: a source of the kind excel has no such setting"));
    let plain = other.write_csv("plain.csv", "id,title\n1,Blue\n");
    let added = other.run_command(&["source", "add", "ours", "--kind", "csv", "--file", &plain, "--key", "id"]);
    assert!(added.code == 0 && !added.err.contains("Excel"), "{}", added.err);
}

#[test]
fn a_named_pipe_is_refused_without_waiting_for_its_writer() {
    let cli = CliFixture::new();
    let made = std::process::Command::new("mkfifo").arg(cli.path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    for kind in ["csv", "excel"] {
        let add = ["source", "add", "ours", "--kind", kind, "--file", "pipe", "--key", "id"];
        let mut child = cli.build_command(&add).spawn().expect("it runs");
        let started = Instant::now();
        while child.try_wait().expect("an answer").is_none() {
            if started.elapsed() > WAIT_LIMIT {
                child.kill().expect("killed");
                panic!("{kind}: it waits for the writer of the pipe");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let refused = read_output(child.wait_with_output().expect("it has ended"));
        assert!(refused.code == 2 && refused.err.contains("pipe is not a file."), "{kind}: {}", refused.err);
    }
}

#[test]
fn a_check_reports_a_formula_without_a_saved_value_with_the_fix() {
    let cli = CliFixture::new();
    let rows =
        text_row(1, &["id", "price"]) + "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\"><f>1+1</f><v/></c></row>";
    std::fs::write(cli.path("a.xlsx"), XlsxBuilder::of_rows(&rows).bytes()).expect("written");
    cli.expect_success(&add_args("a.xlsx", &[]));
    let checked = cli.run_command(&["source", "check", "ours"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let text = ["1 cell in “price” is a formula without a saved value", "Excel or LibreOffice, save it once"];
    assert!(text.iter().all(|text| checked.err.contains(text)), "{}", checked.err);
}
