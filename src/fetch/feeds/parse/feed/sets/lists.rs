//! Lists of feeds: kurtmckee/listparser, whose expectations are Python expressions in a comment at the top, and
//! plenaryapp/awesome-rss-feeds, where every address that is written is to be found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::python;
use super::value::{Answering, Held, Silent, Value, truth};
use super::{End, Tally, files, shared_data, tables};
use crate::fetch::feeds::parse::charset::EncodingHints;
use crate::fetch::feeds::parse::opml::{FeedList, addresses};
use crate::fetch::feeds::parse::sniff::{BodyFormat, shape};

fn result(read: Option<FeedList>) -> Value {
    let bozo = Value::Truth(read.is_none());
    let feeds =
        read.unwrap_or_default().feeds.into_iter().map(|feed| {
            Value::Kept("feed", vec![("url", Value::Text(feed.address)), ("title", Value::Text(feed.title))])
        });
    Value::Kept("list", vec![("bozo", bozo), ("feeds", Value::Row(feeds.collect()))])
}

fn end(path: &Path) -> End {
    let bytes = fs::read(path).expect("a file");
    if shape(&bytes) != BodyFormat::List {
        return End::NotOurs("other than OPML".to_owned());
    }
    let text = String::from_utf8_lossy(&bytes);
    let read = addresses(&bytes, EncodingHints::default());
    let told = format!("{read:?}");
    let names = [("result", result(read.ok()))];
    let mut not_ours = None;
    for expect in text.lines().filter_map(|line| line.trim().strip_prefix("Eval:")) {
        let expression = match python::read(expect) {
            Ok(expression) => expression,
            Err(why) => return End::Fails(format!("not understood: {why}")),
        };
        match (Answering { names: &names, held: Held::default() }).value(&expression) {
            Ok(value) if truth(&value) => {}
            Ok(_) => return End::Fails(format!("{expect}\n    {told}")),
            Err(Silent::NotOurs(field)) => not_ours = not_ours.or(Some(field)),
            Err(Silent::Odd(why)) => return End::Fails(format!("{why}: {expect}\n    {told}")),
        }
    }
    not_ours.map_or(End::Passes(Held::Exactly), End::NotOurs)
}

#[test]
fn listparsers_lists() {
    let Some(root) = shared_data("opml/listparser-tests") else { return };
    let mut tally = Tally::default();
    for path in files(&root, "xml") {
        let name = path.strip_prefix(root.join("files")).expect("inside").display().to_string();
        tally.count(&name, end(&path));
    }
    tally.is(&tables::LISTPARSER);
}

#[test]
fn every_address_of_the_awesome_lists_is_found() {
    let Some(root) = shared_data("opml/awesome-rss-feeds") else { return };
    let (mut lists, mut listed, mut all) = (0, 0, BTreeSet::new());
    for path in files(&root, "opml") {
        let bytes = fs::read(&path).expect("a file");
        assert_eq!(shape(&bytes), BodyFormat::List, "{}", path.display());
        let list =
            addresses(&bytes, EncodingHints::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = String::from_utf8(bytes).expect("UTF-8");
        let written: BTreeSet<String> = text
            .split("xmlUrl=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().expect("an end").trim().replace("&amp;", "&"))
            .filter(|address| !address.is_empty())
            .collect();
        let found: BTreeSet<String> = list.feeds.iter().map(|feed| feed.address.clone()).collect();
        assert_eq!(found, written, "{}", path.display());
        assert_eq!(found.len(), list.feeds.len(), "each once in {}", path.display());
        lists += 1;
        listed += found.len();
        all.extend(found);
    }
    assert_eq!((lists, listed, all.len()), (118, 1572, 781), "lists, addresses in them, addresses in all");
}
