//! Invalid settings stop every command with readable messages.

use super::CliFixture;

#[test]
fn a_bad_setting_stops_every_command_and_every_mistake_is_a_line() {
    let cli = CliFixture::new();
    for args in [&["token", "list"][..], &["serve"], &[], &["source", "list"]] {
        let output = cli
            .build_command(args)
            .env("LOCKSTEP_COOLDOWN", "3")
            .env("LOCKSTEP_WORKERS", "many")
            .env("DATABASE_URL", "mysql://me:s3cret@h/db")
            .args(["--bind", "nowhere"])
            .output()
            .expect("it runs");
        let answer = super::read_output(output);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{}", answer.err);
        let named: Vec<&str> = answer.err.lines().filter_map(|line| line.split(": ").nth(1)).collect();
        assert_eq!(named, ["DATABASE_URL", "--bind", "LOCKSTEP_WORKERS", "LOCKSTEP_COOLDOWN"], "{}", answer.err);
        assert!(!answer.err.contains("s3cret"), "{}", answer.err);
    }
    assert!(!cli.path("data").exists(), "nothing was begun");
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let cli = CliFixture::new();
    let output = cli.build_command(&["token", "list"]).env("LOCKSTEP_WORKERS", "").env("DATABASE_URL", "").output();
    assert_eq!(super::read_output(output.expect("it runs")).code, 0);
    assert!(cli.path("data/lockstep.db").exists());
}

#[test]
fn an_unreachable_database_is_a_readable_error() {
    let cli = CliFixture::new();
    let output =
        cli.build_command(&["user", "list"]).env("DATABASE_URL", "postgres://me:s3cret@127.0.0.1:1/x").output();
    let answer = super::read_output(output.expect("it runs"));
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.starts_with("error: the database postgres://127.0.0.1:1/x cannot be opened"), "{}", answer.err);
    assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    assert!(!answer.err.contains("s3cret"), "{}", answer.err);
}

#[test]
fn a_bad_status_setting_stops_the_start_with_a_line_without_passwords() {
    let cli = CliFixture::new();
    let cases = [
        ("LOCKSTEP_REDIS_URL", "http://:s3cret@redis.example", "LOCKSTEP_REDIS_URL: "),
        ("LOCKSTEP_REDIS_URL", "redis://:s3c#ret@redis.example", "LOCKSTEP_REDIS_URL: "),
        ("LOCKSTEP_SQLITE_SYNC", "off", "LOCKSTEP_SQLITE_SYNC: “off” is not a mode of SQLite. Use normal or full."),
        ("LOCKSTEP_STATUS_STORE", "redis", "LOCKSTEP_STATUS_STORE: redis needs LOCKSTEP_REDIS_URL"),
        ("LOCKSTEP_KEEP_RECORDS", "1h", "LOCKSTEP_KEEP_RECORDS: 1h is shorter than LOCKSTEP_KEEP_OPERATIONS (1d)"),
    ];
    for (name, value, line) in cases {
        let answer = super::read_output(cli.build_command(&["serve"]).env(name, value).output().expect("it runs"));
        assert_eq!((answer.code, answer.out.as_str(), answer.err.lines().count()), (2, "", 1), "{}", answer.err);
        assert!(answer.err.contains(line) && !answer.err.contains("s3c"), "{}", answer.err);
    }
}

#[test]
fn no_database_error_contains_a_part_of_the_password() {
    let cli = CliFixture::new();
    // Characters that are not percent-encoded are read as the host, the port or an escape, and appear in the error.
    for login in ["me:s3c@ret", "me:s3c:@ret:word", "me:s3c/ret", "me:1/s3c-ret", "me:s3c%ret", "me:s3cret"] {
        let url = format!("postgres://{login}@127.0.0.1:1/lockstep");
        for args in [&["doctor", "--json"][..], &["user", "list"]] {
            let answer =
                super::read_output(cli.build_command(args).env("DATABASE_URL", &url).output().expect("it runs"));
            let text = format!("{}{}", answer.out, answer.err);
            assert_eq!(answer.code, 1, "{text}");
            for piece in ["s3c", "ret@", "ret\\\"", "word@"] {
                assert!(!text.contains(piece), "{login}: {text}");
            }
        }
    }
}
