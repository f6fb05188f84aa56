//! Titles, descriptions, canonical links and Open Graph.

use lockstep::domain::account::Role;

use super::{PUBLIC_URL, head_value, head_values, hide_source, item_path, open_site, present, public_page};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_public_catalog_describes_itself_and_its_items,
    without_settings_the_name_and_the_columns_describe_a_catalog,
    a_private_catalog_tells_nothing_to_search_engines,
    text_of_admins_stays_text,
    every_address_of_a_list_has_a_sensible_canonical_link,
];

fn a_public_catalog_describes_itself_and_its_items(db: &TestDatabase) {
    let (site, source) = open_site(db);
    present(&site, &source, &public_page("The record shelf", "All our records.\nUpdated daily.", true, ""));
    let reply = site.visitor().get("/catalog/music");
    let page = &reply.body;
    assert!(page.contains("<title>The record shelf · Lockstep</title>"), "{page}");
    assert!(page.contains("<h1>The record shelf</h1>"), "{page}");
    assert!(page.contains(">All our records.\nUpdated daily.</p>"), "{page}");
    for (name, value) in [
        ("description", "All our records. Updated daily."),
        ("robots", "index, follow"),
        ("canonical", "https://records.example/lockstep/catalog/music"),
        ("og:url", "https://records.example/lockstep/catalog/music"),
        ("og:type", "website"),
        ("og:site_name", "Lockstep"),
        ("og:title", "The record shelf"),
        ("og:description", "All our records. Updated daily."),
        ("og:image", "https://covers.example/1.jpg"),
        ("twitter:card", "summary"),
    ] {
        assert_eq!(head_value(page, name).as_deref(), Some(value), "{name}: {page}");
    }
    assert_eq!(reply.header("x-robots-tag"), Some("all"));
    let feeds = ["/lockstep/catalog/music.atom", "/lockstep/catalog/music.feed.json"];
    assert_eq!(head_values(page, "alternate"), feeds);

    let item = site.visitor().get(&item_path(&site, "music", 0));
    let page = &item.body;
    assert!(page.contains("<title>Kind of Blue · The record shelf · Lockstep</title>"), "{page}");
    let canonical = format!("{PUBLIC_URL}{}", item_path(&site, "music", 0));
    for (name, value) in [
        ("description", "artist: Miles Davis · genre: Jazz · year: 1959"),
        ("robots", "index, follow"),
        ("canonical", &canonical),
        ("og:url", &canonical),
        ("og:type", "article"),
        ("og:site_name", "The record shelf"),
        ("og:title", "Kind of Blue"),
        ("og:image", "https://covers.example/1.jpg"),
    ] {
        assert_eq!(head_value(page, name).as_deref(), Some(value), "{name}: {page}");
    }
    assert_eq!(item.header("x-robots-tag"), Some("all"));
    assert_eq!(head_values(page, "alternate"), feeds);
    // A picture that browsers would warn of is no picture of the page.
    let page = site.visitor().get(&item_path(&site, "music", 1)).body;
    assert_eq!((head_value(&page, "og:title").as_deref(), head_value(&page, "og:image")), (Some("Blue"), None));
    // Readers with an account read the same.
    let viewer = site.add_person("bob", Role::Viewer).get("/catalog/music").body;
    assert!(viewer.contains("<h1>The record shelf</h1>") && viewer.contains(">All our records.\n"), "{viewer}");
}

fn without_settings_the_name_and_the_columns_describe_a_catalog(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let reply = site.visitor().get("/catalog/music");
    assert!(reply.body.contains("<h1>The music</h1>"), "{}", reply.body);
    let described = "3 albums: id, title, artist, genre, year, cover";
    assert_eq!(head_value(&reply.body, "description").as_deref(), Some(described));
    assert_eq!(head_value(&reply.body, "og:title").as_deref(), Some("The music"), "a link that is sent has a preview");
    assert_eq!(head_value(&reply.body, "robots").as_deref(), Some("noindex"), "but search engines must be allowed");
    assert_eq!(reply.header("x-robots-tag"), Some("noindex"));
    for path in ["/", "/login", "/nothing"] {
        let reply = site.visitor().get(path);
        assert_eq!(head_value(&reply.body, "robots").as_deref(), Some("noindex"), "{path}");
        assert_eq!(reply.header("x-robots-tag"), Some("noindex"), "{path}");
        assert!(!reply.body.contains("og:") && !reply.body.contains("canonical"), "{path}: {}", reply.body);
    }
}

