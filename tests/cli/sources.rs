//! The commands for sources: add, list, show, check, remove.

use diesel::Connection;
use diesel::connection::SimpleConnection;

use super::CliFixture;

#[test]
fn a_source_is_added_listed_shown_and_removed() {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", "id,title\n1,A\n");
    let add = [
        "source",
        "add",
        "our-albums",
        "--kind",
        "csv",
        "--file",
        "albums.csv",
        "--key",
        "id",
        "--noun",
        "album/albums",
        "--schedule",
        "0 6 * * *",
        "--time-zone",
        "berlin",
        "--public",
    ];
    assert_eq!(cli.expect_success(&add), "");
    let list: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["source", "list", "--json"])).expect("JSON");
    let path = std::fs::canonicalize(cli.path("albums.csv")).expect("a path");
    assert_eq!(
        list,
        serde_json::json!([{
            "slug": "our-albums", "name": "Our albums", "noun": "album/albums", "kind": "csv",
            "location": path, "key": "id", "schedule": "0 6 * * *", "scheduleZone": "Europe/Berlin",
            "public": true, "items": 0, "columns": [],
            "lastSuccess": null, "staleAfter": null, "freshness": {"state": "unknown", "since": null},
        }])
    );
    assert!(cli.expect_success(&["source", "list"]).contains("our-albums  Our albums  csv   0      never"));
    let shown = cli.expect_success(&["source", "show", "our-albums"]);
    assert!(shown.contains("key column    id"), "{shown}");
    assert!(shown.contains("0 6 * * *, Every day at 06:00 (Europe/Berlin)"), "{shown}");
    assert!(cli.expect_success(&["source", "list"]).contains("0 6 * * * Europe/Berlin"));
    let shown = cli.expect_success(&["source", "show", "our-albums", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), list[0]);

    let again = cli.run_command(&add);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("already exists"), "{}", again.err);

    // There is no terminal to ask a person.
    let removed = cli.run_command(&["source", "remove", "our-albums"]);
    assert_eq!((removed.code, removed.out.as_str()), (0, ""), "{}", removed.err);
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
}

#[test]
fn removing_a_source_deletes_its_uploaded_file_and_not_a_file_that_an_admin_named() {
    let cli = CliFixture::new();
    cli.create_database();
    cli.write_csv("named.csv", "id,title\n1,A\n");
    let uploads = cli.path("data/uploads");
    std::fs::create_dir_all(&uploads).expect("a folder");
    let upload = uploads.join("0123456789abcdef0123456789abcdef");
    std::fs::write(&upload, "id,title\n1,A\n").expect("written");
    let add = |slug| ["source", "add", slug, "--kind", "csv", "--file", "named.csv", "--key", "id"];
    for slug in ["uploaded", "named"] {
        cli.expect_success(&add(slug));
    }
    let mut conn =
        diesel::SqliteConnection::establish(&cli.path("data/lockstep.db").display().to_string()).expect("it");
    conn.batch_execute(
        "UPDATE sources SET location = '{\"at\":\"upload\",\"where\":\"0123456789abcdef0123456789abcdef\"}' WHERE slug = 'uploaded'",
    )
    .expect("changed");
    cli.expect_success(&["sync", "uploaded"]);
    for slug in ["uploaded", "named"] {
        cli.expect_success(&["source", "remove", slug, "--yes"]);
    }
    assert_eq!(std::fs::read_dir(&uploads).expect("a folder").count(), 0, "the upload is gone");
    assert!(cli.path("named.csv").exists());
}

