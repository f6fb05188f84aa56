//! Pages in frames of other sites.

use lockstep::domain::account::Role;

use super::{FRIEND, hide_source, item_path, open_site, present, public_page};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::site::SiteResponse;

on_both_databases![
    only_named_sites_may_embed_and_only_embedded_pages,
    an_embedded_page_is_that_of_a_visitor_whoever_requests_it,
    every_link_of_an_embedded_page_stays_in_the_frame_or_leaves_it_for_a_new_tab,
    a_private_catalog_is_never_embedded,
    an_item_that_is_gone_leads_back_to_the_list_of_the_frame,
    a_stored_value_adds_nothing_to_the_header,
];

/// The sites that may embed a page, and the older header.
fn frame_rules(reply: &SiteResponse) -> (String, Option<&str>) {
    let policy = reply.header("content-security-policy").expect("a policy");
    let directives: Vec<&str> = policy.split("; ").filter(|part| part.starts_with("frame-ancestors")).collect();
    assert_eq!(directives.len(), 1, "{policy}");
    assert!(policy.contains("default-src 'self'") && policy.contains("form-action 'self'"), "{policy}");
    (directives[0].replacen("frame-ancestors ", "", 1), reply.header("x-frame-options"))
}

const REFUSED: (&str, Option<&str>) = ("'none'", Some("DENY"));

fn only_named_sites_may_embed_and_only_embedded_pages(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = item_path(&site, "music", 0);
    let embedded = ["/catalog/music?embed=1".to_owned(), format!("{item}?embed=1")];
    let rules = |path: &str| {
        let reply = site.visitor().get(path);
        let (sites, older) = frame_rules(&reply);
        (sites, older.map(str::to_owned))
    };
    let refused = (REFUSED.0.to_owned(), REFUSED.1.map(str::to_owned));
    for path in &embedded {
        assert_eq!(rules(path), refused, "{path}: no site is named");
    }
    present(&site, &source, &public_page("", "", true, &format!("{FRIEND} https://*.friends.example")));
    for path in &embedded {
        assert_eq!(rules(path), (format!("{FRIEND} https://*.friends.example"), None), "{path}");
        assert_eq!(site.visitor().get(path).header("x-robots-tag"), Some("noindex"), "{path}");
    }
    let others = ["/", "/login", "/catalog/music", "/catalog/music?embed=0", "/catalog/music?embed=", "/robots.txt"];
    let more = [&*item, "/catalog/music.csv", "/catalog/music.atom", "/api/catalog/music/items", "/nothing"];
    let private = ["/catalog/drafts?embed=1", "/catalog/albums?embed=1", "/catalog/music?embed=1&embed=0"];
    for path in others.into_iter().chain(more).chain(private) {
        assert_eq!(rules(path), refused, "{path}");
    }
    // The answer never depends on what a cache could keep for another reader.
    assert_eq!(site.visitor().get(&embedded[0]).header("cache-control"), Some("no-store"));
}

fn an_embedded_page_is_that_of_a_visitor_whoever_requests_it(db: &TestDatabase) {
    let (site, source) = open_site(db);
    present(&site, &source, &public_page("The shelf", "All records.", true, FRIEND));
    let admin = site.add_person("ada", Role::Admin);
    let item = item_path(&site, "music", 0);
    for path in ["/catalog/music?embed=1", "/catalog/music?embed=1&q=blue", &format!("{item}?embed=1")] {
        let page = admin.get(path).body;
        assert_eq!(page, site.visitor().get(path).body, "{path}");
        for absent in ["<header class=\"site-header\"", "/login", "ada", "id=\"panel\"", "sync-badge", "/history"] {
            assert!(!page.contains(absent), "{path}: {absent}: {page}");
        }
        let origin = "from <a href=\"/lockstep/catalog/music\" target=\"_blank\" rel=\"noopener\"><bdi>The shelf</bdi>";
        assert!(page.contains(origin), "{path}: {page}");
        assert!(page.contains("<meta name=\"robots\" content=\"noindex\">"), "{path}: {page}");
        assert!(page.contains("<h1>"), "{path}: {page}");
    }
    assert!(admin.get("/catalog/music").body.contains("id=\"panel\""), "the whole page is as before");
    // A frame neither reads nor sets how a reader likes to see the catalog.
    let reader = site.visitor().with_header("Cookie", "lockstep_view=fields=year");
    assert_eq!(reader.get("/catalog/music?embed=1").body, site.visitor().get("/catalog/music?embed=1").body);
    let hidden = site.visitor().get("/catalog/music?hide-column=year&embed=1");
    assert_eq!((hidden.status, hidden.cookie()), (303, None));
    assert!(
        hidden.header("location").is_some_and(|link| link.ends_with("&embed=1")),
        "{:?}",
        hidden.header("location")
    );
}

