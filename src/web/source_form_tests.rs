//! Links, fields and proposals.

use super::{Place, check, file_name_of, propose};
use crate::domain::source::Location;
use crate::web::views::sources::SourceForm;

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

fn columns() -> Vec<String> {
    vec!["id".to_owned(), "title".to_owned()]
}

#[test]
fn a_link_is_a_sheet_or_a_csv_or_a_slip() {
    let kind = |link: &str| Place::from_link(link).map(|place| place.kind);
    assert_eq!(kind("https://docs.google.com/spreadsheets/d/abc_DEF-123/edit#gid=7").as_deref(), Ok("sheet"));
    assert_eq!(kind("https://example.com/albums.csv?token=x").as_deref(), Ok("csv"));
    let bare = Place::from_link(" example.com/albums.csv ").expect("a link");
    assert_eq!(bare.location, Location::Url("https://example.com/albums.csv".to_owned()));
    for (link, word) in [
        ("https://docs.google.com/document/d/abc/edit", "document"),
        ("https://docs.google.com/nothing", "Google Sheet"),
        ("https://drive.google.com/file/d/abc/view", "Drive"),
        ("ftp://example.com/a.csv", "https://"),
        ("file:///etc/passwd", "https://"),
        ("/etc/passwd", "https://"),
        ("albums", "https://"),
        ("", "Paste"),
    ] {
        let error = Place::from_link(link).expect_err(link);
        assert!(error.contains(word), "{link}: {error}");
    }
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let place = Place::upload("0");
    assert!(check(&form(), &place, &columns()).is_ok());
    let wrong = SourceForm {
        slug: "New Albums".to_owned(),
        key: "sku".to_owned(),
        name: String::new(),
        noun_one: "a/b".to_owned(),
        schedule: "daily".to_owned(),
        ..form()
    };
    let errors = check(&wrong, &place, &columns()).expect_err("wrong");
    assert!(errors.slug.is_some() && errors.name.is_some() && errors.noun.is_some() && errors.schedule.is_some());
    assert_eq!(errors.key.as_deref(), Some("There is no column “sku”. The columns are “id”, “title”."));
    let reserved = SourceForm { slug: "new".to_owned(), ..form() };
    let errors = check(&reserved, &place, &columns()).expect_err("reserved");
    let said = "“new” is the address of another page: choose another slug, such as “new-1”.";
    assert_eq!(errors.slug.as_deref(), Some(said));
}

#[test]
fn a_schedule_is_kept_as_it_was_typed() {
    let daily = SourceForm { schedule: "0 6 * * *".to_owned(), ..form() };
    let (draft, schedule) = check(&daily, &Place::upload("0"), &columns()).expect("right");
    assert_eq!(draft.schedule.as_deref(), Some("0 6 * * *"));
    assert!(schedule.is_some());
}

#[test]
fn a_file_proposes_what_its_source_is_called() {
    let proposed = |name: &str| {
        let mut form = SourceForm::default();
        propose(&mut form, name);
        (form.name, form.slug, form.noun_one, form.noun_many)
    };
    let own = |a: &str, b: &str, c: &str, d: &str| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
    assert_eq!(proposed("jazz_albums.csv"), own("Jazz albums", "jazz-albums", "album", "albums"));
    assert_eq!(proposed("../../Galleries.tsv"), own("Galleries", "galleries", "gallery", "galleries"));
    assert_eq!(proposed("press.csv"), own("Press", "press", "item", "items"));
    assert_eq!(proposed(""), own("", "", "item", "items"));
    assert_eq!(file_name_of("https://example.com/a/jazz%20albums.csv?x=1"), "jazz albums.csv");
}
