//! Pages of items by number and by `Link: rel="next"`.

use serde_json::Value;

use super::{ITEMS, encode, follow_pages, list_keys, next_path, open_site};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::sync_again;

on_both_databases![
    following_the_next_pages_lists_every_item_once,
    a_page_says_its_number_and_the_total,
    the_next_page_goes_on_where_the_last_one_ended_after_a_sync,
];

/// A catalog with this many items; the groups have three values.
fn numbered_rows(numbers: impl Iterator<Item = u32>) -> String {
    let row = |number: u32| format!("n{number},Title {},{}\n", (number * 37) % 101, number % 3);
    "id,title,group\n".to_owned() + &numbers.map(row).collect::<String>()
}

fn keys_of(pages: &[Value]) -> Vec<String> {
    pages.iter().flat_map(list_keys).map(str::to_owned).collect()
}

fn following_the_next_pages_lists_every_item_once(db: &TestDatabase) {
    let (site, _) = open_site(db);
    site.fill_csv("numbers", &numbered_rows(0..47));
    let items = "/api/catalog/numbers/items";
    for parameters in [
        &[][..],
        &[("sort", "title")],
        &[("sort", "-group,title")],
        &[("sort", "-group"), ("q", "title"), ("filter[group][not]", "1")],
        &[("filter[group]", "1"), ("facet", "title")],
        &[("fields", "id"), ("types", "1")],
    ] {
        let path = |more: &[(&str, &str)]| format!("{items}?{}", encode(&[parameters, more].concat()));
        let whole = site.visitor().get(&path(&[("per", "500")]));
        assert_eq!(next_path(&whole), None, "{parameters:?}");
        let all = keys_of(&[whole.json()]);
        assert!(all.len() > 10, "{parameters:?}: {all:?}");
        for per in [1, 7, all.len() - 1, all.len(), all.len() + 1] {
            let per = per.to_string();
            let pages = follow_pages(&site.visitor(), &path(&[("per", &per)]));
            assert_eq!(keys_of(&pages), all, "{parameters:?}, per {per}");
            let numbers: Vec<u64> = pages.iter().map(|page| page["page"].as_u64().expect("a number")).collect();
            assert!(numbers.iter().copied().eq(1..=pages.len() as u64), "{numbers:?}");
            let by_number = (1..=pages.len())
                .map(|number| site.visitor().get(&path(&[("per", &per), ("page", &number.to_string())])).json());
            assert_eq!(keys_of(&by_number.collect::<Vec<_>>()), all, "{parameters:?}, per {per}, by number");
        }
        // From the middle, whose number is given.
        let pages = follow_pages(&site.visitor(), &path(&[("per", "5"), ("page", "2")]));
        assert_eq!(keys_of(&pages), all[5..], "{parameters:?}");
    }
}

fn a_page_says_its_number_and_the_total(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let get = |query: &str| site.visitor().get(&format!("{ITEMS}?{query}"));
    let first = get("per=4");
    let list = first.json();
    assert_eq!((&list["page"], &list["per"], &list["total"]), (&1.into(), &4.into(), &6.into()));
    let link = first.header("link").expect("a link").to_owned();
    assert!(link.starts_with("<http://127.0.0.1:") && link.contains("?per=4&after="), "{link}");
    for query in ["per=4&page=2", "per=4&page=2&sort=title", "per=6", "per=500&sort=-year"] {
        assert_eq!(get(query).header("link"), None, "{query}");
    }
    for query in ["page=3&per=4", "page=18446744073709551615&per=500", "page=9&sort=title"] {
        let reply = get(query);
        let list = reply.json();
        assert_eq!((reply.status, list_keys(&list), &list["total"]), (200, vec![], &6.into()), "{query}");
        assert_eq!(reply.header("link"), None, "{query}");
    }
    assert_eq!(get("per=501").json()["per"], 500);
    let after = next_path(&get("per=2&sort=title")).expect("a next page");
    let (_, cursor) = after.split_once("after=").expect("a cursor");
    let other_order = get(&format!("after={cursor}"));
    assert_eq!(other_order.expect_refusal(), (400, "bad_request".to_owned()));
    assert_eq!(other_order.json()["field"], "after");
}

fn the_next_page_goes_on_where_the_last_one_ended_after_a_sync(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let source = site.fill_csv("numbers", &numbered_rows(0..30));
    let all = keys_of(&[site.visitor().get("/api/catalog/numbers/items?per=500&sort=-group").json()]);
    let first = site.visitor().get("/api/catalog/numbers/items?per=8&sort=-group");
    // Items of the first page leave, among them its last one, and others come.
    let is_kept = |number: &u32| !["n2", "n5", "n23"].contains(&format!("n{number}").as_str());
    sync_again(&site, &source, &numbered_rows((0..30).filter(is_kept).chain(100..104)));
    let rest = follow_pages(&site.visitor(), &next_path(&first).expect("a next page"));
    let found: Vec<String> = keys_of(&[first.json()]).into_iter().chain(keys_of(&rest)).collect();
    let known: Vec<String> = found.iter().filter(|key| all.contains(key)).cloned().collect();
    assert_eq!(known, all, "{found:?}");
}
