//! `robots.txt`, sitemaps, and the header that says `noindex`.

use super::{PUBLIC_URL, hide_source, item_path, open_site, present, public_page};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::site::{SiteResponse, TestSite};

on_both_databases![
    robots_allow_only_listed_catalogs,
    data_of_catalogs_that_are_not_listed_says_noindex,
    the_sitemap_has_the_listed_catalogs_and_their_items,
    a_large_catalog_has_several_sitemaps,
];

/// The links in a sitemap.
fn list_locations(xml: &str) -> Vec<String> {
    let parts = xml.split("<loc>").skip(1);
    parts.map(|part| part.split("</loc>").next().expect("its end").to_owned()).collect()
}

#[track_caller]
fn get_xml(site: &TestSite, link: &str) -> SiteResponse {
    let reply = site.visitor().get(link.strip_prefix(PUBLIC_URL).unwrap_or(link));
    assert_eq!(reply.status, 200, "{link}: {}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/xml; charset=utf-8"), "{link}");
    assert!(reply.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"), "{link}: {}", reply.body);
    reply
}

fn robots_allow_only_listed_catalogs(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let rules = || {
        let reply = site.visitor().get("/robots.txt");
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; charset=utf-8")));
        let (_, everybody) = reply.body.split_once("User-agent: *\n").expect("rules for everybody");
        everybody.to_owned()
    };
    assert_eq!(rules(), "Disallow: /lockstep/\n", "nothing is listed before an admin allows it");
    present(&site, &source, &public_page("", "", true, ""));
    assert_eq!(
        rules(),
        "Allow: /lockstep/catalog/music$\nAllow: /lockstep/catalog/music?page=\nAllow: /lockstep/catalog/music/items/\n\
         Allow: /lockstep/static/\nAllow: /lockstep/sitemap\nDisallow: /lockstep/\n\n\
         Sitemap: https://records.example/lockstep/sitemap.xml\n"
    );
    let all = site.visitor().get("/robots.txt").body;
    assert!(!all.contains("drafts") && !all.contains("albums"), "{all}");
    assert!(all.contains("User-agent: Twitterbot\n") && all.contains("Allow: /lockstep/catalog/\n"), "{all}");
    hide_source(&site, &source);
    assert_eq!(rules(), "Disallow: /lockstep/\n");
}

fn data_of_catalogs_that_are_not_listed_says_noindex(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let item = item_path(&site, "music", 0);
    let data = ["/catalog/music.csv", "/catalog/music.json", "/catalog/music.xlsx", "/catalog/music.atom"];
    let more = ["/catalog/music.feed.json", "/api/catalog/music/items"];
    let pages = ["/catalog/music", &item];
    let rule = |path: &str| site.visitor().get(path).header("x-robots-tag").map(str::to_owned);
    let paths = || data.into_iter().chain(more).chain(pages);
    for path in paths() {
        assert_eq!(rule(path).as_deref(), Some("noindex"), "{path}");
    }
    let version = site.visitor().get("/catalog/music.csv").header("etag").expect("a version").to_owned();
    present(&site, &source, &public_page("", "", true, ""));
    for path in paths() {
        assert_eq!(rule(path).as_deref(), Some("all"), "{path}");
    }
    let known = site.visitor().with_header("If-None-Match", &version).get("/catalog/music.csv");
    assert_eq!((known.status, known.header("x-robots-tag")), (304, Some("all")));
    for path in ["/api/sources", "/api/health", "/catalog/albums.csv", "/catalog/music?embed=1", "/catalog/music.none"]
    {
        assert_eq!(rule(path).as_deref(), Some("noindex"), "{path}");
    }
}

fn the_sitemap_has_the_listed_catalogs_and_their_items(db: &TestDatabase) {
    let (site, source) = open_site(db);
    let empty = get_xml(&site, "/sitemap.xml").body;
    assert!(empty.contains("<sitemapindex") && list_locations(&empty).is_empty(), "{empty}");
    assert_eq!(site.visitor().get("/sitemap-music-0.xml").status, 404, "it is public, but not listed");
    present(&site, &source, &public_page("", "", true, ""));
    db.run_sql("UPDATE items SET changed_at = '2026-02-03 04:05:06' WHERE key = 'm2'");
    let index = get_xml(&site, "/sitemap.xml");
    assert_eq!(list_locations(&index.body), [format!("{PUBLIC_URL}/sitemap-music-0.xml")]);
    assert!(index.body.contains("<lastmod>20"), "{}", index.body);
    let part = get_xml(&site, "/sitemap-music-0.xml");
    let items = [0, 1, 2].map(|at| format!("{PUBLIC_URL}{}", item_path(&site, "music", at)));
    assert_eq!(list_locations(&part.body), [&[format!("{PUBLIC_URL}/catalog/music")][..], &items].concat());
    let changed = format!("<url><loc>{}</loc><lastmod>2026-02-03T04:05:06Z</lastmod></url>", items[1]);
    assert!(part.body.contains(&changed), "{}", part.body);
    for path in ["/sitemap-drafts-0.xml", "/sitemap-albums-0.xml", "/sitemap-none-0.xml", "/sitemap-music-x.xml"] {
        assert_eq!(site.visitor().get(path).status, 404, "{path}");
    }
    assert_eq!(site.visitor().get("/sitemap-music-99999999999999999999.xml").status, 404);

    // A client that has the current files gets no others, until a sync changes something.
    let ask = |path: &str, version: &SiteResponse| {
        let version = version.header("etag").expect("a version");
        site.visitor().with_header("If-None-Match", version).get(path).status
    };
    assert_eq!((ask("/sitemap.xml", &index), ask("/sitemap-music-0.xml", &part)), (304, 304));
    std::fs::write(site.data_dir().join("music.csv"), "id,title\nm1,Kind of Blue\nm2,Blue\n").expect("written");
    site.sync_source(&source);
    assert_eq!((ask("/sitemap.xml", &index), ask("/sitemap-music-0.xml", &part)), (200, 200));
    assert_eq!(list_locations(&get_xml(&site, "/sitemap-music-0.xml").body).len(), 3, "a removed item is not listed");
    hide_source(&site, &source);
    assert_eq!(ask("/sitemap-music-0.xml", &part), 404);
}

fn a_large_catalog_has_several_sitemaps(db: &TestDatabase) {
    let (site, source) = open_site(db);
    present(&site, &source, &public_page("", "", true, ""));
    db.run_sql(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100010) \
         INSERT INTO items (source_id, key, fields, hash, search_text, added_at, changed_at, added_by, changed_by) \
         SELECT source_id, key || '-' || n, fields, hash, search_text, added_at, changed_at, added_by, changed_by \
         FROM items CROSS JOIN numbers WHERE key = 'm1'",
    );
    let parts = list_locations(&get_xml(&site, "/sitemap.xml").body);
    assert_eq!(parts.len(), 3, "{parts:?}");
    let mut all = std::collections::BTreeSet::new();
    let mut counts = Vec::new();
    for part in &parts {
        let locations = list_locations(&get_xml(&site, part).body);
        counts.push(locations.len());
        all.extend(locations);
    }
    assert_eq!(counts, [50_000, 49_999, 15], "of 100,013 items, and the page of the catalog");
    assert_eq!(all.len(), 100_014, "each page is listed once");
}