#[test]
fn an_invalid_source_is_refused_with_a_reason() {
    let cli = CliFixture::new();
    cli.write_csv("a.csv", "id\n1\n");
    let sheet = |rest: &str| {
        format!("https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/{rest}")
    };
    let (filtered, page) = (sheet("edit#gid=0&fvid=7"), sheet("edit#gid=0"));
    let cases: [(&[&str], &str); 11] = [
        (&["--kind", "toaster", "--url", "https://h.example/"], "Kinds: sheet, csv"),
        (&["--kind", "csv", "--file", "a.csv"], "--key is missing"),
        (&["--kind", "csv", "--file", "b.csv", "--key", "id"], "cannot be read"),
        (&["--kind", "csv", "--url", "albums.csv", "--key", "id"], "https://"),
        (&["--kind", "csv", "--url", "ftp://h.example/a.csv", "--key", "id"], "https://"),
        (&["--kind", "sheet", "--file", "a.csv", "--key", "id"], "--kind csv"),
        (&["--kind", "sheet", "--url", "https://h.example/x", "--key", "id"], "docs.google.com/spreadsheets/d/"),
        (&["--kind", "sheet", "--url", &filtered, "--key", "id"], "“fvid=”: it opens a filter view"),
        (&["--kind", "csv", "--url", &page, "--key", "id"], "--kind sheet"),
        (&["--kind", "csv", "--file", "a.csv", "--key", "id", "--schedule", "daily"], "0 6 * * *"),
        (
            &["--kind", "csv", "--file", "a.csv", "--key", "id", "--schedule", "0 6 * * *", "--time-zone", "Mars"],
            "no time zone called “Mars”",
        ),
    ];
    for (rest, reason) in cases {
        let answer = cli.run_command(&[&["source", "add", "albums"], rest].concat());
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{rest:?}: {}", answer.err);
        assert!(answer.err.contains(reason), "{rest:?}: {}", answer.err);
    }
    assert_eq!(cli.expect_success(&["source", "list", "--json"]), "[]\n");
}

#[test]
fn an_unknown_source_names_the_known_ones() {
    let cli = CliFixture::new();
    cli.write_csv("a.csv", "id\n1\n");
    cli.expect_success(&["source", "add", "albums", "--kind", "csv", "--file", "a.csv", "--key", "id"]);
    for args in [&["sync", "album"][..], &["source", "show", "album"], &["source", "remove", "album", "--yes"]] {
        let answer = cli.run_command(args);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{args:?}");
        assert!(answer.err.contains("no source named album. Sources: albums."), "{}", answer.err);
    }
}

#[test]
fn a_check_names_the_problem_and_its_fix() {
    let cli = CliFixture::new();
    let file = cli.write_csv("a.csv", "");
    cli.expect_success(&["source", "add", "albums", "--kind", "csv", "--file", &file, "--key", "id"]);
    let cases: [(&str, &[&str]); 6] = [
        ("id,title\n", &["A sync would fail: The source has a header but no rows. Add rows below the header."]),
        (
            "ID,title\n1,A\n",
            &["no column “id”", "“ID”, “title”", "Is “ID” the same column?", "/settings/sources/albums"],
        ),
        ("nr,title\n1,A\n2,A\n", &["“nr” has a unique value in every row"]),
        (
            "id,sku\n1,7\n,8\n1,9\n",
            &[
                "2 rows would be skipped. Or make “sku”",
                "Row 3, “id”: ",
                "Row 4, “id”: Duplicate key “1” (first seen in row 2)",
            ],
        ),
        (
            "id,title\n1,A,surplus\n2,B\n",
            &["1 row would be skipped.", "Row 2: The row has more cells than the header has columns (2)"],
        ),
        ("id,title\n1,A,x\n2,B,y\n", &["A sync would fail: All 2 rows have 3 cells, but the header has 2"]),
    ];
    for (text, shown_text) in cases {
        cli.write_csv("a.csv", text);
        let answer = cli.run_command(&["source", "check", "albums"]);
        assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{text:?}: {}", answer.err);
        for part in shown_text {
            assert!(answer.err.contains(part), "{text:?} should say {part:?}: {}", answer.err);
        }
    }
    std::fs::remove_file(cli.path("a.csv")).expect("removed");
    assert_eq!(cli.run_command(&["source", "check", "albums"]).code, 1);
    cli.write_csv("a.csv", "id,title\n1,A\n2,B\n");
    assert!(cli.expect_success(&["source", "check", "albums"]).starts_with("albums is OK: 2 columns (“id”, “title”)"));
    assert!(cli.expect_success(&["source", "list"]).contains("never"), "nothing was written");
}

