//! Filters, searches, orders, facets and fields of `GET /api/catalog/{slug}/items`.

use serde_json::json;

use super::{ITEMS, encode, list_keys, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    filters_select_items,
    columns_of_any_name_are_filtered_sorted_and_chosen,
    what_is_not_known_is_refused_by_name,
    more_values_than_a_list_takes_are_refused,
    facets_count_values_under_the_filters_in_force,
    fields_and_types_change_what_an_item_shows,
];

fn filters_select_items(db: &TestDatabase) {
    let (site, _) = open_site(db);
    for (parameters, keys) in [
        (&[("filter[genre]", "Jazz")][..], &["r1", "r2"][..]),
        (&[("filter[genre]", "Jazz"), ("filter[genre]", "Soul")], &["r1", "r2", "r5"]),
        (&[("filter[genre]", "Jazz"), ("filter[genre][eq]", "Soul")], &["r1", "r2", "r5"]),
        (&[("filter[genre]", "Rock"), ("filter[year]", "1999")], &["r3"]),
        (&[("filter[genre]", "jazz")], &[]),
        (&[("filter[genre]", "Jazz ")], &[]),
        (&[("filter[genre]", "")], &["r6"]),
        (&[("filter[genre][not]", "Jazz"), ("filter[genre][not]", "Rock")], &["r5", "r6"]),
        // Numbers and dates by value.
        (&[("filter[price]", "9.5")], &["r1", "r4"]),
        (&[("filter[price]", "1250")], &["r3"]),
        (&[("filter[price][not]", "9.5")], &["r2", "r3", "r5", "r6"]),
        (&[("filter[year]", "1999.0")], &["r3", "r5"]),
        (&[("filter[released]", "1999-06-12")], &["r3"]),
        (&[("filter[released]", "12/06/1999")], &["r3"]),
        (&[("filter[year][gt]", "1971")], &["r3", "r5", "r6"]),
        (&[("filter[year][gte]", "1971")], &["r3", "r4", "r5", "r6"]),
        (&[("filter[year][lt]", "1959")], &["r2"]),
        (&[("filter[year][lte]", "1959")], &["r1", "r2"]),
        (&[("filter[year][gte]", "1960"), ("filter[year][lt]", "1999")], &["r4", "r6"]),
        (&[("filter[year][lt]", "1958"), ("filter[year][lt]", "1960")], &["r1", "r2"]),
        (&[("filter[price][lt]", "100000")], &["r1", "r2", "r3", "r4", "r6"]),
        (&[("filter[released][gte]", "1999-06-13")], &["r5"]),
        (&[("filter[released][lt]", "15/09/1957")], &[]),
        // Case and accents are folded here, and nowhere else.
        (&[("filter[title][contains]", "BLUE")], &["r1", "r2"]),
        (&[("filter[title][contains]", "agæt"), ("filter[title][contains]", "dory")], &["r3", "r4"]),
        (&[("filter[title][starts]", "blue")], &["r2"]),
        (&[("filter[title][starts]", "<B>")], &["r6"]),
        (&[("filter[price][empty]", "1")], &["r5"]),
        (&[("filter[price][empty]", "0"), ("filter[genre][empty]", "0")], &["r1", "r2", "r3", "r4"]),
        (&[("q", "blue"), ("filter[year][gt]", "1957")], &["r1"]),
        (&[("q", "\"of blue\"")], &["r1"]),
        (&[("q", "hunky"), ("q", "train")], &["r2"]),
        (&[("q", "=sum(1")], &["r5"]),
        (&[("filter[genre][not]", "Soul"), ("sort", "-year,title")], &["r3", "r6", "r4", "r1", "r2"]),
        (&[("sort", "price,-title")], &["r1", "r4", "r2", "r6", "r3", "r5"]),
        (&[("sort", "-price,-title")], &["r3", "r6", "r2", "r1", "r4", "r5"]),
        (&[("filter[genre]", "Jazz"), ("sort", "")], &["r1", "r2"]),
    ] {
        let reply = site.visitor().get(&format!("{ITEMS}?{}", encode(parameters)));
        assert_eq!(reply.status, 200, "{parameters:?}: {}", reply.body);
        let list = reply.json();
        assert_eq!(list_keys(&list), keys, "{parameters:?}");
        assert_eq!(list["total"], keys.len(), "{parameters:?}");
    }
    // Brackets need no encoding.
    let raw = site.visitor().get(&format!("{ITEMS}?filter[year][lte]=1959&filter[genre]=Jazz&sort=year"));
    assert_eq!(list_keys(&raw.json()), ["r2", "r1"]);
}

