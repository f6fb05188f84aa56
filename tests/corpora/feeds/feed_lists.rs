//! Lists of feeds: kurtmckee/listparser, with expectations as Python expressions in a comment at the top, and
//! plenaryapp/awesome-rss-feeds, of which every address has to be found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lockstep::fetch::feeds::parse::{BodyFormat, EncodingHints, FeedList, detect_format, parse_feed_list};

use super::expected_value::{EvaluationError, Evaluator, ExpectedValue, MatchQuality, is_truthy};
use super::python_expression::parse_expression;
use super::{CaseOutcome, OutcomeTally, known_outcomes, list_files};
use crate::support::data_set;

fn list_value(read: Option<FeedList>) -> ExpectedValue {
    let bozo = ExpectedValue::Bool(read.is_none());
    let feeds = read.unwrap_or_default().feeds.into_iter().map(|feed| {
        ExpectedValue::Record(
            "feed",
            vec![("url", ExpectedValue::Text(feed.address)), ("title", ExpectedValue::Text(feed.title))],
        )
    });
    ExpectedValue::Record("list", vec![("bozo", bozo), ("feeds", ExpectedValue::List(feeds.collect()))])
}

fn run_case(path: &Path) -> CaseOutcome {
    let bytes = fs::read(path).expect("a file");
    if detect_format(&bytes) != BodyFormat::List {
        return CaseOutcome::FieldNotKept("other than OPML".to_owned());
    }
    let text = String::from_utf8_lossy(&bytes);
    let read = parse_feed_list(&bytes, EncodingHints::default());
    let parsed = format!("{read:?}");
    let names = [("result", list_value(read.ok()))];
    let mut not_kept = None;
    for expect in text.lines().filter_map(|line| line.trim().strip_prefix("Eval:")) {
        let expression = match parse_expression(expect) {
            Ok(expression) => expression,
            Err(why) => return CaseOutcome::Fails(format!("unsupported expression: {why}")),
        };
        match (Evaluator { names: &names, quality: MatchQuality::default() }).evaluate(&expression) {
            Ok(value) if is_truthy(&value) => {}
            Ok(_) => return CaseOutcome::Fails(format!("{expect}\n    {parsed}")),
            Err(EvaluationError::FieldNotKept(field)) => not_kept = not_kept.or(Some(field)),
            Err(EvaluationError::Unsupported(why)) => {
                return CaseOutcome::Fails(format!("{why}: {expect}\n    {parsed}"));
            }
        }
    }
    not_kept.map_or(CaseOutcome::Passes(MatchQuality::Exact), CaseOutcome::FieldNotKept)
}

#[test]
fn listparser_lists() {
    let Some(set) = data_set("opml/listparser-tests") else { return };
    let mut tally = OutcomeTally::default();
    for path in list_files(&set.path, "xml") {
        let name = path.strip_prefix(set.path.join("files")).expect("inside").display().to_string();
        tally.add_case(&name, run_case(&path));
    }
    tally.assert_known(&known_outcomes::LISTPARSER_CASES, set.is_complete);
}

#[test]
fn every_address_of_the_awesome_lists_is_found() {
    let Some(set) = data_set("opml/awesome-rss-feeds") else { return };
    let (mut lists, mut listed, mut all) = (0, 0, BTreeSet::new());
    for path in list_files(&set.path, "opml") {
        let bytes = fs::read(&path).expect("a file");
        assert_eq!(detect_format(&bytes), BodyFormat::List, "{}", path.display());
        let list = parse_feed_list(&bytes, EncodingHints::default())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
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
    if set.is_complete {
        assert_eq!((lists, listed, all.len()), (118, 1572, 781), "lists, addresses in them, different addresses");
    }
    assert!(lists > 0 && listed > 0);
}
