//! Sources of feeds and reader accounts on the command line.

use super::CliFixture;
use crate::support::stub_server::{StubReply, StubServer};

#[test]
fn feeds_are_added_without_a_key_and_each_is_listed() {
    let cli = CliFixture::new();
    let stub = StubServer::start();
    stub.set("/jazz", StubReply::feed("Jazz", &["Blue Train"]));
    let gone = stub.url("/gone?token=s3cret");
    let urls = ["--url", &stub.url("/jazz"), "--url", &gone];
    cli.ok(&[&["source", "add", "news", "--kind", "feeds"], &urls[..]].concat());
    let checked = cli.run(&["source", "check", "news"]);
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(checked.err.contains("/gone?…: ") && !checked.err.contains("s3cret"), "{}", checked.err);

    let synced = cli.run(&["sync", "news"]);
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert!(synced.err.contains("feed “http://127.0.0.1") && synced.err.contains("failed: "), "{}", synced.err);
    let shown = cli.ok(&["source", "show", "news"]);
    assert!(shown.contains("feeds         2, 1 failing"), "{shown}");
    assert!(shown.contains("failed once: Not found (404) at 127.0.0.1") && shown.contains("/gone?…"), "{shown}");
    for told in [&shown, &cli.ok(&["source", "list", "--json"])] {
        assert!(!told.contains("s3cret"), "{told}");
    }

    stub.set("/gone", StubReply::feed("Rock", &["Autobahn"]));
    cli.ok(&["sync", "news"]);
    assert!(cli.ok(&["source", "show", "news"]).contains("feeds         2, 0 failing"));
    assert!(cli.ok(&["source", "check", "news"]).starts_with("news is OK: 2 feeds, "));
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
    assert_eq!((empty.code, empty.err.contains("Type the user name and the password")), (2, true), "{}", empty.err);
    let added = add(&["--kind", "reader", "--url", "https://reader.example.org"], "s3:cr@et/\n");
    assert_eq!(added.code, 0, "{}", added.err);
    for args in [&["source", "show", "mine"][..], &["source", "list"], &["source", "list", "--json"]] {
        let told = cli.ok(args);
        assert!(!told.contains("s3") && !told.contains("ada"), "{told}");
    }
}

#[test]
fn queries_and_fragments_of_addresses_are_never_shown() {
    let cli = CliFixture::new();
    let stub = StubServer::start();
    stub.set("/moved", StubReply::redirect(301, "/new?jwt=S3CR#S3CR"));
    stub.set("/new", StubReply::feed("", &["Blue Train"]));
    let address = |path: &str| stub.url(&format!("/{path}?jwt=S3CR&gid=S3CR#S3CR"));
    let (gone, moved) = (address("gone"), address("moved"));
    cli.ok(&["source", "add", "news", "--kind", "feeds", "--url", &gone, "--url", &moved]);
    let account = format!("{}/?jwt=S3CR&gid=S3CR#S3CR", stub.url("").replace("://", "://me:S3CR@"));
    cli.ok(&["source", "add", "mine", "--kind", "reader", "--url", &account]);
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
        let told = cli.run(command);
        assert!(!told.out.contains("S3CR") && !told.err.contains("S3CR"), "{command:?}: {} {}", told.out, told.err);
        assert!(!(told.out.is_empty() && told.err.is_empty()), "{command:?}");
    }
}