fn columns_of_any_name_are_filtered_sorted_and_chosen(db: &TestDatabase) {
    let (site, _) = open_site(db);
    for (parameters, keys) in [
        (&[("filter[size, cm]", "12")][..], &["r3", "r5"][..]),
        (&[("filter[size, cm][gt]", "12")], &["r1", "r2", "r4"]),
        (&[("filter[a][gt]", "3")], &["r3"]),
        (&[("filter[a][gt][gt]", "4")], &["r5", "r6"]),
        (&[("filter[-x]", "a")], &["r2"]),
        (&[("filter[say \"it's\"]", "q")], &["r2", "r4"]),
        (&[("filter[say \"it's\"][empty]", "1")], &["r6"]),
        (&[("sort", "-size, cm,-x")], &["r2", "r1", "r4", "r3", "r5", "r6"]),
        (&[("sort", "-x")], &["r2", "r1", "r3", "r5", "r6", "r4"]),
        (&[("sort", "--x")], &["r6", "r5", "r3", "r1", "r2", "r4"]),
        (&[("sort", "say \"it's\",-a][gt")], &["r5", "r3", "r1", "r4", "r2", "r6"]),
    ] {
        let reply = site.visitor().get(&format!("{ITEMS}?{}", encode(parameters)));
        assert_eq!(reply.status, 200, "{parameters:?}: {}", reply.body);
        assert_eq!(list_keys(&reply.json()), keys, "{parameters:?}");
    }
    let chosen =
        encode(&[("fields", "say \"it's\",size, cm,-x"), ("facet", "size, cm"), ("facet", "a][gt"), ("per", "1")]);
    let list = site.visitor().get(&format!("{ITEMS}?{chosen}")).json();
    assert_eq!(list["items"][0]["fields"], json!({"size, cm": "30", "-x": "b", "say \"it's\"": "p"}));
    assert_eq!(list["facets"]["size, cm"][0], json!({"value": "30", "count": 3}));
    assert_eq!(list["facets"]["a][gt"].as_array().map(Vec::len), Some(6));
}

fn what_is_not_known_is_refused_by_name(db: &TestDatabase) {
    let (site, _) = open_site(db);
    for (name, value, code, named) in [
        ("year", "1999", "unknown_parameter", "year"),
        ("limit", "5", "unknown_parameter", "limit"),
        ("utm_source", "news", "unknown_parameter", "utm_source"),
        ("", "x", "unknown_parameter", "“”"),
        ("filter[nothing]", "1", "unknown_parameter", "nothing"),
        ("filter[]", "1", "unknown_parameter", "“”"),
        ("filter[year", "1", "unknown_parameter", "filter[year"),
        ("filter[Year]", "1", "unknown_parameter", "Year"),
        ("filter[year][above]", "1", "unknown_parameter", "above"),
        ("filter[year][GT]", "1", "unknown_parameter", "GT"),
        ("filter[year][]", "1", "unknown_parameter", "“”"),
        ("filter[nothing][gt]", "1", "unknown_parameter", "nothing"),
        ("fields", "title,nothing", "unknown_parameter", "nothing"),
        ("facet", "nothing", "unknown_parameter", "nothing"),
        ("facet", "genre,year", "unknown_parameter", "genre,year"),
        ("sort", "-nothing", "unknown_parameter", "nothing"),
        ("sort", "title,year,genre", "bad_request", "at most 2"),
        ("filter[title][gt]", "m", "bad_filter", "title"),
        ("filter[genre][lte]", "1", "bad_filter", "genre"),
        ("filter[year][gt]", "many", "bad_filter", "many"),
        ("filter[year][gte]", "", "bad_filter", "year"),
        ("filter[released][lt]", "soon", "bad_filter", "soon"),
        ("filter[year][empty]", "yes", "bad_filter", "yes"),
        ("filter[year][empty]", "", "bad_filter", "empty"),
        ("filter", "unread", "bad_request", "filter"),
        ("types", "2", "bad_request", "types"),
        ("types", "", "bad_request", "types"),
        ("changedSince", "yesterday", "bad_request", "changedSince"),
        ("changedSince", "", "bad_request", "changedSince"),
        ("after", "", "bad_request", "after"),
        ("after", "%", "bad_request", "after"),
        ("after", "WzEsWyJ4Il1d", "bad_request", "after"),
        ("page", "0", "bad_request", "page"),
        ("per", "-1", "bad_request", "per"),
    ] {
        let context = format!("{name}={value}");
        let reply = site.visitor().get(&format!("{ITEMS}?{}", encode(&[("sort", "title"), (name, value)])));
        let reply =
            if name == "after" { site.visitor().get(&format!("{ITEMS}?{}", encode(&[(name, value)]))) } else { reply };
        assert_eq!(reply.expect_refusal(), (400, code.to_owned()), "{context}");
        let json = reply.json();
        assert_eq!(json["field"], name, "{context}");
        assert!(json["error"].as_str().is_some_and(|message| message.contains(named)), "{context}: {json}");
        assert_eq!(reply.header("etag"), None, "{context}");
    }
    // A bad parameter is refused wherever it is, and names of parameters are exact.
    for query in
        ["filter[genre]=Jazz&nothing=1", "nothing=1&filter[genre]=Jazz", "Sort=title", "Q=blue", "changedsince=1"]
    {
        assert_eq!(site.visitor().get(&format!("{ITEMS}?{query}")).expect_refusal().0, 400, "{query}");
    }
}

