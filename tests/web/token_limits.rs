//! Tokens that are limited to one source, or to a time.

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::{Role, TokenLimits};
use lockstep::domain::source::Source;
use lockstep::web::access_rules::ROUTE_RULES;

use super::settings_users::{open_site, shown_secret};
use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_token_for_one_source_sees_and_changes_nothing_of_the_others,
    no_route_shows_another_source_to_a_token_for_one,
    a_token_is_refused_after_its_time,
    a_token_for_one_source_is_removed_with_it,
    the_form_offers_sources_and_times_and_the_list_shows_them,
}

/// The id of a finished run of the source.
fn finished_run(site: &TestSite, source: &Source) -> String {
    let id = site.begin_sync(source).to_string();
    site.run_queued(&id);
    id
}

fn only_albums(site: &TestSite) -> TokenLimits {
    TokenLimits { only_source: Some(site.albums.id), ..TokenLimits::default() }
}

fn a_token_for_one_source_sees_and_changes_nothing_of_the_others(db: &TestDatabase) {
    let site = open_site(db);
    let (own, other) = (finished_run(&site, &site.albums), finished_run(&site, &site.drafts));
    let robot = site.add_limited_program(only_albums(&site));
    for path in ["/api/catalog/albums/items", "/catalog/albums.csv", "/api/health", "/api/openapi.json"] {
        assert_eq!(robot.get(path).status, 200, "{path}");
    }
    let slugs = |list: &serde_json::Value, field: &str| -> Vec<String> {
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|item| item[field].as_str().expect("a slug").to_owned()).collect()
    };
    assert_eq!(slugs(&robot.get("/api/sources").json(), "slug"), ["albums"]);
    assert_eq!(slugs(&robot.get("/api/history").json(), "source"), ["albums"]);
    assert_eq!(slugs(&robot.get("/api/history?source=albums").json(), "source"), ["albums"]);
    assert_eq!(robot.get("/api/history?source=drafts").expect_refusal(), (403, "other_source".to_owned()));
    assert_eq!(robot.get(&format!("/api/history/{own}")).status, 200);
    assert_eq!(robot.get(&format!("/api/sync/status/{own}")).status, 200);
    for path in [format!("/api/history/{other}"), format!("/api/sync/status/{other}")] {
        assert_eq!(robot.get(&path).status, 404, "{path}");
    }
    // The other source is private: it looks missing. A public one is refused by name.
    assert_eq!(robot.get("/api/catalog/drafts/items").status, 404);
    assert_eq!(robot.post_json("/api/sync", r#"{"source":"drafts"}"#).status, 404);
    assert_eq!(robot.post(&format!("/api/sync/{other}/undo")).status, 404);
    db.run_sql("UPDATE sources SET public = true");
    assert_eq!(robot.get("/api/catalog/drafts/items").expect_refusal(), (403, "other_source".to_owned()));
    let start = robot.post_json("/api/sync", r#"{"source":"drafts"}"#);
    assert_eq!(start.expect_refusal(), (403, "other_source".to_owned()));
    assert_eq!(site.store.active_run_ids().expect("runs"), []);
    assert_eq!(robot.post_json("/api/sync", r#"{"source":"albums"}"#).status, 202);
}

fn no_route_shows_another_source_to_a_token_for_one(db: &TestDatabase) {
    let site = open_site(db);
    let other = finished_run(&site, &site.drafts);
    let robot = site.add_limited_program(only_albums(&site));
    // Without these, a route of several sources would have to be looked at by hand.
    let neutral = ["/api/health", "/api/health/sync", "/api/openapi.json", "/api/sources", "/api/history"];
    for route in ROUTE_RULES.iter().filter(|route| route.pattern.contains('{')) {
        let path = route.pattern.replace("{slug}", "drafts").replace("{id}", &other);
        let path = path.replace("{extension:csv|json|ndjson|xlsx}", "csv");
        let is_data = path.starts_with("/api/") || path.ends_with(".csv") || path.ends_with(".json");
        if !is_data || neutral.contains(&route.pattern) {
            continue;
        }
        for response in [robot.get(&path), robot.post(&path)] {
            assert!([403, 404, 405].contains(&response.status), "{path}: {} {}", response.status, response.body);
        }
    }
}

fn a_token_is_refused_after_its_time(db: &TestDatabase) {
    let site = open_site(db);
    let robot = site.add_limited_program(TokenLimits {
        expires_at: Some(Utc::now() + TimeDelta::hours(1)),
        ..TokenLimits::default()
    });
    assert_eq!(robot.get("/api/sources").status, 200);
    db.run_sql("UPDATE api_tokens SET expires_at = '2026-11-01 00:00:00'");
    let refused = robot.get("/api/sources");
    assert_eq!(refused.expect_refusal(), (401, "bad_token".to_owned()));
    assert!(refused.body.contains("has expired"), "{}", refused.body);
}

fn a_token_for_one_source_is_removed_with_it(db: &TestDatabase) {
    let site = open_site(db);
    let robot = site.add_limited_program(only_albums(&site));
    site.store.remove_source(site.albums.id).expect("removed");
    assert_eq!(robot.get("/api/sources").expect_refusal(), (401, "bad_token".to_owned()));
    assert_eq!(site.store.list_tokens().expect("tokens"), []);
}

fn the_form_offers_sources_and_times_and_the_list_shows_them(db: &TestDatabase) {
    let site = open_site(db);
    let ada = site.add_person("ada", Role::Admin);
    let form = ada.get("/settings/tokens/new").body;
    assert!(form.contains("<option value=\"drafts\">The drafts</option>"), "{form}");
    assert!(form.contains("<option value=\"\" selected>Never</option>"), "{form}");
    let create = |fields: &[(&str, &str)]| ada.post_form("/settings/tokens", fields);
    let created = create(&[("name", "deploy"), ("role", "viewer"), ("source", "drafts"), ("expires", "90")]);
    assert!(created.body.contains("limited to the source <bdi>The drafts</bdi>"), "{}", created.body);
    let token = shown_secret(&created, "token");
    let program = site.visitor().with_header("Authorization", &format!("Bearer {token}"));
    assert_eq!((program.get("/api/catalog/drafts/items").status, program.get("/api/sources").status), (200, 200));
    assert_eq!(program.get("/api/catalog/albums/items").status, 403);
    let list = ada.get("/settings/tokens").body;
    assert!(list.contains("Only <bdi>The drafts</bdi>") && list.contains("Active, expires <relative-time"), "{list}");
    // A name that is taken loses nothing of what was chosen.
    let again = create(&[("name", "deploy"), ("role", "viewer"), ("source", "drafts"), ("expires", "90")]);
    assert!(again.status == 422 && again.body.contains("<option value=\"drafts\" selected>"), "{}", again.body);
    assert!(again.body.contains("<option value=\"90\" selected>"), "{}", again.body);
    for bad in [("source", "nothing"), ("expires", "91")] {
        assert_eq!(create(&[("name", "other"), ("role", "viewer"), bad]).status, 422, "{bad:?}");
    }
    assert_eq!(site.store.list_tokens().expect("tokens").len(), 1);
}
