//! The page of a catalog: how much of it is shown, and how it is counted and sorted.

use super::site::Site;

#[test]
fn a_wide_or_heavy_catalog_is_shown_in_part_and_its_items_whole() {
    let site = Site::new();
    let names: Vec<String> = (0..100).map(|at| format!("c{at}")).collect();
    let long = "x".repeat(20_000);
    let cells = vec![long.as_str(); 100].join(",");
    site.fill_csv("wide", &format!("id,{},title\n1,{cells},Far out\n", names.join(",")));

    let page = site.visitor().get("/catalog/wide").body;
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert!(page.contains(&format!(">{}…<", &long[..300])), "a cell is clipped");
    assert!(page.contains("and 62 more columns; open an item to see them all"), "{page}");
    assert_eq!(page.matches("<th ").count(), 40);
    let (before, _) = page.split_once("\">Far out</a>").expect("the title leads to the item, however far out it is");
    let (_, item) = before.rsplit_once("href=\"").expect("an address");
    let item = site.visitor().get(item).body;
    assert_eq!(item.matches(&long).count(), 100, "the item's page has it all");

    let sorted = site.visitor().get("/catalog/wide?sort=-c77").body;
    assert!(sorted.contains("aria-sort=\"descending\""), "what the table is sorted by is shown");
    assert_eq!(sorted.matches("<th ").count(), 40);
    let list = site.visitor().get("/api/catalog/wide/items");
    assert_eq!(list.body.matches(&long).count(), 100, "programs get all there is");
    site.fill(&site.albums);
    assert!(!site.visitor().get("/catalog/albums").body.contains("more column"));
}
