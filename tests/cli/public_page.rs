//! What the public sees of a catalog, set on the command line.

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
