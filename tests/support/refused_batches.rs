//! A database that refuses the batches of a run from some number on, for good.

use super::test_database::TestDatabase;

/// Runs `run` while the database refuses all batches of a run after the first `accepted` ones.
pub(crate) fn with_refused_batches<T>(db: &TestDatabase, accepted: usize, run: impl FnOnce() -> T) -> T {
    let trigger = "CREATE TRIGGER refuse BEFORE UPDATE ON sync_operations";
    // A row without values is an error that no retry can mend.
    let (when, refuse) =
        (format!("WHEN (NEW.batches > {accepted})"), "INSERT INTO sync_operations (id) VALUES (NULL);");
    let (create, drop) = if db.is_sqlite() {
        (format!("{trigger} {when} BEGIN {refuse} END"), "DROP TRIGGER refuse")
    } else {
        let function = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {refuse} RETURN NEW; END'"
        );
        let trigger = format!("{trigger} FOR EACH ROW {when} EXECUTE FUNCTION refuse()");
        (format!("{function}; {trigger}"), "DROP TRIGGER refuse ON sync_operations")
    };
    db.run_sql(&create);
    let _trigger = RefusingTrigger { db, drop };
    run()
}

/// Deletes the trigger at its end, also after a failed assertion: other tests use the same database.
struct RefusingTrigger<'a> {
    db: &'a TestDatabase,
    drop: &'static str,
}

impl Drop for RefusingTrigger<'_> {
    fn drop(&mut self) {
        self.db.run_sql(self.drop);
    }
}
