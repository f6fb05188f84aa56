//! Sources of feeds and reader accounts on the command line.

use super::CliFixture;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn feeds_are_added_without_a_key_and_each_is_listed() {
    let cli = CliFixture::new();
    let stub = StubServer::start();
    stub.set_reply("/jazz", StubReply::feed("Jazz", &["Blue Train"]));
    let deleted = stub.url("/gone?token=s3cret");
    let urls = ["--url", &stub.url("/jazz"), "--url", &deleted];
    cli.expect_success(&[&["source", "add", "news", "--kind", "feeds"], &urls[..]].concat());
    let checked = cli.run_command(&["source", "check", "news"]);
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(checked.err.contains("/gone?…: ") && !checked.err.contains("s3cret"), "{}", checked.err);

    let synced = cli.run_command(&["sync", "news"]);
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert!(synced.err.contains("feed “http://127.0.0.1") && synced.err.contains("failed: "), "{}", synced.err);
    let shown = cli.expect_success(&["source", "show", "news"]);
    assert!(shown.contains("feeds         2, 1 failing"), "{shown}");
    assert!(shown.contains("failed once: Not found (404) at 127.0.0.1") && shown.contains("/gone?…"), "{shown}");
    for reported in [&shown, &cli.expect_success(&["source", "list", "--json"])] {
        assert!(!reported.contains("s3cret"), "{reported}");
    }

    stub.set_reply("/gone", StubReply::feed("Rock", &["Autobahn"]));
    cli.expect_success(&["sync", "news"]);
    assert!(cli.expect_success(&["source", "show", "news"]).contains("feeds         2, 0 failing"));
    assert!(cli.expect_success(&["source", "check", "news"]).starts_with("news is OK: 2 feeds, "));
}

#[test]
fn the_password_of_an_account_stays_off_the_command_line_and_out_of_every_answer() {
    let cli = CliFixture::new();
    let add = |rest: &[&str], input: &str| {
        let args = [&["source", "add", "mine", "--user", "ada@example.org", "--password-stdin"], rest].concat();
        cli.run_with_input(&args, input)
    };
    let refused = add(&["--kind", "csv", "--url", "https://h.example/a.csv", "--key", "id"], "s3cret\n");
    assert_eq!((refused.code, refused.err.contains("has no account")), (2, true), "{}", refused.err);
    let empty = add(&["--kind", "reader", "--url", "https://reader.example.org"], "\n");
    assert_eq!((empty.code, empty.err.contains("Enter the username and password")), (2, true), "{}", empty.err);
    let added = add(&["--kind", "reader", "--url", "https://reader.example.org"], "s3:cr@et/\n");
    assert_eq!(added.code, 0, "{}", added.err);
    for args in [&["source", "show", "mine"][..], &["source", "list"], &["source", "list", "--json"]] {
        let reported = cli.expect_success(args);
        assert!(!reported.contains("s3") && !reported.contains("ada"), "{reported}");
    }
}

#[test]
fn queries_and_fragments_of_addresses_are_never_shown() {
    let cli = CliFixture::new();
    let stub = StubServer::start();
    stub.set_reply("/moved", StubReply::redirect(301, "/new?jwt=S3CR#S3CR"));
    stub.set_reply("/new", StubReply::feed("", &["Blue Train"]));
    let address = |path: &str| stub.url(&format!("/{path}?jwt=S3CR&gid=S3CR#S3CR"));
    let (deleted, moved) = (address("gone"), address("moved"));
    cli.expect_success(&["source", "add", "news", "--kind", "feeds", "--url", &deleted, "--url", &moved]);
    let account = format!("{}/?jwt=S3CR&gid=S3CR#S3CR", stub.url("").replace("://", "://me:S3CR@"));
    cli.expect_success(&["source", "add", "mine", "--kind", "reader", "--url", &account]);
    let commands: [&[&str]; 9] = [
        &["source", "check", "news"],
        &["source", "check", "mine"],
        &["sync", "news"],
        &["sync", "mine"],
        &["sync", "news", "--json"],
        &["source", "show", "news"],
        &["source", "show", "mine"],
        &["source", "list"],
        &["source", "list", "--json"],
    ];
    for command in commands {
        let reported = cli.run_command(command);
        assert!(
            !reported.out.contains("S3CR") && !reported.err.contains("S3CR"),
            "{command:?}: {} {}",
            reported.out,
            reported.err
        );
        assert!(!(reported.out.is_empty() && reported.err.is_empty()), "{command:?}");
    }
}
