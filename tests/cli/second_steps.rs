//! What follows a finished run on the command line: undo, removals and applied previews.

use lockstep::store::reviews::KeepOutcome;
use lockstep::store::{DatabaseAddress, Store};

use super::CliFixture;

fn albums(numbers: std::ops::RangeInclusive<u32>) -> String {
    let rows: String = numbers.map(|number| format!("{number},Album {number}\n")).collect();
    format!("id,title\n{rows}")
}

/// A data folder whose source has 30 albums, synced once.
fn with_thirty_albums(more: &[&str]) -> CliFixture {
    let cli = CliFixture::new();
    cli.write_csv("albums.csv", &albums(1..=30));
    let add =
        ["source", "add", "albums", "--kind", "csv", "--file", "albums.csv", "--key", "id", "--noun", "album/albums"];
    cli.expect_success(&[&add[..], more].concat());
    cli.expect_success(&["sync", "albums"]);
    cli
}

/// The id of the last run, as JSON output names it.
fn sync_id(status: &str) -> String {
    let status: serde_json::Value = serde_json::from_str(status).expect("a status");
    status["syncId"].as_str().expect("an id").to_owned()
}

#[test]
fn an_undo_says_what_it_will_do_and_pauses_the_schedule() {
    let cli = with_thirty_albums(&["--schedule", "0 6 * * *"]);
    cli.write_csv("albums.csv", &albums(3..=32));
    let synced = sync_id(&cli.expect_success(&["sync", "albums", "--json"]));
    let undone = cli.run_command(&["undo", &synced]);
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert!(
        undone.err.contains("Returns 2 albums, removes 2.") && undone.err.contains("Pauses the schedule"),
        "{}",
        undone.err
    );
    assert_eq!(undone.out, "albums: 2 albums returned, 2 removed. Schedule paused. Fix the source, then sync.\n");
    let again = cli.run_command(&["undo", &synced]);
    assert!(again.code == 1 && again.err.contains("Nothing to undo"), "{}", again.err);
    cli.expect_success(&["source", "resume", "albums"]);
    assert_eq!(cli.run_command(&["source", "resume", "albums"]).code, 1);
    cli.expect_success(&["source", "pause", "albums"]);
    assert_eq!(cli.run_command(&["source", "pause", "albums"]).code, 1);
    let unknown = cli.run_command(&["undo", "sync_0199d0a0-0000-7000-8000-000000000000"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
    assert_eq!(cli.run_command(&["undo", "latest"]).code, 2);
}

#[test]
fn withheld_removals_are_applied_on_request() {
    let cli = with_thirty_albums(&[]);
    cli.write_csv("albums.csv", &albums(1..=5));
    assert!(cli.expect_success(&["sync", "albums"]).contains("25 albums no longer in the source were kept"));
    let removed = cli.run_command(&["sync", "albums", "--apply-removals"]);
    assert_eq!((removed.code, removed.out.as_str()), (0, "albums: 25 albums removed.\n"), "{}", removed.err);
    assert!(cli.expect_success(&["sync", "albums", "--apply-removals"]).contains("No changes"));

    cli.write_csv("albums.csv", &albums(101..=105));
    cli.write_csv("albums.csv", "id,title\n");
    assert_eq!(cli.run_command(&["sync", "albums"]).code, 1);
    let emptied = cli.run_command(&["sync", "albums", "--apply-removals"]);
    assert_eq!((emptied.code, emptied.out.as_str()), (0, "albums: 5 albums removed.\n"), "{}", emptied.err);
}

#[test]
fn items_that_an_admin_kept_are_not_removed_on_request() {
    let cli = with_thirty_albums(&[]);
    cli.write_csv("albums.csv", &albums(1..=5));
    let withheld = sync_id(&cli.expect_success(&["sync", "albums", "--json"]));
    let address = DatabaseAddress::Sqlite(cli.path("data/lockstep.db"));
    let store = Store::open(&address, 2, lockstep::domain::defaults::LEASE_DURATION).expect("a database");
    let source = store.find_source("albums").expect("readable").expect("the source").id;
    let kept = store.keep_withheld_items(source, withheld.parse().expect("an id"), "ada").expect("an answer");
    assert_eq!(kept, KeepOutcome::Kept);
    let synced = cli.run_command(&["sync", "albums", "--apply-removals"]);
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert!(synced.err.contains("25 albums") && synced.err.contains("kept"), "{}", synced.err);
    assert!(cli.expect_success(&["source", "list"]).contains("30"), "nothing was removed");
}

#[test]
fn a_changed_key_is_accepted_on_request() {
    let cli = with_thirty_albums(&[]);
    cli.write_csv("albums.csv", &albums(101..=130));
    assert_eq!(cli.run_command(&["sync", "albums"]).code, 1);
    let accepted = cli.expect_success(&["sync", "albums", "--apply-removals"]);
    assert!(accepted.contains("30 added, 0 updated, 30 removed."), "{accepted}");
}

#[test]
fn a_preview_lists_every_change_with_its_fields() {
    let cli = with_thirty_albums(&[]);
    cli.write_csv("albums.csv", &albums(2..=31).replace("Album 7\n", "Album seven\n"));
    let printed = cli.expect_success(&["sync", "albums", "--preview"]);
    for line in [
        "  to add    31  title: Album 31",
        "  to update 7  title: Album 7 → Album seven",
        "  to remove 1  title: Album 1",
    ] {
        assert!(printed.lines().any(|known| known == line), "{line}: {printed}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["sync", "albums", "--preview", "--json"])).expect("a status");
    assert_eq!((&json["kind"], &json["status"]), (&"preview".into(), &"completed".into()));
    let update = serde_json::json!({
        "key": "7", "kind": "updated",
        "before": { "id": "7", "title": "Album 7" }, "after": { "id": "7", "title": "Album seven" },
    });
    assert!(json["changes"].as_array().expect("changes").contains(&update), "{json}");

    cli.write_csv("albums.csv", &albums(1..=5));
    let printed = cli.expect_success(&["sync", "albums", "--preview"]);
    assert!(printed.lines().any(|line| line == "  to review 30  title: Album 30"), "{printed}");
    let json: serde_json::Value =
        serde_json::from_str(&cli.expect_success(&["sync", "albums", "--preview", "--json"])).expect("a status");
    assert_eq!(json["changesTotal"], 25, "{json}");
    let kinds: Vec<_> = json["changes"].as_array().expect("changes").iter().map(|entry| &entry["kind"]).collect();
    assert_eq!((kinds.len(), kinds.iter().all(|kind| **kind == "withheld")), (25, true), "{json}");
}

#[test]
fn a_preview_is_applied_unless_the_source_changed_since() {
    let cli = with_thirty_albums(&[]);
    cli.write_csv("albums.csv", &albums(1..=31));
    let preview = sync_id(&cli.expect_success(&["sync", "albums", "--preview", "--json"]));
    cli.write_csv("albums.csv", &albums(1..=32));
    let outdated = cli.run_command(&["sync", "albums", "--apply-preview", &preview]);
    assert!(outdated.code == 1 && outdated.err.contains("differ from the preview"), "{}", outdated.err);
    let outdated = cli.run_command(&["sync", "albums", "--apply-preview", &preview, "--json"]);
    let status: serde_json::Value = serde_json::from_str(&outdated.out).expect("a status");
    assert_eq!((outdated.code, &status["code"]), (1, &"preview_outdated".into()), "{status}");
    assert!(status["successor"].is_string() && status["kind"] == "sync", "{status}");
    cli.write_csv("albums.csv", &albums(1..=31));
    let applied = cli.expect_success(&["sync", "albums", "--apply-preview", &preview]);
    assert!(applied.contains("1 added, 0 updated, 0 removed."), "{applied}");
}
