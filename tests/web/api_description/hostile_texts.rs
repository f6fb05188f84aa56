//! Characters that no name has, in every parameter of every described operation: they are refused or found nowhere.

use lockstep::domain::account::Role;

use super::answer_recorder::{AnswerRecorder, DescribedOperation, PathValues};
use crate::support::{TestDatabase, on_both_databases};
use crate::web::site::TestSite;

on_both_databases![hostile_texts_are_not_errors_of_the_server];

/// NUL, which PostgreSQL refuses in texts; bytes that are not UTF-8; a lone surrogate; a separator; a long text.
const TEXTS: [&str; 6] = ["%00", "a%00b", "%FF%FE", "%ED%A0%80", "%2F..%2F", LONG_TEXT];
const LONG_TEXT: &str = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123\
                         456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456";

fn hostile_texts_are_not_errors_of_the_server(db: &TestDatabase) {
    let data = tempfile::tempdir().expect("a folder");
    let site = TestSite::on_store(db.store(), data);
    site.sync_source(&site.albums);
    let run = site.begin_sync(&site.albums).to_string();
    site.run_queued(&run);
    let admin = site.add_program("robot", Role::Admin);
    let mut recorder = AnswerRecorder::new(&site);
    for operation in recorder.list_operations() {
        let DescribedOperation { method, path, .. } = &operation;
        for text in TEXTS {
            // An address with a text in place of an id may be that of another route, so it is not compared.
            let address = path.replace("{slug}", text).replace("{id}", text);
            let reply = admin.send_request(method, &address, None);
            assert!(reply.status < 500, "{method} {address}: {}", reply.body);
            for address in list_addresses(&operation, &run, text) {
                let reply = recorder.send(&admin, method, path, &address, None);
                assert!(reply.status < 500, "{method} {address}: {}", reply.body);
            }
        }
    }
    for text in TEXTS {
        let text = text.replace('%', "\\u00");
        for body in [format!(r#"{{"source":"{text}"}}"#), format!(r#"{{"source":"albums","type":"{text}"}}"#)] {
            let reply = recorder.send(&admin, "POST", "/api/sync", "/api/sync", Some(&body));
            assert!(matches!(reply.status, 400 | 404), "{body}: {}", reply.body);
        }
    }
    assert_eq!(recorder.find_differences(), "");
}

/// The addresses of an operation with a text in each parameter of the query.
fn list_addresses(operation: &DescribedOperation, run: &str, text: &str) -> Vec<String> {
    let DescribedOperation { path, parameters, .. } = operation;
    let known = PathValues { slug: "albums", run, item: "1" }.fill_in(path);
    let mut names = parameters.clone();
    if names.contains(&"filters".to_owned()) {
        let filters = ["filter[title]".to_owned(), "filter[title][contains]".to_owned(), format!("filter[{text}]")];
        names.extend(filters.map(|name| name.replace('[', "%5B").replace(']', "%5D")));
    }
    names.iter().map(|name| format!("{known}?{name}={text}")).collect()
}
