//! The page of a catalog with filters, facets, columns, orders and a gallery, and the items before and after another.

use lockstep::domain::account::Role;

use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    filters_are_chips_that_can_be_removed_and_values_have_counts,
    the_form_of_a_filter_leads_to_an_address_with_the_filter,
    what_is_shown_can_be_downloaded,
    columns_are_hidden_moved_chosen_and_remembered,
    what_a_search_found_is_marked_as_it_is_written,
    two_columns_are_sorted_by,
    an_item_leads_to_the_ones_before_and_after_it_in_its_list,
    a_catalog_with_pictures_has_a_gallery,
    an_admin_saves_a_view_for_readers_who_chose_nothing,
];

const ROWS: [&str; 8] = [
    "1,Kind of Blue,Miles Davis,Jazz,1959,https://covers.example/1.jpg",
    "2,Blue,Joni Mitchell,Folk,1971,https://covers.example/2.jpg",
    "3,Blue Train,John Coltrane,Jazz,1958,",
    "4,Ágætis <b>byrjun</b>,Sigur Rós,Rock,1999,https://covers.example/4.jpg",
    "5,What's Going On,Marvin Gaye,Soul,1971,https://covers.example/5.jpg",
    "6,Milestones,Miles Davis,Jazz,1958,https://covers.example/6.jpg",
    "7,Untitled,,Soul,,https://covers.example/7.jpg",
    "8,Innervisions,Stevie Wonder,Soul,1973,https://covers.example/8.jpg",
];

fn open_site(db: &TestDatabase) -> TestSite {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    site.fill_csv("music", &format!("id,title,artist,genre,year,cover\n{}\n", ROWS.join("\n")));
    site
}

fn read_page(site: &TestSite, query: &str) -> String {
    let response = site.visitor().get(&format!("/catalog/music{query}"));
    assert_eq!(response.status, 200, "{query}: {}", response.body);
    response.body
}

/// The titles in the table, in order.
fn list_titles(page: &str) -> Vec<String> {
    let body = page.split("<tbody>").nth(1).unwrap_or_default();
    let cells = body.split("class=\"cell-lead\">").skip(1);
    cells.map(|cell| strip_tags(cell.split("</td>").next().expect("a cell")).trim().to_owned()).collect()
}

fn strip_tags(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    text
}

/// The names in the head of the table, in order.
fn list_heads(page: &str) -> Vec<String> {
    let heads = page.split("<th ").skip(1);
    heads.map(|head| strip_tags(head.split("</a>").next().expect("a head")).trim().to_owned()).collect()
}

/// The parameters of an address as links in a page have them.
fn escaped(address: &str) -> String {
    address.replace('[', "%5B").replace(']', "%5D").replace('&', "&#38;")
}

fn filters_are_chips_that_can_be_removed_and_values_have_counts(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?filter[genre]=Jazz&filter[genre]=Soul&filter[year][gte]=1959&q=i&utm_source=mail");
    assert_eq!(list_titles(&page), ["Kind of Blue", "What&#39;s Going On", "Innervisions"]);
    for label in ["genre is Jazz", "genre is Soul", "year ≥ 1959"] {
        assert!(page.contains(&format!("<span>{label}</span>")), "{label}: {page}");
    }
    let without_soul = escaped("href=\"/catalog/music?q=i&filter[genre]=Jazz&filter[year][gte]=1959\"");
    assert!(page.contains(&without_soul), "{page}");
    assert!(page.contains("href=\"/catalog/music\""), "everything can be cleared");
    assert!(page.contains("3 albums found for “i”") && !page.contains("left out"), "{page}");
    // The values of a column are counted without its own filters: they say what each would add.
    let counts = |page: &str, value: &str| {
        let (_, after) = page.split_once(&format!("<span class=\"facet-label\">{value}</span>")).expect(value);
        strip_tags(after.split("</a>").next().expect("a value")).trim().to_owned()
    };
    let page = read_page(&site, "?filter[genre]=Soul&filter[artist]=Miles+Davis");
    assert_eq!((counts(&page, "Jazz"), counts(&page, "Soul")), ("2".to_owned(), "0".to_owned()));
    assert!(page.contains("No albums match these filters."), "{page}");
    // Other filters of the column count: what they rule out is not offered.
    let page = read_page(&site, "?filter[genre][not]=Jazz");
    assert!(!page.contains(&escaped("filter[genre][not]=Jazz&filter[genre]=Jazz")), "{page}");
    assert_eq!((counts(&page, "Soul"), counts(&page, "Rock")), ("3".to_owned(), "1".to_owned()));
    // A filter that cannot be applied is named, and the others apply.
    let page = read_page(&site, "?filter[nothing]=1&filter[artist][gt]=1&filter[genre][like]=J&filter[genre]=Folk");
    assert_eq!(list_titles(&page), ["Blue"]);
    assert!(page.contains("“nothing” is not a column of this catalog. It was left out."), "{page}");
    assert!(page.contains("“gt” does not apply to it. It was left out."), "{page}");
    assert!(page.contains("“like” is not an operator."), "{page}");
}

