//! Items, sources and health in JSON.

use chrono::DateTime;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::public_page::PublicPage;
use serde_json::Value;

use super::site::TestSite;

fn list_keys(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|item| item["key"].as_str().expect("a key")).collect()
}

#[test]
fn fields_keep_column_order() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let reply = site.visitor().get("/api/catalog/albums/items");
    let fields = r#""fields":{"year":"1959","id":"a1","artist":"Miles Davis","title":"Kind of Blue"}"#;
    assert!(reply.body.contains(fields), "{}", reply.body);
    let sources = site.visitor().get("/api/sources");
    assert_eq!(sources.json()["items"][0]["columns"], serde_json::json!(["year", "id", "artist", "title"]));
}

#[test]
fn items_are_searched_sorted_and_paged() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let get = |query: &str| site.visitor().get(&format!("/api/catalog/albums/items{query}"));
    let all = get("").json();
    assert_eq!(list_keys(&all), ["a1", "a2", "a3"]);
    assert_eq!((&all["page"], &all["per"], &all["total"]), (&1.into(), &50.into(), &3.into()));
    for time in ["addedAt", "changedAt"] {
        let text = all["items"][0][time].as_str().expect("a time");
        assert!(text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
    }
    assert_eq!(list_keys(&get("?sort=year").json()), ["a2", "a1", "a3"]);
    assert_eq!(list_keys(&get("?sort=-year").json()), ["a3", "a1", "a2"]);
    assert_eq!(list_keys(&get("?q=BLUE&sort=title").json()), ["a2", "a1"]);
    let second = get("?sort=year&page=2&per=2").json();
    assert_eq!((list_keys(&second), &second["total"]), (vec!["a3"], &3.into()));
    assert_eq!(list_keys(&get("?page=99999999999999999").json()), Vec::<&str>::new());
    assert_eq!(get("?per=501").json()["per"], 500);
    for (query, code, field) in [
        ("?sort=nothing", "unknown_parameter", "sort"),
        ("?sort=--year", "unknown_parameter", "sort"),
        ("?page=0", "bad_request", "page"),
        ("?per=x", "bad_request", "per"),
        ("?year=1999", "unknown_parameter", "year"),
    ] {
        let reply = get(query);
        assert_eq!(reply.expect_refusal(), (400, code.to_owned()), "{query}");
        assert_eq!(reply.json()["field"], field);
    }
    assert_eq!(get("?q=%00%25_%27").json()["total"], 0);
}

