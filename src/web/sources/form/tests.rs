//! Tests of the fields.

use super::{SourcePlace, check_form, file_name_of};
use crate::domain::location::SourceLocation;
use crate::domain::read_options::ReadOptions;
use crate::domain::schedule::StoredSchedule;
use crate::web::sources::schedule_view::ScheduleForm;
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

fn cron_form(line: &str) -> ScheduleForm {
    ScheduleForm { choice: "cron".to_owned(), cron: line.to_owned(), ..ScheduleForm::default() }
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
        schedule: cron_form("daily"),
        ..form()
    };
    let errors = check_form(&wrong, &place, &columns()).expect_err("wrong");
    assert!(errors.slug.is_some() && errors.name.is_some() && errors.noun.is_some() && errors.schedule.cron.is_some());
    assert_eq!(errors.key.as_deref(), Some("There is no column “sku”; the columns are “id”, “title”."));
    let reserved = SourceForm { slug: "new".to_owned(), ..form() };
    let errors = check_form(&reserved, &place, &columns()).expect_err("reserved");
    let expected = "“new” is the URL of another page. Choose another slug, such as “new-1”.";
    assert_eq!(errors.slug.as_deref(), Some(expected));
}

#[test]
fn a_cron_expression_is_stored_without_extra_spaces() {
    let daily = SourceForm { schedule: cron_form(" 0  6 * * * "), ..form() };
    let (draft, schedule) = check_form(&daily, &upload(), &columns()).expect("right");
    assert_eq!(draft.schedule, Some(StoredSchedule::in_utc("0 6 * * *")));
    assert!(schedule.is_some());
}

#[test]
fn the_file_name_in_a_url_is_decoded() {
    assert_eq!(file_name_of("https://example.com/a/jazz%20albums.csv?x=1"), "jazz albums.csv");
}
