//! `lockstep serve`: what it prints, and how it stops.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use super::{CliFixture, send_signal};
use crate::support::load_clock::LoadClock;

fn start_server(cli: &CliFixture) -> (Child, BufReader<ChildStdout>) {
    let mut child = cli.build_command(&[]).stderr(std::process::Stdio::null()).spawn().expect("it runs");
    let out = BufReader::new(child.stdout.take().expect("an output"));
    (child, out)
}

fn read_line(out: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    line.trim_end().to_owned()
}

fn stop_server(mut child: Child, name: &str) {
    let clock = LoadClock::start();
    send_signal(&child, name);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
}

fn find_link(line: &str) -> &str {
    line.strip_prefix("Create the first admin: http://127.0.0.1:").expect("a link").split_once('/').expect("a path").1
}

#[test]
fn a_new_installation_gets_the_sample_once_and_one_set_up_link_until_it_is_used() {
    let cli = CliFixture::new();
    let (first, mut out) = start_server(&cli);
    let address = read_line(&mut out);
    let port = address.strip_prefix("Lockstep is running at http://127.0.0.1:").and_then(|rest| rest.strip_suffix('/'));
    assert!(port.expect("the address").parse::<u16>().expect("a port") > 0);
    let setup = read_line(&mut out);
    assert!(find_link(&setup).starts_with("setup?token="), "{setup}");
    stop_server(first, "TERM");

    let sources = cli.expect_success(&["source", "list", "--json"]);
    assert!(sources.contains("\"sample-albums\"") && sources.contains("\"public\": true"), "{sources}");
    let (second, mut out) = start_server(&cli);
    read_line(&mut out);
    assert_eq!(find_link(&read_line(&mut out)), find_link(&setup));
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), sources, "starting again changes nothing");
    stop_server(second, "INT");

    cli.expect_success(&["source", "remove", "sample-albums", "--yes"]);
    cli.run_with_input(&["user", "add", "ann", "--role", "admin", "--password-stdin"], "a long password");
    let (third, mut out) = start_server(&cli);
    read_line(&mut out);
    stop_server(third, "TERM");
    assert_eq!(read_line(&mut out), "", "no link once an admin exists");
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
}

#[test]
fn an_address_in_use_is_a_readable_error() {
    let cli = CliFixture::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let answer = cli.run_command(&["serve", "--bind", &address]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.contains(&format!("the address {address} is in use")), "{}", answer.err);
}