#[test]
fn a_column_that_left_the_catalog_is_not_shown_even_if_an_item_has_it() {
    let site = TestSite::new();
    let source = site.fill_csv("prices", "id,title,cost\n1,One,991\n2,Two,882\n");
    let SourceLocation::File(path) = &source.location else { panic!("no file") };
    std::fs::write(path, "id,title\n1,One\n2,Two,and more\n").expect("written");
    site.sync_source(&source);
    let list = site.visitor().get("/api/catalog/prices/items");
    assert!(list.body.contains(r#""fields":{"id":"2","title":"Two"}"#), "{}", list.body);
    assert!(!list.body.contains("882") && !list.body.contains("cost"), "{}", list.body);
    let id = list.json()["items"][1]["id"].as_str().expect("an id").to_owned();
    let page = site.visitor().get(&format!("/catalog/prices/items/{id}"));
    assert!(page.status == 200 && page.body.contains("Two"), "{}", page.body);
    assert!(!page.body.contains("882") && !page.body.contains("cost"), "{}", page.body);
}

#[test]
fn a_private_catalog_asks_visitors_to_sign_in_whether_it_exists_or_not() {
    let site = TestSite::new();
    let visitor = site.visitor();
    assert_eq!(visitor.get("/api/catalog/drafts/items").expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(visitor.get("/api/catalog/nothing/items").expect_refusal(), (401, "sign_in".to_owned()));
    assert_eq!(site.add_program("reader", Role::Viewer).get("/api/catalog/drafts/items").status, 200);
}

#[test]
fn sources_are_listed_to_those_who_may_read_them() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let of = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().expect("items").iter();
        items.map(|source| source["slug"].as_str().expect("a slug").to_owned()).collect()
    };
    let about =
        PublicPage { title: Some("The shelf".into()), description: "All records.".into(), ..Default::default() };
    assert!(site.store.set_public_page(site.albums.id, &about).expect("a database"));
    let visitor = site.visitor().get("/api/sources").json();
    let texts = ["name", "title", "description"].map(|name| visitor["items"][0][name].clone());
    assert_eq!(texts, ["The albums", "The shelf", "All records."]);
    assert_eq!((of(&visitor), &visitor["total"]), (vec!["albums".to_owned()], &1.into()));
    assert!(visitor["items"][0].get("location").is_none());
    let viewer = site.add_program("reader", Role::Viewer).get("/api/sources").json();
    assert_eq!(of(&viewer), ["albums", "drafts"]);
    assert!(viewer["items"][0].get("location").is_none());
    let admin = site.add_program("robot", Role::Admin).get("/api/sources?per=1").json();
    assert_eq!((of(&admin), &admin["total"]), (vec!["albums".to_owned()], &2.into()));
    let albums = &admin["items"][0];
    assert_eq!(albums["location"], "the built-in sample");
    assert_eq!((&albums["name"], &albums["noun"]), (&"The albums".into(), &"album/albums".into()));
    assert_eq!((&albums["kind"], &albums["itemCount"]), (&"csv".into(), &3.into()));
    assert!(albums["lastSuccess"].as_str().is_some_and(|time| time.ends_with('Z')), "{albums}");
    assert_eq!((&viewer["items"][1]["lastSuccess"], &albums["schedule"]), (&Value::Null, &Value::Null));
}

#[test]
fn health_names_no_source_and_no_user() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let waiting = site.begin_sync(&site.drafts);
    let live = site.visitor().get("/api/health");
    assert_eq!((live.status, &live.json()["status"]), (200, &"ok".into()));
    let reply = site.visitor().get("/api/health/sync");
    for name in ["albums", "drafts", "ada"] {
        assert!(!reply.body.contains(name) && !live.body.contains(name), "{}", reply.body);
    }
    let health = reply.json();
    assert_eq!((&health["status"], &health["activeSyncs"]), (&"ok".into(), &1.into()));
    let [recent] = health["recentSyncs"].as_array().expect("runs").as_slice() else { panic!("{health}") };
    assert_eq!(recent["status"], "completed");
    assert!(recent["syncId"].as_str().is_some_and(|id| id.starts_with("sync_")), "{recent}");
    assert!(recent["duration"].as_f64().is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{recent}");
    assert!(recent["completedAt"].as_str().is_some_and(|time| time.ends_with('Z')), "{recent}");
    assert!(!reply.body.contains(&waiting.to_string()), "an active run is only counted");
}

#[test]
fn an_internal_error_shows_an_id_and_no_details() {
    let site = TestSite::new();
    for table in ["sync_operations", "sync_records", "items"] {
        let file = site.data_dir().join("lockstep.db");
        let mut sqlite = diesel::SqliteConnection::establish(&file.display().to_string()).expect("a connection");
        sqlite.batch_execute(&format!("ALTER TABLE {table} RENAME TO {table}_gone")).expect("renamed");
    }
    let broken = site.visitor().get("/api/health/sync");
    assert_eq!(broken.expect_refusal(), (500, "internal".to_owned()));
    assert!(broken.body.contains("Error ID: ") && !broken.body.contains("sync_records"), "{}", broken.body);
    let page = site.visitor().get("/catalog/albums");
    assert_eq!(page.status, 500);
    assert!(page.body.contains("</html>") && !page.body.contains("no such table"), "{}", page.body);
}

#[test]
fn a_database_that_does_not_answer_is_503_with_a_retry_time() {
    let site = TestSite::new();
    let admin = site.add_program("robot", Role::Admin);
    // Another program locks the file: the wait for the write lock ends after ten seconds.
    let file = site.data_dir().join("lockstep.db");
    let mut other = diesel::SqliteConnection::establish(&file.display().to_string()).expect("a connection");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("a write lock");
    let reply = admin.post_json("/api/sync", r#"{"source":"albums"}"#);
    assert_eq!(reply.expect_refusal(), (503, "database_busy".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("5"));
    assert_eq!(admin.get("/api/sources").status, 200, "reads still work");
}
