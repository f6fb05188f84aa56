//! The document itself: who may read it, its address, and that it is OpenAPI.

use lockstep::domain::account::Role;

use super::python_tools::run_script;
use crate::web::site::TestSite;

const PATH: &str = "/api/openapi.json";

#[test]
fn everybody_reads_the_description_of_this_version() {
    let site = TestSite::new();
    let reply = site.visitor().get(PATH);
    let document = reply.json();
    assert_eq!((reply.status, &document["info"]["version"]), (200, &env!("CARGO_PKG_VERSION").into()));
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let version = reply.header("etag").expect("a version").to_owned();
    let same = site.visitor().with_header("If-None-Match", &version).get(PATH);
    assert_eq!((same.status, same.body.as_str(), same.header("etag")), (304, "", Some(version.as_str())));
    assert_eq!(site.add_program("reader", Role::Viewer).get(PATH).status, 200);
    let wrong = site.visitor().with_header("Authorization", "Bearer wrong").get(PATH);
    assert_eq!(wrong.expect_refusal(), (401, "bad_token".to_owned()));
}

#[test]
fn the_address_of_the_server_is_its_public_url() {
    let site = TestSite::with_public_url("https://intranet.example/lockstep");
    assert_eq!(site.visitor().get(PATH).json()["servers"][0]["url"], "https://intranet.example/lockstep");
    let site = TestSite::with_public_url("https://lockstep.example:8443/");
    assert_eq!(site.visitor().get(PATH).json()["servers"][0]["url"], "https://lockstep.example:8443");
}

#[test]
fn the_document_is_valid_openapi() {
    let mut document = TestSite::new().visitor().get(PATH).json();
    let script = "tests/web/api_description/check_document.py";
    assert_eq!(run_script(script, &document), "");
    document["paths"]["/api/sources"]["get"]["responses"]["200"] = serde_json::json!({ "content": {} });
    assert!(run_script(script, &document).contains("description"), "an error is found");
}