fn the_form_of_a_filter_leads_to_an_address_with_the_filter(db: &TestDatabase) {
    let site = open_site(db);
    let location = |query: &str| {
        let response = site.visitor().get(&format!("/catalog/music{query}"));
        assert_eq!(response.status, 303, "{query}");
        response.header("location").expect("a location").to_owned()
    };
    assert_eq!(
        location("?q=blue&filter[genre]=Jazz&sort=-year&add-column=title&add-operator=starts&add-value=Blue"),
        "/catalog/music?q=blue&filter%5Bgenre%5D=Jazz&filter%5Btitle%5D%5Bstarts%5D=Blue&sort=-year"
    );
    assert_eq!(location("?add-column=genre&add-operator=eq&add-value=R%26B"), "/catalog/music?filter%5Bgenre%5D=R%26B");
    for unusable in
        ["?add-column=nothing&add-operator=eq&add-value=1", "?add-column=genre&add-operator=like&add-value=1"]
    {
        assert_eq!(site.visitor().get(&format!("/catalog/music{unusable}")).status, 200, "{unusable}");
    }
    // Without JavaScript the form sends what the page keeps.
    let page = read_page(&site, "?filter[genre]=Jazz&sort=-year");
    assert!(page.contains("<input type=\"hidden\" name=\"filter[genre]\" value=\"Jazz\">"), "{page}");
}

fn what_is_shown_can_be_downloaded(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?filter[genre]=Jazz&sort=-year,title&fields=year,title&view=gallery");
    let (_, link) = page.split_once("<div id=\"download\"").expect("the menu");
    let link = link.split("<a href=\"").nth(1).and_then(|link| link.split('"').next()).expect("a link");
    let file = site.visitor().get(&link.replace("&#38;", "&"));
    assert_eq!(file.body, "year,title\r\n1959,Kind of Blue\r\n1958,Blue Train\r\n1958,Milestones\r\n");
    assert!(page.contains("<link rel=\"alternate\" type=\"application/atom+xml\""), "{page}");
}