fn an_item_that_is_gone_leads_back_to_the_list_of_the_frame(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = item_path(&site, "music", 2);
    present(&site, &source, &public_page("", "", false, FRIEND));
    std::fs::write(site.data_dir().join("music.csv"), "id,title\nm1,Kind of Blue\nm2,Blue\n").expect("written");
    site.sync_source(&source);
    let reply = site.visitor().get(&format!("{item}?q=blue&embed=1"));
    let list = "/lockstep/catalog/music?q=blue&embed=1";
    assert_eq!((reply.status, reply.header("location")), (303, Some(list)), "{}", reply.body);
    assert_eq!(site.visitor().get(&item).status, 404);
    hide_source(&site, &source);
    assert_eq!(site.add_person("ada", Role::Admin).get(&format!("{item}?embed=1")).status, 404);
}

fn every_link_of_an_embedded_page_stays_in_the_frame_or_leaves_it_for_a_new_tab(db: &TestDatabase) {
    let (site, source) = open_site(db);
    present(&site, &source, &public_page("", "", false, FRIEND));
    let rows: String =
        (1..=60).map(|number| format!("n{number},Number {number},Jazz,https://n.example/{number}\n")).collect();
    site.fill_csv("many", &format!("id,title,genre,link\n{rows}"));
    let item = format!("{}?embed=1", item_path(&site, "music", 0));
    let pages = [
        "/catalog/many?embed=1",
        "/catalog/many?embed=1&page=2",
        "/catalog/many?embed=1&filter[genre]=Jazz&sort=-title",
        "/catalog/many?embed=1&q=nothing",
        "/catalog/music?embed=1&view=gallery",
        &item,
    ];
    for path in pages {
        let page = site.visitor().get(path).body;
        let (_, body) = page.split_once("<body").expect("a body");
        let mut checked = 0;
        for tag in body.split("<a ").skip(1) {
            let tag = tag.split('>').next().expect("its end");
            let is_file = tag.contains(" download");
            let leaves = tag.contains("target=\"_blank\"") && tag.contains("rel=\"noopener");
            assert!(leaves || is_file || tag.contains("embed=1"), "{path}: <a {tag}>");
            assert!(!tag.contains("href=\"http") || leaves, "{path}: <a {tag}>");
            assert!(!(is_file && tag.contains("embed")), "{path}: <a {tag}>");
            checked += 1;
        }
        assert!(checked > 0, "{path}: {page}");
        for link in body.split("hx-get=\"").skip(1).map(|part| part.split('"').next().expect("its end")) {
            let is_form = link == "/lockstep/catalog/many" || link == "/lockstep/catalog/music";
            assert!(is_form || link.contains("embed=1"), "{path}: {link}");
        }
        for form in body.split("<form").skip(1).map(|part| part.split("</form>").next().expect("its end")) {
            assert!(form.contains("<input type=\"hidden\" name=\"embed\" value=\"1\">"), "{path}: {form}");
            assert!(!form.contains("method=\"post\""), "{path}: {form}");
        }
    }
}

fn a_private_catalog_is_never_embedded(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = format!("{}?embed=1", item_path(&site, "music", 0));
    present(&site, &source, &public_page("", "", true, FRIEND));
    hide_source(&site, &source);
    let admin = site.add_person("ada", Role::Admin);
    for path in ["/catalog/music?embed=1", &item] {
        let visited = site.visitor().get(path);
        assert_eq!(visited.status, 303, "{path}");
        assert_eq!(frame_rules(&visited), (REFUSED.0.to_owned(), REFUSED.1), "{path}");
        let reply = admin.get(path);
        assert_eq!(frame_rules(&reply), (REFUSED.0.to_owned(), REFUSED.1), "{path}");
        assert!(reply.body.contains("class=\"site-header\"") && reply.body.contains("ada"), "{path}: {}", reply.body);
        assert!(!reply.body.contains("embed=1\""), "its links lead to whole pages: {}", reply.body);
    }
}

fn a_stored_value_adds_nothing_to_the_header(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let evil = "*; script-src * ''unsafe-inline''; x-y https://good.example https://a.example;default-src";
    db.run_sql(&format!("UPDATE sources SET frame_hosts = '{evil}' WHERE slug = 'music'"));
    let (sites, _) = frame_rules(&site.visitor().get("/catalog/music?embed=1"));
    assert_eq!(sites, "https://good.example");
    db.run_sql("UPDATE sources SET frame_hosts = 'nonsense' WHERE slug = 'music'");
    assert_eq!(frame_rules(&site.visitor().get("/catalog/music?embed=1")).0, "'none'");
}
