//! The settings of API tokens: create, use, revoke.

use lockstep::domain::account::Role;

use super::settings_users::{open_site, shown_secret};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases! {
    a_token_is_shown_once_and_works,
    a_second_request_with_the_same_name_creates_no_second_token,
    a_token_is_revoked_in_two_steps,
}

fn a_token_is_shown_once_and_works(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    assert!(admin.get("/settings/tokens").body.contains("No tokens yet."));
    assert!(admin.get("/settings/tokens/new").body.contains("value=\"viewer\" checked"));
    let created = admin.post_form("/settings/tokens", &[("name", "deploy"), ("role", "viewer")]);
    assert_eq!((created.status, created.header("cache-control")), (200, Some("no-store")));
    assert_eq!(created.header("location"), None, "it is never in an address");
    let token = shown_secret(&created, "token");
    assert_eq!(token.len(), 43);
    let example = format!("curl -H &#39;Authorization: Bearer {token}&#39; http://{}/api/sources", site.address);
    assert_eq!(shown_secret(&created, "example"), example);
    let program = site.visitor().with_header("Authorization", &format!("Bearer {token}"));
    assert_eq!(program.get("/api/catalog/drafts/items").status, 200);
    assert_eq!(program.post_json("/api/sync", r#"{"source":"albums"}"#).status, 403, "it may only read");
    let list = admin.get("/settings/tokens").body;
    assert!(list.contains("deploy") && list.contains("Active") && !list.contains(token), "{list}");
}

fn a_second_request_with_the_same_name_creates_no_second_token(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let create = |name: &str| admin.post_form("/settings/tokens", &[("name", name), ("role", "admin")]);
    assert_eq!(create("deploy").status, 200);
    let again = create("deploy");
    assert_eq!(again.status, 422);
    assert!(again.body.contains("id=\"name-error\""), "{}", again.body);
    assert!(again.body.contains("A token called deploy already exists."), "{}", again.body);
    assert!(again.body.contains("revoke it and create one with another name"), "{}", again.body);
    assert!(again.body.contains("value=\"deploy\"") && again.body.contains("value=\"admin\" checked"));
    assert_eq!(create(" ").status, 422);
    assert_eq!(site.store.list_tokens().expect("tokens").len(), 1);
}

fn a_token_is_revoked_in_two_steps(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let program = site.add_program("deploy", Role::Viewer);
    let id = site.store.list_tokens().expect("tokens")[0].id;
    let revoke = format!("/settings/tokens/{id}/revoke");
    assert!(admin.get("/settings/tokens").body.contains(&revoke));
    assert!(admin.get(&revoke).body.contains("Revoke deploy?"));
    assert_eq!(program.get("/api/catalog/drafts/items").status, 200, "a page changes nothing");
    for _ in 0..2 {
        assert_eq!(admin.post(&revoke).header("location"), Some("/settings/tokens?done=revoked"));
        assert_eq!(program.get("/api/catalog/drafts/items").status, 401);
    }
    let list = admin.get("/settings/tokens?done=revoked").body;
    assert!(list.contains("Token revoked.") && list.contains("Revoked <relative-time"), "{list}");
    assert!(!list.contains(&revoke), "{list}");
    assert!(admin.get(&revoke).body.contains("This token was revoked"));
    assert_eq!(
        (admin.get("/settings/tokens/99/revoke").status, admin.post("/settings/tokens/x/revoke").status),
        (404, 404)
    );
}