fn columns_are_hidden_moved_chosen_and_remembered(db: &TestDatabase) {
    let site = open_site(db);
    assert_eq!(list_heads(&read_page(&site, "")), ["id", "title", "artist", "genre", "year", "cover"]);
    let change = |query: &str| {
        let response = site.visitor().get(&format!("/catalog/music{query}"));
        let location = response.header("location").unwrap_or_default().to_owned();
        let path = response.header("set-cookie").unwrap_or_default().to_owned();
        assert!(path.contains("Path=/catalog/music"), "{query}: {path}");
        (location, response.cookie().expect("a cookie"))
    };
    let (location, cookie) = change("?q=blue&hide-column=artist");
    assert_eq!(location, "/catalog/music?q=blue&fields=id%2Ctitle%2Cgenre%2Cyear%2Ccover");
    let reader = site.visitor().with_header("cookie", &cookie);
    let page = reader.get("/catalog/music").body;
    assert_eq!(list_heads(&page), ["id", "title", "genre", "year", "cover"], "it is remembered");
    assert!(page.contains("fields=id%2Ctitle"), "links have the view, so that they can be shared");
    assert_eq!(list_heads(&read_page(&site, "")).len(), 6, "other readers see the usual columns");
    assert_eq!(list_heads(&reader.get("/catalog/music?fields=year").body), ["year"], "an address wins");
    assert!(reader.get("/catalog/music?fields=year").cookie().is_none(), "a link changes nothing for later");
    assert_eq!(change("?fields=id,title,year&move-left=year").0, "/catalog/music?fields=id%2Cyear%2Ctitle");
    let (location, _) = change("?fields=title,id&choose=1&fields=id&fields=genre");
    assert_eq!(location, "/catalog/music?fields=title%2Cid%2Cgenre");
    let (location, cookie) = change("?fields=title&usual-columns=1");
    assert_eq!((location.as_str(), cookie.as_str()), ("/catalog/music", "lockstep_view="));
    assert_eq!(list_heads(&read_page(&site, "?fields=gone,genre")), ["genre"], "a column that is gone is passed over");
}

fn what_a_search_found_is_marked_as_it_is_written(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?q=agaetis");
    assert_eq!(list_titles(&page), [""; 0]);
    let page = read_page(&site, "?q=%C3%A1g%C3%A6t+ros");
    assert!(page.contains("<mark class=\"text-found\">Ágæt</mark>is &#60;b&#62;byrjun&#60;/b&#62;"), "{page}");
    assert!(page.contains("Sigur <mark class=\"text-found\">Rós</mark>"), "{page}");
    let page = read_page(&site, "?q=%22b%3Eby%22");
    assert!(page.contains("&#60;<mark class=\"text-found\">b&#62;by</mark>rjun"), "{page}");
    assert!(!read_page(&site, "").contains("<mark"));
}

fn two_columns_are_sorted_by(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?sort=year,-title");
    assert_eq!(list_titles(&page)[..3], ["Milestones", "Blue Train", "Kind of Blue"]);
    assert_eq!(list_titles(&page)[7], "Untitled", "without a year it is last");
    assert_eq!(list_titles(&read_page(&site, "?sort=-year,title"))[7], "Untitled", "in both directions");
    assert_eq!(page.matches("aria-sort=\"ascending\"").count(), 1);
    assert_eq!(page.matches("aria-sort=\"descending\"").count(), 1);
    let then_by = escaped("data-then-by=\"/catalog/music?sort=year%2Cgenre\"");
    assert!(page.contains(&then_by), "{page}");
    let page = read_page(&site, "?sort=year,title,genre");
    assert!(page.contains("A list is sorted by at most 2 columns."), "{page}");
}

fn an_item_leads_to_the_ones_before_and_after_it_in_its_list(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?filter[genre]=Jazz&sort=-year");
    let links: Vec<&str> =
        page.split("<a href=\"").skip(1).filter(|link| link.starts_with("/catalog/music/items/")).collect();
    let links: Vec<String> =
        links.iter().map(|link| link.split('"').next().expect("a link").replace("&#38;", "&")).collect();
    assert_eq!(links.len(), 3, "{page}");
    let second = site.visitor().get(&links[1]).body;
    assert!(second.contains("<h1>Blue Train</h1>") && second.contains("2 of 3"), "{second}");
    let back = escaped("/catalog/music?filter[genre]=Jazz&sort=-year");
    assert!(second.contains(&format!("<a href=\"{back}\">")), "{second}");
    for (rel, link) in [("prev", &links[0]), ("next", &links[2])] {
        assert!(second.contains(&format!("<a rel=\"{rel}\" href=\"{}\">", link.replace('&', "&#38;"))), "{second}");
    }
    let first = site.visitor().get(&links[0]).body;
    assert!(!first.contains("rel=\"prev\"") && first.contains("1 of 3"), "{first}");
    // An item that is not in the list leads back to it all the same.
    let other = links[1].replace("genre%5D=Jazz", "genre%5D=Soul");
    let other = site.visitor().get(&other).body;
    assert!(
        !other.contains(" of 3") && other.contains(&escaped("/catalog/music?filter[genre]=Soul&sort=-year")),
        "{other}"
    );
}

