//! Cells are shown by the type of their column, keep the text of the source, and stay data.

use lockstep::domain::account::Role;

use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases!(articles_and_times_are_shown_by_their_types, the_api_sorts_like_the_pages);

const RECORDS: &str = "\
id;title;Price;Released;Page;Cover;Code\n\
A1;Blue Train;1.299,00 €;3.4.2025;https://www.example.org/blue?a=1&b=<2>;https://img.example.org/a.jpg;00123\n\
A2;Kind of Blue;9,99 €;25.12.2024;;;00007\n";

fn site_with(text: &str) -> TestSite {
    let site = TestSite::new();
    site.fill_csv("records", text);
    site
}

/// The page of the item with this title.
fn get_item_page(site: &TestSite, title: &str) -> String {
    let page = site.visitor().get("/catalog/records").body;
    let (before, _) = page.split_once(&format!("\">{title}</a>")).expect("the title leads to the item");
    let (_, address) = before.rsplit_once("href=\"").expect("an address");
    site.visitor().get(address).body
}

#[test]
fn a_table_shows_numbers_dates_links_and_pictures() {
    let page = site_with(RECORDS).visitor().get("/catalog/records").body;
    for shown in [
        r#"<td data-label="Price" class="cell-number">1.299,00 €</td>"#,
        r#"<td data-label="Released" class="cell-date">3.4.2025</td>"#,
        r#"<td data-label="Code" class="">00123</td>"#,
        r#"rel="noopener noreferrer nofollow">example.org/blue?a=1&#38;b=&#60;2&#62;</a>"#,
        r#"src="https://img.example.org/a.jpg" alt="Cover: Blue Train" width="48" height="48" loading="lazy""#,
        r#"referrerpolicy="no-referrer"></a>"#,
        r#"<td data-label="Cover" class="cell-picture"></td>"#,
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    assert_eq!(page.matches("<th scope=\"col\" aria-sort=\"none\" class=\"cell-number\"").count(), 1);
}

#[test]
fn an_item_shows_its_pictures_larger_and_every_address_as_written() {
    let page = get_item_page(&site_with(RECORDS), "Blue Train");
    assert!(page.contains(r#"<a class="picture picture-large" href="https://img.example.org/a.jpg""#), "{page}");
    assert!(page.contains(r#">https://img.example.org/a.jpg</a></dd>"#), "{page}");
    assert!(page.contains(r#">https://www.example.org/blue?a=1&#38;b=&#60;2&#62;</a>"#), "{page}");
    assert!(page.contains("<dd>1.299,00 €</dd>"), "{page}");
}

#[test]
fn markup_in_a_cell_is_never_executed() {
    let evil = "id,title,link,image\n\
                1,<script>alert(1)</script>,javascript:alert(2),\"https://x.example/a.png\"\" onerror=\"\"alert(3)\"\n\
                2,Plain,https://x.example/,https://x.example/a.png\n";
    let site = site_with(evil);
    for page in
        [site.visitor().get("/catalog/records").body, get_item_page(&site, "&#60;script&#62;alert(1)&#60;/script&#62;")]
    {
        assert!(!page.contains("<script>alert") && !page.contains("href=\"javascript:"), "{page}");
        assert!(!page.contains("\" onerror=\""), "{page}");
    }
}

#[test]
fn only_pictures_may_come_from_other_sites() {
    let page = site_with(RECORDS).visitor().get("/catalog/records");
    let policy = page.header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.contains("img-src 'self' data: https: http:;"), "{policy}");
    assert_eq!(policy.matches("https:").count(), 1, "{policy}");
    assert_eq!(policy.matches("http:").count(), 1, "{policy}");
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
}

#[test]
fn a_catalog_without_column_types_is_shown_as_text() {
    let database = TestDatabase::sqlite();
    let site = TestSite::on_store(database.store(), tempfile::tempdir().expect("a folder"));
    site.fill_csv("records", RECORDS);
    database.run_sql("UPDATE catalogs SET column_types = '[]'");
    let page = site.visitor().get("/catalog/records?sort=Price").body;
    assert!(page.contains(r#"<td data-label="Price" class="">1.299,00 €</td>"#), "{page}");
    assert!(!page.contains("<img"), "{page}");
}

#[test]
fn an_item_without_a_title_is_named_by_its_first_text() {
    let site = site_with("Cover,id,label\nhttps://x.example/a.png,1,Blue Note\n");
    let page = site.visitor().get("/catalog/records").body;
    let (_, lead) = page.split_once(r#"data-label="id" class="cell-lead">"#).expect("the cell of the name");
    assert!(
        lead.split("</td>").next().is_some_and(|cell| cell.contains(r#"<a href="/catalog/records/items/"#)),
        "{page}"
    );
    assert!(page.contains(r#"<img src="https://x.example/a.png" alt="Cover: 1""#), "{page}");
}

fn articles_and_times_are_shown_by_their_types(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let article = "<p>First <b>words</b> &amp; more</p><script>alert(1)</script><img src=https://x.example/y.png \
                   onerror=x()>\
                   <a href=javascript:alert(2)>here</a>";
    site.fill_csv("records", &format!("id,title,text,at\n1,Article,{article},2026-11-20T08:00:00Z\n"));
    let types = r#"["text","text","html","moment"]"#;
    db.run_sql(&format!("UPDATE catalogs SET column_types = '{types}' WHERE column_types LIKE '%date%'"));
    let table = site.visitor().get("/catalog/records").body;
    assert!(table.contains(">First words &#38; more here</td>"), "{table}");
    let page = get_item_page(&site, "Article");
    assert!(page.contains("<div class=\"markup\"><p>First <b>words</b> &amp; more</p><img"), "{page}");
    assert!(!page.contains("alert(") && !page.contains("onerror"), "{page}");
    for page in [table, page] {
        assert!(page.contains(r#"<relative-time datetime="2026-11-20T08:00:00Z""#), "{page}");
    }
}

fn the_api_sorts_like_the_pages(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    site.fill_csv("records", "id,Price,Day\na,\"10,5\",1/2/2025\nb,\"9,25\",25/1/2025\nc,,\nd,\"1.000,0\",3/1/2026\n");
    let keys = |sort: &str| -> Vec<String> {
        let answer = site.visitor().get(&format!("/api/catalog/records/items?sort={sort}")).json();
        let items = answer["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["key"].as_str().expect("a key").to_owned()).collect()
    };
    assert_eq!(keys("Price"), ["b", "a", "d", "c"]);
    assert_eq!(keys("-Price"), ["d", "a", "b", "c"]);
    assert_eq!(keys("Day"), ["b", "a", "d", "c"]);
    let page = site.visitor().get("/catalog/records?sort=-Price").body;
    let shown = |text: &str| page.find(text).expect("a cell");
    assert!(shown(">1.000,0<") < shown(">10,5<") && shown(">10,5<") < shown(">9,25<"), "{page}");
}

#[test]
fn the_settings_propose_the_key_column_that_a_sync_proposes() {
    let site = TestSite::new();
    site.fill_csv("records", "id,title\na,One\nb,Two\n");
    std::fs::write(site.data_dir().join("records.csv"), "nr,title,ident\n1,One,a\n2,Two,b\n").expect("a file");
    let ada = site.add_person("ada", Role::Admin);
    let page = ada.get("/settings/sources/records").body;
    assert!(page.contains("“ident” contains the same keys (2 of 2)"), "{page}");
}
