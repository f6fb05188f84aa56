//! The description and the table of routes (`src/web/routes.rs`) have the same operations.

use std::collections::BTreeSet;

use serde_json::Value;

use super::python_tools::project_path;
use crate::web::site::TestSite;

/// What paths for programs end with.
const DATA_ENDINGS: [&str; 5] = [".csv", ".json", ".ndjson", ".xlsx", ".atom"];

/// A method and a path: `GET /api/sources`.
type Operations = BTreeSet<String>;

/// The operations for programs in the text of a table of routes. Every GET has a HEAD, which is not listed.
fn read_route_table(text: &str) -> Operations {
    let mut found = Operations::new();
    for service in text.split(".service(").skip(1) {
        let resource = service.split_once("resource(").expect("a service is a resource").1;
        let (paths, routes) = resource.split_once(".route(").expect("a resource has a route");
        let methods = [("GET", "read()"), ("POST", "post()"), ("OPTIONS", "Method::OPTIONS")];
        for path in
            paths.split('"').skip(1).step_by(2).flat_map(expand_alternatives).filter(|path| is_for_programs(path))
        {
            let known = found.len();
            for (method, _) in methods.iter().filter(|(_, mark)| routes.contains(mark)) {
                found.insert(format!("{method} {path}"));
            }
            assert!(found.len() > known, "{path} has no method that this test knows");
        }
    }
    found
}

fn is_for_programs(path: &str) -> bool {
    let is_older = path.trim_end_matches('/') == "/catalog/sync-status";
    path.starts_with("/api/") || path == "/metrics" || is_older || DATA_ENDINGS.iter().any(|end| path.ends_with(end))
}

/// The paths that a path with a choice of words (`{extension:csv|json}`) stands for.
fn expand_alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once("{extension:") else { return vec![path.to_owned()] };
    let (words, after) = rest.split_once('}').expect("a closed pattern");
    words.split('|').map(|word| format!("{before}{word}{after}")).collect()
}

fn read_document(document: &Value) -> Operations {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// What only one of the two has.
fn compare_operations(routes: &Operations, described: &Operations) -> Vec<String> {
    let missing = routes.difference(described).map(|operation| format!("{operation} is not described"));
    missing.chain(described.difference(routes).map(|operation| format!("{operation} is not a route"))).collect()
}

#[test]
fn every_route_for_programs_is_described_and_nothing_else() {
    let text = std::fs::read_to_string(project_path("src/web/routes.rs")).expect("the table");
    let routes = read_route_table(&text);
    assert!(routes.len() > 30 && routes.contains("POST /api/sync"), "{routes:?}");
    let described = read_document(&TestSite::new().visitor().get("/api/openapi.json").json());
    assert_eq!(compare_operations(&routes, &described), Vec::<String>::new());
}

#[test]
fn a_route_that_is_only_in_one_of_them_is_found() {
    let routes = read_route_table(
        r#".service(resource("/").route(read().to(page)))
           .service(resource("/api/a").route(read().to(a)).route(post().to(b)))
           .service(resource(["/catalog/sync-status", "/catalog/sync-status/"]).route(read().to(c)))
           .service(resource("/x.{extension:csv|json}").route(route().method(Method::OPTIONS).to(d)))"#,
    );
    let expected = [
        "GET /api/a",
        "GET /catalog/sync-status",
        "GET /catalog/sync-status/",
        "OPTIONS /x.csv",
        "OPTIONS /x.json",
        "POST /api/a",
    ];
    assert_eq!(routes, expected.map(str::to_owned).into());
    let described = Operations::from(["GET /api/a".to_owned(), "GET /api/z".to_owned()]);
    let found = compare_operations(&routes, &described);
    assert!(found.contains(&"POST /api/a is not described".to_owned()), "{found:?}");
    assert!(found.contains(&"GET /api/z is not a route".to_owned()), "{found:?}");
}
