//! Lists of items in JSON and on pages: filters, facets, fields, pages, versions, and who may read them.

mod access;
mod changes;
mod pages;
mod polls;
mod selections;
mod table_page;
mod values;
mod versions;

use lockstep::domain::source::Source;
use serde_json::Value;

use super::site::{SiteClient, SiteResponse, TestSite};
use crate::support::TestDatabase;

/// The public catalog `records`. Some names of columns have characters that mean something in addresses.
const RECORDS: &str = "id,title,genre,year,price,released,\"size, cm\",a][gt,-x,\"say \"\"it's\"\"\"\n\
    r1,Kind of Blue,Jazz,1959,9.50,17/08/1959,30,1,b,p\n\
    r2,Blue Train,Jazz,1957,12,15/09/1957,30,2,a,q\n\
    r3,Ágætis byrjun,Rock,1999,\"1,250.00\",12/06/1999,12,3,c,p\n\
    r4,Hunky Dory,Rock,1971,9.5,17/12/1971,30,4,,q\n\
    r5,\"=SUM(1,2)\",Soul,1999,,01/02/2003,12,5,d,p\n\
    r6,<b>Debut</b>,,1993,20,05/07/1993,,6,e,\n";

/// The path of the items of `records`.
const ITEMS: &str = "/api/catalog/records/items";

/// A site without a cooldown, with the catalog `records`.
fn open_site(db: &TestDatabase) -> (TestSite, Source) {
    let site = TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"));
    let source = site.fill_csv("records", RECORDS);
    (site, source)
}

/// The query of an address, encoded as a browser does.
fn encode(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

fn list_keys(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|item| item["key"].as_str().expect("a key")).collect()
}

/// The path of the next page, from the header `Link`.
fn next_path(reply: &SiteResponse) -> Option<String> {
    let (link, relation) = reply.header("link")?.split_once('>')?;
    assert_eq!(relation, "; rel=\"next\"");
    let url = url::Url::parse(link.strip_prefix('<')?).expect("an absolute URL");
    Some(format!("{}?{}", url.path(), url.query().expect("a query")))
}

/// All pages of a list, by following `Link: rel="next"`.
fn follow_pages(client: &SiteClient<'_>, path: &str) -> Vec<Value> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let reply = client.get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        next = next_path(&reply);
        pages.push(reply.json());
        assert!(pages.len() < 100, "the list has no end: {path}");
    }
    pages
}
