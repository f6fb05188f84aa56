//! Errors of the Sheets API and of the sign-in, with the bodies of the real ones: each is reported with its fix and
//! never read as rows.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::fetch::{FetchError, build_unsaved_source, fetch_everything};

use super::google::{albums_tab, expect_content, fetch_setup, sheet_link};
use super::{RecordingObserver, expect_failure};
use crate::support::google_server::{
    GoogleServer, PROJECT_NUMBER, SERVICE_ACCOUNT_EMAIL, SHEET_ID, SheetTab, api_disabled, api_error, quota_exceeded,
    token_error,
};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::StubReply;

#[test]
fn every_refusal_names_its_fix() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab(), SheetTab::new(7, "B-sides", &[&["id"]])]);
    let setup = fetch_setup(&google);
    let sheets = api_disabled("Google Sheets API", "sheets.googleapis.com");
    let parse = api_error(400, "INVALID_ARGUMENT", "Unable to parse range: 'Albums'", "");
    let enable = format!(
        "Enable the Google Sheets API in project {PROJECT_NUMBER}: https://console.developers.google.com/apis/api/\
         sheets.googleapis.com/overview?project={PROJECT_NUMBER} "
    );
    let share = format!("Share it with {SERVICE_ACCOUNT_EMAIL} (Viewer is enough)");
    let excel = api_error(400, "FAILED_PRECONDITION", "This operation is not supported for this document", "");
    let odd = api_error(403, "PERMISSION_DENIED", "Project 1 has\nbeen deleted.", "USER_PROJECT_DENIED");
    let cases: [(&str, StubReply, &str, &str); 9] = [
        ("/v4/", api_error(403, "PERMISSION_DENIED", "The caller does not have permission", ""), "not_shared", &share),
        ("/v4/", sheets.clone(), "api_disabled", &enable),
        (
            "/v4/",
            api_error(404, "NOT_FOUND", "Requested entity was not found.", ""),
            "not_found",
            "Google Sheet not found",
        ),
        ("/v4/", excel, "not_a_sheet", "File → Save as Google Sheets"),
        ("values:batchGet", parse, "no_tab", "This sheet has no tab “Albums”. The tabs are “Albums”, “B-sides”."),
        ("/v4/", odd, "forbidden", "Google's message: “Project 1 has been deleted.”"),
        ("/v4/", StubReply::html("<!doctype html><title>Sign in"), "bad_answer", "Check for a proxy"),
        (
            "/v4/",
            StubReply::redirect(302, "http://accounts.google.com/ServiceLogin"),
            "bad_answer",
            "Check for a proxy",
        ),
        (
            "/v4/",
            api_error(400, "INVALID_ARGUMENT", "Invalid field", ""),
            "bad_status",
            "Google's message: “Invalid field”",
        ),
    ];
    for (at, reply, code, text) in cases {
        google.reply_once(at, reply);
        let (reported, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
        assert!(reported == code && message.contains(text), "{code} {text}: {reported} {message}");
        assert!(
            !message.contains('\n') && google.secrets().iter().all(|secret| !message.contains(secret)),
            "{message}"
        );
    }
    let there = ". The tabs are “Albums”, “B-sides”. Open the tab you want";
    for (place, which) in
        [(sheet_link("/edit#gid=9"), "with the number 9 (gid=9)"), (sheet_link("/edit?sheet=Albms"), "“Albms”")]
    {
        let (code, message) = expect_failure(setup.fetch_content("sheet", &place));
        assert!(code == "no_tab" && message.starts_with(&format!("This sheet has no tab {which}{there}")), "{message}");
    }
    let deleted = SourceLocation::Url("https://docs.google.com/spreadsheets/d/gone/edit".to_owned());
    assert_eq!(expect_failure(setup.fetch_content("sheet", &deleted)).0, "not_found");
    google.reply_once("/v4/", sheets);
    let kinds = setup.source_kinds();
    let source = build_unsaved_source("sheet", &sheet_link("/edit"), &ReadOptions::default()).expect("a source");
    let kind = kinds.get("sheet").expect("a kind");
    let looked = fetch_everything(kind, &source, Duration::from_secs(9), &RecordingObserver::default());
    assert!(expect_failure(looked.map(drop)).1.contains(&enable), "a probe reports the same");
}