#[test]
fn how_a_source_is_read_is_shown_and_an_unknown_encoding_is_refused() {
    let cli = CliFixture::new();
    cli.write_csv("a.csv", "Titles\n\nid,title\n1,A\n");
    let add = |rest: &[&str]| {
        let source = ["source", "add", "albums", "--kind", "csv", "--file", "a.csv", "--key", "id"];
        cli.run_command(&[&source[..], rest].concat())
    };
    for label in ["nonsense", "replacement", "x-user-defined", ""] {
        let refused = add(&["--encoding", label]);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{label}: {}", refused.err);
        assert!(refused.err.contains("is not a known text encoding"), "{}", refused.err);
    }
    let added = add(&["--encoding", "latin1", "--header-row", "3", "--accept-header-mismatch"]);
    assert_eq!(added.code, 0, "{}", added.err);
    let list: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["source", "list", "--json"])).expect("JSON");
    let options = serde_json::json!({ "encoding": "windows-1252", "headerRow": 3, "acceptHeaderMismatch": true });
    assert_eq!(list[0]["readOptions"], options);
    let shown = cli.expect_success(&["source", "show", "albums"]);
    for shown_text in ["windows-1252", "header row", "header mismatch"] {
        assert!(shown.contains(shown_text), "{shown_text}: {shown}");
    }
}

#[test]
fn a_check_names_the_row_of_a_header_below_titles() {
    let cli = CliFixture::new();
    let text = String::from_utf8(crate::corpora::read_report("04a-title-rows-above-header.csv")).expect("UTF-8");
    cli.write_csv("sales.csv", &text);
    cli.expect_success(&["source", "add", "sales", "--kind", "csv", "--file", "sales.csv", "--key", "Transaction"]);
    let checked = cli.run_command(&["source", "check", "sales"]);
    let shown_text = "The column “Transaction” is in row 4. Delete the three rows above the header.";
    assert!(checked.code == 1 && checked.err.contains(shown_text), "{}", checked.err);
    let synced = cli.run_command(&["sync", "sales"]);
    assert!(synced.code == 1 && synced.err.contains(shown_text), "{}", synced.err);
}

#[test]
fn a_file_of_another_format_and_names_in_one_cell_are_named_as_the_cause() {
    let cli = CliFixture::new();
    cli.write_csv("a.csv", "id,name\n1,A\n");
    cli.expect_success(&["source", "add", "albums", "--kind", "csv", "--file", "a.csv", "--key", "id"]);
    cli.expect_success(&["sync", "albums"]);
    for (text, shown_text) in [
        ("[{\"id\": 1, \"name\": \"A\"}]", "This is JSON, not a CSV file. Export the data as CSV"),
        ("{\"id\": 1}\n{\"id\": 2}\n", "This is JSON, not a CSV file."),
        ("<albums><album id=\"1\"/></albums>", "This is an XML document, not a CSV file."),
        ("<div>\n<p>id</p></div>", "This is HTML, a part of a web page, not a CSV file."),
        ("<table><tr><td>id</td></tr></table>", "is a web page, not a CSV file. Save or export the data itself"),
        ("<rss version=\"2.0\"><channel/></rss>", "Choose the type Feeds instead (--kind feeds)."),
        ("\"id,name\",year,price\n1,A,1999,5\n", "The header cell “id,name” contains “id” and other names"),
        ("\"id;name;year\"\n\"1;A;1999\"\n", "Quotation marks enclose whole rows, so each row would be a single cell."),
    ] {
        cli.write_csv("a.csv", text);
        let checked = cli.run_command(&["source", "check", "albums"]);
        assert!(checked.code == 1 && checked.err.contains(shown_text), "{text:?}: {}", checked.err);
        let synced = cli.run_command(&["sync", "albums"]);
        assert!(synced.code == 1 && synced.err.contains(shown_text), "{text:?}: {}", synced.err);
    }
    cli.write_csv("a.csv", "id,name\n1,A\n");
    let synced = cli.expect_success(&["sync", "albums"]);
    assert!(synced.contains("0 added, 0 updated, 0 removed") || synced.contains("Nothing new"), "{synced}");
}
