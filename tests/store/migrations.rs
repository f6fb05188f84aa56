//! The latest migrations can be taken back and applied again, on both databases, and keep what is stored.

use std::path::Path;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;

use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

/// The earliest migration that is taken back, with all after it.
const FIRST_REVERTED: &str = "2026-11-30-000028_sessions_and_tokens";

on_both_databases![the_latest_migrations_are_taken_back_and_applied_again];

fn the_latest_migrations_are_taken_back_and_applied_again(db: &TestDatabase) {
    let store = db.store();
    let mut draft = source_draft("albums", "csv", SourceLocation::Sample);
    draft.schedule = Some(StoredSchedule { cron: "0 3 * * *".to_owned(), zone: Some("Asia/Tokyo".to_owned()) });
    let source = store.add_source(&draft, None).expect("a source");
    db.run_sql(
        "INSERT INTO users (name, password_hash, role, created_at) VALUES ('ada', 'x', 'admin', CURRENT_TIMESTAMP)",
    );
    let side = if db.is_sqlite() { "sqlite" } else { "postgres" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(side);
    let mut migrations: Vec<_> =
        std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    migrations.sort();
    let first = migrations.iter().position(|path| path.ends_with(FIRST_REVERTED)).expect("the migration");
    let latest = &migrations[first..];
    let run = |migration: &Path, name: &str| {
        db.run_sql(&std::fs::read_to_string(migration.join(name)).expect("a migration"));
    };
    for migration in latest.iter().rev() {
        run(migration, "down.sql");
    }
    for migration in latest {
        run(migration, "up.sql");
    }
    let found = store.find_source("albums").expect("an answer").expect("a source");
    // What the migration added is gone; what was there before is kept.
    assert_eq!(found.schedule, Some(StoredSchedule::in_utc("0 3 * * *")));
    assert_eq!(found.id, source.id);
    assert_eq!(db.count_rows("users", "name = 'ada'"), 1);
}