#[test]
fn a_refused_sign_in_names_the_reason() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let setup = fetch_setup(&google);
    let cases = [
        (token_error(400, "invalid_grant", "Invalid JWT Signature."), "key_refused", "it may have been deleted"),
        (
            token_error(400, "invalid_grant", "Invalid grant: account not found"),
            "account_gone",
            "Service account not found",
        ),
        (token_error(401, "deleted_client", "The OAuth client was deleted."), "account_gone", "deleted or disabled"),
        (token_error(400, "invalid_scope", "Bad\nscope"), "key_refused", "Google's message: “invalid_scope Bad scope”"),
        (StubReply::status(403), "key_refused", "(status 403)"),
        (StubReply::html("<html>Welcome to the hotel"), "bad_answer", "Check for a proxy"),
        (StubReply::redirect(307, "/elsewhere"), "bad_redirect", "Credentials are not sent to another URL"),
        (StubReply::status(200).body("{\"access_token\": \"a\\nb\"}"), "bad_answer", "no access token"),
        (StubReply::status(200).body("{\"access_tok"), "bad_answer", "no access token"),
    ];
    for (reply, code, text) in cases {
        google.reply_once("/token", reply);
        let (reported, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
        assert!(reported == code && message.contains(text), "{code} {text}: {reported} {message}");
    }
    assert_eq!((google.request_count("/v4/"), google.request_count("/elsewhere")), (0, 0));
    for (ahead, text) in [(-95, "95 minutes ahead"), (95, "95 minutes behind")] {
        google.clock_ahead(TimeDelta::minutes(ahead));
        let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
        assert!(code == "clock_wrong" && message.starts_with("The clock of this server is "), "{message}");
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn the_key_is_used_only_at_google_and_its_configured_substitute() {
    let (google, other) = (GoogleServer::start(), GoogleServer::start());
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let mut setup = fetch_setup(&google);
    let mut key = google.key_json();
    for elsewhere in [format!("{}/token", other.url()), "https://google.com.evil.example/token".to_owned()] {
        key["token_uri"] = elsewhere.as_str().into();
        setup.settings.service_account = Some(key.to_string().parse().expect("a key"));
        assert_eq!(
            expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0,
            "bad_credentials",
            "{elsewhere}"
        );
    }
    // The stub replaces the token endpoint, but the assertion is signed for Google itself, which the stub refuses.
    key["token_uri"] = "https://oauth2.googleapis.com/token".into();
    setup.settings.service_account = Some(key.to_string().parse().expect("a key"));
    let (_, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
    assert!(message.contains("audience"), "{message}");
    assert_eq!((google.request_count("/token"), other.request_count("/token")), (1, 0));

    // A redirect takes no authorization along.
    setup.settings.service_account = Some(google.key_json().to_string().parse().expect("a key"));
    google.reply_times(2, "/v4/", StubReply::redirect(307, &format!("{}/v4/spreadsheets/{SHEET_ID}", other.url())));
    expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
    assert_eq!(other.requests("/v4/")[0].header("Authorization"), None);
    assert!(google.requests("/v4/")[0].header("Authorization").is_some());
}

#[test]
fn a_fetch_waits_for_a_used_up_quota_and_reports_it() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let setup = fetch_setup(&google);
    google.reply_once("values:batchGet", quota_exceeded());
    google.reply_once("values:batchGet", quota_exceeded().header("Retry-After", "1"));
    let observer = RecordingObserver::default();
    let (start_time, load_clock) = (Instant::now(), LoadClock::start());
    expect_content(setup.fetch("sheet", &sheet_link("/edit"), None, &observer));
    let (took, load_time) = (start_time.elapsed(), load_clock.elapsed());
    assert!(took >= Duration::from_millis(2700) && load_time < Duration::from_secs(15), "{took:?}, {load_time:?}");
    let waits = observer.waits.lock().expect("waits").clone();
    assert_eq!(waits.iter().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["Google", "Google"]);

    let started = Instant::now();
    expect_content(setup.fetch("sheet", &sheet_link("/edit"), None, &observer));
    // A fetch on this machine is far from this limit until it waits.
    let run_limit = (started.elapsed() * 8).max(Duration::from_secs(4));
    let setup = setup.with_run_limit(run_limit);
    google.reply_times(9, "values:batchGet", quota_exceeded());
    let load_clock = LoadClock::start();
    let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
    assert!(code == "rate_limited" && message.contains("quota"), "{code} {message}");
    let took = load_clock.elapsed();
    assert!(took < run_limit * 5 / 2, "within the limit of the run: {took:?} of {run_limit:?}");
    let stopping = RecordingObserver::default();
    stopping.stop.store(true, Ordering::Relaxed);
    assert!(matches!(setup.fetch("sheet", &sheet_link("/edit"), None, &stopping), Err(FetchError::Stopped)));
}

#[test]
fn temporary_errors_are_retried_and_broken_answers_are_never_rows() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let setup = fetch_setup(&google);
    google.reply_times(2, "values:batchGet", StubReply::status(500));
    assert!(setup.fetch_content("sheet", &sheet_link("/edit")).is_ok());
    google.reply_times(2, "/token", StubReply::status(503));
    assert!(setup.fetch_content("sheet", &sheet_link("/edit")).is_ok());
    let half = StubReply::status(200).body("{\"valueRanges\": [{\"values\": [[\"id\"], [\"1\"], [\"2");
    let cases = [
        (half, "truncated"),
        (StubReply::status(200).body("{}"), "bad_answer"),
        (StubReply::status(200).body("[1]"), "bad_answer"),
        (StubReply::status(200).body("{\"valueRanges\": [{\"values\": [{\"a\": 1}]}]}"), "bad_answer"),
        (StubReply::status(200).body("{\"valueRanges\": [{\"values\": [[\"id\"]]}]} x"), "bad_answer"),
        (StubReply::status(200).body("{\"valueRanges\": []}"), "bad_answer"),
    ];
    for (reply, code) in cases {
        google.reply_once("values:batchGet", reply);
        assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, code);
    }
    google.reply_times(3, "values:batchGet", StubReply::status(200).body("{\"valueRanges\": []}").claiming(99));
    assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "truncated");
    let setup = setup.with_timeout(Duration::from_secs(3));
    google.reply_once("values:batchGet", StubReply::status(200).hang());
    assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "timeout");
}

