//! A broken folder of the status files during a run: the database answers, and one line is logged.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lockstep::domain::operation::Status;
use lockstep::status::{FileStatus, StatusBoard, StatusStore};

use super::watched_run::{WatchedRun, run_with};
use crate::support::test_engine::TEST_TIMEOUTS;
use crate::support::unwritable_folder::{ImmutableFolder, SmallFileSystem, is_bound_by_permissions, report_not_tried};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_deleted_status_folder_is_created_again,
    the_database_replaces_a_status_folder_that_became_a_file,
    the_database_replaces_a_status_folder_without_write_permission,
    the_database_replaces_a_status_folder_on_a_read_only_disk,
    the_database_replaces_a_status_folder_on_a_full_disk,
];

/// A reader in another process on the same folder.
fn other_reader(engine: &TestEngine) -> StatusBoard {
    StatusBoard::new(
        Box::new(FileStatus::new(engine.status_folder())),
        engine.store.clone(),
        TEST_TIMEOUTS.renewal_interval,
    )
}

fn assert_one_warning(watched: &WatchedRun) {
    let WatchedRun { complaints, told_after, .. } = watched;
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(complaints[0].contains("status comes from the database from here on"), "{complaints:?}");
    println!("{}; all were told of the end {told_after:?} after it", complaints[0]);
}

/// The next run writes status files again.
fn assert_used_again(engine: &TestEngine) {
    let files = FileStatus::new(engine.status_folder());
    let next = run_with(engine, &[&other_reader(engine)], |id| {
        assert_eq!(files.get(id).expect("readable").expect("there").summary.status, Status::Running);
    });
    assert_eq!(next.complaints, [""; 0]);
    assert_eq!(files.get(next.id).expect("readable").expect("there").summary.status, Status::Completed);
}

fn a_deleted_status_folder_is_created_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let watched = run_with(&engine, &[&other_reader(&engine)], |_| {
        fs::remove_dir_all(engine.status_folder()).expect("a folder");
    });
    assert_eq!(watched.complaints, [""; 0], "nothing is wrong any more");
    assert_used_again(&engine);
}

fn the_database_replaces_a_status_folder_that_became_a_file(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let folder = engine.status_folder();
    assert_one_warning(&run_with(&engine, &[&other_reader(&engine)], |_| {
        fs::remove_dir_all(&folder).expect("a folder");
        fs::write(&folder, "a file").expect("a file");
    }));
    fs::remove_file(&folder).expect("a file");
    assert_used_again(&engine);
}

fn the_database_replaces_a_status_folder_without_write_permission(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let mut immutable = None;
    // From here on the last report can neither be replaced nor deleted.
    let watched = run_with(&engine, &[&other_reader(&engine)], |_| {
        immutable = ImmutableFolder::make(&engine.status_folder());
    });
    if immutable.take().is_none() {
        return report_not_tried("an immutable status folder");
    }
    assert_one_warning(&watched);
    assert_used_again(&engine);
}

/// An engine whose status files are on a small file system.
fn engine_on_small_disk(db: &TestDatabase) -> Option<(TestEngine, SmallFileSystem)> {
    let engine = TestEngine::on_database(db);
    let disk = SmallFileSystem::mount(&engine.status_folder(), 256);
    if disk.is_none() {
        report_not_tried("a status folder on a disk of its own");
    }
    Some((engine, disk?))
}

fn the_database_replaces_a_status_folder_on_a_read_only_disk(db: &TestDatabase) {
    let Some((engine, disk)) = engine_on_small_disk(db) else { return };
    assert_one_warning(&run_with(&engine, &[&other_reader(&engine)], |_| disk.read_only(true)));
    disk.read_only(false);
    assert_used_again(&engine);
    drop(disk);
}

fn the_database_replaces_a_status_folder_on_a_full_disk(db: &TestDatabase) {
    let Some((engine, disk)) = engine_on_small_disk(db) else { return };
    assert_one_warning(&run_with(&engine, &[&other_reader(&engine)], |_| disk.fill()));
    // Deleting the outdated report made room for one report, that of the end, or for none.
    for entry in fs::read_dir(engine.status_folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("readable");
        assert!(path.ends_with("rubbish") || text.contains("\"completed\""), "{}: {text}", path.display());
    }
    disk.free_space();
    assert_used_again(&engine);
    drop(disk);
}

#[test]
fn the_database_replaces_a_status_folder_that_lost_its_permissions() {
    const NAME: &str = "status::folders::the_database_replaces_a_status_folder_that_lost_its_permissions";
    if !is_bound_by_permissions(NAME) {
        return;
    }
    let db = TestDatabase::sqlite();
    let engine = TestEngine::on_database(&db);
    let folder = engine.status_folder();
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("a mode");
    // The last report can be read, but neither replaced nor deleted.
    assert_one_warning(&run_with(&engine, &[&other_reader(&engine)], |_| mode(0o500)));
    mode(0o700);
    assert_used_again(&engine);
    // Now nothing can be read either.
    assert_one_warning(&run_with(&engine, &[&other_reader(&engine)], |_| mode(0)));
    mode(0o700);
    assert_used_again(&engine);
}

#[test]
fn what_these_tests_need_is_allowed_here() {
    let folder = tempfile::tempdir().expect("a folder");
    if ImmutableFolder::make(folder.path()).is_none() {
        report_not_tried("an immutable status folder");
    }
    if SmallFileSystem::mount(&folder.path().join("disk"), 256).is_none() {
        report_not_tried("a status folder that is full, or on a read-only disk");
    }
}
