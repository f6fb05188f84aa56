//! The page of a catalog takes the same filters in its address.

use lockstep::domain::account::Role;

use super::{encode, open_site};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    the_filters_of_an_address_apply_to_the_page,
    a_foreign_parameter_is_passed_over,
    a_filter_that_cannot_be_applied_is_named,
    the_form_of_a_filter_leads_to_the_address_with_it,
];

const PAGE: &str = "/catalog/records";
const TITLES: [(&str, &str); 6] = [
    ("r1", "Kind of Blue"),
    ("r2", "Blue Train"),
    ("r3", "Ágætis byrjun"),
    ("r4", "Hunky Dory"),
    ("r5", "SUM(1,2)"),
    ("r6", "Debut"),
];

/// The keys of the rows in the order of a page.
fn shown_keys(page: &str) -> Vec<&'static str> {
    let table = page.split_once("<tbody>").and_then(|(_, rest)| rest.split_once("</tbody>"));
    let Some((rows, _)) = table else { return Vec::new() };
    let rows = rows.replace("<mark class=\"text-found\">", "").replace("</mark>", "");
    let mut found: Vec<(usize, &str)> =
        TITLES.iter().filter_map(|(key, title)| Some((rows.find(title)?, *key))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, key)| key).collect()
}

fn the_filters_of_an_address_apply_to_the_page(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let viewer = site.add_person("bob", Role::Viewer);
    for (parameters, keys) in [
        (&[][..], &["r1", "r2", "r3", "r4", "r5", "r6"][..]),
        (&[("filter[genre]", "Jazz"), ("filter[genre]", "Soul")], &["r1", "r2", "r5"]),
        (&[("filter[genre]", "Rock"), ("filter[year]", "1999")], &["r3"]),
        (&[("filter[price]", "9.5"), ("sort", "-year")], &["r4", "r1"]),
        (&[("filter[size, cm][gt]", "12"), ("filter[a][gt][lt]", "4")], &["r1", "r2"]),
        (&[("filter[released][gte]", "1993-07-05"), ("sort", "released")], &["r6", "r3", "r5"]),
        (&[("filter[title][contains]", "BLUE"), ("q", "train")], &["r2"]),
        (&[("filter[genre][empty]", "1")], &["r6"]),
        (&[("filter[genre]", "Polka")], &[]),
    ] {
        for client in [site.visitor(), viewer.with_header("Accept", "text/html")] {
            let reply = client.get(&format!("{PAGE}?{}", encode(parameters)));
            assert_eq!(reply.status, 200, "{parameters:?}");
            assert_eq!(shown_keys(&reply.body), keys, "{parameters:?}: {}", reply.body);
        }
    }
}

fn a_foreign_parameter_is_passed_over(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let reply = site.visitor().get(&format!("{PAGE}?utm_source=news&filter[genre]=Jazz&fbclid=x&year=1999&=&%00=%00"));
    assert_eq!(shown_keys(&reply.body), ["r1", "r2"], "{}", reply.body);
    assert!(!reply.body.contains("utm_source") && !reply.body.contains("is not a"), "{}", reply.body);
}

fn a_filter_that_cannot_be_applied_is_named(db: &TestDatabase) {
    let (site, _) = open_site(db);
    for (name, value, message) in [
        ("filter[nothing]", "1", "“nothing” is not a column of this catalog."),
        ("filter[<i>]", "1", "“&#60;i&#62;” is not a column of this catalog."),
        ("filter[year][above]", "1", "“above” is not an operator."),
        ("filter[title][gt]", "m", "“title” is not a column of numbers or dates"),
        ("filter[year][gt]", "many", "“many” is not a number"),
        ("filter[released][lt]", "soon", "“soon” is not a date"),
        ("filter[year][empty]", "yes", "“empty” takes 1 for blank cells and 0 for all others"),
        ("sort", "nothing", "“nothing” is not a column of this catalog."),
        ("sort", "title,year,genre", "A list is sorted by at most 2 columns."),
    ] {
        let query = encode(&[("filter[genre]", "Jazz"), (name, value)]);
        let reply = site.visitor().get(&format!("{PAGE}?{query}"));
        assert_eq!((reply.status, shown_keys(&reply.body)), (200, vec!["r1", "r2"]), "{name}: the others apply");
        assert!(reply.body.contains(message), "{name}: {}", reply.body);
    }
}

fn the_form_of_a_filter_leads_to_the_address_with_it(db: &TestDatabase) {
    let (site, _) = open_site(db);
    let submit = |parameters: &[(&str, &str)]| site.visitor().get(&format!("{PAGE}?{}", encode(parameters)));
    let form = |column, operator, value| [("add-column", column), ("add-operator", operator), ("add-value", value)];
    let kept = [("q", "o"), ("filter[genre]", "Rock"), ("sort", "-year"), ("utm_source", "news")];
    let reply = submit(&[&kept[..], &form("year", "gte", "1971")].concat());
    let expected = encode(&[("q", "o"), ("filter[genre]", "Rock"), ("filter[year][gte]", "1971"), ("sort", "-year")]);
    assert_eq!((reply.status, reply.header("location")), (303, Some(format!("{PAGE}?{expected}").as_str())));
    let page = site.visitor().get(reply.header("location").expect("an address"));
    assert_eq!(shown_keys(&page.body), ["r3", "r4"], "{}", page.body);
    let reply = submit(&form("a][gt", "eq", "5"));
    let expected = format!("{PAGE}?{}", encode(&[("filter[a][gt]", "5")]));
    assert_eq!(reply.header("location"), Some(expected.as_str()));
    // A value that does not fit is kept in the address, and named on the page.
    let reply = submit(&form("title", "gt", "m"));
    let page = site.visitor().get(reply.header("location").expect("an address"));
    assert!(page.status == 200 && page.body.contains("“title” is not a column of numbers or dates"), "{}", page.body);
    for parameters in [form("nothing", "eq", "1"), form("year", "above", "1")] {
        assert_eq!(submit(&parameters).status, 200, "{parameters:?}");
    }
}
