//! A server that reads a sheet with a service account while Google rate-limits it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::source::SourceDraft;

use crate::support::google_server::{GoogleServer, SHEET_ID, SheetTab, quota_exceeded};
use crate::support::server_process::ServerSetup;
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_server_shows_that_it_waits_for_google,
}

fn a_server_shows_that_it_waits_for_google(db: &TestDatabase) {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[&["id", "title"], &["1", "One"]])]);
    let setup = ServerSetup::on_database(db).with_setting("LOCKSTEP_GOOGLE_URL", &google.url());
    let key = google.key_file(&setup.path("robot.json"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("another mode");
    let setup = setup.with_setting("LOCKSTEP_GOOGLE_CREDENTIALS", &key.to_string_lossy());
    let server = setup.start();
    setup.add_admin_and_token();
    let draft = SourceDraft {
        slug: "albums".parse().expect("a slug"),
        name: "Albums".to_owned(),
        noun: "album/albums".parse().expect("a noun"),
        kind: "sheet".to_owned(),
        location: SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0")),
        key_column: "id".to_owned(),
        schedule: None,
        public: true,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    };
    setup.store().add_source(&draft, None).expect("a source");
    google.reply_once("values:batchGet", quota_exceeded());
    let id = server.start_sync("albums");
    let mut text = String::new();
    wait_for("it waits", || {
        text = server.status(&id)["message"].as_str().expect("a message").to_owned();
        text.starts_with("Rate-limited by Google, retrying at ")
    });
    assert!(text.ends_with(" UTC"), "{text}");
    server.wait_for_status(&id, "completed");
    assert_eq!(server.status(&id)["stats"]["added"], 1);
    let log = server.log();
    assert!(log.contains("other users of this machine may read the key") && log.contains("chmod 600"), "{log}");
    for secret in google.secrets() {
        assert!(!log.contains(&secret), "{log}");
    }
}