fn a_private_catalog_tells_nothing_to_search_engines(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = item_path(&site, "music", 0);
    present(&site, &source, &public_page("The shelf", "For us alone.", true, ""));
    hide_source(&site, &source);
    let viewer = site.add_person("bob", Role::Viewer);
    for path in ["/catalog/music", &item] {
        let reply = viewer.get(path);
        assert_eq!(reply.status, 200);
        assert_eq!(head_value(&reply.body, "robots").as_deref(), Some("noindex"), "{path}");
        assert_eq!(reply.header("x-robots-tag"), Some("noindex"), "{path}");
        assert!(!reply.body.contains("og:") && !reply.body.contains("canonical"), "{path}: {}", reply.body);
        let visited = site.visitor().get(path);
        assert_eq!((visited.status, visited.header("x-robots-tag")), (303, Some("noindex")), "{path}");
    }
    let page = viewer.get("/catalog/music").body;
    assert!(page.contains("<h1>The shelf</h1>") && page.contains(">For us alone.</p>"), "{page}");
}

fn text_of_admins_stays_text(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let evil = "</title><script>alert(1)</script>\" onload=\"x";
    let described =
        "\"><meta http-equiv=\"refresh\" content=\"0\">\n\u{202e}reversed\u{202c} שלום 'quoted' & <b>bold</b>";
    present(&site, &source, &public_page(evil, described, true, ""));
    for path in ["/", "/catalog/music", "/catalog/music?embed=1", &item_path(&site, "music", 0)] {
        let page = site.visitor().get(path).body;
        assert!(!page.contains("<script>alert") && !page.contains("onload=\"x") && !page.contains("<b>bold"), "{page}");
        assert!(!page.contains("<meta http-equiv=\"refresh\""), "{path}: {page}");
        assert_eq!(page.matches("</title>").count(), 1, "{path}: {page}");
    }
    let page = site.visitor().get("/catalog/music").body;
    let summary = head_value(&page, "description").expect("a description");
    assert!(!summary.contains('\n') && summary.contains("&#60;b&#62;bold"), "{summary}");
}

fn every_address_of_a_list_has_a_sensible_canonical_link(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let rows: String = (1..=120).map(|number| format!("n{number},Number {number}\n")).collect();
    site.fill_csv("many", &format!("id,title\n{rows}"));
    let canonical = |path: &str| {
        let reply = site.visitor().get(path);
        assert_eq!(reply.status, 200, "{path}");
        let link = head_value(&reply.body, "canonical").expect("a canonical link");
        assert_eq!(head_value(&reply.body, "og:url").as_ref(), Some(&link), "{path}");
        link.strip_prefix(PUBLIC_URL).expect("an absolute link").to_owned()
    };
    for (path, expected) in [
        ("/catalog/many", "/catalog/many"),
        ("/catalog/many?utm_source=news&fbclid=x", "/catalog/many"),
        ("/catalog/many?page=1", "/catalog/many"),
        ("/catalog/many?page=2&utm_source=news", "/catalog/many?page=2"),
        ("/catalog/many?page=99", "/catalog/many?page=3"),
        ("/catalog/many?page=2&sort=-title", "/catalog/many"),
        ("/catalog/many?page=2&fields=title", "/catalog/many"),
        ("/catalog/many?q=1&page=2", "/catalog/many"),
        ("/catalog/many?filter[title][contains]=2", "/catalog/many"),
        ("/catalog/many?embed=1", "/catalog/many"),
        ("/catalog/many?page=2&embed=1", "/catalog/many?page=2"),
        ("/catalog/many?page=//evil.example", "/catalog/many"),
    ] {
        assert_eq!(canonical(path), expected, "{path}");
    }
    let item = item_path(&site, "many", 0);
    assert_eq!(canonical(&format!("{item}?sort=-title&utm_source=x&embed=1")), item);
    // Whatever host a request names, the public URL counts.
    let page = site.visitor().with_header("Host", "evil.example").get("/catalog/many").body;
    assert!(!page.contains("evil.example"), "{page}");
}
