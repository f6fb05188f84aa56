//! Numbers and flags by their value; columns whose names have line breaks; sources that take the place of others.

use serde_json::{Value, json};

use super::{ITEMS, encode, list_keys, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    checkboxes_are_flags,
    equal_numbers_are_one_value_of_a_facet,
    a_column_with_a_line_break_is_found_as_forms_submit_it,
    a_source_in_the_place_of_another_has_other_versions_and_its_own_items,
    a_time_that_no_database_can_compare_is_refused,
];

fn checkboxes_are_flags(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.fill_csv("boxes", "id,sold,note\n1,TRUE,yes\n2,FALSE,no\n3,,yes\n4,true,yes\n");
    let list = |parameters: &[(&str, &str)]| {
        site.visitor().get(&format!("/api/catalog/boxes/items?{}", encode(parameters))).json()
    };
    let typed = list(&[("types", "1")]);
    let of = |name: &str| -> Vec<Value> {
        typed["items"].as_array().expect("items").iter().map(|item| item["fields"][name].clone()).collect()
    };
    assert_eq!(of("sold"), [json!(true), json!(false), Value::Null, json!(true)]);
    assert_eq!(of("note"), ["yes", "no", "yes", "yes"], "words that people wrote are texts");
    assert_eq!(list(&[])["items"][0]["fields"]["sold"], "TRUE", "texts are as written");
    for (value, keys) in [("true", &["1", "4"][..]), ("TRUE", &["1", "4"]), ("false", &["2"]), ("yes", &["1", "4"])] {
        assert_eq!(list_keys(&list(&[("filter[sold]", value)])), keys, "{value}");
    }
    assert_eq!(list_keys(&list(&[("filter[sold][not]", "true")])), ["2", "3"]);
    assert_eq!(list_keys(&list(&[("sort", "-sold")])), ["1", "4", "2", "3"], "blanks come last");
    let counts = list(&[("facet", "sold")])["facets"]["sold"].clone();
    assert_eq!(
        counts,
        json!([{"value": "TRUE", "count": 2}, {"value": "", "count": 1}, {"value": "FALSE", "count": 1}])
    );
    let refused = site.visitor().get("/api/catalog/boxes/items?filter[sold][gt]=true");
    assert_eq!(refused.status, 400, "flags have no order");
    assert!(site.visitor().get("/catalog/boxes").body.contains("TRUE"), "the page shows them as written");
}

fn equal_numbers_are_one_value_of_a_facet(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.fill_csv("prices", "id,price\n1,0\n2,0.0\n3,0.0\n4,\"1,000\"\n5,1000\n6,1000.0\n7,1000\n8,\n");
    let list = |parameters: &[(&str, &str)]| {
        site.visitor().get(&format!("/api/catalog/prices/items?{}", encode(parameters))).json()
    };
    let counts = list(&[("facet", "price")])["facets"]["price"].clone();
    let expected = json!([
        {"value": "1000", "count": 4}, {"value": "0.0", "count": 3}, {"value": "", "count": 1}
    ]);
    assert_eq!(counts, expected);
    for value in expected.as_array().expect("values") {
        let found = list(&[("filter[price]", value["value"].as_str().expect("a text"))]);
        assert_eq!(found["total"], value["count"], "{value}");
    }
}

fn a_column_with_a_line_break_is_found_as_forms_submit_it(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.fill_csv("lines", "id,\"full\nname\",x\n1,Ann,a\n2,\"Bob\nJr.\",b\n");
    let get = |path: &str, parameters: &[(&str, &str)]| site.visitor().get(&format!("{path}?{}", encode(parameters)));
    let page = "/catalog/lines";
    let chosen = get(page, &[("choose", "1"), ("fields", "full\r\nname"), ("fields", "id")]);
    assert_eq!((chosen.status, chosen.header("location")), (303, Some("/catalog/lines?fields=full%0Aname%2Cid")));
    let parameters = [("add-column", "full\r\nname"), ("add-operator", "contains"), ("add-value", "nn")];
    let filtered = get(page, &parameters);
    let location = filtered.header("location").expect("an address with the filter");
    assert!(location.contains("filter%5Bfull%0Aname%5D%5Bcontains%5D=nn"), "{location}");
    for (name, value, key) in [("filter[full\r\nname]", "Ann", "1"), ("filter[full\nname]", "Bob\r\nJr.", "2")] {
        let list = get("/api/catalog/lines/items", &[(name, value)]).json();
        assert_eq!(list_keys(&list), [key], "{name}");
    }
}

fn a_source_in_the_place_of_another_has_other_versions_and_its_own_items(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let fill = |text: &str| site.fill_csv("shelf", text);
    let first = fill("id,title\n1,old\n");
    let paths = ["/api/catalog/shelf/items", "/api/catalog/shelf/items?q=o", "/catalog/shelf.csv"];
    let versions: Vec<String> =
        paths.iter().map(|path| site.visitor().get(path).header("etag").expect("a version").to_owned()).collect();
    // Another process removes it and adds another one, which may get the same ids.
    db.store().remove_source(first.id).expect("removed");
    let second = fill("id,title\n1,other\n");
    for (path, version) in paths.iter().zip(&versions) {
        let reply = site.visitor().with_header("if-none-match", version).get(path);
        assert_eq!(reply.status, 200, "{path}: {:?}, {:?}", first.id, second.id);
        assert!(reply.body.contains("other") && !reply.body.contains("old"), "{path}: {}", reply.body);
    }
}

fn a_time_that_no_database_can_compare_is_refused(db: &TestDatabase) {
    let (site, _) = open_site(db);
    for time in ["-9999-01-01", "-262143-01-01", "+12000-01-01"] {
        let reply = site.visitor().get(&format!("{ITEMS}?{}", encode(&[("changedSince", time)])));
        assert_eq!(
            (reply.status, reply.json()["field"].as_str()),
            (400, Some("changedSince")),
            "{time}: {}",
            reply.body
        );
    }
    for time in ["0001-01-01", "9999-12-31"] {
        assert_eq!(site.visitor().get(&format!("{ITEMS}?changedSince={time}")).status, 200, "{time}");
    }
}
