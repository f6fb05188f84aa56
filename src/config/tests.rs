use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::values::parse_duration;
use super::{ConfigErrors, SettingFlags, Settings, StatusStoreSetting};
use crate::store::DatabaseAddress;

const HOUR: Duration = Duration::from_secs(3600);

fn read(env: &[(&str, &str)]) -> Result<Settings, ConfigErrors> {
    read_with(&SettingFlags::default(), env)
}

fn read_with(flags: &SettingFlags, env: &[(&str, &str)]) -> Result<Settings, ConfigErrors> {
    let env_value = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
    let (settings, mistakes) = Settings::read_from(flags, &env_value);
    if mistakes.lines().is_empty() { Ok(settings) } else { Err(mistakes) }
}

#[test]
fn defaults_apply_and_empty_variables_count_as_unset() {
    for settings in [read(&[]), read(&[("LOCKSTEP_COOLDOWN", ""), ("DATABASE_URL", ""), ("RUST_LOG", "")])] {
        let settings = settings.expect("good settings");
        assert_eq!(settings.data_dir, PathBuf::from("./data"));
        assert_eq!(settings.database, DatabaseAddress::Sqlite("./data/lockstep.db".into()));
        assert_eq!((settings.bind.as_str(), settings.workers), ("127.0.0.1:8080", 2));
        assert_eq!(settings.fetch_timeout, Duration::from_secs(120));
        assert_eq!(settings.sync_timeout, Duration::from_secs(300));
        assert_eq!(settings.cooldown, Duration::from_secs(3));
        assert!(matches!(settings.status_store, StatusStoreSetting::File));
        let kept = (settings.keep_status, settings.keep_operations, settings.keep_records);
        assert_eq!(kept, (Duration::from_secs(300), 24 * HOUR, 90 * 24 * HOUR));
        assert_eq!((settings.log_filter, settings.without_effect), (None, Vec::new()));
    }
}

#[test]
fn the_default_database_is_in_the_data_folder_and_flags_override_variables() {
    let flags = SettingFlags { data_dir: Some("/srv/flag".into()), ..SettingFlags::default() };
    let settings = read_with(&flags, &[("LOCKSTEP_DATA_DIR", "/srv/env")]).expect("good settings");
    assert_eq!(settings.database, DatabaseAddress::Sqlite("/srv/flag/lockstep.db".into()));
}

