//! Trouble with the folder of the status files in the middle of a run: the database answers, and one line says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lockstep::domain::operation::Status;
use lockstep::status::{FileStatus, StatusBoard, StatusStore};

use super::watched_run::{WatchedRun, run_with};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::unwritable_folder::{ImmutableFolder, SmallFileSystem, is_held_to_permissions, report_not_tried};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_status_folder_that_is_deleted_is_made_anew,
    a_status_folder_that_becomes_a_file_is_made_up_for_by_the_database,
    a_status_folder_that_nobody_can_write_to_is_made_up_for_by_the_database,
    a_status_folder_on_a_disk_that_becomes_read_only_is_made_up_for_by_the_database,
    a_status_folder_on_a_full_disk_is_made_up_for_by_the_database,
];

/// A reader in another process on the same folder.
fn other_reader(house: &TestEngine) -> StatusBoard {
    StatusBoard::new(Box::new(FileStatus::new(house.status_folder())), house.store.clone(), TEST_TIMEOUTS.renewal)
}

fn one_line(watched: &WatchedRun) {
    let WatchedRun { complaints, told_after, .. } = watched;
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(complaints[0].contains("status comes from the database from here on"), "{complaints:?}");
    println!("{}; all were told of the end {told_after:?} after it", complaints[0]);
}

/// The next run tells its status in files again.
fn is_used_again(house: &TestEngine) {
    let files = FileStatus::new(house.status_folder());
    let next = run_with(house, &[&other_reader(house)], |id| {
        assert_eq!(files.get(id).expect("readable").expect("there").status, Status::Running);
    });
    assert_eq!(next.complaints, [""; 0]);
    assert_eq!(files.get(next.id).expect("readable").expect("there").status, Status::Completed);
}

fn a_status_folder_that_is_deleted_is_made_anew(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let watched = run_with(&house, &[&other_reader(&house)], |_| {
        fs::remove_dir_all(house.status_folder()).expect("a folder");
    });
    assert_eq!(watched.complaints, [""; 0], "nothing is wrong any more");
    is_used_again(&house);
}

fn a_status_folder_that_becomes_a_file_is_made_up_for_by_the_database(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let folder = house.status_folder();
    one_line(&run_with(&house, &[&other_reader(&house)], |_| {
        fs::remove_dir_all(&folder).expect("a folder");
        fs::write(&folder, "a file").expect("a file");
    }));
    fs::remove_file(&folder).expect("a file");
    is_used_again(&house);
}

fn a_status_folder_that_nobody_can_write_to_is_made_up_for_by_the_database(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let mut immutable = None;
    // What was told last can neither be replaced nor taken away, right after it was told.
    let watched = run_with(&house, &[&other_reader(&house)], |_| {
        immutable = ImmutableFolder::make(&house.status_folder());
    });
    if immutable.take().is_none() {
        return report_not_tried("an immutable status folder");
    }
    one_line(&watched);
    is_used_again(&house);
}

/// A house whose status files are on a small disk.
fn on_a_small_disk(db: &TestDatabase) -> Option<(TestEngine, SmallFileSystem)> {
    let house = TestEngine::on(db);
    let disk = SmallFileSystem::mount(&house.status_folder());
    if disk.is_none() {
        report_not_tried("a status folder on a disk of its own");
    }
    Some((house, disk?))
}

fn a_status_folder_on_a_disk_that_becomes_read_only_is_made_up_for_by_the_database(db: &TestDatabase) {
    let Some((house, disk)) = on_a_small_disk(db) else { return };
    one_line(&run_with(&house, &[&other_reader(&house)], |_| disk.read_only(true)));
    disk.read_only(false);
    is_used_again(&house);
    drop(disk);
}

fn a_status_folder_on_a_full_disk_is_made_up_for_by_the_database(db: &TestDatabase) {
    let Some((house, disk)) = on_a_small_disk(db) else { return };
    one_line(&run_with(&house, &[&other_reader(&house)], |_| disk.fill()));
    // Taking the outdated report away made room for one: that of the end, or none.
    for entry in fs::read_dir(house.status_folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("readable");
        assert!(path.ends_with("rubbish") || text.contains("\"completed\""), "{}: {text}", path.display());
    }
    disk.make_room();
    is_used_again(&house);
    drop(disk);
}

#[test]
fn a_status_folder_whose_permissions_are_taken_away_is_made_up_for_by_the_database() {
    const NAME: &str =
        "status::folders::a_status_folder_whose_permissions_are_taken_away_is_made_up_for_by_the_database";
    if !is_held_to_permissions(NAME) {
        return;
    }
    let db = TestDatabase::sqlite();
    let house = TestEngine::on(&db);
    let folder = house.status_folder();
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("a mode");
    // What was told last can be read, and neither be replaced nor taken away.
    one_line(&run_with(&house, &[&other_reader(&house)], |_| mode(0o500)));
    mode(0o700);
    is_used_again(&house);
    // Nor can anything be read.
    one_line(&run_with(&house, &[&other_reader(&house)], |_| mode(0)));
    mode(0o700);
    is_used_again(&house);
}

#[test]
fn what_these_tests_need_is_allowed_here() {
    let folder = tempfile::tempdir().expect("a folder");
    if ImmutableFolder::make(folder.path()).is_none() {
        report_not_tried("an immutable status folder");
    }
    if SmallFileSystem::mount(&folder.path().join("disk")).is_none() {
        report_not_tried("a status folder that is full, or on a read-only disk");
    }
}
