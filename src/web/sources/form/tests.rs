//! Tests of the fields and of the proposals.

use super::{SourcePlace, check_form, file_name_of, propose_from_file_name};
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::source::Noun;
use crate::web::sources::view::SourceForm;

fn form() -> SourceForm {
    SourceForm {
        slug: "albums".to_owned(),
        key: "id".to_owned(),
        name: "Albums".to_owned(),
        noun_one: "album".to_owned(),
        noun_many: "albums".to_owned(),
        ..SourceForm::default()
    }
}

fn upload() -> SourcePlace {
    SourcePlace {
        kind: "csv".to_owned(),
        location: SourceLocation::Upload("0".to_owned()),
        read_options: ReadOptions::default(),
    }
}

fn columns() -> Vec<String> {
    vec!["id".to_owned(), "title".to_owned()]
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let place = upload();
    assert!(check_form(&form(), &place, &columns()).is_ok());
    let wrong = SourceForm {
        slug: "New Albums".to_owned(),
        key: "sku".to_owned(),
        name: String::new(),
        noun_one: "a/b".to_owned(),
        schedule: "daily".to_owned(),
        ..form()
    };
    let errors = check_form(&wrong, &place, &columns()).expect_err("wrong");
    assert!(errors.slug.is_some() && errors.name.is_some() && errors.noun.is_some() && errors.schedule.is_some());
    assert_eq!(errors.key.as_deref(), Some("There is no column “sku”; the columns are “id”, “title”."));
    let reserved = SourceForm { slug: "new".to_owned(), ..form() };
    let errors = check_form(&reserved, &place, &columns()).expect_err("reserved");
    let expected = "“new” is the URL of another page. Choose another slug, such as “new-1”.";
    assert_eq!(errors.slug.as_deref(), Some(expected));
}

#[test]
fn a_schedule_is_kept_as_it_was_typed() {
    let daily = SourceForm { schedule: "0 6 * * *".to_owned(), ..form() };
    let (draft, schedule) = check_form(&daily, &upload(), &columns()).expect("right");
    assert_eq!(draft.schedule.as_deref(), Some("0 6 * * *"));
    assert!(schedule.is_some());
}

#[test]
fn a_file_name_proposes_the_names_of_its_source() {
    let proposed = |name: &str| {
        let mut form = SourceForm::default();
        propose_from_file_name(&mut form, name, Noun::default());
        (form.name, form.slug, form.noun_one, form.noun_many)
    };
    let own = |a: &str, b: &str, c: &str, d: &str| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
    assert_eq!(proposed("jazz_albums.csv"), own("Jazz albums", "jazz-albums", "album", "albums"));
    assert_eq!(proposed("../../Galleries.tsv"), own("Galleries", "galleries", "gallery", "galleries"));
    assert_eq!(proposed("press.csv"), own("Press", "press", "item", "items"));
    assert_eq!(proposed(""), own("", "", "item", "items"));
    let mut form = SourceForm::default();
    propose_from_file_name(&mut form, "feeds.opml", Noun { one: "article".to_owned(), many: "articles".to_owned() });
    assert_eq!((form.name.as_str(), form.noun_many.as_str()), ("Feeds", "articles"), "its kind knows better");
    assert_eq!(file_name_of("https://example.com/a/jazz%20albums.csv?x=1"), "jazz albums.csv");
}