fn a_catalog_with_pictures_has_a_gallery(db: &TestDatabase) {
    let site = open_site(db);
    let page = read_page(&site, "?view=gallery&filter[genre]=Jazz&q=blue");
    assert_eq!(page.matches("<li class=\"gallery-card\">").count(), 2);
    assert!(page.contains("<img src=\"https://covers.example/1.jpg\" alt=\"Kind of Blue\""), "{page}");
    assert!(!page.contains("<th ") && page.contains("Kind of <mark class=\"text-found\">Blue</mark>"), "{page}");
    let response = site.visitor().get("/catalog/music?layout=gallery");
    assert_eq!(response.header("location"), Some("/catalog/music?view=gallery"));
    let reader = site.visitor().with_header("cookie", &response.cookie().expect("a cookie"));
    assert_eq!(reader.get("/catalog/music").body.matches("<li class=\"gallery-card\">").count(), 8);
    let back = reader.get("/catalog/music?view=gallery&layout=table");
    assert_eq!((back.header("location"), back.cookie().as_deref()), (Some("/catalog/music"), Some("lockstep_view=")));
    site.fill_csv("plain", "id,title\n1,One\n");
    assert!(!site.visitor().get("/catalog/plain").body.contains("Gallery"), "no pictures, no gallery");
}

fn an_admin_saves_a_view_for_readers_who_chose_nothing(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get("/catalog/music?fields=title,year&sort=-year&q=blue&filter[genre]=Jazz").body;
    let (_, value) = page.split_once("name=\"view\" value=\"").expect("the form of the default");
    let view = value.split('"').next().expect("a value").replace("&#38;", "&");
    assert_eq!(view, "sort=-year&fields=title%2Cyear", "not the search, nor the filters");
    let link = "/catalog/music/default-view";
    for (caller, status) in [(site.visitor(), 303), (site.add_person("bob", Role::Viewer), 403)] {
        let refused = caller.post_form(link, &[("view", &view)]);
        assert!(refused.status == status && refused.header("location").is_none_or(|to| to.starts_with("/login")));
        assert_eq!(list_heads(&read_page(&site, "")).len(), 6);
    }
    let saved = admin.post_form(link, &[("view", &view)]).header("location").expect("a page").to_owned();
    assert!(admin.get(&saved).body.contains("Saved as default."));
    assert!(!site.visitor().get(&saved).body.contains("Saved as default."), "a link that an admin sent");
    let page = read_page(&site, "");
    assert_eq!(
        (list_heads(&page), &list_titles(&page)[0]),
        (vec!["title".to_owned(), "year".to_owned()], &"Ágætis &#60;b&#62;byrjun&#60;/b&#62;".to_owned())
    );
    assert!(!page.contains("name=\"view\""), "visitors have no form");
    let shown = "?sort=-year&#38;fields=title%2Cyear";
    for link in [format!("/catalog/music.csv{shown}"), format!("/catalog/music{shown}")] {
        assert!(page.contains(&format!("href=\"{link}\"")), "what is shown is downloaded and shared: {link}\n{page}");
    }
    assert_eq!(list_titles(&read_page(&site, "?sort=-title"))[0], "What&#39;s Going On", "an address wins");
    let hidden = site.visitor().get("/catalog/music?hide-column=year");
    let reader = site.visitor().with_header("cookie", &hidden.cookie().expect("a cookie"));
    assert_eq!(list_heads(&reader.get("/catalog/music").body), ["title"], "what a reader chose wins");
    for fields in [&[][..], &[("view", "")]] {
        let removed = admin.post_form(link, fields).header("location").expect("a page").to_owned();
        assert!(admin.get(&removed).body.contains("There is no default now."));
        assert!(!admin.get(&saved).body.contains("Saved as default."), "it is not saved any more");
    }
    assert_eq!(list_heads(&read_page(&site, "")).len(), 6);
}
