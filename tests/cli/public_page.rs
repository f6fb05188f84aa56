//! What the public sees of a catalog, set on the command line.

use serde_json::json;

use super::CliFixture;

const ADD: [&str; 8] = ["source", "add", "albums", "--kind", "csv", "--file", "albums.csv", "--key"];

#[test]
fn title_description_search_engines_and_sites_are_set_and_shown() {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", "id,title\n1,A\n");
    let about =
        ["--title", "The record shelf", "--description", "All records.\nBorrow one.", "--list-in-search-engines"];
    let sites = ["--frame-host", "https://Friend.example/", "--frame-host", "https://*.example.org"];
    cli.expect_success(&[&ADD[..], &["id", "--public"], &about, &sites].concat());
    let shown = cli.expect_success(&["source", "show", "albums"]);
    for (name, value) in [
        ("title", "The record shelf"),
        ("description", "All records. Borrow one."),
        ("search engines", "listed"),
        ("embedded by", "https://friend.example https://*.example.org"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {shown}"));
        assert!(line.ends_with(value), "{line}");
    }
}

#[test]
fn a_wrong_value_adds_nothing_and_names_the_fix() {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", "id,title\n1,A\n");
    let long = "x".repeat(601);
    let cases: [(&[&str], &str); 5] = [
        (&["id", "--public", "--frame-host", "friend.example"], "Enter `https://friend.example`"),
        (&["id", "--public", "--title", "a\nb"], "--title: A title has at most 100 characters"),
        (&["id", "--public", "--description", &long], "--description: A description has at most 600 characters"),
        (&["id", "--frame-host", "https://friend.example"], "--public"),
        (&["id", "--list-in-search-engines"], "--public"),
    ];
    for (flags, message) in cases {
        let refused = cli.run_command(&[&ADD[..], flags].concat());
        assert!(refused.code == 2 && refused.err.contains(message), "{flags:?}: {}", refused.err);
    }
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
}

#[test]
fn an_update_changes_what_its_flags_name_and_nothing_else() {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", "id,title\n1,A\n");
    cli.expect_success(&[&ADD[..], &["id", "--title", "Shelf", "--description", "All records."]].concat());
    let page_of = || {
        let shown: serde_json::Value =
            serde_json::from_str(&cli.expect_success(&["source", "show", "albums", "--json"])).expect("JSON");
        shown["publicPage"].clone()
    };
    let update = |flags: &[&str]| {
        let done = cli.run_command(&[&["source", "update", "albums"], flags].concat());
        assert_eq!((done.code, done.out.as_str()), (0, ""), "{flags:?}: {}", done.err);
        done.err
    };
    let said = update(&["--list-in-search-engines", "yes", "--frame-host", "https://Friend.example"]);
    assert!(said.contains("The catalog is private."), "{said}");
    let page = |title: Option<&str>, host: &str| {
        let description = "All records.";
        json!({"title": title, "description": description, "listedInSearchEngines": true, "frameHosts": [host]})
    };
    assert_eq!(page_of(), page(Some("Shelf"), "https://friend.example"));
    update(&["--title", "", "--frame-host", "https://other.example"]);
    assert_eq!(page_of(), page(None, "https://other.example"));
    update(&["--no-frame-hosts", "--list-in-search-engines", "no", "--description", ""]);
    assert_eq!(page_of(), serde_json::Value::Null, "nothing is set");
    assert!(update(&["--description", ""]).contains("Nothing to change"));
    let refused: [(&[&str], &str); 4] = [
        (&[], "--title"),
        (&["--title", "a\nb"], "--title: A title has at most 100 characters"),
        (&["--list-in-search-engines", "maybe"], "say yes or no"),
        (&["--frame-host", "https://a.example", "--no-frame-hosts"], "cannot be used with"),
    ];
    for (flags, message) in refused {
        let refused = cli.run_command(&[&["source", "update", "albums"], flags].concat());
        assert!(refused.code == 2 && refused.err.contains(message), "{flags:?}: {}", refused.err);
    }
    assert_eq!(cli.run_command(&["source", "update", "other", "--title", "T"]).code, 2, "an unknown source");
}
