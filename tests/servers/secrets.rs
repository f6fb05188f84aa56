//! Nothing secret is told anywhere: not in a log however much is logged, not to programs, not on a page, not by a command;
//! by no kind of source, whether its syncs go well or not.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use lockstep::domain::source::SourceDraft;

use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ADMIN_LOGIN, ROBOT_TOKEN, ServerProcess, ServerSetup};
use crate::support::source_fixture::SourceFixture;
use crate::support::stub_server::{ReplyTransform, StubReply};
use crate::support::test_engine::source_draft;
use crate::support::waiting::wait_for;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![nothing_secret_is_told_anywhere_by_any_kind];

/// What was told, by the place where it was.
type ResponsesByPath = HashMap<String, String>;

/// Ways to fail: led to a place that is refused, to one where nothing is, sent away, served rubbish.
fn deeds() -> [ReplyTransform; 5] {
    let redirect = |to: &'static str| -> ReplyTransform { Arc::new(move |_| StubReply::redirect(301, to)) };
    [
        redirect("http://me:s3cret-word@10.0.0.1/a?token=s3cret-word#s3cret-word"),
        redirect("/nothing/there?token=s3cret-word"),
        redirect("ftp://me:s3cret-word@h.example/a?s3cret-word"),
        Arc::new(|_| StubReply::status(401)),
        Arc::new(|whole| whole.body("<!-- } -->")),
    ]
}

/// Starts a sync of the source, which goes well or not; answers its id and what was told of it on the way.
fn sync(server: &ServerProcess, slug: &str, told: &mut ResponsesByPath) -> (String, String) {
    let id = server.begin(slug);
    let mut status = String::new();
    wait_for("the end", || {
        let body = server.get(&format!("/api/sync/status/{id}")).body;
        let state: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        state["status"].as_str().expect("a status").clone_into(&mut status);
        told.entry(format!("the status of {id}")).or_default().push_str(&body);
        !["pending", "running", "cancelling"].contains(&status.as_str())
    });
    (id, status)
}

/// Asks for everything that there is to ask about a run or a source.
fn ask(asker: &TestHttpClient, paths: &[String], told: &mut ResponsesByPath) {
    for path in paths {
        let answer = asker.get(path).unwrap_or_else(|| panic!("no answer for {path}"));
        assert!(answer.status == 200, "{path}: {} {}", answer.status, answer.body);
        told.insert(path.clone(), answer.body);
    }
}

/// Runs a command; answers whether it went well.
fn run(home: &ServerSetup, args: &[&str], told: &mut ResponsesByPath) -> bool {
    let output = home.command("data").args(args).env("RUST_LOG", "trace").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    told.entry(args.join(" ")).or_default().push_str(&said);
    output.status.success()
}

fn nothing_secret_is_told_anywhere_by_any_kind(db: &TestDatabase) {
    // Where there is a service account, all sheets are read with it.
    let ways: Vec<SourceFixture> =
        SourceFixture::all().into_iter().filter(|way| !way.is_googles() || way.google().is_some()).collect();
    let google = ways.iter().find_map(SourceFixture::google).expect("a Google");
    let home = ServerSetup::on(db).with("RUST_LOG", "trace").with("LOCKSTEP_GOOGLE_URL", &google.url());
    let key = google.key_file(&home.path("robot.json"));
    let home = home.with("LOCKSTEP_GOOGLE_CREDENTIALS", &key.to_string_lossy());
    let mut server = home.start();
    home.furnish();
    let (admin, robot) = (TestHttpClient::admin(server.address()), TestHttpClient::robot(server.address()));
    let mut told = ResponsesByPath::new();
    for (number, way) in ways.iter().enumerate() {
        let slug = format!("news-{number}");
        let named = source_draft(&slug, way.kind, way.location.clone());
        let source = SourceDraft { public: true, ..named };
        home.store().add_source(&source, None).expect("a source");
        let (well, status) = sync(&server, &slug, &mut told);
        assert_eq!(status, "completed", "{}: {}", way.name, told[&format!("the status of {well}")]);
        assert!(run(&home, &["source", "check", &slug], &mut told), "{}", way.name);
        let mut ids = vec![well];
        for deed in deeds() {
            way.misbehave(&deed);
            let (id, status) = sync(&server, &slug, &mut told);
            // The feeds that a list named before are taken all the same.
            assert!(status == "failed" || way.is_list(), "{}: {}", way.name, told[&format!("the status of {id}")]);
            run(&home, &["source", "check", &slug], &mut told);
            ids.push(id);
        }
        for id in &ids {
            let own = ["", "/changes?kind=added", "/issues"].map(|rest| format!("/api/history/{id}{rest}"));
            ask(&robot, &own, &mut told);
            ask(&admin, &[format!("/history/{id}"), format!("/history/{id}/issues.csv")], &mut told);
        }
        ask(&admin, &[format!("/catalog/{slug}"), format!("/settings/sources/{slug}")], &mut told);
        if way.kind == "feeds" {
            ask(&admin, &[format!("/catalog/{slug}/feeds")], &mut told);
        }
        run(&home, &["source", "show", &slug], &mut told);
        run(&home, &["sync", &slug], &mut told);
    }
    ask(&robot, &["/api/sources", "/api/history", "/api/health", "/api/health/sync"].map(str::to_owned), &mut told);
    ask(&admin, &["/", "/settings", "/history", "/settings/sources/new"].map(str::to_owned), &mut told);
    for args in [&["source", "list", "--json"][..], &["source", "list"], &["doctor", "--json"], &["doctor"]] {
        run(&home, args, &mut told);
    }
    server.stop();
    told.insert("standard error".to_owned(), server.log());
    for file in fs::read_dir(home.path("data/logs")).expect("logs") {
        let path = file.expect("a file").path();
        told.insert(path.display().to_string(), fs::read_to_string(&path).expect("text"));
    }
    assert!(told["standard error"].contains("TRACE") && told["/settings"].contains("news-0"), "everything is there");
    let mut secrets: Vec<String> = ways.iter().flat_map(SourceFixture::secrets).collect();
    secrets.extend([ROBOT_TOKEN, ADMIN_LOGIN.1].map(str::to_owned));
    let mut found = Vec::new();
    for (place, text) in &told {
        for secret in &secrets {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                let at = line.find(secret.as_str()).expect("found");
                let line: String =
                    line.chars().skip(line[..at].chars().count().saturating_sub(200)).take(400).collect();
                found.push(format!("{place}: {secret} in {line}"));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