#[test]
fn a_refusal_with_status_200_is_recognised() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let setup = fetch_setup(&google);
    let answer = |body: &str| StubReply::status(200).header("Content-Type", "application/json").body(body);
    let error = |code: u16, status: &str, message: &str| {
        answer(&format!("{{\"error\":{{\"code\":{code},\"status\":\"{status}\",\"message\":\"{message}\"}}}}"))
    };
    let denied = error(403, "PERMISSION_DENIED", "The caller does not have permission");
    let cases = [
        (SHEET_ID, denied.clone(), "not_shared"),
        ("values:batchGet", denied.clone(), "not_shared"),
        (SHEET_ID, error(404, "NOT_FOUND", "Requested entity was not found."), "not_found"),
        (SHEET_ID, error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), "rate_limited"),
        (SHEET_ID, answer("{}"), "bad_answer"),
        (SHEET_ID, answer("{\"sheets\":[]}"), "bad_answer"),
        (SHEET_ID, answer("{\"error\":\"no\"}"), "bad_answer"),
    ];
    for place in [sheet_link("/edit"), sheet_link("/edit#gid=0"), sheet_link("/edit?sheet=Albums")] {
        for (at, reply, code) in &cases {
            google.reply_once(at, reply.clone());
            let (reported, message) = expect_failure(setup.fetch_content("sheet", &place));
            assert_eq!(reported, *code, "{message}");
        }
    }
    // A refused token is replaced, whatever the status is.
    google.reply_once("/v4/", error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."));
    assert!(setup.fetch_content("sheet", &sheet_link("/edit")).is_ok());
}

#[test]
fn too_large_too_wide_and_hidden_sheets_have_their_own_errors() {
    let google = GoogleServer::start();
    let hidden = SheetTab { hidden: true, ..SheetTab::new(7, "Drafts", &[&["id"]]) };
    let wide = SheetTab::new(8, "Wide", &[&["x"; 10_001]]);
    google.serve_sheet(SHEET_ID, vec![albums_tab(), hidden, wide]);
    let setup = fetch_setup(&google);
    let (_, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit#gid=9")));
    assert!(message.contains("The tabs are “Albums”, “Drafts” (hidden), “Wide”. Open"), "{message}");
    let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit#gid=8")));
    assert!(code == "too_many_columns" && message.contains("10,000 columns, which is the maximum"), "{message}");
    assert!(message.contains("Remove empty columns at its end, or move some"), "{message}");
    let title = "x".repeat(6_000_000);
    google.reply_once(
        "/v4/",
        StubReply::status(200).body(format!("{{\"sheets\":[{{\"properties\":{{\"title\":\"{title}\"}}}}]}}")),
    );
    let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
    assert!(code == "too_large" && message.contains("larger than 4 MiB"), "{code}: {message}");
}