fn more_values_than_a_list_takes_are_refused(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let values = |count: usize| -> String {
        (0..count).map(|number| format!("filter[year]={}&", 1900 + number)).collect::<String>() + "sort=year"
    };
    let most = site.visitor().get(&format!("{ITEMS}?{}", values(100)));
    assert_eq!(list_keys(&most.json()), ["r2", "r1", "r4", "r6", "r3", "r5"]);
    let reply = site.visitor().get(&format!("{ITEMS}?{}", values(101)));
    assert_eq!(reply.expect_refusal(), (400, "bad_filter".to_owned()));
    assert_eq!(reply.json()["field"], "filter[year]");
}

fn facets_count_values_under_the_filters_in_force(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let get = |parameters: &[(&str, &str)]| site.visitor().get(&format!("{ITEMS}?{}", encode(parameters)));
    assert!(get(&[]).json().get("facets").is_none());
    let value = |value: &str, count: u64| json!({"value": value, "count": count});
    let all = get(&[("facet", "genre"), ("facet", "size, cm"), ("facet", "genre"), ("per", "1")]).json();
    let genres = [value("Jazz", 2), value("Rock", 2), value("", 1), value("Soul", 1)];
    assert_eq!(all["facets"]["genre"], json!(genres));
    assert_eq!(all["facets"]["size, cm"], json!([value("30", 3), value("12", 2), value("", 1)]));
    assert_eq!((list_keys(&all), &all["total"]), (vec!["r1"], &6.into()));
    let body = get(&[("facet", "size, cm"), ("facet", "genre"), ("facet", "size, cm")]).body;
    assert_eq!(body.matches("\"size, cm\":[").count(), 1, "{body}");
    assert!(
        body.find("\"size, cm\":[") < body.find("\"genre\":["),
        "in the order in which they were asked for: {body}"
    );
    let filtered =
        get(&[("facet", "genre"), ("facet", "year"), ("filter[year][gte]", "1971"), ("q", "o"), ("page", "9")]).json();
    assert_eq!(filtered["facets"]["genre"], json!([value("Rock", 2), value("Soul", 1)]));
    assert_eq!(filtered["facets"]["year"], json!([value("1999", 2), value("1971", 1)]));
    let own = get(&[("facet", "genre"), ("filter[genre]", "Rock"), ("filter[genre]", "Jazz")]).json();
    assert_eq!(own["facets"]["genre"], json!([value("Jazz", 2), value("Rock", 2)]));
    let none = get(&[("facet", "genre"), ("q", "nowhere")]).json();
    assert_eq!((&none["facets"]["genre"], &none["total"]), (&json!([]), &0.into()));
}

fn fields_and_types_change_what_an_item_shows(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let get = |parameters: &[(&str, &str)]| site.visitor().get(&format!("{ITEMS}?{}", encode(parameters)));
    let fields = |parameters: &[(&str, &str)], at: usize| get(parameters).json()["items"][at]["fields"].clone();
    assert_eq!(fields(&[("fields", "year,title")], 0), json!({"title": "Kind of Blue", "year": "1959"}));
    let body = get(&[("fields", "year,title"), ("fields", "price, year")]).body;
    let in_column_order = r#""fields":{"title":"Kind of Blue","year":"1959","price":"9.50"}"#;
    assert!(body.contains(in_column_order), "{body}");
    let typed = [("types", "1"), ("fields", "year,price,released,genre")];
    assert_eq!(fields(&typed, 2), json!({"genre": "Rock", "year": 1999, "price": 1250, "released": "12/06/1999"}));
    assert_eq!(fields(&typed, 0)["price"], 9.5);
    assert_eq!(fields(&typed, 4)["price"], json!(null));
    assert_eq!(fields(&[("types", "0"), ("fields", "year")], 0), json!({"year": "1959"}));
    let item = &get(&[("fields", "title"), ("filter[id]", "r6")]).json()["items"][0];
    assert_eq!((&item["key"], &item["fields"]["title"]), (&"r6".into(), &"<b>Debut</b>".into()));
    for name in ["id", "addedAt", "changedAt"] {
        assert!(item[name].as_str().is_some_and(|text| !text.is_empty()), "{item}");
    }
}
