//! `changedSince`: what changed and what was removed since a time.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::{ITEMS, encode, follow_pages, list_keys, next_path, open_site};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::history::sync_again;

on_both_databases![
    changed_and_removed_items_are_listed_since_a_time,
    the_next_pages_list_all_that_were_removed,
    an_item_that_is_back_is_changed_and_not_removed,
    no_change_is_lost_while_others_come_between_two_pages,
];

/// A time between two runs.
fn time_between() -> String {
    std::thread::sleep(std::time::Duration::from_millis(20));
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    std::thread::sleep(std::time::Duration::from_millis(20));
    now
}

fn rows(numbers: impl Iterator<Item = u32>, wording: &str) -> String {
    let row = |number: u32| format!("n{number},{} {number}\n", if number < 5 { "Same" } else { wording });
    "id,title\n".to_owned() + &numbers.map(row).collect::<String>()
}

fn removed_keys(list: &Value) -> Vec<&str> {
    list["removed"].as_array().expect("a list").iter().map(|item| item["key"].as_str().expect("a key")).collect()
}

fn changed_and_removed_items_are_listed_since_a_time(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let before = time_between();
    let source = site.fill_csv("numbers", &rows(0..9, "First"));
    let between = time_between();
    sync_again(&site, &source, &rows((1..7).chain(9..11), "Second"));
    let after = time_between();
    let get = |since: &str, more: &[(&str, &str)]| {
        let parameters = [&[("changedSince", since)][..], more].concat();
        site.visitor().get(&format!("/api/catalog/numbers/items?{}", encode(&parameters)))
    };
    let all = get(&before, &[]).json();
    assert_eq!(list_keys(&all), ["n1", "n2", "n3", "n4", "n5", "n6", "n9", "n10"]);
    assert_eq!(removed_keys(&all), ["n0", "n7", "n8"]);
    let latest = get(&between, &[]).json();
    assert_eq!((list_keys(&latest), &latest["total"]), (vec!["n5", "n6", "n9", "n10"], &4.into()));
    assert_eq!(removed_keys(&latest), ["n0", "n7", "n8"]);
    for item in latest["removed"].as_array().expect("a list") {
        let text = item["removedAt"].as_str().expect("a time");
        assert!(text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
        assert_eq!(item.as_object().map(serde_json::Map::len), Some(2), "{item}");
    }
    let filtered = get(&between, &[("filter[title][starts]", "second"), ("sort", "-id"), ("facet", "title")]).json();
    assert_eq!(list_keys(&filtered).len(), 4);
    let none = get(&after, &[]);
    assert_eq!((list_keys(&none.json()), removed_keys(&none.json())), (vec![], vec![]));
    assert_eq!(none.header("link"), None);
    // The time of a change, as an item has it, finds this change; so does a day, and a time in another zone.
    let changed_at = latest["items"][0]["changedAt"].as_str().expect("a time");
    assert!(list_keys(&get(changed_at, &[]).json()).contains(&"n5"));
    let day = &before[..10];
    assert_eq!(list_keys(&get(day, &[]).json()).len(), 8);
    let zoned = DateTime::parse_from_rfc3339(&between).expect("a time");
    let zoned = zoned.with_timezone(&chrono::FixedOffset::east_opt(7200).expect("a zone")).to_rfc3339();
    assert_eq!(list_keys(&get(&zoned, &[]).json()).len(), 4, "{zoned}");
    assert!(site.visitor().get(ITEMS).json().get("removed").is_none());
}

fn the_next_pages_list_all_that_were_removed(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let source = site.fill_csv("numbers", &rows(0..40, "First"));
    let between = time_between();
    sync_again(&site, &source, &rows((0..20).chain(36..44), "First"));
    let path = |per: &str| {
        format!("/api/catalog/numbers/items?{}", encode(&[("changedSince", &between), ("per", per), ("sort", "-id")]))
    };
    for per in ["1", "3", "4", "16", "17", "50"] {
        let pages = follow_pages(&site.visitor(), &path(per));
        let mut changed: Vec<&str> = pages.iter().flat_map(list_keys).collect();
        changed.sort_unstable();
        assert_eq!(changed, ["n40", "n41", "n42", "n43"], "per {per}");
        let removed: Vec<&str> = pages.iter().flat_map(removed_keys).collect();
        let expected: Vec<String> = (20..36).map(|number| format!("n{number}")).collect();
        assert_eq!(removed, expected, "per {per}");
    }
}

fn an_item_that_is_back_is_changed_and_not_removed(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let source = site.fill_csv("numbers", &rows(0..9, "First"));
    let between = time_between();
    sync_again(&site, &source, &rows(1..9, "First"));
    sync_again(&site, &source, &rows(0..8, "First"));
    let list =
        site.visitor().get(&format!("/api/catalog/numbers/items?{}", encode(&[("changedSince", &between)]))).json();
    assert_eq!((list_keys(&list), removed_keys(&list)), (vec!["n0"], vec!["n8"]));
}

fn no_change_is_lost_while_others_come_between_two_pages(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let source = site.fill_csv("numbers", &rows(0..40, "First"));
    let between = time_between();
    sync_again(&site, &source, &rows((0..20).chain(30..40), "Second"));
    let path = format!("/api/catalog/numbers/items?{}", encode(&[("changedSince", &between), ("per", "4")]));
    let first = site.visitor().get(&path);
    assert_eq!(list_keys(&first.json()), ["n5", "n6", "n7", "n8"]);
    assert_eq!(removed_keys(&first.json()), ["n20", "n21", "n22", "n23"]);
    // Items of the first page go, and removed ones of the first page come back: numbers of pages would be wrong now.
    sync_again(&site, &source, &rows((0..5).chain(7..24).chain(30..40), "Second"));
    let pages = follow_pages(&site.visitor(), &next_path(&first).expect("a next page"));
    let later: Vec<&str> = pages.iter().flat_map(list_keys).collect();
    let expected: Vec<String> = (9..20).chain(30..40).chain(20..24).map(|number| format!("n{number}")).collect();
    assert!(expected.iter().all(|key| later.contains(&key.as_str())), "{later:?}");
    let removed: Vec<&str> = pages.iter().flat_map(removed_keys).collect();
    assert_eq!(removed, ["n24", "n25", "n26", "n27", "n28", "n29", "n5", "n6"]);
    assert!(pages.iter().all(|page| page["items"].as_array().is_some_and(|items| items.len() <= 4)));

    let refused = |parameters: &[(&str, &str)]| site.visitor().get(&format!("{ITEMS}?{}", encode(parameters)));
    for parameters in [&[("removedAfter", "1.2")][..], &[("changedSince", &between), ("removedAfter", "x")]] {
        let refused = refused(parameters);
        assert_eq!((refused.status, refused.json()["field"].as_str()), (400, Some("removedAfter")), "{}", refused.body);
    }
}