#[test]
fn durations_are_numbers_with_a_unit_or_zero() {
    let cases = [
        ("500ms", 500),
        ("3s", 3000),
        ("5m", 300_000),
        ("24h", 86_400_000),
        ("7d", 604_800_000),
        ("0", 0),
        (" 0s ", 0),
    ];
    for (text, millis) in cases {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    for bad in
        ["", "3", "s", "3 days", "-3s", "1.5s", "3S", "99999999999999999999s", "169h", "8d", "99999999999999999h"]
    {
        assert!(parse_duration(bad).is_err(), "{bad}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_with_an_example() {
    let flags = SettingFlags { workers: Some("many".into()), bind: Some("".into()), ..SettingFlags::default() };
    let env = [
        ("LOCKSTEP_WORKERS", "2"),
        ("DATABASE_URL", "mysql://me:s3cret@h/db"),
        ("LOCKSTEP_COOLDOWN", "3"),
        ("LOCKSTEP_FETCH_TIMEOUT", "0"),
        ("LOCKSTEP_SYNC_TIMEOUT", "soon\nnow"),
        ("LOCKSTEP_MAX_BYTES", "200MB"),
        ("LOCKSTEP_ALLOW_HOSTS", "localhost:3000"),
        ("LOCKSTEP_GOOGLE_URL", "docs.google.com"),
        ("RUST_LOG", "lockstep=loud"),
    ];
    let mistakes = read_with(&flags, &env).expect_err("mistakes");
    let lines = mistakes.lines();
    let expected = [
        ("DATABASE_URL: ", "postgres://"),
        ("--bind: ", "Leave the flag out"),
        ("--workers: ", "like 2"),
        ("LOCKSTEP_FETCH_TIMEOUT: ", "30s"),
        ("LOCKSTEP_SYNC_TIMEOUT: ", "500ms"),
        ("LOCKSTEP_COOLDOWN: ", "no unit"),
        ("LOCKSTEP_MAX_BYTES: ", "200000000"),
        ("LOCKSTEP_ALLOW_HOSTS: ", "nas.local"),
        ("LOCKSTEP_GOOGLE_URL: ", "https://docs.google.com"),
        ("RUST_LOG: ", "lockstep=debug"),
    ];
    assert_eq!(lines.len(), expected.len(), "{mistakes}");
    for (line, (name, part)) in lines.iter().zip(expected) {
        assert!(line.starts_with(name) && line.contains(part) && !line.contains(['\n', '"']), "{line}");
    }
    assert!(!mistakes.to_string().contains("s3cret"), "{mistakes}");
}

#[test]
fn bind_addresses_need_a_port() {
    for good in ["127.0.0.1:0", "[::1]:8080", "0.0.0.0:80", "localhost:8080"] {
        assert_eq!(read(&[("LOCKSTEP_BIND", good)]).expect(good).bind, good);
    }
    for bad in ["8080", ":8080", "localhost", "127.0.0.1:99999", "::1:8080", "http://localhost:8080"] {
        assert!(read(&[("LOCKSTEP_BIND", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn databases_are_servers_or_files() {
    for good in ["postgres://h/db", "postgresql:///db", "sqlite:///a/b.db", "sqlite:b.db", "/a/b.db", "file:b.db"] {
        assert!(read(&[("DATABASE_URL", good)]).is_ok(), "{good}");
    }
    for bad in ["mysql://h/db", "postgre://h/db", "sqlite::memory:", ":memory:", "sqlite://"] {
        assert!(read(&[("DATABASE_URL", bad)]).is_err(), "{bad}");
    }
    for bad in
        ["host=127.0.0.1 dbname=lockstep password=s3cret", "postgresql:me:s3cret@h/db", "postgres:/me:s3cret@h/db"]
    {
        let refused = read(&[("DATABASE_URL", bad)]).expect_err("not a URL").lines().join(" ");
        assert!(refused.contains("not written as a URL") && !refused.contains("s3cret"), "{refused}");
    }
}

#[test]
fn settings_without_effect_are_reported() {
    let env = [("LOCKSTEP_WEBHOOK_URL", "https://h.example/"), ("RUST_LOG", "")];
    assert_eq!(read(&env).expect("good settings").without_effect, ["LOCKSTEP_WEBHOOK_URL"]);
}

#[test]
fn the_status_store_is_redis_if_its_url_is_set_unless_chosen_otherwise() {
    let url = ("LOCKSTEP_REDIS_URL", "redis://:s3cret@redis.example/1");
    let at = |env: &[(&str, &str)]| read(env).expect("good settings").status_store;
    assert!(
        matches!(at(&[url]), StatusStoreSetting::Redis(address) if address.for_people() == "redis://redis.example/1")
    );
    assert!(matches!(at(&[url, ("LOCKSTEP_STATUS_STORE", "redis")]), StatusStoreSetting::Redis(_)));
    assert!(matches!(at(&[url, ("LOCKSTEP_STATUS_STORE", "file")]), StatusStoreSetting::File));
    assert!(matches!(at(&[("LOCKSTEP_STATUS_STORE", "database")]), StatusStoreSetting::Database));
    let lines = |env: &[(&str, &str)]| read(env).expect_err("mistakes").lines().to_vec();
    let without = lines(&[("LOCKSTEP_STATUS_STORE", "redis")]);
    assert!(without.len() == 1 && without[0].contains("redis needs LOCKSTEP_REDIS_URL"), "{without:?}");
    let elsewhere = lines(&[("LOCKSTEP_STATUS_STORE", "memcached")]);
    assert!(elsewhere.len() == 1 && elsewhere[0].contains("file, redis or database"), "{elsewhere:?}");
    let bad = lines(&[("LOCKSTEP_REDIS_URL", "http://:s3cret@h"), ("LOCKSTEP_STATUS_STORE", "redis")]);
    assert!(bad.len() == 1 && bad[0].starts_with("LOCKSTEP_REDIS_URL: ") && bad[0].contains("redis://127"), "{bad:?}");
    assert!(!bad[0].contains("s3cret"), "{bad:?}");
}

#[test]
fn retention_times_must_not_contradict_each_other() {
    let years =
        read(&[("LOCKSTEP_KEEP_RECORDS", "3650d"), ("LOCKSTEP_KEEP_OPERATIONS", "30d")]).expect("good settings");
    assert_eq!((years.keep_records, years.keep_operations), (3650 * 24 * HOUR, 30 * 24 * HOUR));
    let cases = [
        (
            &[("LOCKSTEP_KEEP_RECORDS", "12h")][..],
            "LOCKSTEP_KEEP_RECORDS: 12h is shorter than LOCKSTEP_KEEP_OPERATIONS (1d).",
        ),
        (
            &[("LOCKSTEP_KEEP_OPERATIONS", "90s")],
            "LOCKSTEP_KEEP_OPERATIONS: 90s is shorter than LOCKSTEP_KEEP_STATUS (5m).",
        ),
        (
            &[("LOCKSTEP_COOLDOWN", "7d"), ("LOCKSTEP_KEEP_OPERATIONS", "6d")],
            "LOCKSTEP_KEEP_OPERATIONS: 6d is shorter than LOCKSTEP_COOLDOWN (7d).",
        ),
        (&[("LOCKSTEP_KEEP_STATUS", "0")], "LOCKSTEP_KEEP_STATUS: “0” would keep nothing."),
        (&[("LOCKSTEP_KEEP_RECORDS", "3651d")], "LOCKSTEP_KEEP_RECORDS: “3651d” is longer than the maximum, 3650d."),
    ];
    for (env, line) in cases {
        let mistakes = read(env).expect_err(line);
        assert!(mistakes.lines().len() == 1 && mistakes.lines()[0].starts_with(line), "{mistakes}");
    }
}

#[test]
fn debug_output_of_settings_holds_no_secret() {
    let settings = read(&[
        ("DATABASE_URL", "postgres://me:s3cret@h/db"),
        ("LOCKSTEP_REDIS_URL", "redis://:s3cret@h"),
        ("LOCKSTEP_GOOGLE_URL", "http://me:s3cret@h/"),
    ]);
    let printed = format!("{:?}", settings.expect("good settings"));
    assert!(printed.contains("postgres://h/db") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn wrong_credentials_are_reported_in_one_line_without_showing_them() {
    let long = "s3cret".repeat(2000);
    let cases = [
        ("/nowhere/key.json", "/nowhere/key.json cannot be read: No such file"),
        ("/nowhere/s3cret", "the file that it names cannot be read"),
        (&long, "the file that it names cannot be read"),
        ("eyJ0eXBlIjoic3MzY3JldHMzY3JldCJ9", "the file that it names cannot be read"),
        ("/", "/ is not a regular file"),
        (r#"{"private_key":"s3cret"}"#, "“type” is missing"),
        ("{s3cret", "that is not JSON (line 1, column 2)"),
        ("AIzaSys3cret", "that is an API key"),
        ("-----BEGIN PRIVATE KEY-----\ns3cret", "that is only a private key"),
    ];
    for (value, message) in cases {
        let mistakes = read(&[("LOCKSTEP_GOOGLE_CREDENTIALS", value)]).expect_err(message);
        let [line] = mistakes.lines() else { panic!("one line: {mistakes}") };
        assert!(line.starts_with(&format!("LOCKSTEP_GOOGLE_CREDENTIALS: {message}")), "{line}");
        assert!(!line.contains("s3cret") && !line.contains("eyJ0") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn proxies_are_addresses_and_sessions_last_ten_minutes_at_least() {
    let settings = read(&[
        ("LOCKSTEP_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("LOCKSTEP_SESSION_IDLE", "12h"),
        ("LOCKSTEP_SESSION_LIFETIME", "90d"),
    ])
    .expect("good settings");
    assert!(settings.trusted_proxies.is_trusted([10, 1, 2, 3].into()));
    assert!(!settings.trusted_proxies.is_trusted([127, 0, 0, 2].into()));
    assert_eq!((settings.session_lifetimes.idle, settings.session_lifetimes.total), (12 * HOUR, 90 * 24 * HOUR));
    for (name, value, message) in [
        ("LOCKSTEP_TRUSTED_PROXIES", "proxy.local", "“proxy.local” is not an address or a CIDR block."),
        ("LOCKSTEP_SESSION_IDLE", "9m", "“9m” is less than ten minutes."),
        ("LOCKSTEP_SESSION_LIFETIME", "0", "“0” is less than ten minutes."),
    ] {
        let mistakes = read(&[(name, value)]).expect_err(message);
        assert!(mistakes.lines()[0].starts_with(&format!("{name}: {message}")), "{mistakes}");
    }
}
